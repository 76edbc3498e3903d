"""docs/seeds.md takes every thing that the guides ask for, and what it names is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from checks.rules.model import AlertRule
from tests.examples.kit import loaded
from tools.seeds import page
from tools.seeds.references import missing
from tools.seeds.rows import SYSTEMS, checklist, items, rows_of

CHECKLIST = Path(__file__).parents[3] / "shared" / "seeds" / "checklist.md"
ALL = 735

every_system = pytest.mark.parametrize("system", SYSTEMS)


def asked_for() -> dict[str, tuple[str, str, str]]:
    """What the guides ask for, by the list that comes with them."""
    if not CHECKLIST.is_file():
        told = f"{CHECKLIST} is not here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    return checklist(CHECKLIST)


def test_the_guides_words_are_those_of_the_list() -> None:
    asked = asked_for()
    assert len(asked) == ALL
    assert items() == {key: text for key, (text, _, _) in asked.items()}


@every_system
def test_every_thing_that_a_guide_asks_for_has_its_row(system: str) -> None:
    wanted = [key for key in items() if key.startswith(f"{SYSTEMS[system]}-")]
    assert [row.id for row in rows_of(system)] == wanted


@every_system
def test_what_a_row_names_is_there(system: str) -> None:
    assert [said for row in rows_of(system) for said in missing(row)] == []


@every_system
def test_what_is_out_of_scope_is_so_by_the_list_and_says_why(system: str) -> None:
    asked = asked_for()
    for row in rows_of(system):
        kind = asked[row.id][1]
        assert bool(row.out) == (kind == "out of scope"), f"{row.id} is {kind}"


def test_everything_has_one_row_and_no_other_system_has_any() -> None:
    rows = [row.id for system in SYSTEMS for row in rows_of(system)]
    assert len(rows) == len(set(rows)) == ALL
    assert set(rows) == set(items())


def test_the_page_is_written_anew() -> None:
    assert page.PAGE.read_text() == page.page(), "run python -m tools.seeds"


DEAD = {
    "moai-flow": {
        ("HighErrorRate", "critical"),
        ("HighQueryLatency", "warning"),
        ("HighMemoryUsage", "critical"),
    }
}
"""Alerts of the guides that can never fire; others stand beside them."""


@every_system
def test_every_alert_was_measured_unless_it_can_never_fire(system: str) -> None:
    rules = loaded(system, {}).engine.rules
    assert rules is not None
    written = {
        (rule.name, dict(rule.labels).get("severity", ""))
        for group in rules.groups
        for rule in group.rules
        if isinstance(rule, AlertRule)
    }
    fired = {(x["alert"], x["severity"]) for x in page.measured() if x["system"] == system}
    assert written - fired == DEAD.get(system, set())


def test_every_alert_that_was_measured_fired_in_time() -> None:
    for one in page.measured():
        hold = float(one["hold"])
        allowed = hold + 2 * float(one["interval"])
        assert hold <= float(one["seconds"]) <= allowed + 5, one
        assert re.fullmatch(r"\w+", one["alert"])
