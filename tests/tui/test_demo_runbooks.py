"""The demo's incidents last until they are mended: from the alert to its end by runbooks' keys."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import psutil
import pytest
from textual.pilot import Pilot

from checks.config import EngineConfig, StoryConfig
from checks.live import EngineSource
from checks.model import Status
from checks.runbooks.audit import audit_file
from checks.runbooks.views import RunbooksView, RunState, RunView
from checks.story.place import story_file
from checks.views import AlertView, Snapshot
from tests.patience import PATIENCE
from tests.tui.app_kit import seen
from tests.tui.demo_helpers import MARIADB, settled, until
from tests.tui.terminals import OnTerminal
from tui.app import OnwatchApp
from tui.cli import main
from tui.config import load
from tui.demo.stack import Stack
from tui.screens.runbook import RunbookScreen

TEN_MINUTES = 600.0
Capture = pytest.CaptureFixture[str]
SAFE = ""
YES = "y"


@dataclass(frozen=True)
class Mend:
    """An incident, the check whose alert fires, and what mends it: steps of the runbook, each with
    the answer to its question."""

    incident: str
    check: str
    runbooks: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]


SLOW = Mend("slow-service", "api", ("http-slow",), (("changes", SAFE), ("rollback", YES)))
PROVIDER = Mend(
    "provider-errors",
    "api-parts",
    ("health-part-failed",),
    (("failures", SAFE), ("without-borealis", YES)),
)
BACKLOG = Mend(
    "queue-backlog",
    "cache",
    ("queue-backlog",),
    (("who", SAFE), ("stop-import", YES), ("more-hands", YES)),
)
DOWN = Mend("service-down", "api", ("target-down",), (("start", YES), ("probe", SAFE)))
FULL = Mend(
    "redis-full",
    "cache",
    ("redis-memory-high",),
    (("kinds", SAFE), ("sessions-end", YES), ("drop-sessions", "cache")),
)
LOCKS = Mend(
    "lock-pile-up",
    "shop",
    ("postgres-locks-waited", "postgres-idle-in-transaction"),
    (("blocker", SAFE), ("end-blocker", "shop")),
)
LEAK = Mend(
    "connections-used-up",
    "shop",
    ("postgres-connections-high",),
    (("holders", SAFE), ("stop-export", YES)),
)
REPORT = Mend(
    "slow-query",
    "shop",
    ("postgres-query-long",),
    (("longest", SAFE), ("stop-report", YES), ("cancel", YES)),
)
BACKUP = Mend(
    "backup-cut-off",
    "backup",
    ("backup-cut-off",),
    (("log", SAFE), ("changes", SAFE), ("lift-quota", YES)),
)
SHOP_DOWN = Mend(
    "database-down", "shop", ("postgres-unreachable",), (("start", YES), ("sessions", SAFE))
)
ROW_LOCKS = Mend(
    "mysql-locks",
    "gateway",
    ("mysql-lock-wait", "mysql-transaction-long"),
    (("blocker", SAFE), ("end-blocker", "gateway")),
)
GATEWAY_DOWN = Mend(
    "mysql-down", "gateway", ("mysql-unreachable",), (("start", YES), ("requests", SAFE))
)

ROUNDS = (
    (SLOW, BACKLOG, LOCKS, ROW_LOCKS),
    (DOWN, FULL, LEAK, GATEWAY_DOWN),
    (REPORT,),
    (SHOP_DOWN,),
    (PROVIDER, BACKUP),
)
"""Those of a round happen at the same time, each to another server."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start("--no-incidents", "--seed", "5") as running:
        yield settled(running)


