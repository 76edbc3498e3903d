"""The logs screen as pictures."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets.sample_logs import log_night
from tui.app import OnwatchApp


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_night_of_logs(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(log_night()))
    assert snap_compare(app, press=["8"], terminal_size=size)  # type: ignore[operator]


def test_logs_in_ascii_with_a_record_whole(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(log_night()), ascii_only=True)
    keys = ["8", "enter"]
    assert snap_compare(app, press=keys, terminal_size=(120, 36))  # type: ignore[operator]
