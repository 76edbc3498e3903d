"""The panes of the details that tell of parts, of other checks, in words and in tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.model import Status, Table
from checks.views import PartView
from tests.widgets import samples
from tests.widgets.stage import Stage, shown
from widgets.details import fact_lines, worded
from widgets.frame import Frame
from widgets.parts import PartsPane, part_lines
from widgets.related import related_lines
from widgets.table import column_widths, table_lines

LONG = (
    "payments: connection timed out after 200 ms while asking the ledger at ledger.example:8443 "
    "for its balance, as it has been since the last deployment; see the runbook"
)
PARTS = (
    PartView("database", Status.OK, "", "3 ms", samples.NOW - 600),
    PartView("payments", Status.CRITICAL, LONG, "down", samples.NOW - 42),
    PartView("mail", Status.WARNING, "slow", "1.2 s", samples.NOW - 61),
)
UNITS = Table(
    "units",
    ("unit", "since", "what it is", "state", "restarts"),
    (
        ("queue-worker.service", "2 min", "ended and was started anew 12 times", "active", "14"),
        ("nginx.service", "3 d", "is active (running)", "active", "0"),
    ),
    frozenset({"restarts"}),
)


@pytest.mark.parametrize("width", [30, 58, 120])
def test_parts_are_told_whole_the_worst_first(width: int) -> None:
    check = replace(samples.check("api"), parts=PARTS)
    lines = part_lines(check, samples.NOW, Frame(width, 40))
    heads = [one.text.split()[:4] for one in lines if one.text.startswith((" ✖", " ▲", " ✔"))]
    assert [head[:3] for head in heads] == [
        ["✖", "payments", "down"],
        ["▲", "mail", "1.2"],
        ["✔", "database", "3"],
    ]
    assert heads[0][3] == "40"
    told = " ".join(word for one in lines for word in one.text.split())
    assert LONG in told
    assert max(len(one.text) for one in lines) <= width
    assert {one.key for one in lines} == {"api/payments", "api/mail", "api/database"}


async def test_the_pane_of_parts_says_how_many_are_ill_and_finds_them() -> None:
    pane = PartsPane()
    night = samples.bad_night(details=samples.details("api"))
    checks = tuple(replace(c, parts=PARTS) if c.name == "api" else c for c in night.checks)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.snapshot = replace(night, checks=checks)
        await pilot.pause()
        assert shown(pane)[0].startswith(" Parts 2 of 3 not ok ")
        pane.filter_text = "ledger"
        await pilot.pause()
        assert pane.keys == ["api/payments"]
        pane.filter_text = "nowhere"
        await pilot.pause()
        assert "nothing matches 'nowhere'" in shown(pane)[1]


def test_the_sentence_is_told_whole() -> None:
    check = replace(samples.check("api"), message=f"{LONG}; {LONG}")
    lines = fact_lines(check, (), samples.NOW, Frame(50, 40))
    told = " ".join(word for one in lines for word in one.text.split())
    assert f"{LONG}; {LONG}" in told
    assert max(len(one.text) for one in lines) <= 50


@pytest.mark.parametrize("width", [24, 40, 58])
def test_the_name_of_a_fact_is_never_cut(width: int) -> None:
    facts = (("hop limit of the reply", "64"),)
    lines = [
        one.text for one in fact_lines(samples.check("api"), facts, samples.NOW, Frame(width, 9))
    ]
    assert not any("…" in text for text in lines)
    assert "64" in " ".join(lines)
    if width == 58:
        assert " hop limit of the reply  64" in lines


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("uptime_seconds", "93855", ("uptime", "1 d 2 h")),
        ("lag_seconds", "0.25", ("lag", "250 ms")),
        ("gc_pause_ms", "12", ("gc_pause", "12 ms")),
        ("heap_bytes", "2100000", ("heap", "2.1 MB")),
        ("uptime_seconds", "long", ("uptime_seconds", "long")),
        ("uptime_seconds", "nan", ("uptime", "—")),
        ("version", "2.4.1", ("version", "2.4.1")),
        ("_seconds", "3", ("_seconds", "3")),
    ],
)
def test_figures_whose_names_tell_the_unit_are_said_in_words(
    name: str, text: str, told: tuple[str, str]
) -> None:
    assert worded(name, text) == told


def test_the_own_alert_is_no_concern_what_needs_it_and_suffers_is() -> None:
    night = samples.bad_night()
    assert any(alert.check == "gateway" for alert in night.alerts)
    own = tuple(replace(check, depends_on=()) for check in night.checks)
    alone = tuple(alert for alert in night.alerts if alert.check == "gateway")
    frame = Frame(58, 12)
    assert related_lines(replace(night, checks=own, alerts=alone), "gateway", frame) == []
    needs = tuple(replace(c, depends_on=("cache",)) if c.name == "gateway" else c for c in own)
    there = related_lines(replace(night, checks=needs), "gateway", frame)
    assert there[0].text.split()[:4] == ["needs", "▲", "cache", "warning"]
    back = related_lines(replace(night, checks=needs, alerts=()), "cache", frame)
    assert back[0].text.split()[:5] == ["needed", "by", "✖", "gateway", "critical"]
    assert {one.check for one in back} == {"gateway"}
    far = replace(alone[0], id="far", check="shop", name="shop down", cause="cache")
    suffers = related_lines(replace(night, checks=own, alerts=(far,)), "cache", frame)
    assert suffers[0].text.split()[:4] == ["suffers", "✖", "shop", "down"]
    assert suffers[0].check == "shop"


def test_columns_leave_from_the_right_whole_and_long_texts_are_broken() -> None:
    assert column_widths(UNITS, 90) == [20, 5, 35, 6, 8]
    assert column_widths(UNITS, 75) == [20, 5, 35, 6, 0], "from the right"
    assert column_widths(UNITS, 70) == [20, 5, 35, 0, 0], "whole"
    assert column_widths(UNITS, 55) == [20, 5, 26, 0, 0], "a long text takes what is left"
    assert column_widths(UNITS, 45) == [20, 5, 0, 0, 0], "unless that is too little"
    lines = [one.text.rstrip() for one in table_lines(UNITS, 57)]
    assert lines[2:4] == [
        " queue-worker.service  2 min  ended and was started anew",
        " " * 30 + "12 times",
    ]
    keys = [one.key for one in table_lines(UNITS, 57)]
    assert keys[2] == keys[3] != keys[4]
