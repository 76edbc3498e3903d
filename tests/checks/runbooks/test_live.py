"""Runbooks beside the engine: what is looked at, what runs, what both do over a reload."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from checks.config import RunbooksConfig
from checks.expectations import seconds
from checks.probe import CheckSpec
from checks.runbooks import live, looking
from checks.runbooks.live import LiveRunbooks
from checks.runbooks.runs import AT_ONCE
from checks.runbooks.views import RunbooksView, RunState, Subject
from checks.secrets import Masker
from checks.views import EventView
from tests.checks.fakes import spec
from tests.checks.runbooks.running_kit import Place
from tests.patience import PATIENCE
from tests.widgets import samples

TEXT = """# Orders wait
```bash {name=look safe}
echo "$CHECK"
```
```bash {name=find safe capture=FOUND}
echo 42
```
```bash {name=use safe}
echo "got $FOUND"
```
```bash {name=wait}
sleep 60
```
"""
SHOP = Subject(check="shop")


class Beside:
    """Runbooks beside checks that never change, and the pictures that are made for them."""

    def __init__(self, place: Place, folder: Path, audit: Path | None = None) -> None:
        self.said: list[str] = []
        self.pictures = 0
        config = RunbooksConfig((str(folder / "*.md"),), folder, folder, audit)
        self.books = LiveRunbooks(
            config, place.env.clock, read_only=False, tell=self._tell, env=place.env
        )
        self.books.publish = self._publish
        self.specs: dict[str, CheckSpec] = {"shop": spec("shop", runbook="orders")}

    def _tell(self, event: EventView) -> None:
        self.said.append(event.text)

    def _publish(self) -> None:
        self.pictures += 1

    @property
    def view(self) -> RunbooksView:
        return self.books.look(samples.all_quiet(), self.specs)

    async def until(self, holds: Callable[[RunbooksView], object]) -> RunbooksView:
        for _ in range(round(PATIENCE / 0.02)):
            view = self.view
            if holds(view):
                return view
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not come to pass: {self.view}")

    def token(self, step: str) -> str:
        focus = self.view.focus
        assert focus is not None
        return next(one.token for one in focus.steps if one.name == step)


@asynccontextmanager
async def beside(place: Place, folder: Path) -> AsyncIterator[Beside]:
    folder.mkdir(exist_ok=True)
    (folder / "orders.md").write_text(TEXT)
    (folder / "orders.md").chmod(0o600)
    made = Beside(place, folder)
    work = asyncio.create_task(made.books.work(lambda: True))
    try:
        yield made
    finally:
        work.cancel()
        await made.books.close()


async def test_after_a_reload_the_log_of_steps_is_masked_by_what_is_secret_then(
    place: Place, tmp_path: Path
) -> None:
    log = tmp_path / "state" / "steps.jsonl"
    before = Beside(place, tmp_path / "books", log)
    assert before.books._trail.audit is not None
    place.env = replace(place.env, masker=Masker(["sesame-seven"]))
    it = Beside(place, tmp_path / "books", log)
    it.books.follow(before.books)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "opens.md").write_text(
        "# Opens\n```bash {name=say safe}\necho sesame-seven\n```\n"
    )
    work = asyncio.create_task(it.books.work(lambda: True))
    try:
        it.books.open("opens", SHOP)
        await it.until(lambda view: view.focus and view.focus.steps)
        it.books.run(it.token("say"))
        await it.until(lambda view: view.runs and view.runs[-1].state is RunState.DONE)
    finally:
        work.cancel()
        await it.books.close()
    written = log.read_text()
    assert "echo" in written
    assert "sesame-seven" not in written


async def test_a_value_that_a_step_finds_is_there_for_later_ones_of_its_subject(
    place: Place, tmp_path: Path
) -> None:
    async with beside(place, tmp_path / "books") as it:
        it.books.open("orders", SHOP)
        view = await it.until(lambda view: view.focus and len(view.focus.steps) == 4)
        assert it.pictures, "nobody waits for the next second"
        use = view.focus and view.focus.steps[2]
        assert use
        assert "the step find finds it out" in use.refused
        it.books.run(use.token)
        assert "use: $FOUND has no value yet" in it.said[-1]
        it.books.run(it.token("find"))
        view = await it.until(
            lambda view: view.focus and view.focus.steps[2].variables == (("FOUND", "42"),)
        )
        assert view.runs[-1].captured == ("FOUND", "42")
        it.books.run(it.token("use"))
        view = await it.until(lambda view: len(view.runs) == 2 and view.runs[-1].ended)
        ran = view.runs[-1]
        assert ran.lines == ("got 42",)
        assert ran.ended
        assert ran.said.endswith(f" {seconds(ran.ended - ran.began)}"), "one figure, not two"
        it.books.open("orders", Subject(check="another"))
        view = await it.until(lambda view: view.focus and view.focus.subject.check == "another")
        assert view.focus
        assert view.focus.steps[2].missing == ("FOUND",), "of another subject it says nothing"
        it.books.give("FOUND", "7")
        await it.until(
            lambda view: view.focus and view.focus.steps[2].variables == (("FOUND", "7"),)
        )


async def test_a_key_held_down_runs_a_step_once_and_no_more_run_than_there_is_room_for(
    place: Place, tmp_path: Path
) -> None:
    async with beside(place, tmp_path / "books") as it:
        it.books.open("orders", SHOP)
        await it.until(lambda view: bool(view.focus))
        token = it.token("look")
        for _ in range(5):
            it.books.run(token)
        assert [one.step for one in it.view.runs] == ["look"]
        for _ in range(AT_ONCE):
            it.books.run(it.token("wait"))
        await it.until(lambda view: view.runs[0].ended)
        it.books.run(it.token("wait"))
        it.books.run(it.token("wait"))
        assert it.said[-1] == "8 steps run already: wait for one, or end one"
        assert it.view.running == AT_ONCE
        began = time.monotonic()
        await it.books.close()
        assert time.monotonic() - began < 10
        ended = it.view.runs[1:]
        assert [one.state for one in ended] == [RunState.CANCELLED] * AT_ONCE


async def test_a_token_of_what_was_looked_at_before_runs_nothing(
    place: Place, tmp_path: Path
) -> None:
    async with beside(place, tmp_path / "books") as it:
        it.books.open("orders", SHOP)
        await it.until(lambda view: bool(view.focus))
        token = it.token("look")
        it.books.open(None, None)
        it.books.run(token)
        assert "look again" in it.said[-1]
        it.specs = {"shop": spec("shop", runbook="runbooks/orders.md#use")}
        it.books.open("orders", SHOP)
        assert it.view.focus is None
        it.books.run(token)
        assert it.said.count(it.said[-1]) == 2, "its target is another by now"
        assert not it.view.runs
        it.books.open("", SHOP)
        view = await it.until(lambda view: bool(view.focus))
        assert view.focus
        assert (view.focus.name, view.focus.step) == ("orders", "use"), "as its check links to it"


async def test_files_that_hang_are_told_and_cost_nobody_else(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = threading.Event()
    reads = looking.Reader.read

    def hanging(self: looking.Reader, *given: object) -> looking.Looked:
        mended.wait(10)
        return reads(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(looking.Reader, "read", hanging)
    monkeypatch.setattr(live, "PATIENCE", 0.1)
    monkeypatch.setattr(live, "LOOK", 0.1)
    async with beside(place, tmp_path / "books") as it:
        view = await it.until(lambda view: bool(view.hangs))
        assert view.loading
        assert "is the mount reachable" in view.hangs
        mended.set()
        view = await it.until(lambda view: not view.hangs and not view.loading)
        assert view.links == {}, "no check of the picture names one"


async def test_mistakes_in_files_are_told_once_and_cost_no_other_step(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK", 0.05)
    async with beside(place, tmp_path / "books") as it:
        it.books.open("orders", SHOP)
        await it.until(lambda view: view.focus and len(view.focus.steps) == 4)
        (tmp_path / "books" / "orders.md").write_text(TEXT.replace("{name=look safe}", "{sfae}"))
        view = await it.until(lambda view: view.focus and len(view.focus.steps) == 3)
        assert "orders.md:2" in view.problems[0]
        await asyncio.sleep(0.3)
        assert it.said == [view.problems[0]]


async def test_where_nobody_looks_nothing_is_read_or_imported(place: Place, tmp_path: Path) -> None:
    unread = {name: sys.modules.pop(name) for name in list(sys.modules) if _reads(name)}
    try:
        books = LiveRunbooks(
            RunbooksConfig(), place.env.clock, read_only=False, tell=print, env=place.env
        )
        work = asyncio.create_task(books.work(lambda: True))
        for _ in range(round(PATIENCE / 0.02)):
            await asyncio.sleep(0.02)
            view = books.look(samples.bad_night(), {})
            if not view.loading:
                break
        assert view.offers
        assert view.links, "what is wrong leads somewhere"
        assert not [name for name in sys.modules if _reads(name)]
        work.cancel()
        await books.close()
    finally:
        sys.modules.update(unread)


def _reads(module: str) -> bool:
    return module in ("checks.runbooks.library", "checks.runbooks.runs", "markdown_it")
