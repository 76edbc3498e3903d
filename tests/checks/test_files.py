"""The files check against real files: backups that come, do not come, shrink, and are cut off."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Result, Status
from checks.probes.files.config import FilesConfig
from checks.probes.files.probe import FilesProbe
from tests.checks.host_trees import host_target
from tests.patience import PATIENCE
from tests.reliability import UserSees
from tests.servers.fuse import mounted, why_not

NOW = 1_795_737_600.0
"""2026-11-27 00:00:00 UTC."""
HOUR = 3_600.0
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.close()


Watch = Callable[..., FilesProbe]


@pytest.fixture
async def watch(tmp_path: Path, clock: FakeClock, lanes: Lanes) -> AsyncIterator[Watch]:
    """Makes the probe of a configuration whose paths are relative to the test's folder."""
    made: list[FilesProbe] = []

    def make(path: str | list[str], **config: Any) -> FilesProbe:
        wanted = FilesConfig.model_validate({"path": path, **config})
        made.append(FilesProbe(wanted, host_target(clock, lanes, tmp_path, "backup")))
        return made[-1]

    yield make
    for probe in made:
        await probe.close()


def _write(path: Path, age: float, size: int = 10, now: float = NOW) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (now - age, now - age))
    return path


def _part(result: Result, name: str) -> tuple[Status, str]:
    found = next(part for part in result.parts if part.name == name)
    return found.status, found.message


async def test_the_newest_is_told_by_its_time_and_not_by_its_name(
    tmp_path: Path, watch: Watch
) -> None:
    _write(tmp_path / "zzz.sql", 3 * DAY, 100)
    _write(tmp_path / "aaa.sql", 2 * HOUR, 2_000_000)
    _write(tmp_path / "other.txt", 60)
    result = await watch("*.sql").run()
    assert (result.status, result.value) == (Status.OK, "2 h")
    assert result.message == "aaa.sql: 2.0 MB, 2 h old; 2 files, 2.0 MB in all"
    assert result.samples.get("file_glob_match_number", pattern=f"{tmp_path}/*.sql") == 2
    assert result.samples.get("file_stat_size_bytes", path=str(tmp_path / "aaa.sql")) == 2e6
    modified = result.samples.get("file_stat_modif_time_seconds", path=str(tmp_path / "aaa.sql"))
    assert modified == NOW - 2 * HOUR
    assert result.samples.get("onwatch_files_newest_age_seconds") == 2 * HOUR
    assert result.samples.get("onwatch_files_previous_size_bytes") == 100


async def test_what_is_not_there_is_critical_and_says_what_is_missing(
    tmp_path: Path, watch: Watch
) -> None:
    missing = await watch("latest.sql").run()
    assert (missing.status, missing.reason, missing.up) == (Status.CRITICAL, "missing", False)
    assert missing.message == f"{tmp_path}/latest.sql is not there"
    none = await watch("*.sql").run()
    assert none.message == f"no file is called {tmp_path}/*.sql"
    folder = await watch("backups/*.sql").run()
    assert folder.message == f"{tmp_path}/backups is not there"
    dead = tmp_path / "link"
    dead.symlink_to("nowhere")
    assert (await watch("link").run()).status is Status.CRITICAL
    allowed = await watch("*.sql", count={"min": 0}).run()
    assert (allowed.status, allowed.value) == (Status.OK, "none")


async def test_a_backup_that_has_not_come_is_late_only_after_its_grace(
    tmp_path: Path, watch: Watch, clock: FakeClock
) -> None:
    _write(tmp_path / "a.sql", DAY - 2 * HOUR)  # at 02:00 yesterday
    probe = watch("*.sql", due={"schedule": "0 2 * * *", "grace": "1h"})
    result = await probe.run()
    assert _part(result, "due") == (Status.OK, "the next is due at 2026-11-27 02:00 UTC")
    await clock.advance(2.9 * HOUR)
    assert (await probe.run()).status is Status.OK
    await clock.advance(0.2 * HOUR)
    late = await probe.run()
    assert (late.status, late.reason) == (Status.CRITICAL, "missing")
    assert late.message == (
        "a new one was due at 2026-11-27 02:00 UTC and has not come: the newest is 25 h old"
    )
    assert late.samples.get("onwatch_files_late") == 1
    await clock.advance(5)
    _write(tmp_path / "b.sql", 60, now=clock.wall())
    came = await probe.run()
    assert came.status is Status.OK
    assert came.samples.get("onwatch_files_late") == 0
    assert came.events == (f"a new file: {tmp_path}/b.sql",)


