"""What a log check says of its reading: what is missing, behind, lost, or not of the format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.logs.model import Record
from checks.logs.reading import Batch, SourceState
from checks.model import Result, Sampler, Status
from checks.probe import ProbeEnv, Target
from checks.probes.log.probe import LogProbe
from checks.resolver import Resolver, system_lookup
from checks.secrets import Masker
from tests.checks.log_kit import config, record

NOW = 1_700_000_000.0
WELL = SourceState("/app.log", size=2_000)


class Played:
    """A reader that brings what it is told."""

    def __init__(self, *batches: Batch) -> None:
        self.batches = list(batches)
        self.sources: tuple[SourceState, ...] = (WELL,)

    def read(self, now: float, most: int, seconds: float) -> Batch:
        del now, most, seconds
        batch = self.batches.pop(0) if self.batches else Batch(sources=self.sources)
        self.sources = batch.sources
        return batch

    def close(self) -> None: ...


class Scene:
    """A probe whose reader is played."""

    def __init__(self, *batches: Batch, **keys: Any) -> None:
        self.clock = FakeClock(NOW)
        lanes = Lanes()
        env = ProbeEnv(
            self.clock,
            Resolver(lanes, self.clock, system_lookup),
            lanes,
            Masker(),
            Path("/"),
        )
        target = Target("app", 5.0, 3.0, Sampler({}), env)
        self.reader = Played(*batches)
        self.probe = LogProbe(config(files="/app.log", **keys), target, self.reader)

    async def run(self, after: float = 0.0) -> Result:
        await self.clock.advance(after)
        return await self.probe.run()


def batch(*records: Record, source: SourceState = WELL, **more: Any) -> Batch:
    return Batch(records=records, sources=(source,), **more)


async def test_of_a_log_that_cannot_be_read_it_is_not_known_whether_anybody_writes() -> None:
    denied = replace(WELL, problem="permission denied")
    scene = Scene(batch(record("x", time=NOW)), quiet={"critical": "10m"})
    assert (await scene.run()).status is Status.OK
    scene.reader.sources = (denied,)
    result = await scene.run(900)
    assert (result.status, result.message) == (Status.UNKNOWN, "/app.log: permission denied")
    assert [(part.name, part.status) for part in result.parts] == [
        ("/app.log", Status.UNKNOWN),
        ("newest line", Status.UNKNOWN),
    ]
    scene.reader.sources = (WELL,)
    result = await scene.run(5)
    assert (result.status, result.parts[0].name) == (Status.CRITICAL, "newest line")


@pytest.mark.parametrize(
    ("problem", "reason", "up"),
    [
        ("it is not there", "missing", True),
        ("onwatch may not read it: it belongs to root:adm, mode 0640", "permission", False),
    ],
)
async def test_a_file_that_cannot_be_read_is_unknown(problem: str, reason: str, up: bool) -> None:
    """One that nobody has begun yet is not taken for a target that is down."""
    scene = Scene(batch(source=SourceState("/app.log", problem=problem)))
    result = await scene.run()
    await scene.probe.close()
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, reason, up)
    assert result.message == f"/app.log: {problem}"


async def test_one_of_two_files_is_told_and_the_other_is_read() -> None:
    sources = (WELL, SourceState("/b.log", problem="it is not there"))
    scene = Scene(Batch(records=(record("x"),), sources=sources))
    result = await scene.run()
    await scene.probe.close()
    assert (result.status, result.up) == (Status.UNKNOWN, True)
    assert result.samples.get("log_files") == 1
    assert result.samples.get("log_lines_total", level="none") == 1


async def test_one_line_that_was_lost_is_told_as_one() -> None:
    scene = Scene(batch(), batch(record("x"), lost=1))
    await scene.run()
    result = await scene.run(1)
    assert "1 line was gone before it could be read" in result.message
    assert dict(result.facts)["lost"] == "1 line was gone before it could be read"


async def test_lines_that_were_lost_are_a_warning_for_five_minutes() -> None:
    scene = Scene(batch(), batch(record("x"), lost=1_204))
    await scene.run()
    result = await scene.run(1)
    assert result.status is Status.WARNING
    assert "1,204 lines were gone before they could be read" in result.message
    assert (await scene.run(310)).status is Status.OK
    assert result.samples.get("log_lost_lines_total") == 1_204
    await scene.probe.close()


async def test_reading_that_falls_behind_is_told() -> None:
    behind = SourceState("/app.log", size=90_000_000, behind=20_000_000)
    scene = Scene(batch(), batch(record("x"), source=behind))
    await scene.run()
    result = await scene.run(1)
    await scene.probe.close()
    assert result.status is Status.WARNING
    assert result.message == "behind: 20.0 MB are not read yet: more is written than can be read"


async def test_what_is_still_to_be_read_at_the_start_is_no_fault() -> None:
    behind = SourceState("/app.log", size=90_000_000, behind=20_000_000)
    scene = Scene(start="beginning")

    old = batch(record("x", time=NOW - 9_000), source=behind, more=True)

    def one_slice() -> bool:
        scene.probe._digest.take(old, NOW)
        return False

    scene.probe._read = one_slice  # type: ignore[method-assign]
    result = await scene.run()
    await scene.probe.close()
    assert result.status is Status.OK
    assert {part.name: part.message for part in result.parts} == {
        "reading": "still reading 20.0 MB of what was there before, which counts for nothing yet"
    }
    assert result.message.endswith("newest line 2 h ago"), "as old as its lines say"


async def test_a_pass_that_came_to_no_line_does_not_say_that_there_is_none() -> None:
    scene = Scene(start="beginning")

    def one_slice() -> bool:
        scene.probe._digest.take(batch(more=True), NOW)
        return False

    scene.probe._read = one_slice  # type: ignore[method-assign]
    result = await scene.run()
    await scene.probe.close()
    assert "no line yet" not in result.message
    assert result.message.endswith(", still reading what was there before")


async def test_lines_of_no_format_are_counted_and_told() -> None:
    scene = Scene(batch(record("x"), unreadable=3, lines=4, read=120))
    result = await scene.run()
    await scene.probe.close()
    assert result.samples.get("log_unreadable_lines_total") == 3
    assert dict(result.facts)["not of the format"] == "3 lines, held as they are"
    assert dict(result.facts)["read"] == "4 lines, 120 B"


async def test_what_a_rotation_brought_is_an_event_once() -> None:
    scene = Scene(batch(events=("/app.log was rotated: reading goes on in the new file",)))
    assert (await scene.run()).events == ("/app.log was rotated: reading goes on in the new file",)
    assert (await scene.run(1)).events == ()
    await scene.probe.close()
