"""What the tests of the program share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.idle import idle_told_by_the_loop

__all__ = ["idle_told_by_the_loop"]


@pytest.fixture(autouse=True)
def _copies_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what tests copy out of the home of whoever runs them, who has started it before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "onwatch").mkdir(mode=0o700)
    (tmp_path / "state" / "onwatch" / "hints-shown").touch(0o600)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a command run within the test process did to logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
