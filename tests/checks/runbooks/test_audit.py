"""The log of steps: on the disk before a step begins, whole, and true after a kill."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.clock import FakeClock
from checks.runbooks import append_only
from checks.runbooks.audit import Audit, AuditError, audit_file, spare_file
from checks.runbooks.running.model import Ended, Who
from checks.runbooks.views import RunState, Subject
from checks.secrets import MASK, Masker
from tests.checks.runbooks.running_kit import Place

DONE = Ended(RunState.DONE, 0, "done", seconds=1.25)


def lines_of(audit: Audit) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.path.read_text().splitlines()]


def log_of(place: Place) -> Audit:
    assert place.audit is not None
    return place.audit


async def test_the_begin_is_on_the_disk_before_the_step_begins(audited: Place) -> None:
    log = log_of(audited)
    ran = await audited.run(f"cat {log.path}", {"QUEUE": "default"}, capture="LINE")
    seen = json.loads(ran.output.lines[0])
    begun, ended = lines_of(log)
    assert seen == begun
    assert len(ran.output.lines) == 1
    assert begun["event"] == "started"
    assert begun["run"] == ended["run"]
    assert begun["user"] == "ann"
    assert begun["variables"] == {"QUEUE": "default"}
    assert (begun["runbook"], begun["step"], begun["marking"]) == ("book", "look", "asks")
    assert begun["text"] == f"cat {log.path}"
    assert len(begun["text_sha256"]) == 64
    assert begun["process"][0] == os.getpid()
    assert (ended["event"], ended["state"], ended["exit_code"]) == ("ended", "done", 0)
    assert set(ended["captured"]) == {"LINE"}


async def test_who_and_what_for(audited: Place) -> None:
    log = log_of(audited)
    job = audited.made("true").job
    who = Who.present({"SUDO_USER": "ann", "SSH_CONNECTION": "10.1.2.3 50022 10.0.0.1 22"})
    log.started(replace(job, who=who, subject=Subject("api@1", "api"), alert="ApiDown"))
    (entry,) = log.entries()
    assert (entry.sudo_user, entry.ssh) == ("ann", "10.1.2.3 50022 10.0.0.1 22")
    assert (entry.alert, entry.alert_id, entry.check) == ("ApiDown", "api@1", "api")
    assert entry.user == who.user != ""


@pytest.mark.parametrize("trouble", ["folder", "writable", "link", "no folder"])
async def test_what_cannot_be_written_down_does_not_run(audited: Place, trouble: str) -> None:
    log = log_of(audited)
    log.path.parent.mkdir()
    if trouble == "folder":
        log.path.mkdir()
    elif trouble == "writable":
        log.path.touch()
        log.path.chmod(0o666)
    elif trouble == "link":
        log.path.symlink_to(audited.folder / "elsewhere")
    else:
        log.path.parent.rmdir()
        log.path.parent.touch()
    ran = await audited.run("touch ran")
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert ran.ended.said.startswith(f"not run: the audit log {log.path} cannot be written: ")
    assert not (audited.folder / "ran").exists()
    assert not (audited.folder / "elsewhere").exists()


async def test_an_end_that_cannot_be_written_down_is_told(audited: Place) -> None:
    ran = await audited.run(f"chmod 666 {log_of(audited).path}; echo mended")
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 0)
    assert "cannot be written: others can write to it" in ran.ended.said


async def test_it_is_its_owner_s_alone_and_holds_no_secret(audited: Place) -> None:
    log = log_of(audited)
    audited.env.masker.learn("hunter2hunter2")
    await audited.run("true", {"A": "x hunter2hunter2", "B": "http://u:hunter3@h/"})
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    assert lines_of(log)[0]["variables"] == {"A": f"x {MASK}", "B": f"http://u:{MASK}@h/"}
    await audited.run("echo of-vault", {"API_KEY": "of-another"}, capture="TOKEN")
    began, ended = lines_of(log)[-2:]
    assert (began["variables"], ended["captured"]) == ({"API_KEY": MASK}, {"TOKEN": MASK})


async def test_a_refusal_of_a_step_that_was_begun_is_its_end(audited: Place) -> None:
    await audited.run("true", {"PATH": "/evil"})
    begun, ended = lines_of(log_of(audited))
    assert (begun["event"], ended["state"]) == ("started", "failed")


def made(folder: Path, name: str = "steps.jsonl") -> Audit:
    return Audit(folder / name, Masker(), FakeClock())


async def test_several_write_at_once(place: Place, tmp_path: Path) -> None:
    job = place.made("true").job
    logs = [made(tmp_path) for _ in range(4)]

    def write(number: int) -> None:
        for count in range(25):
            logs[number].started(replace(job, id=f"{number}-{count}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line["run"] for line in lines_of(logs[0])} == {
        f"{number}-{count}" for number in range(4) for count in range(25)
    }


async def test_it_is_bounded(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append_only, "SIZE", 5_000)
    job, log = place.made("true").job, made(tmp_path)
    for number in range(100):
        log.started(replace(job, id=str(number)))
    files = sorted(tmp_path.glob("steps*.jsonl"))
    assert len(files) == append_only.KEPT
    assert all(file.stat().st_size <= 5_000 for file in files)
    runs = [int(entry.run) for entry in log.entries()]
    assert runs == list(range(runs[0], 100))
    assert len(runs) > 20


async def test_a_line_that_was_cut_off_spoils_no_other(place: Place, tmp_path: Path) -> None:
    job, log = place.made("true").job, made(tmp_path)
    log.started(job)
    with log.path.open("ab") as file:
        file.write(b'{"at":"2026-11-27T06:')
    log.ended(job, DONE)
    assert [entry.event for entry in log.entries()] == ["started", "ended"]
    assert log.entries()[1].seconds == 1.25


async def test_the_steps_of_another_configuration_are_its_own(place: Place, tmp_path: Path) -> None:
    shop, blog = (
        Audit(tmp_path / "steps.jsonl", Masker(), FakeClock(), config=name)
        for name in ("/etc/shop.yaml", "/etc/blog.yaml")
    )
    for log, run in ((shop, "s"), (blog, "b"), (shop, "old")):
        log.started(replace(place.made("true").job, id=run))
        log.ended(replace(place.made("true").job, id=run), DONE)
    lines = lines_of(shop)
    assert [line["config"] for line in lines[:4]] == ["/etc/shop.yaml"] * 2 + ["/etc/blog.yaml"] * 2
    for line in lines[4:]:
        # As they were written before it was told.
        del line["config"]
    shop.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [one.run for one in shop.entries()] == ["s", "s", "old", "old"]
    assert [one.run for one in blog.entries()] == ["b", "b", "old", "old"]


async def test_a_run_that_lost_its_onwatch_is_told_once(place: Place, tmp_path: Path) -> None:
    log = made(tmp_path)
    gone, lives, done = (replace(place.made("true").job, id=name) for name in ("g", "l", "d"))
    for job in (gone, lives, done):
        log.started(job)
    log.ended(done, DONE)
    lines = lines_of(log)
    # The number of its process has become another's since.
    lines[0]["process"][1] -= 1
    log.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (cut,) = log.cut_off()
    assert (cut.run, cut.event) == ("g", "started")
    assert log.cut_off() == ()
    last = log.entries()[-1]
    assert (last.run, last.event, last.exit_code) == ("g", "cut off", None)
    assert "onwatch was ended while it ran" in last.said


async def test_another_holds_it_for_long(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(append_only, "PATIENCE", 0.05)
    log = made(tmp_path)
    with (tmp_path / "steps.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(AuditError, match="another onwatch has held it for seconds"):
            log.ended(place.made("true").job, DONE)


def test_each_machine_has_its_own() -> None:
    assert audit_file("web-1").name == "steps-web-1.jsonl"
    assert audit_file("../x").name == "steps-.._x.jsonl"


async def test_a_full_disk_keeps_nobody_from_making_room(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    full = True

    def write(descriptor: int, data: bytes) -> int:
        file = Path(f"/proc/self/fd/{descriptor}").readlink()
        if full and file == log.path:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    spare = tmp_path / "memory" / "onwatch" / "steps.jsonl"
    log = Audit(tmp_path / "state" / "steps.jsonl", Masker(), FakeClock(), spare)
    place.audit = log
    ran = await place.run("echo room")
    assert (ran.ended.exit_code, ran.output.lines) == (0, ("room",))
    assert "audit" not in ran.ended.said
    assert stat.S_IMODE(spare.parent.stat().st_mode) == 0o700
    full = False
    await place.run("echo more")
    assert [entry.event for entry in log.entries()] == ["started", "ended"] * 2
    assert log.path.stat().st_size > 0


def test_memory_is_this_user_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("/home/ann/steps-web.jsonl")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert spare_file(path, {"XDG_RUNTIME_DIR": "/run/user/7"}) == Path("/run/onwatch") / path.name
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    assert spare_file(path, {"XDG_RUNTIME_DIR": "/run/user/7"}) == Path(
        "/run/user/7/onwatch/steps-web.jsonl"
    )
    assert spare_file(path, {}) == Path("/dev/shm/onwatch-7/onwatch") / path.name