@pytest.fixture
def config(stack: Stack) -> Path:
    """The demo's own configuration without this machine, which is busy with other tests; it looks
    four times as often, but where a slow service is to be one that answers within its interval, and
    forgets soon what stood in the logs."""
    text = stack.endpoints.config.read_text().replace("  - name: this-machine\n    host: {}\n", "")
    assert "host:" not in text
    text = text.replace("interval: 2s", "interval: 500ms").replace("/30s", "/5s")
    text = re.sub(r"( +)http:\n", r"\1interval: 2s\n\g<0>", text)
    quick = stack.endpoints.config.with_name("quick.yaml")
    quick.write_text(text)
    quick.chmod(0o600)
    return quick


class Watch:
    """The monitor on the demo, by its keys."""

    def __init__(self, app: OnwatchApp, pilot: Pilot[int]) -> None:
        self._app = app
        self._pilot = pilot

    @property
    def picture(self) -> Snapshot:
        assert self._app._newest is not None
        return self._app._newest

    @property
    def books(self) -> RunbooksView:
        assert self.picture.runbooks is not None
        return self.picture.runbooks

    @property
    def screen(self) -> RunbookScreen:
        assert isinstance(self._app.screen, RunbookScreen), seen(self._pilot)
        return self._app.screen

    async def until(self, true: Callable[[], object], what: str, within: float = PATIENCE) -> None:
        deadline = time.monotonic() + within
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"not so within {within:g} s: {what}\n{seen(self._pilot)}")
            await asyncio.sleep(0.03)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    def alert(self, mend: Mend) -> AlertView | None:
        """The alert of its check, where that leads to its runbook."""
        if self._app._newest is None:
            return None
        for one in self.picture.alerts:
            if one.check == mend.check and not one.rule:
                return one if self.books.links.get(one.id, "") in mend.runbooks else None
        return None

    def is_calm(self) -> bool:
        """Whether all is well."""
        picture = self._app._newest
        return picture is not None and all(view.status is Status.OK for view in picture.checks)

    def is_over(self, mend: Mend) -> bool:
        return not any(one.check == mend.check and not one.rule for one in self.picture.alerts)

    def looked(self, check: str, after: float = 0.0) -> float:
        """When the check was made last; 0 where that was not ``after``."""
        view = self.picture.check(check)
        at = view.last_run if view is not None else None
        return at if at is not None and at > after else 0.0

    def reads(self, mend: Mend) -> bool:
        """Whether its runbook is on the screen."""
        books = self.screen.books
        return bool(books and books.focus and books.focus.name in mend.runbooks)

    async def choose(self, mend: Mend) -> None:
        """Have the cursor on the alert, on the screen of all alerts."""
        await self.press("7", "home")
        for _ in range(len(self.picture.alerts) + 5):
            subject = self._app.screen.concerned()  # type: ignore[attr-defined]
            alert = self.alert(mend)
            if subject is not None and alert is not None and subject.alert == alert.id:
                return
            await self.press("j")
        pytest.fail(f"{mend.check} is not among the alerts:\n{seen(self._pilot)}")

    async def run(self, step: str, answer: str) -> None:
        """Run the step with the cursor on it, and see it end well."""
        ran = {run.id for run in self.books.runs}
        await self.press("home")
        while self.screen.step != step:
            before = self.screen.step
            await self.press("j")
            assert self.screen.step != before, f"there is no {step}:\n{seen(self._pilot)}"
        await self.until(
            lambda: self.screen.offer and not self.screen.offer.refused, f"{step} can run"
        )
        await self.press("enter")
        if answer == YES:
            await self.until(lambda: "Run it?" in seen(self._pilot), f"{step} asks")
            await self.press("y")
        elif answer:
            typed = f"Type {answer} and press Enter to run it."
            await self.until(lambda: typed in seen(self._pilot), f"{step} asks for its target")
            await self.press(*answer, "enter")
        await self.until(lambda: self._ended_since(ran), f"{step} ends")
        (run,) = self._ended_since(ran)
        assert (run.step, run.exit_code) == (step, 0), (run.said, run.lines)

    def _ended_since(self, ran: set[str]) -> list[RunView]:
        return [
            run
            for run in self.books.runs
            if run.id not in ran and run.state is not RunState.RUNNING
        ]


