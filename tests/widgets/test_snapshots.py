"""How the panes look, compared with pictures that were looked at."""

from __future__ import annotations

from typing import Protocol

import pytest
from textual.app import App

from checks.views import Snapshot
from tests.widgets import samples
from tests.widgets.stage import Stage
from widgets.alerts import AlertsPane
from widgets.chart import BigChart
from widgets.details import DetailPane, FactsPane, PhasesPane
from widgets.events import EventsPane
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.results import ResultsPane
from widgets.services import ServicesPane
from widgets.verdict import VerdictLine

PANES: list[type[LinePane]] = [
    ServicesPane,
    RequestsPane,
    QueuesPane,
    HostPane,
    AlertsPane,
    EventsPane,
]


class Compare(Protocol):
    """The plugin's fixture."""

    def __call__(self, app: App[None], *, terminal_size: tuple[int, int]) -> bool: ...


def a_stage(kind: type[LinePane], snapshot: Snapshot, *, compact: bool = False) -> Stage:
    pane = kind()
    pane.compact = compact
    pane.snapshot = snapshot
    return Stage(pane)


@pytest.mark.parametrize("kind", PANES)
def test_a_pane_on_a_bad_night(snap_compare: Compare, kind: type[LinePane]) -> None:
    assert snap_compare(a_stage(kind, samples.bad_night()), terminal_size=(64, 16))


@pytest.mark.parametrize("kind", PANES)
def test_a_pane_with_nothing_to_show(snap_compare: Compare, kind: type[LinePane]) -> None:
    assert snap_compare(a_stage(kind, samples.empty()), terminal_size=(64, 9))


@pytest.mark.parametrize("kind", PANES)
def test_a_pane_in_its_compact_form(snap_compare: Compare, kind: type[LinePane]) -> None:
    stage = a_stage(kind, samples.bad_night(), compact=True)
    assert snap_compare(stage, terminal_size=(80, 8))


@pytest.mark.parametrize("width", [80, 140])
def test_the_verdict_line(snap_compare: Compare, width: int) -> None:
    line = VerdictLine()
    line.snapshot = samples.bad_night(health=samples.health(notice="onwatch.yaml:3: bad key"))
    assert snap_compare(Stage(line), terminal_size=(width, 3))


def test_the_pieces_of_the_details(snap_compare: Compare) -> None:
    views: list[BigChart | DetailPane] = [BigChart(), ResultsPane(), PhasesPane(), FactsPane()]
    for view in views:
        view.snapshot = samples.bad_night(details=samples.details())
    assert snap_compare(Stage(*views), terminal_size=(90, 56))
