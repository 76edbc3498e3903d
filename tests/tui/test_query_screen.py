"""The prompt for PromQL: completion, answers with curves, mistakes with a caret, what was asked."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot

from checks.model import Samples, Series
from checks.promql.check import NATIVE_FUNCTIONS
from checks.promql.functions import FUNCTIONS as KNOWN
from checks.promql.syntax import parse
from checks.rules.asking import StandingQuery
from checks.rules.views import Pairs
from checks.store.store import Store
from tests.checks.rules.test_asking import NOW, store_of
from tests.patience import PATIENCE
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets.sample_alerts import alert_night
from tui.app import OnwatchApp
from tui.completing import AGGREGATIONS, FUNCTIONS, completion, inserted
from tui.query_history import MOST, QueryHistory
from tui.screens.prompt import PromptLine
from tui.screens.query import QueryScreen
from tui.terminal import Looks
from widgets.answer.notes import mistake_lines
from widgets.answer.rows import RowsPane

METRICS = ("node_cpu_seconds_total", "node_load1", "up")
LABELS = ("instance", "job", "mode")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


class Asked(FakeSource):
    """Evaluates over a store as the engine does."""

    def __init__(self, store: Store) -> None:
        super().__init__(alert_night(query=None, time=NOW))
        self._store = store

    def query(self, text: str | None, seconds: float = 3600.0, about: Pairs = ()) -> None:
        super().query(text, seconds, about)
        view = None if text is None else StandingQuery(text, seconds, about).view(self._store, NOW)
        self.show(replace(self.picture, query=view))


@asynccontextmanager
async def asking(size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[int]]:
    """On the screen, opened by its command, in an hour of three machines."""
    async with running(Asked(store_of()), size=size) as pilot:
        await pilot.press("colon", *"query", "space")
        await settle(pilot)
        assert isinstance(pilot.app.screen, QueryScreen)
        yield pilot


async def type_in(pilot: Pilot[int], text: str, *more: str) -> None:
    prompt = pilot.app.screen.query_one(PromptLine)
    for sign in text:
        prompt.insert_text_at_cursor(sign)
    await settle(pilot)
    await pilot.press(*more)
    await settle(pilot)
    await settle(pilot)


# Completion


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no", ("node_cpu_seconds_total", "node_load1")),
        ("sum(rate(node_c", ("node_cpu_seconds_total",)),
        ("predict", ("predict_linear(",)),
        ("up{", LABELS),
        ('up{job="x", m', ("mode",)),
        ("sum by (i", ("instance",)),
        ("sum without(job, ", LABELS),
        ("a / on (job) group_left (mo", ("mode",)),
        ('up{job="no', ()),
        ("up{job=no", ()),
        ("rate(up[no", ()),
        ('label_replace(up, "no', ()),
        ("load1", ("node_load1",)),
        ("cpu", ("node_cpu_seconds_total",)),
        ("", ()),
        ("up", ()),
    ],
)
def test_names_are_completed_where_they_may_stand(text: str, found: tuple[str, ...]) -> None:
    assert completion(text, len(text), METRICS, LABELS).candidates == found


def test_a_name_is_put_where_the_cursor_is() -> None:
    made = completion("sum(no) > 1", 6, METRICS, LABELS)
    assert inserted("sum(no) > 1", 6, made.start, "node_load1") == ("sum(node_load1) > 1", 14)


def test_every_function_is_completed_and_none_that_there_is_not() -> None:
    assert set(FUNCTIONS) == set(KNOWN) - NATIVE_FUNCTIONS
    arguments = {"topk": "1, ", "bottomk": "1, ", "quantile": "1, ", "count_values": '"a", '}
    for name in AGGREGATIONS:
        parse(f"{name}({arguments.get(name, '')}up)")


async def test_tab_goes_through_what_may_be_meant() -> None:
    async with asking() as pilot:
        await type_in(pilot, "sum by (job) (que")
        assert "queue_size" in seen(pilot)
        await type_in(pilot, "", "tab")
        prompt = pilot.app.screen.query_one(PromptLine)
        assert prompt.value == "sum by (job) (queue_size"
        await type_in(pilot, ")", "enter")
        assert '480  {job="shop"}' in seen(pilot)


async def test_tab_takes_the_next_candidate_each_time_and_shift_tab_the_one_before() -> None:
    async with asking() as pilot:
        prompt = pilot.app.screen.query_one(PromptLine)
        await type_in(pilot, "sor", "tab")
        assert prompt.value == "sort("
        await type_in(pilot, "", "tab")
        assert prompt.value == "sort_desc("
        await type_in(pilot, "", "shift+tab")
        assert prompt.value == "sort("
        await type_in(pilot, "", *"que")
        assert "queue_size" in seen(pilot).split("Now")[0]


async def test_what_is_pasted_behind_a_candidate_is_not_taken_for_a_part_of_it() -> None:
    async with asking() as pilot:
        await type_in(pilot, "sum(que", "tab")
        prompt = pilot.app.screen.query_one(PromptLine)
        pilot.app.post_message(events.Paste(" + que"))
        await settle(pilot)
        assert prompt.value == "sum(queue_size + que"
        await type_in(pilot, "", "tab")
        assert prompt.value == "sum(queue_size + queue_size"


async def test_a_name_is_completed_where_the_cursor_went_back_to() -> None:
    async with asking() as pilot:
        prompt = pilot.app.screen.query_one(PromptLine)
        await type_in(pilot, "sum(que) > 10", *["left"] * 6, "tab")
        assert prompt.value == "sum(queue_size) > 10"
        await type_in(pilot, "", "end", "0")
        assert prompt.value == "sum(queue_size) > 100"


# Answers


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24), (200, 60)])
async def test_an_answer_is_a_table_and_where_there_is_room_curves(size: tuple[int, int]) -> None:
    async with asking(size) as pilot:
        await type_in(pilot, "queue_size", "enter")
        text = seen(pilot)
        assert "3 series" in text
        assert "260" in text
        assert ("of 3 curves" in text) == (size[1] >= 24)


async def test_a_mistake_has_a_caret_where_it_is_and_the_line_can_be_gone_on_with() -> None:
    async with asking() as pilot:
        await type_in(pilot, "sum(rate(queue_size)", "enter")
        lines = seen(pilot).splitlines()
        caret = next(line for line in lines if line.strip() == "^")
        shown = lines[lines.index(caret) - 1]
        assert shown[caret.index("^") :].startswith("(rate")
        assert "unclosed left parenthesis" in seen(pilot)
        assert isinstance(pilot.app.focused, PromptLine)


def test_the_caret_stands_beneath_its_mistake_in_a_long_expression_of_wide_letters() -> None:
    text = f'{{job="{"東京" * 40}"}} + )'
    for width in (37, 60, 80):
        shown, caret, _ = (
            row.text for row in mistake_lines(text, text.index(")") + 1, "no", width)
        )
        before = caret.index("^")
        assert before < width
        (at,) = [i for i in range(len(shown)) if cell_len(shown[:i]) == before]
        assert shown[at] == ")"


async def test_what_was_asked_before_comes_back() -> None:
    async with asking() as pilot:
        prompt = pilot.app.screen.query_one(PromptLine)
        for text in ("queue_size", "requests_total", "queue_size"):
            prompt.begin(text)
            await pilot.press("enter")
            await settle(pilot)
        prompt.begin("sum(")
        await pilot.press("up")
        assert prompt.value == "queue_size"
        await pilot.press("up", "up")
        assert prompt.value == "requests_total", "each once"
        await pilot.press("down", "down")
        assert prompt.value == "sum(", "and what was begun is not lost"


async def asked_before(path: Path, *texts: str) -> list[str]:
    """A session that remembers in ``path`` and asks ``texts``: what up brings back at its start,
    the newest first.
    """
    async with running(Asked(store_of())) as pilot:
        app_of(pilot).queries = QueryHistory(lambda: path)
        await pilot.press("colon", *"query", "space")
        await settle(pilot)
        prompt = pilot.app.screen.query_one(PromptLine)
        await wait_until(lambda: not writing())
        await settle(pilot)
        found: list[str] = []
        await pilot.press("up")
        while prompt.value and prompt.value not in found:
            found.append(prompt.value)
            await pilot.press("up")
        for text in texts:
            prompt.begin(text)
            await pilot.press("enter")
        await wait_until(lambda: not writing())
        return found


def writing() -> bool:
    """Whether a history is at its file."""
    return any(one.name == "onwatch-queries" for one in threading.enumerate())


async def wait_until(done: Callable[[], bool]) -> None:
    for _ in range(round(PATIENCE / 0.01)):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


async def test_what_was_asked_is_there_in_the_next_session_too(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "queries"
    assert await asked_before(path, "up", "queue_size", "up") == []
    assert path.read_text() == "queue_size\nup\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.write_text("queue_size\nof another session\nup\n")
    assert await asked_before(path, "sum(up)") == ["up", "of another session", "queue_size"]
    assert path.read_text().splitlines()[-2:] == ["up", "sum(up)"]


async def test_a_history_is_bounded_and_whatever_is_in_its_file_does_no_harm(
    tmp_path: Path,
) -> None:
    path = tmp_path / "queries"
    odd = [b"\x1b]0;title\x07", b"\xff\xfe", b"x" * 5000, b"", b"  "]
    path.write_bytes(b"\n".join([*odd, *(f"up > {n}".encode() for n in range(MOST + 50))]))
    found = await asked_before(path, "up")
    assert (len(found), found[0], found[-1]) == (MOST, f"up > {MOST + 49}", "up > 50")
    assert path.read_text().splitlines() == [*(f"up > {n}" for n in range(51, MOST + 50)), "up"]


async def test_a_history_that_cannot_be_written_lasts_as_long_as_the_app(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    assert await asked_before(blocked / "queries", "up") == []
    assert await asked_before(blocked / "queries") == []


async def test_without_colours_the_cursor_is_underlined() -> None:
    app = OnwatchApp(Asked(store_of()), looks=Looks(colours=0))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"query", "space", "u", "p")
        await settle(pilot)
        cells = pilot.app.screen.query_one(PromptLine).render_line(0)
        assert [cell.text for cell in cells if cell.style and cell.style.underline] == [" "]


async def test_the_command_takes_the_expression_with_it() -> None:
    async with running(Asked(store_of())) as pilot:
        await pilot.press("colon")
        await settle(pilot)
        pilot.app.screen.query_one("Input").value = "query sum(queue_size)"  # type: ignore[attr-defined]
        await settle(pilot)
        await settle(pilot)
        assert pilot.app.screen.query_one(PromptLine).value == "sum(queue_size)"


async def test_the_next_expression_replaces_the_one_that_found_nothing() -> None:
    async with asking() as pilot:
        await type_in(pilot, "nosuch_metric", "enter", "escape", "escape")
        await pilot.press("colon", *"query", "space", *"queue_size")
        await settle(pilot)
        assert pilot.app.screen.query_one(PromptLine).value == "queue_size"


async def test_an_expression_that_was_brought_is_gone_on_with() -> None:
    async with asking() as pilot:
        await type_in(pilot, "queue_size", "enter", "escape")
        app_of(pilot).open_query("sum")
        await settle(pilot)
        await pilot.press(*"(up)")
        assert pilot.app.screen.query_one(PromptLine).value == "sum(up)"


async def test_esc_leads_to_the_rows_and_back_and_nothing_is_evaluated_any_more() -> None:
    async with asking() as pilot:
        await type_in(pilot, "queue_size", "enter", "escape")
        assert isinstance(pilot.app.focused, RowsPane)
        await pilot.press("o", "home")
        await settle(pilot)
        assert "largest" in seen(pilot)
        assert "━ queue_size" in seen(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard.startswith("260 queue_size{")
        assert "Edit the expression" in await help_of(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, QueryScreen)
        assert source_of(pilot).asked[-1] == "query None 3600"


async def test_the_window_of_the_curves_is_chosen_with_plus_and_minus() -> None:
    async with asking() as pilot:
        await type_in(pilot, "queue_size", "enter", "escape", "minus")
        assert source_of(pilot).asked[-1] == "query queue_size 900"
        assert "15 min of 3 curves" in seen(pilot)


async def test_curves_begin_with_what_is_held_and_say_so() -> None:
    store = Store(7200.0)
    for second in range(0, 241, 5):
        one = Samples((Series.of("up", {"job": "web"}),), (second,))
        store.append("web", 5.0, NOW - 240 + second, one)
    async with running(Asked(store), (120, 50)) as pilot:
        app_of(pilot).open_query("up")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        rows = [row.rstrip() for row in seen(pilot).splitlines()]
        legend = next(row for row in rows if "━ up" in row)
        assert "4 m of 1 h" in legend
        drawn = rows[rows.index(legend) + 1 : rows.index(legend) + 20]
        assert any(row[12:40].strip() for row in drawn), "the curve has the width"


async def test_it_answers_while_the_picture_is_frozen() -> None:
    async with running(Asked(store_of())) as pilot:
        await pilot.press("p")
        app_of(pilot).open_query("queue_size")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "3 series" in seen(pilot)


async def test_what_stands_in_labels_is_no_markup() -> None:
    async with asking() as pilot:
        await type_in(pilot, 'label_replace(vector(1), "x", "[red]y[/]", "", "")', "enter")
        assert '{x="[red]y[/]"}' in seen(pilot)
