"""The screens services and queues as pictures."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets.sample_queues import queue_night
from tests.widgets.sample_services import service_night
from tui.app import OnwatchApp

SIZES = [(80, 24), (200, 60)]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_night_of_services(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(service_night()))
    assert snap_compare(app, press=["2"], terminal_size=size)  # type: ignore[operator]


def test_services_in_groups_of_which_one_is_folded(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(service_night()))
    keys = ["2", "g", "space"]
    assert snap_compare(app, press=keys, terminal_size=(120, 36))  # type: ignore[operator]


def test_services_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(service_night()), ascii_only=True)
    assert snap_compare(app, press=["2"], terminal_size=(80, 24))  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_night_of_queues(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource(queue_night()))
    assert snap_compare(app, press=["5"], terminal_size=size)  # type: ignore[operator]


def test_queues_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(queue_night()), ascii_only=True)
    keys = ["5", "down", "down"]
    assert snap_compare(app, press=keys, terminal_size=(120, 36))  # type: ignore[operator]
