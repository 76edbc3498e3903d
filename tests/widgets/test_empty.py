"""What a pane says where there is nothing to show: which lines of configuration would fill it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

import widgets
from checks.model import Status
from checks.story.views import StoryView
from checks.views import Snapshot
from tests.widgets import samples
from tests.widgets.stage import Stage, shown
from widgets.alert_list.panes import AlertPane
from widgets.databases.server import ServerPane
from widgets.details import DetailPane
from widgets.lines import LinePane
from widgets.timeline.entries import EntriesPane
from widgets.timeline.table import IncidentTable

EMPTY = replace(
    samples.bad_night(),
    checks=(),
    requests=(),
    queues=(),
    hosts=(),
    alerts=(),
    events=(),
    databases=(),
    details=None,
    host=None,
)
BASES = {
    "DatabasePane",
    "DetailPane",
    "HostScreenPane",
    "ListPane",
    "RequestLogPane",
    "RowsPane",
    "SelectedPane",
}
"""Those that others derive from and that no screen shows."""
APART = ("widgets.runbook.", "widgets.timeline.", "widgets.dashboard.")
"""Panes of a runbook, which is opened on something, of what happened, which is no configuration's
to say, and of dashboards, whose screen knows whether there are any (test_empty_screens.py)."""
IN_BOXES = {"WholePane", "RecordPane", "ChoicePane", "SessionPane", "ProcessPane", "MatchersPane"}
"""Those of boxes, which are opened on something that is there."""


def kinds() -> list[type[LinePane]]:
    """Every pane there is."""
    for module in pkgutil.walk_packages(widgets.__path__, "widgets."):
        importlib.import_module(module.name)

    def below(kind: type[LinePane]) -> Iterator[type[LinePane]]:
        for each in kind.__subclasses__():
            if each.__module__.startswith("widgets."):
                yield each
                yield from below(each)

    found = [kind for kind in {*below(LinePane)} if kind.__name__ not in BASES]
    # Whatever was imported first: the workers of a run must agree on the order.
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


async def said(kind: type[LinePane], snapshot: Snapshot, width: int = 76) -> list[str]:
    pane = kind()
    async with Stage(pane).run_test(size=(width, 24)) as pilot:
        pane.snapshot = snapshot
        await pilot.pause()
        return [row.rstrip() for row in shown(pane)]


@pytest.mark.parametrize(
    "kind",
    [
        k
        for k in kinds()
        if not issubclass(k, DetailPane | AlertPane)
        and k.__name__ not in IN_BOXES
        and not k.__module__.startswith(APART)
    ],
    ids=lambda kind: f"{kind.__module__}.{kind.__name__}",
)
async def test_an_empty_pane_says_which_lines_of_configuration_would_fill_it(
    kind: type[LinePane],
) -> None:
    text = "\n".join(await said(kind, EMPTY))
    assert re.search(
        r"^   (checks|queues|queries|request_log|rules|silences):$", text, re.MULTILINE
    ), text
    assert "waiting" not in text


@pytest.mark.parametrize("kind", [IncidentTable, EntriesPane], ids=lambda kind: kind.__name__)
async def test_a_pane_of_what_happened_says_that_nothing_has(kind: type[LinePane]) -> None:
    calm = replace(samples.bad_night(), story=StoryView())
    assert "has happened" in "\n".join(await said(kind, calm))


async def test_a_pane_of_what_is_configured_waits_for_it() -> None:
    """Where the check is there and has told nothing yet, no lines are missing."""
    first = replace(samples.bad_night().checks[0], name="shop", kind="postgres")
    waiting = replace(EMPTY, checks=(replace(first, status=Status.WAITING),))
    text = "\n".join(await said(ServerPane, waiting))
    assert "waiting for the first result" in text
    assert "checks:" not in text
