"""What the screens say where nothing is watched that they could show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from textual.pilot import Pilot

from checks.views import Snapshot
from tests.tui.app_kit import help_of, running, seen, settle
from tests.tui.config_helpers import sentences
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tests.widgets.sample_alerts import quiet_rules
from tests.widgets.sample_logs import log_checks
from tests.widgets.sample_stories import story
from tui.numbered import NUMBERED
from widgets.empty import (
    no_checks,
    no_dashboards,
    no_database,
    no_host,
    no_queues,
    no_requests,
    no_rules,
    own_rules,
)
from widgets.hints import HintLine
from widgets.text import Line

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
ONE = replace(EMPTY, checks=tuple(c for c in samples.bad_night().checks if c.name == "api"))
"""A web page alone is watched."""
ENDS = {
    "1": "http: http://127.0.0.1:8000/health",
    "2": "http: http://127.0.0.1:8000/health",
    "3": "redis: redis://127.0.0.1:6379/0",
    "4": "error: error",
    "5": "GROUP BY queue",
    "6": "- {name: this host, host: {}}",
    "7": "files: [rules/*.yml]",
    "8": "log: /var/log/app/*.log",
    "D": "unit: /s",
    "9": "nothing is known yet of what happened here",
    "W": "http: http://127.0.0.1:8000/health",
}
"""The last of the lines that each screen tells."""


@pytest.mark.parametrize("snapshot", [EMPTY, ONE], ids=["nothing", "a web page"])
@pytest.mark.parametrize("size", [(80, 24), (150, 40)], ids=["80x24", "150x40"])
async def test_every_screen_tells_all_the_lines_that_would_fill_it(
    size: tuple[int, int], snapshot: Snapshot
) -> None:
    assert set(ENDS) == {"1", *(each.key for each in NUMBERED)}
    async with running(FakeSource(snapshot), size=size) as pilot:
        for key, end in ENDS.items():
            await pilot.press(key)
            await settle(pilot)
            if snapshot is EMPTY or key not in "12W":
                assert end in seen(pilot), f"screen {key}"


KEYS = {
    "1": ("Copy the sentence", "Details"),
    "2": ("Sort the rows", "Group the rows", "Next row that is not ok", "Details of the row"),
    "3": ("Copy the sentence", "Sort the sessions", "Details"),
    "4": ("Copy the sentence", "Sort the values", "Details"),
    "5": ("Sort the rows", "Group the rows", "Next row that is not ok", "Copy the sentence"),
    "6": ("Copy the sentence", "Sort the processes", "Details"),
    "7": ("Sort the rows", "Group the rows", "Fold", "Next row that is not ok"),
    "8": ("Copy the sentence", "Show other levels", "Next line that warns", "Details"),
    "9": ("Sort the rows", "Group the rows", "Copy the sentence", "Details"),
    "D": ("Copy the sentence", "Next panel that is not ok"),
    "W": ("Copy the sentence", "Next page", "Stay on this page"),
}
"""What the keys do that need a row, as the help says it."""
FULL = replace(
    samples.bad_night(),
    checks=(*samples.bad_night().checks, *log_checks()),
    story=story(),
)
"""A picture with a row on every screen of them."""
HINTED = {"Enter", "y", "n N", "o", "g", "v", "Space"}
"""Those keys as they are named at the bottom."""


async def hinted(pilot: Pilot[int]) -> set[str]:
    """The keys that are named at the bottom."""
    await settle(pilot)
    return {keys for keys, _ in pilot.app.screen.query_one(HintLine).hints}


@pytest.mark.parametrize("size", [(80, 24), (150, 40)], ids=["80x24", "150x40"])
async def test_no_key_is_named_that_does_nothing_where_there_is_nothing(
    size: tuple[int, int],
) -> None:
    assert set(KEYS) == {"1", *(each.key for each in NUMBERED)}
    async with running(FakeSource(EMPTY), size=size) as pilot:
        for key in KEYS:
            await pilot.press(key)
            named = await hinted(pilot)
            assert {"?", "q"} <= named
            assert not named & (HINTED - {"v"} if key == "9" else HINTED), f"screen {key}"
    async with running(FakeSource(EMPTY), size=(120, 90)) as pilot:
        for key, words in KEYS.items():
            await pilot.press(key)
            await settle(pilot)
            text = await help_of(pilot)
            assert not [each for each in words if f"  {each}" in text], f"screen {key}"


@pytest.mark.parametrize("key", [*"12456789"])
async def test_keys_that_need_a_row_are_named_as_soon_as_there_is_one(key: str) -> None:
    source = FakeSource(EMPTY)
    async with running(source, size=(150, 40)) as pilot:
        await pilot.press(key)
        assert "Enter" not in await hinted(pilot)
        source.show(FULL)
        assert "Enter" in await hinted(pilot)
        source.show(EMPTY)
        assert "Enter" not in await hinted(pilot)


async def test_rules_may_be_listed_by_their_groups_where_none_fires() -> None:
    calm = replace(EMPTY, rules=quiet_rules().rules)
    async with running(FakeSource(calm), size=(150, 40)) as pilot:
        await pilot.press("7")
        assert {"g"} == HINTED & await hinted(pilot)


def lines_under(shown_by: list[Line]) -> str:
    """The configuration among the lines, without the sentence above it."""
    return "\n".join(row.text[3:] for row in shown_by if row.text.startswith("   "))


@pytest.mark.parametrize(
    ("shown_by", "within"),
    [
        (no_checks(90), ""),
        (no_dashboards(90), ""),
        (no_database(90), ""),
        (no_host(90), ""),
        (no_queues(90, brief=True), "redis: {url: 'redis://127.0.0.1:6379/0'}"),
        (no_queues(90)[-5:], "sqlite: {path: app.db}"),
        (no_rules(90), ""),
        (own_rules(90), ""),
        (no_requests(90), "sqlite: {path: app.db}"),
        (no_requests(90, brief=True), "sqlite: {path: app.db}"),
    ],
)
def test_the_lines_that_are_told_are_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown_by: list[Line], within: str
) -> None:
    told = yaml.safe_load(lines_under(shown_by))
    if within:
        kind, fields = next(iter(yaml.safe_load(within).items()))
        told = {"checks": [{"name": "x", kind: {**fields, **told}}]}
    monkeypatch.chdir(tmp_path)
    checks = [{"name": "x", "host": {}}]
    assert sentences(yaml.safe_dump({"version": 1, "checks": checks, **told})) == []
