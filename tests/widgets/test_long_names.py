"""Names as clouds give them, which differ in their ends alone, are told apart though cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.model import Status
from checks.story.model import Incident
from checks.views import AlertView, EventView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NOW
from tests.widgets.sample_stories import eventful_night
from tests.widgets.stage import Stage, shown
from widgets.alert_list.table import AlertTable
from widgets.alerts import alert_lines
from widgets.availability.table import ServiceTable
from widgets.events import event_lines
from widgets.frame import Frame
from widgets.listing.pane import ListPane
from widgets.services import service_lines
from widgets.text import Line, without_middle
from widgets.timeline.table import IncidentTable, rows_of

REGIONS = ("eu-central-1", "us-east-1")
NAMES = tuple(f"checkout-service-{region}-{zone}" for region in REGIONS for zone in "ab")


def night(names: tuple[str, ...] = NAMES) -> Snapshot:
    """Every other of these checks is down."""
    refused = "connection to 10.1.0.4:443 refused"
    checks = tuple(
        samples.check(
            name,
            Status.CRITICAL if place % 2 else Status.OK,
            value="down" if place % 2 else "1,204",
            message=refused if place % 2 else "",
            history=() if place % 2 else None,
        )
        for place, name in enumerate(names)
    )
    alerts = tuple(
        AlertView(f"check/{name}", f"{name} down", name, Status.CRITICAL, NOW - 70, refused)
        for name in names
    )
    events = tuple(
        EventView(NOW - number, name, f"ok → critical: {refused}")
        for number, name in enumerate(names)
    )
    return replace(samples.bad_night(), checks=checks, alerts=alerts, events=events)


def told_apart(rows: list[str], names: tuple[str, ...] = NAMES) -> bool:
    """Whether each of ``names`` has a row in which its end, and no other's, can be read."""
    assert len(rows) == len(names)
    words = [next(word for word in row.split() if word.startswith("check")) for row in rows]
    return len(set(words)) == len(names) and all(
        any(word.endswith(name[-3:]) for word in words) for name in names
    )


def first_of_each(lines: list[Line]) -> list[str]:
    return list({line.key: line.text for line in reversed(lines) if line.key}.values())


@pytest.mark.parametrize("width", [34, 39, 79])
def test_the_overviews_panes_tell_them_apart(width: int) -> None:
    for compact in (False, True):
        frame = Frame(width, 12, compact=compact)
        assert told_apart(first_of_each(service_lines(night(), frame)))
        assert told_apart(first_of_each(alert_lines(night(), frame)))
    assert told_apart(first_of_each(event_lines(night(), Frame(width, 12))))


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("kind", [ServiceTable, AlertTable])
async def test_the_tables_tell_them_apart(kind: type[ListPane[object]], width: int) -> None:
    table = kind()
    table.set_reactive(kind.order, kind.ORDERS[0])
    async with Stage(table).run_test(size=(width, 24)) as pilot:
        table.snapshot = night()
        await pilot.pause()
        assert told_apart([row for row in shown(table) if "checkou" in row])


@pytest.mark.parametrize("width", [60, 80])
async def test_the_table_of_incidents_says_whose_they_are(width: int) -> None:
    incidents = tuple(
        Incident(
            number,
            f"{name} down: connection to 10.1.0.4:443 refused",
            name,
            Status.CRITICAL,
            NOW - 100 * number,
            severity="critical",
            checks=(name,),
        )
        for number, name in enumerate(NAMES, 1)
    )
    story = eventful_night().story
    assert story is not None
    table = IncidentTable()
    async with Stage(table).run_test(size=(width, 24)) as pilot:
        table.snapshot = replace(night(), story=replace(story, incidents=incidents))
        await pilot.pause()
        assert told_apart([row for row in shown(table) if "checkou" in row])
        assert len(rows_of(table.snapshot.story)) == 5


def test_a_long_name_uses_what_the_value_beside_it_leaves_and_nothing_moves() -> None:
    rows = first_of_each(service_lines(night(("web", *NAMES)), Frame(39, 12)))
    names = {row.split()[2]: len(row.split()[1]) for row in rows if "checkou" in row}
    assert names["down"] == names["1,204"] + 1
    ends = {row.index(value) + len(value) for row in rows for value in names if value in row}
    assert len(ends) == 1, "the values stand where they stood"
    assert len({row.index("ms") for row in rows}) == 1


@pytest.mark.parametrize(
    ("name", "width", "shown_as"),
    [
        ("checkout-service-eu-central-1-a", 14, "checkou…al-1-a"),
        ("checkout", 8, "checkout"),
        ("checkout", 7, "che…out"),
        ("checkout", 3, "c…t"),
        ("checkout", 2, "c…"),
        ("checkout", 0, ""),
        ("数据库连接数", 8, "数据…数"),
        ("e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"),
    ],
)
def test_a_name_is_cut_in_its_middle(name: str, width: int, shown_as: str) -> None:
    assert without_middle(name, width) == shown_as
