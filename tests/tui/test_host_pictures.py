"""The host screen as pictures."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.app import OnwatchApp


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_disk_that_fills(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(samples.host_night()))
    assert snap_compare(app, press=["6"], terminal_size=size)  # type: ignore[operator]


def test_the_tree_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(samples.host_night()), ascii_only=True)
    assert snap_compare(app, press=["6", "v"], terminal_size=(120, 36))  # type: ignore[operator]