@asynccontextmanager
async def watching(config: Path) -> AsyncIterator[Watch]:
    """The monitor on the demo at 120x36, remembering as it does on a configuration of one's own."""

    def read() -> EngineConfig:
        engine = load(str(config)).engine
        host = socket.gethostname()
        return replace(
            engine,
            rules=None,
            story=StoryConfig(memory=story_file(host, str(config))),
            runbooks=replace(engine.runbooks, audit=audit_file(host)),
        )

    source = EngineSource(read)
    app = OnwatchApp(source)
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            yield Watch(app, pilot)
    finally:
        source.close()


def test_the_shops_runbooks_are_right(stack: Stack, capsys: Capture) -> None:
    assert main(["validate", "-c", str(stack.endpoints.config)]) == 0
    said = capsys.readouterr()
    assert "runbooks/" not in said.out + said.err, "nothing is doubtful in one"


async def test_each_incident_lasts_until_its_runbook_mends_it(
    stack: Stack, config: Path, capsys: Capture
) -> None:
    mended: list[Mend] = []
    async with watching(config) as watch:
        for round_ in ROUNDS:
            together = [one for one in round_ if MARIADB or one.check != "gateway"]
            await last_and_are_mended(watch, stack, together)
            mended += together
        assert len(mended) == (12 if MARIADB else 10)
        for promised in watch.picture.objectives:
            assert promised.bad > 20, "the incidents have burnt its budget"
            assert promised.total > 3 * promised.bad
    written = audited()
    steps = [(mend.runbooks, step) for mend in mended for step, _ in mend.steps]
    assert len(written) == len(steps)
    for (names, step), line in zip(steps, written, strict=True):
        assert line.runbook in names
        assert (line.step, line.events, line.code) == (step, ["started", "ended"], 0)
    agree(told(config, capsys), written)
    report = "\n".join(reported(config, capsys))
    for mend in mended:
        assert re.search(rf"\*\*{mend.check}( down)?\*\* (firing|warning)", report), report
    for line in written:
        assert f"step `{line.runbook} › {line.step}`: exit code 0" in report


@dataclass(frozen=True)
class Line:
    """A run as it is written down."""

    runbook: str
    step: str
    code: int | None
    began: float = field(compare=False)
    events: list[str] = field(compare=False, default_factory=list)


def audited() -> list[Line]:
    """The runs that the audit log has, in their order."""
    lines = map(json.loads, audit_file(socket.gethostname()).read_text().splitlines())
    runs: dict[str, Line] = {}
    for line in lines:
        if line["event"] == "started":
            at = datetime.fromisoformat(line["at"]).timestamp()
            runs[line["run"]] = Line(line["runbook"], line["step"], None, at, ["started"])
        else:
            before = runs[line["run"]]
            events = [*before.events, line["event"]]
            runs[line["run"]] = replace(before, code=line.get("exit_code"), events=events)
    return list(runs.values())


def reported(config: Path, capsys: Capture, *options: str) -> list[str]:
    """The reports of all incidents: a busy machine has some of its own."""

    def report(*arguments: str) -> str:
        assert main(["report", "-c", str(config), *arguments]) == 0
        return capsys.readouterr().out

    capsys.readouterr()
    incidents = json.loads(report("--list", "--json"))
    return [report(str(one["id"]), *options) for one in incidents]


def told(config: Path, capsys: Capture) -> list[Line]:
    """The runs that the timeline has, in their order."""
    steps = [
        step for data in reported(config, capsys, "--json") for step in json.loads(data)["steps"]
    ]
    found = []
    for step in steps:
        runbook, _, name = step["name"].partition(" › ")
        found.append(Line(runbook, name, step["exit_code"], step["began"]))
    return sorted(found, key=lambda line: line.began)


