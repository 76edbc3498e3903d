"""Files that a check names, such as certificates: told at once where they are not there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from checks.command_lines import mask_arguments
from checks.documents.document import Path as Where
from checks.settings import NamedFile, NamedProgram
from tui.config import files

__all__ = ["missing_files"]

PATIENCE: Final = 0.5
"""Seconds that a look at a file may take: it may be on a mount whose server is gone."""

_PLAIN: Final = re.compile(r"(?!(?:true|false|null|yes|no|on|off)$)[A-Za-z_./][\w./+=@%-]*", re.I)
"""Words that YAML takes for text without quotes."""

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
            elif inner and any(isinstance(mark, NamedProgram) for mark in field.metadata):
                yield from ((here, text) for text in _not_one_program(inner, base))
            else:
                yield from missing_files(inner, base, here)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from missing_files(item, base, (*where, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from missing_files(item, base, (*where, str(key)))


def _problem(path: Path, given: str) -> Iterator[str]:
    """What is wrong with the file."""

    def look() -> str:
        problem = files.unusable(path, given)
        if not problem and not os.access(path, os.R_OK):
            problem = f"cannot be read: {given}: permission denied"
        return problem

    yield from _seen(path, look)


def _not_one_program(argv: Sequence[str], base: Path) -> Iterator[str]:
    """Of a program without arguments that has blanks in its name and is not there: that nobody
    splits it."""
    program = argv[0]
    if len(argv) > 1 or not re.search(r"\s", program.strip()):
        return
    path = base / files.expanded(program)

    def look() -> str:
        there = path.exists() if "/" in program else shutil.which(program) is not None
        return "" if there else f"a string is one program and is not split; write {_split(program)}"

    yield from _seen(path, look)


def _split(line: str) -> str:
    """``line`` as a list of words, as YAML has it."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    shown = (
        word if _PLAIN.fullmatch(word) else json.dumps(word, ensure_ascii=False)
        for word in mask_arguments(words)
    )
    return f"{{argv: [{', '.join(shown)}]}}"


def _seen(path: Path, look: Callable[[], str]) -> Iterator[str]:
    """What ``look`` says of ``path``; nothing where that cannot be told: the check will say it."""
    found: list[str] = []
    before = _hanging.pop(path.parent, None)
    if before is None or not before.is_alive():
        before = threading.Thread(
            target=lambda: found.append(look()), name=f"look at {path}", daemon=True
        )
        before.start()
        before.join(PATIENCE)
    if before.is_alive():
        _hanging[path.parent] = before
    else:
        yield from filter(None, found)
