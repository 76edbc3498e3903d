"""A runbook, a step and the output of steps as pictures."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets.sample_alerts import alert_night
from tests.widgets.sample_runbooks import runbook_night
from tui.app import OnwatchApp


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_a_runbook_whose_steps_ran(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(runbook_night(alert_night(), ran=True)))
    assert snap_compare(app, press=["7", "r"], terminal_size=size)  # type: ignore[operator]


def test_a_dangerous_step_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(runbook_night(alert_night())), ascii_only=True)
    keys = ["7", "r", "end", "enter"]
    assert snap_compare(app, press=keys, terminal_size=(80, 24))  # type: ignore[operator]
