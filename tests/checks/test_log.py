"""The log check on real files: what it judges, counts and holds while they are written."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from checks.clock import FakeClock, SystemClock
from checks.lanes import Lanes
from checks.logs.views import LogsWanted
from checks.model import Result, Sampler, Status
from checks.probe import ProbeEnv, Target
from checks.probes.log import heirs
from checks.probes.log.heirs import take
from checks.probes.log.kind import KIND
from checks.probes.log.probe import LogProbe, heir_of
from checks.requests.stats import RequestFigures
from checks.resolver import Resolver, system_lookup
from checks.secrets import Masker
from tests.checks.log_kit import config, running, spec
from tests.patience import PATIENCE

NOW = 1_790_000_000.0


def line(message: str, level: str = "INFO", at: float = NOW, **more: Any) -> str:
    """A line of JSON."""
    return json.dumps({"timestamp": at, "level": level, "message": message, **more}) + "\n"


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(lines)


def value(result: Result, name: str, **labels: str) -> float | None:
    return result.samples.get(name, **labels)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.touch()
    return path


async def test_a_pattern_beyond_its_bound_is_told_and_falls_back(log: Path, tmp_path: Path) -> None:
    app = spec("app", files=[str(log)], patterns=["failed-logins", {"use": "crashes"}])
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert state.view.status is Status.OK
        write(log, *(line(f"login failed for user {n}", "WARNING") for n in range(5)))
        state = await made.run()
        assert state.view.status is Status.OK, "more than five are too many, not five"
        write(log, line("login failed for user eve", "WARNING"))
        state = await made.run()
        assert (state.view.status, state.view.reason) == (Status.WARNING, "limit")
        assert state.view.message == (
            "failed-logins: 6 in 10 min, more than 5 is a warning: login failed for user eve"
        )
        parts = {part.name: part for part in state.view.parts}
        assert (parts["failed-logins"].value, parts["crashes"].status) == ("6 in 10 min", Status.OK)
        assert state.value("log_pattern_matches_total", pattern="failed-logins") == 6
        assert state.value("log_pattern_matches_total", pattern="crashes") == 0
        await made.until(lambda: len(made.picture.alerts) == 1)
        assert "failed-logins: 6 in 10 min" in repr(made.picture.alerts[0])
        await made.clock.advance(604)
        assert (await made.run()).view.status is Status.OK
        await made.until(lambda: not made.picture.alerts)


async def test_a_critical_line_is_critical_at_once(log: Path, tmp_path: Path) -> None:
    app = spec(
        "app", files=[str(log)], patterns=[{"name": "fatal", "level": "fatal", "critical": "0/5m"}]
    )
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        write(log, line("Database connection lost", "CRITICAL"))
        state = await made.run()
        assert state.view.status is Status.CRITICAL
        assert state.view.message == "fatal: 1 in 5 min, any is critical: Database connection lost"


async def test_however_rarely_it_runs_a_bound_that_is_passed_is_told_at_once(
    log: Path, tmp_path: Path
) -> None:
    app = spec("app", interval=300.0, files=[str(log)], patterns=["crashes", "out-of-memory"])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        await made.advance(3)
        for message, status in (
            ("panic: nil map", Status.WARNING),
            ("Out of memory: Killed process 7", Status.CRITICAL),
        ):
            write(log, line(message))
            wrote = made.clock.now()
            state = await made.run()
            assert state.view.status is status
            assert made.clock.now() - wrote < 2
        runs = len(made.engine.states["app"].results)
        write(log, line("panic: again"))
        await made.advance(5)
        assert len(made.engine.states["app"].results) == runs, "that was told already"


async def test_what_stood_there_before_counts_for_its_window_and_no_counter(
    log: Path, tmp_path: Path
) -> None:
    old = (line("login failed", "ERROR", NOW - 5_000 + n) for n in range(100))
    new = (line("login failed", "ERROR", NOW - 300 + n, ip="10.0.0.9") for n in range(6))
    write(log, *old, *new)
    app = spec("app", files=[str(log)], patterns=[{"use": "failed-logins", "by": "ip"}])
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert state.view.status is Status.WARNING
        assert "6 in 10 min" in state.view.message
        assert state.value("log_lines_total", level="error") == 0
        assert state.value("log_pattern_matches_total", pattern="failed-logins") == 0
        table = next(one for one in state.result.tables if one.title.startswith("failed-logins by"))
        assert table.rows == (("10.0.0.9", "6"),)


async def test_lines_without_a_time_are_of_an_unknown_past(log: Path, tmp_path: Path) -> None:
    write(log, "login failed\n" * 50)
    app = spec("app", files=[str(log)], patterns=["failed-logins"])
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert state.view.status is Status.OK
        assert state.view.message.endswith(", no line yet")
        assert len(state.held) == 50, "they are shown"


async def test_no_line_is_lost_or_doubled_over_rotations(log: Path, tmp_path: Path) -> None:
    app = spec("app", files=[str(tmp_path / "*.log")])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        number = 0
        for turn in range(4):
            for _ in range(3):
                write(log, *(line(f"{number + n}") for n in range(100)))
                number += 100
                await made.advance(0.7)
            if turn == 2:
                backup = tmp_path / f"app.log.{turn}"
                backup.write_bytes(log.read_bytes())
                os.truncate(log, 0)
            else:
                log.rename(tmp_path / f"app.log.{turn}")
                log.touch()
        state = await made.run()
        state = await made.run()
        assert state.value("log_lines_total", level="info") == number
        assert state.value("log_lost_lines_total") == 0
        told = [record.message for record in state.held.newest]
        assert told == [str(n) for n in range(number)]


async def test_secrets_are_held_nowhere(log: Path, tmp_path: Path) -> None:
    key = "sk-abcdefghijklmnopqrstuvwx"
    app = spec("app", files=[str(log)], patterns=["api-keys"])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        made.engine._env.masker.learn("hunter22secret")
        write(
            log,
            line(f"key {key}", key=key),
            line("db at mysql://u:hunter23@db/x", a="hunter22secret"),
        )
        state = await made.run()
        await made.run()
        made.engine.look_at_logs(LogsWanted())
        await made.advance(1)
        everything = repr((state.view, state.result, state.held, made.lines))
        for secret in (key, "hunter22secret", "hunter23"):
            assert secret not in everything
        assert [one.record.message for one in made.lines] == [
            "key •••",
            "db at mysql://u:•••@db/x",
        ]


async def test_metrics_and_requests_are_made_of_records(log: Path, tmp_path: Path) -> None:
    app = spec(
        "app",
        files=[str(log)],
        where="service = api",
        metrics=[
            {
                "metric": "doc_seconds",
                "type": "histogram",
                "value": "metadata.processing_time",
                "labels": ["action"],
            }
        ],
        requests={"duration": "latency_ms", "labels": ["provider"]},
    )
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert state.view.tells_requests
        write(
            log,
            line("done", service="api", action="a", metadata={"processing_time": 0.5}),
            line("Request completed", service="api", status=503, latency_ms=234, provider="x"),
            line("Request completed", service="worker", status=200, latency_ms=1, provider="x"),
        )
        state = await made.run()
        assert state.value("doc_seconds_bucket", action="a", le="0.5") == 1
        assert state.value("http_requests_total", provider="x", status="503") == 1
        assert state.value("log_lines_total", level="info") == 2
        assert isinstance(state.result.requests, RequestFigures)
        stats = state.result.requests.stats()
        assert (stats.window(60).count, stats.window(60).errors) == (1, 1)
        assert made.picture.requests is not None


async def test_silence_beyond_its_bound_is_told(log: Path, tmp_path: Path) -> None:
    write(log, line("hello", at=NOW - 60))
    app = spec("app", files=[str(log)], quiet={"warning": "10m", "critical": "1h"})
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert state.view.status is Status.OK
        await made.clock.advance(600)
        state = await made.run()
        assert state.view.status is Status.WARNING
        assert state.view.message == (
            "newest line: nothing was written for 11 min, expected every 10 min"
        )
        write(log, line("hello"))
        assert (await made.run()).view.status is Status.OK


@pytest.mark.parametrize("name", ["app.log", "*.log"])
async def test_a_file_that_is_not_there_is_said_until_it_comes(tmp_path: Path, name: str) -> None:
    app = spec("app", files=[str(tmp_path / name)], patterns=["crashes"], quiet={"warning": "10m"})
    async with running(tmp_path, app, now=NOW) as made:
        state = await made.run()
        assert (state.view.status, state.view.reason) == (Status.UNKNOWN, "missing")
        assert state.view.message.startswith(str(tmp_path)[:60]), "not that of a pattern"
        assert not state.view.message.endswith("more)")
        assert {part.status for part in state.view.parts} == {Status.UNKNOWN}, "nor is any well"
        assert state.view.up, "nothing that does not answer"
        assert state.value("log_up") == 0
        write(tmp_path / "app.log", line("first"), line("second"))
        state = await made.run()
        assert state.view.status is Status.OK
        assert {part.status for part in state.view.parts} == {Status.OK}
        assert state.value("log_lines_total", level="info") == 2, "all of a new file counts"


async def test_the_most_common_messages_and_errors_are_told(log: Path, tmp_path: Path) -> None:
    app = spec("app", files=[str(log)])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        write(
            log,
            *(line(f"user {n} not found", "ERROR") for n in range(30)),
            *(line(f"took {n} ms") for n in range(70)),
            line("user 31 not found", "INFO"),
        )
        state = await made.run()
        errors, common = state.result.tables[:2]
        assert errors.title.startswith("top errors")
        assert errors.rows == (("user N not found", "error", "30", "100 %"),)
        assert common.rows[0] == ("took N ms", "info", "70", "69 %")
        assert ", 30 errors in " in state.view.message


async def test_how_long_messages_are_counted_for_reaches_back_to_the_oldest(
    log: Path, tmp_path: Path
) -> None:
    write(log, line("took 1 ms", at=NOW - 600), line("took 2 ms", at=NOW - 5))
    app = spec("app", files=[str(log)])
    async with running(tmp_path, app, now=NOW) as made:
        (common, _) = (await made.run()).result.tables
        assert common.title == "most common messages, last 10 min"
        assert common.rows[0][2] == "2"


async def test_lines_of_another_zone_are_counted_and_said(log: Path, tmp_path: Path) -> None:
    app = spec("app", files=[str(log)], patterns=["timeouts"])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        write(log, line("request timed out", at=NOW - 7_200))
        state = await made.run()
        assert state.value("log_pattern_matches_total", pattern="timeouts") == 1
        assert "is `time.zone` right?" in dict(state.result.facts)["time"]


async def test_no_line_is_lost_or_doubled_over_a_reload(log: Path, tmp_path: Path) -> None:
    app = spec("app", files=[str(log)], patterns=["crashes"])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        write(log, line("one"), line("panic: two"))
        await made.run()
    write(log, line("three"))
    async with running(tmp_path, app, now=NOW + 20) as made:
        state = await made.run()
        assert state.value("log_lines_total", level="info") == 3
        assert state.value("log_pattern_matches_total", pattern="crashes") == 1
        assert state.view.status is Status.WARNING
        assert [record.message for record in state.held.newest] == ["one", "panic: two", "three"]
    other = spec("app", files=[str(log)], patterns=["crashes", "timeouts"])
    async with running(tmp_path, other, now=NOW + 40) as made:
        state = await made.run()
        assert state.value("log_lines_total", level="info") == 0, "another check begins anew"
        assert len(state.held) == 3


async def test_files_of_a_check_that_is_gone_are_closed(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, spec("app", files=[str(log)]), now=NOW) as made:
        await made.run()
    assert str(log) in open_files()
    monkeypatch.setattr(heirs, "_WAITS", -1.0)
    heirs._settle()
    assert str(log) not in open_files()


def open_files() -> list[str]:
    held = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return [str(each.readlink()) for each in held]


def target(base: Path, clock: Any, interval: float = 15.0) -> Target:
    lanes = Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock, system_lookup), lanes, Masker(), base)
    return Target("app", interval, 3.0, Sampler({}), env)


async def test_lines_come_within_a_second_although_runs_are_rare(log: Path, tmp_path: Path) -> None:
    app = spec("app", interval=15.0, files=[str(log)])
    async with running(tmp_path, app, now=NOW) as made:
        await made.run()
        made.engine.look_at_logs(LogsWanted())
        await made.advance(1)
        runs = len(made.engine.states["app"].results)

        def shown(count: int) -> bool:
            return len(made.lines) == count

        for number in range(3):
            write(log, line(f"line {number}"))
            came = made.clock.now()
            await made.until(partial(shown, number + 1))
            assert made.clock.now() - came <= 1.5
        assert len(made.engine.states["app"].results) == runs, "no run had to come for that"


async def test_a_flood_takes_bounded_memory_and_is_counted_whole(log: Path, tmp_path: Path) -> None:
    probe = KIND.probe(
        config(files=[str(log)], patterns=["crashes"]), target(tmp_path, SystemClock())
    )
    assert isinstance(probe, LogProbe)
    try:
        await probe.run()
        block = "".join(line(f"request {n} took {n} ms", payload="x" * 100) for n in range(10_000))
        grave = line("worker: segfault at 0", "ERROR")
        for _ in range(3):
            write(log, grave, block)
            result = await probe.run()
        while value(result, "log_behind_bytes"):
            result = await probe.run()
        assert value(result, "log_lines_total", level="info") == 30_000
        assert value(result, "log_pattern_matches_total", pattern="crashes") == 3
        held = probe._digest.tail.held()
        assert [one.message for one in held.older] == ["worker: segfault at 0"] * 3
        assert 1_000 < len(held) <= 4_000
        assert sum(weight for weight, _ in probe._digest.tail._newest._records) <= 2_500_000
    finally:
        await probe.close()


async def test_what_happened_is_told_although_the_run_that_saw_it_ended_before_its_look(
    log: Path, tmp_path: Path
) -> None:
    made = target(tmp_path, FakeClock(NOW))
    probe = KIND.probe(config(files=[str(log)]), made)
    assert isinstance(probe, LogProbe)
    hold = Event()
    read = type(probe._reader).read

    def slow(*args: Any) -> Any:
        hold.wait(5)
        return replace(read(*args), events=("app.log was rotated",))

    try:
        await probe.run()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(probe._reader), "read", slow)
            object.__setattr__(made, "timeout", 0.1)
            assert (await probe.run()).reason == "timeout"
            hold.set()
            async with asyncio.timeout(PATIENCE):
                while made.env.lanes.busy(probe._lane):
                    await asyncio.sleep(0.01)
        object.__setattr__(made, "timeout", 3.0)
        assert (await probe.run()).events == ("app.log was rotated",)
        assert (await probe.run()).events == ()
    finally:
        hold.set()
        await probe.close()


async def test_a_close_that_is_cancelled_says_so(log: Path, tmp_path: Path) -> None:
    probe = KIND.probe(config(files=[str(log)]), target(tmp_path, FakeClock(NOW)))
    assert isinstance(probe, LogProbe)
    await probe.run()
    closing = asyncio.create_task(probe.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await probe.close()


async def test_a_close_that_is_cut_short_amid_a_reading_closes_the_files_after_it(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine waits half a second at its end, which a mount that hangs outlasts."""
    made = target(tmp_path, FakeClock(NOW))
    probe = KIND.probe(config(files=[str(log)]), made)
    assert isinstance(probe, LogProbe)
    await probe.run()
    assert str(log) in open_files()
    read, reads, goes_on = type(probe._reader).read, Event(), Event()

    def slow(*args: Any) -> Any:
        reads.set()
        goes_on.wait(PATIENCE)
        return read(*args)

    monkeypatch.setattr(type(probe._reader), "read", slow)
    running = asyncio.create_task(probe.run())
    try:
        await asyncio.to_thread(reads.wait, PATIENCE)
        running.cancel()
        closing = asyncio.create_task(probe.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({running, closing})
        made.env.lanes.close()
        assert str(log) in open_files(), "what a call reads is not closed under it"
    finally:
        goes_on.set()
    async with asyncio.timeout(PATIENCE):
        while str(log) in open_files():
            await asyncio.sleep(0.01)
    assert take(heir_of(made), config(files=[str(log)])) is None


async def test_a_close_that_is_cut_short_leaves_the_files_to_whoever_comes_after(
    log: Path, tmp_path: Path
) -> None:
    made = target(tmp_path, FakeClock(NOW))
    probe = KIND.probe(config(files=[str(log)]), made)
    assert isinstance(probe, LogProbe)
    write(log, line("one"))
    await probe.run()
    closing = asyncio.create_task(probe.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    heir = KIND.probe(config(files=[str(log)]), made)
    assert isinstance(heir, LogProbe)
    # Closed once more, it must not close what is another's by now.
    await probe.close()
    write(log, line("two"))
    result = await heir.run()
    assert value(result, "log_lines_total", level="info") == 1
    assert [one.message for one in heir._digest.tail.held().newest] == ["one", "two"]
    await heir.close()


async def test_reading_that_hangs_is_told_with_what_it_hangs_at(log: Path, tmp_path: Path) -> None:
    made = target(tmp_path, FakeClock(NOW))
    probe = KIND.probe(config(files=[str(log)]), made)
    assert isinstance(probe, LogProbe)

    class Hanging:
        touching = "/mnt/nfs/app.log"
        over = False

        def read(self, now: float, most: int, seconds: float) -> Any:
            while not self.over:
                time.sleep(0.01)
            raise OSError

        closed = 0

        def close(self) -> None:
            self.closed += 1

    hanging = probe._reader = Hanging()
    object.__setattr__(made, "timeout", 0.1)
    try:
        result = await probe.run()
        assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
        assert re.match(r"reading /mnt/nfs/app\.log has hung for \d+ s", result.message)
        again = await probe.run()
        assert again.status is Status.CRITICAL
    finally:
        await probe.close()
        assert not hanging.closed, "what a call hangs in is not closed under it"
        hanging.over = True
        async with asyncio.timeout(PATIENCE):
            while not hanging.closed:
                await asyncio.sleep(0.01)
        assert hanging.closed == 1
