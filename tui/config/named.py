"""Files that a check names, such as certificates: told at once where they are not there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from checks.documents.document import Path as Where
from checks.settings import NamedFile
from tui.config import files

__all__ = ["missing_files"]

PATIENCE: Final = 0.5
"""Seconds that a look at a file may take: it may be on a mount whose server is gone."""

_hanging: Final[dict[Path, threading.Thread]] = {}
"""Looks that have not ended, by folder; there is no second one at the same."""


def missing_files(value: object, base: Path, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Where in ``value`` a file is named that cannot be read, and the sentence for it.

    ``base`` is what relative paths are relative to.
    """
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner, here = getattr(value, name), (*where, field.alias or name)
            if inner and any(isinstance(mark, NamedFile) for mark in field.metadata):
                yield from ((here, text) for text in _problem(base / files.expanded(inner), inner))
            else:
                yield from missing_files(inner, base, here)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from missing_files(item, base, (*where, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from missing_files(item, base, (*where, str(key)))


def _problem(path: Path, given: str) -> Iterator[str]:
    """What is wrong with the file; nothing where that cannot be told: the check will say it."""
    found: list[str] = []

    def look() -> None:
        if problem := files.unusable(path, given):
            found.append(problem)
        elif not os.access(path, os.R_OK):
            found.append(f"cannot be read: {given}: permission denied")

    before = _hanging.pop(path.parent, None)
    if before is None or not before.is_alive():
        before = threading.Thread(target=look, name=f"look at {path}", daemon=True)
        before.start()
        before.join(PATIENCE)
    if before.is_alive():
        _hanging[path.parent] = before
    else:
        yield from found
