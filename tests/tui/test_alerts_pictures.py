"""The alerts screen, an alert and an answer as pictures."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from checks.rules.views import Curve, QueryView
from checks.views import Snapshot
from tests.tui.fakes import FakeSource
from tests.widgets.curves import NOW, wave
from tests.widgets.sample_alerts import alert_night
from tui.app import OnwatchApp


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def answered() -> Snapshot:
    rows = tuple(
        ((("__name__", "up"), ("instance", f"web-{place}"), ("job", "web")), 1.5 * place)
        for place in range(3)
    )
    times = tuple(NOW - 3600 + 15 * step for step in range(241))
    curves = tuple(Curve(own, wave(241, value, value + 1)) for own, value in rows)
    made = QueryView("up", NOW, 0.0031, rows=rows, total=3, times=times, curves=curves, span=3600.0)
    return replace(alert_night(), query=made)


def test_a_night_of_alerts(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(alert_night()))
    assert snap_compare(app, press=["7", "j"], terminal_size=(200, 60))  # type: ignore[operator]


def test_alerts_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(alert_night()), ascii_only=True)
    assert snap_compare(app, press=["7"], terminal_size=(80, 24))  # type: ignore[operator]


def test_an_alert_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(alert_night()), ascii_only=True)
    keys = ["7", "j", "j", "enter"]
    assert snap_compare(app, press=keys, terminal_size=(120, 40))  # type: ignore[operator]


def test_an_answer(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(answered()))
    keys = ["colon", *"query", "space", "u", "p", "enter", "escape", "j"]
    assert snap_compare(app, press=keys, terminal_size=(100, 30))  # type: ignore[operator]
