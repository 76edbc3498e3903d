"""The dashboards screen as pictures."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets.sample_dashboards import dashboard_night
from tui.app import OnwatchApp


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_kind_of_panel(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(dashboard_night()))
    assert snap_compare(app, press=["D"], terminal_size=size)  # type: ignore[operator]


def test_a_panel_whole_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(dashboard_night()), ascii_only=True)
    press = ["D", "down", "enter"]
    assert snap_compare(app, press=press, terminal_size=(120, 36))  # type: ignore[operator]


def test_choosing_values_on_a_light_ground(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(dashboard_night()), theme="onwatch-light")
    press = ["D", "v", "down", "space"]
    assert snap_compare(app, press=press, terminal_size=(120, 36))  # type: ignore[operator]
