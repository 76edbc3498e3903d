"""Pid files: what they say, what they fail to say, and whose number it is now."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.model import Status
from checks.probes.process.details import ProcDetails
from checks.processes.scan import ProcessTable
from tests.checks.process_kit import WAIT, Watching, child, mark, watching

BUSY = f"import time\nwhile time.process_time() < 0.6: pass\n{WAIT}"
"""As WAIT, with six tenths of a second of CPU time behind it."""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watching]:
    with watching(tmp_path, ProcessTable(), ProcDetails()) as made:
        yield made


async def test_it_leads_to_its_process_and_no_other(watch: Watching, tmp_path: Path) -> None:
    word = mark()
    with child(WAIT, word) as process, child(WAIT, word):
        (tmp_path / "app.pid").write_text(f"{process.pid}\n/var/lib/app\n5432\n")
        result = await watch.probe(pid_file="app.pid").run()
    assert result.status is Status.OK
    assert [row[0] for row in result.tables[0].rows] == [str(process.pid)]
    assert result.samples.get("namedprocess_namegroup_num_procs") == 1
    assert dict(result.facts)["pid file"] == f"{tmp_path}/app.pid"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", Status.CRITICAL, "is empty: has the start failed"),
        ("not a number", Status.UNKNOWN, 'holds "not a number", which is no process id'),
        ("-1", Status.UNKNOWN, "which is no process id"),
        ("0", Status.UNKNOWN, "which is no process id"),
        ("99999999999999999999", Status.UNKNOWN, "which is no process id"),
        ("\x1b[31m12\x00", Status.UNKNOWN, "which is no process id"),
        ("١٢", Status.UNKNOWN, "which is no process id"),
    ],
)
async def test_what_is_no_number(
    watch: Watching, tmp_path: Path, text: str, status: Status, said: str
) -> None:
    (tmp_path / "app.pid").write_text(text)
    result = await watch.probe(pid_file="app.pid").run()
    assert result.status is status
    assert said in result.message
    assert "\x1b" not in result.message


async def test_it_is_not_there(watch: Watching, tmp_path: Path) -> None:
    result = await watch.probe(pid_file="app.pid").run()
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "missing", False)
    assert result.message == (
        f"the pid file {tmp_path}/app.pid is not there: it does not run, or writes another one"
    )


async def test_it_is_no_file(watch: Watching, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "app.pid")
    result = await watch.probe(pid_file="app.pid").run()
    assert result.status is Status.UNKNOWN
    assert "is no regular file" in result.message


async def test_its_process_has_ended(watch: Watching, tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    (tmp_path / "app.pid").write_text(str(process.pid))
    result = await watch.probe(pid_file="app.pid").run()
    assert result.status is Status.CRITICAL
    assert f"is stale: process {process.pid}, which it names, no longer runs" in result.message


async def test_its_number_is_another_programs_now(watch: Watching, tmp_path: Path) -> None:
    with child() as process:
        (tmp_path / "app.pid").write_text(str(process.pid))
        result = await watch.probe(pid_file="app.pid", name="nginx").run()
        other = await watch.probe(pid_file="app.pid", command="nginx").run()
    assert result.status is Status.CRITICAL
    assert f"is stale: it names process {process.pid}, which is python" in result.message
    assert result.message.endswith("now, not nginx")
    assert "is stale" in other.message


async def test_its_number_was_given_out_anew(watch: Watching, tmp_path: Path) -> None:
    """A process that is younger than the file, and called otherwise, is not the one meant."""
    file = tmp_path / "mailer.pid"
    with child() as process:
        file.write_text(str(process.pid))
        os.utime(file, (1_600_000_000, 1_600_000_000))
        result = await watch.probe(pid_file="mailer.pid").run()
        named = tmp_path / "python.pid"
        named.write_text(str(process.pid))
        os.utime(named, (1_600_000_000, 1_600_000_000))
        akin = await watch.probe(pid_file="python.pid").run()
    assert result.status is Status.CRITICAL
    assert "with that id was started" in result.message
    assert "after the file was written" in result.message
    # A clock that was wrong at boot must not make an outage of a healthy daemon.
    assert akin.status is Status.OK


async def test_a_restart_shows_in_the_file(watch: Watching, tmp_path: Path) -> None:
    file = tmp_path / "app.pid"
    probe = watch.probe(pid_file="app.pid")
    with child() as first:
        file.write_text(str(first.pid))
        await probe.run()
    with child() as second:
        file.write_text(str(second.pid))
        result = await watch.again(probe)
    assert result.events == (f"restarted: pid {first.pid} → {second.pid}",)


async def test_one_that_must_not_run_is_not_taken_for_absent_where_nobody_can_tell(
    watch: Watching, tmp_path: Path
) -> None:
    (tmp_path / "app.pid").mkdir()
    probe = watch.probe(pid_file="app.pid", count=0)
    result = await probe.run()
    assert result.status is Status.UNKNOWN
    assert "is no regular file" in result.message
    (tmp_path / "app.pid").rmdir()
    assert (await watch.again(probe)).status is Status.OK


async def test_one_whose_file_was_not_there_for_a_moment_was_not_busy(
    watch: Watching, tmp_path: Path
) -> None:
    file, aside = tmp_path / "app.pid", tmp_path / "aside"
    with child(BUSY, mark()) as process:
        file.write_text(str(process.pid))
        probe = watch.probe(pid_file="app.pid")
        await probe.run()
        file.rename(aside)
        assert (await watch.again(probe)).status is Status.CRITICAL
        aside.rename(file)
        result = await watch.again(probe)
        after = await watch.again(probe)
    assert result.events == ()
    assert "cpu 0 % of a core" in result.message
    (row,) = result.tables[0].rows
    assert row[:2] == (str(process.pid), "")
    assert after.tables[0].rows[0][1] == "0.0"
