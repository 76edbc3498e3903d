"""Time zones and a small app that shows one widget."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.idle import idle_told_by_the_loop

__all__ = ["idle_told_by_the_loop"]


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC, so that clocks on screen are the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
