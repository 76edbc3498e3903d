"""Holds docs/reliability.md to what the tests of faults see: ``user_sees(fault, result)``.

The page has a row for each fault; its sentence is the one that the test got. With
``--write-reliability`` the sentences are written anew (run these tests in one process then).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import pytest

from checks.model import Status

__all__ = ["PAGE", "Said", "UserSees", "cells", "form"]

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"

_FOLDERS = re.compile(r"/(?:[^\s:,()]+/)+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TIME = re.compile(r"0 (?:µs|ms|s|min)\b")
_SCRATCH = re.compile(r"/tmp/(?:[^\s:,()]+/)+")
_MOUNT = re.compile(r"/tmp/onwatch-\w+")


class Told(Protocol):
    """What a check came to: its result, its view."""

    @property
    def status(self) -> Status | str: ...

    @property
    def message(self) -> str: ...


class Said(NamedTuple):
    """The same where a test has only the words."""

    status: str
    message: str


class UserSees(Protocol):
    """Asserts that the row of ``fault`` names this test and this sentence."""

    def __call__(self, fault: str, told: Told) -> None: ...


Row: TypeAlias = list[str]


def cells(line: str) -> Row:
    """The cells of a table's line; a bar within one is written as ``&#124;``."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def form(text: str) -> str:
    """``text`` without what differs from run to run: figures, and folders of files."""
    return _TIME.sub("0 s", _NUMBER.sub("0", _FOLDERS.sub("/…/", text)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-reliability",
        action="store_true",
        help="write what the tests see into docs/reliability.md",
    )


@pytest.fixture
def user_sees(request: pytest.FixtureRequest) -> UserSees:
    """See the module."""
    name = request.node.originalname

    def check(fault: str, told: Told) -> None:
        status = told.status.value if isinstance(told.status, Status) else told.status
        shown = _SCRATCH.sub("/srv/", _MOUNT.sub("/mnt/nas", told.message)).replace("|", "&#124;")
        sentence = f"{status.upper()}: {shown}" if status else shown
        lines = PAGE.read_text().splitlines()
        (at,) = [at for at, line in enumerate(lines) if line.startswith(f"| {fault} |")] or [-1]
        assert at >= 0, f"docs/reliability.md has no row for: {fault}"
        row = cells(lines[at])
        assert f"`{name}`" in row[-1], f"the row of {fault!r} does not name {name}"
        if request.config.getoption("--write-reliability"):
            row[1] = f"`{sentence}`"
            lines[at] = f"| {' | '.join(row)} |"
            PAGE.write_text("\n".join(lines) + "\n")
        assert form(row[1].strip("`")) == form(sentence), f"the page tells of {fault!r} otherwise"

    return check
