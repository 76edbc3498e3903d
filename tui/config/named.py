"""Files that a check names, such as certificates: told at once where they are not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from checks.settings import NamedFile
from tui.config import files
from tui.config.document import Path as Where

__all__ = ["missing_files"]


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
    if not path.exists():
        yield f"there is no such file: {given}"
    elif not os.access(path, os.R_OK):
        yield f"cannot be read: {given}: permission denied"