async def test_a_file_from_the_future_hides_no_backup_that_has_not_come(
    tmp_path: Path, watch: Watch
) -> None:
    _write(tmp_path / "old.sql", 3 * DAY)
    _write(tmp_path / "odd.sql", -2 * DAY)
    aged = await watch("*.sql", age={"critical": "26h"}).run()
    assert (aged.status, aged.value) == (Status.UNKNOWN, "48 h ahead")
    assert aged.message == (
        "odd.sql is dated 48 h ahead of this machine's clock: set the clock of what writes it, "
        "or touch it"
    )
    assert aged.samples.get("onwatch_files_newest_age_seconds") is None
    due = await watch("*.sql", due={"schedule": "0 2 * * *", "grace": "1h"}).run()
    assert due.status is Status.UNKNOWN
    assert _part(due, "due")[1].startswith("whether a new one has come cannot be told: odd.sql is ")
    assert due.samples.get("onwatch_files_late") is None
    counted = await watch("*.sql").run()
    assert counted.status is Status.OK
    assert counted.message.startswith("odd.sql: 10 B, dated 48 h ahead; 2 files")
    _write(tmp_path / "odd.sql", -60)
    assert (await watch("*.sql", age={"critical": "26h"}).run()).status is Status.OK


async def test_what_two_patterns_match_is_counted_for_both_and_once_in_all(
    tmp_path: Path, watch: Watch
) -> None:
    for name in ("a1.sql", "a2.sql", "b.sql"):
        _write(tmp_path / name, HOUR)
    (tmp_path / "a3.sql").hardlink_to(tmp_path / "a1.sql")
    result = await watch(["*.sql", "a*.sql"]).run()
    counted = result.samples.get
    assert counted("file_glob_match_number", pattern=f"{tmp_path}/*.sql") == 3
    assert counted("file_glob_match_number", pattern=f"{tmp_path}/a*.sql") == 2
    assert counted("onwatch_files_count") == 3