def agree(timeline: list[Line], audit: list[Line]) -> None:
    assert timeline == audit
    begins = [line.began for line in audit]
    assert [line.began for line in timeline] == pytest.approx(begins, abs=10.0)


async def last_and_are_mended(watch: Watch, stack: Stack, together: list[Mend]) -> None:
    await watch.until(watch.is_calm, "what was before is over")
    for mend in together:
        stack.control.start(mend.incident, hold=True)
    for mend in together:
        await watch.until(partial(watch.alert, mend), f"{mend.incident} is told")
    stack.control.advance(TEN_MINUTES)
    before = {mend: watch.looked(mend.check) + 0.4 for mend in together}
    for mend in together:
        await watch.until(partial(watch.looked, mend.check, before[mend]), "it is looked at")
        assert watch.alert(mend) is not None, f"{mend.incident} has ended by itself"
    names = {mend.incident for mend in together}
    assert {run.name for run in stack.control.status()} == names
    for mend in together:
        await watch.choose(mend)
        await watch.press("r")
        await watch.until(partial(watch.reads, mend), "its runbook is read")
        for step, answer in mend.steps:
            await watch.run(step, answer)
        await watch.press("escape")
    for mend in together:
        await watch.until(partial(watch.is_over, mend), f"{mend.incident} is over")
    await watch.until(lambda: stack.control.status() == (), "the director notices")


CUT_OFF = "Look what the step target-down › start has done: it was cut off."
PROGRAM = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"


def shows_below(terminal: OnTerminal, text: str) -> None:
    """Read until one of the incidents shows ``text``: a busy machine may have had others since."""
    for _ in range(8):
        with suppress(AssertionError):
            terminal.read_until_shown(text, 5.0)
            return
        terminal.type(b"j")
    terminal.read_until_shown(text)


def test_a_session_killed_amid_a_step_is_told_by_the_next_one(
    stack: Stack, config: Path, capsys: Capture
) -> None:
    arguments = ["-c", PROGRAM, "-c", str(config)]
    stack.control.start("service-down", hold=True)
    supervisor = psutil.Process(stack.pid)
    with OnTerminal(arguments) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.read_until(b"runbook")
        terminal.type(b"r")
        terminal.read_until_shown("./shopctl start api")
        supervisor.suspend()
        try:
            terminal.type(b"\r")
            terminal.read_until(b"Run it?")
            assert until(lambda: recorded(config))
            terminal.type(b"y")
            assert until(lambda: operators(stack))
            (begun,) = operators(stack)
            os.kill(terminal.process.pid, signal.SIGKILL)
            terminal.process.wait()
            assert until(lambda: not begun.is_running()), "no step outlives its session"
        finally:
            supervisor.resume()
    assert [line.events for line in audited()] == [["started"]]
    # Of a busy machine there is more to tell than fits into the usual size.
    with OnTerminal(arguments, size=(120, 90)) as terminal:
        terminal.read_until_shown("Services")
        terminal.type(b"9")
        terminal.read_until_shown("Incidents")
        shows_below(terminal, "of target-down: onwatch was ended while it ran")
        terminal.type(b"q")
        terminal.process.wait(PATIENCE)
    (line,) = audited()
    assert (line.step, line.events, line.code) == ("start", ["started", "cut off"], None)
    agree(told(config, capsys), [line])
    assert CUT_OFF in "\n".join(reported(config, capsys))


def recorded(config: Path) -> bool:
    """Whether the incident is in the file of the story."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(story_file(socket.gethostname(), str(config)))) as file,
    ):
        return bool(file.execute("SELECT count(*) FROM incidents").fetchone()[0])
    return False


def operators(stack: Stack) -> list[psutil.Process]:
    """The ``shopctl`` that run on this demo."""
    control = str(stack.endpoints.control)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if control in words and any(word.endswith("shopctl.py") for word in words):
            found.append(process)
    return found