async def test_that_a_pattern_has_more_than_is_looked_at_is_told(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.probes.files.scan._MOST", 10)
    for number in range(10):
        _write(tmp_path / f"{number}.sql", HOUR)
    assert (await watch("*.sql").run()).status is Status.OK
    _write(tmp_path / "more.sql", HOUR)
    result = await watch("*.sql").run()
    assert (result.status, result.reason) == (Status.WARNING, "limit")


async def test_a_file_that_was_only_touched_is_not_a_new_one(
    tmp_path: Path, watch: Watch, clock: FakeClock
) -> None:
    old, new = _write(tmp_path / "old.sql", 2 * DAY), _write(tmp_path / "new.sql", DAY)
    probe = watch("*.sql")

    async def told() -> tuple[str, ...]:
        await clock.advance(60)
        return (await probe.run()).events

    assert await told() == ()
    os.utime(old, (clock.wall() - HOUR, clock.wall() - HOUR))
    touched = f"{old} was touched: the same file, as large as before"
    assert await told() == (touched,)
    old.unlink()
    assert await told() == (), "that the newest has gone makes no new one"
    other = _write(tmp_path / "other.sql", HOUR)
    assert await told() == (f"a new file: {other}",)
    _write(new, 60, size=4711)
    assert await told() == (f"a new file: {new}",), "it was written anew"
    _write(tmp_path / "part", 30).replace(other)
    assert await told() == (f"a new file: {other}",), "another inode of the same name and size"


async def test_every_six_hours_and_in_another_zone(
    tmp_path: Path, watch: Watch, clock: FakeClock
) -> None:
    _write(tmp_path / "wal.gz", 7 * HOUR)
    due = {"schedule": "0 */6 * * *", "zone": "Europe/Berlin", "grace": "30m"}
    # 01:00 in Berlin: one was due at midnight there, and the last is of 18:00.
    result = await watch("wal.gz", due=due).run()
    assert result.status is Status.CRITICAL
    assert "was due at 2026-11-27 00:00 CET" in result.message


@pytest.mark.parametrize(
    ("config", "status", "words"),
    [
        ({"age": {"warning": "26h", "critical": "50h"}}, Status.WARNING,
         "new.sql is 30 h old, older than 26 h"),
        ({"age": {"critical": "20h"}}, Status.CRITICAL, "older than 20 h"),
        ({"age": {"critical": "50h"}}, Status.OK, "new.sql: 700 B, 30 h old"),
        ({"oldest": {"warning": "8d"}}, Status.WARNING, "old.sql is 9 d old, older than 8 d"),
        ({"count": {"max": 2}}, Status.WARNING, "3, more than 2: what should delete old ones"),
        ({"count": {"min": 4}}, Status.CRITICAL, "3 of at least 4 are there"),
        ({"count": 3}, Status.OK, ""),
        ({"size": {"critical_below": "1kB"}}, Status.CRITICAL,
         "new.sql has 700 B, less than 1.0 kB"),
        ({"size": {"warning": 700}}, Status.WARNING,
         "new.sql has 700 B; 700 B or more is a warning"),
        ({"shrinks": {"warning": "20%", "critical": "50%"}}, Status.WARNING,
         "new.sql is 30 % smaller than the one before: 700 B after 1.0 kB"),
        ({"shrinks": {"warning": "31%"}}, Status.OK, ""),
        ({"total": {"critical": "2kB"}}, Status.CRITICAL,
         "all together 2.7 kB; 2.0 kB or more is critical"),
    ],
)  # fmt: skip
async def test_bounds(
    tmp_path: Path, watch: Watch, config: dict[str, Any], status: Status, words: str
) -> None:
    _write(tmp_path / "new.sql", 30 * HOUR, 700)
    _write(tmp_path / "middle.sql", 4 * DAY, 1_000)
    _write(tmp_path / "old.sql", 9 * DAY, 1_000)
    result = await watch("*.sql", **config).run()
    assert result.status is status
    assert words in result.message


async def test_what_is_still_being_written_is_judged_once_it_is_not(
    tmp_path: Path, watch: Watch, clock: FakeClock
) -> None:
    _write(tmp_path / "a.sql", DAY, 1_000)
    _write(tmp_path / "b.sql", 2 * DAY, 1_000)
    probe = watch("*.sql", shrinks={"critical": "50%"}, age={"critical": "23h"})
    assert "a.sql is 24 h old" in (await probe.run()).message
    await clock.advance(5)
    _write(tmp_path / "c.sql", -4, 10)
    writing = await probe.run()
    assert writing.status is Status.OK
    assert ("being written", "c.sql") in writing.facts
    await clock.advance(120)
    assert "c.sql is 99 % smaller" in (await probe.run()).message


async def test_a_folder_is_all_that_is_in_it(tmp_path: Path, watch: Watch) -> None:
    _write(tmp_path / "log/app.log", HOUR, 1_000)
    _write(tmp_path / "log/deep/er/app.log.1.gz", 3 * DAY, 500)
    _write(tmp_path / "log/left.tmp", HOUR, 9_000)
    (tmp_path / "log/link").symlink_to(tmp_path)
    os.link(tmp_path / "log/app.log", tmp_path / "log/another name")
    tree = await watch("log", exclude="*.tmp", total={"warning": "1kB"}).run()
    assert (tree.status, tree.message) == (
        Status.WARNING,
        "all together 1.5 kB; 1.0 kB or more is a warning",
    )
    assert tree.samples.get("onwatch_files_count") == 2
    # Folders that a pattern matches are one item each: a backup in many files.
    _write(tmp_path / "daily/26/a", 2 * DAY, 10)
    _write(tmp_path / "daily/26/b", DAY, 20)
    _write(tmp_path / "daily/25/a", 3 * DAY, 30)
    folders = await watch("daily/*").run()
    assert folders.message == "26: 30 B, 24 h old; 2 files, 60 B in all"
    deep = await watch("log/**/*.gz").run()
    assert deep.samples.get("onwatch_files_count") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
async def test_what_may_not_be_looked_into_is_unknown(tmp_path: Path, watch: Watch) -> None:
    _write(tmp_path / "closed/a.sql", HOUR)
    (tmp_path / "closed").chmod(0o700)
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        result = await watch("closed/*.sql").run()
        named = await watch("closed/a.sql").run()
    finally:
        os.seteuid(0)
    assert (result.status, result.reason) == (Status.UNKNOWN, "permission")
    assert "may not look into" in result.message
    assert named.status is Status.UNKNOWN


async def test_a_look_that_takes_long_is_not_taken_at_each_run(
    tmp_path: Path, watch: Watch, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "a", HOUR)
    probe = watch("*")
    looks = 0

    def slow(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        found = scan(*args)
        found.took = 1.0
        return found

    from checks.probes.files.scan import scan  # noqa: PLC0415 - beside what replaces it

    monkeypatch.setattr("checks.probes.files.probe.scan", slow)
    for _ in range(4):
        await probe.run()
        await clock.advance(5)
    assert looks == 1
    await clock.advance(5)
    await probe.run()
    assert looks == 2


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "can be mounted")
async def test_a_dead_mount_is_named_and_holds_up_no_run(
    clock: FakeClock, lanes: Lanes, user_sees: UserSees
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="onwatch-") as folder,
        mounted(Path(folder)) as mount,
    ):
        target = host_target(clock, lanes, Path(folder), "backup")
        config = FilesConfig.model_validate({"path": "latest.sql"})
        probe = FilesProbe(config, replace(target, timeout=2.0))
        assert (await probe.run()).message == f"{folder}/latest.sql is not there"
        mount.tell("hang")
        await clock.advance(5)
        hung = await probe.run()
        assert (hung.status, hung.reason, hung.up) == (Status.CRITICAL, "timeout", False)
        assert hung.message.startswith("looking at latest.sql has not come back for ")
        assert hung.message.endswith("does its mount hang?")
        user_sees("backups on a mount whose server is gone", hung)
        began = time.monotonic()
        assert (await probe.run()).reason == "timeout"
        assert time.monotonic() - began < 1.5, "it is not waited for again"
        mount.tell("answer")
        for _ in range(round(PATIENCE / 0.02)):
            if (await probe.run()).reason == "missing":
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("it never came back")
        await probe.close()
