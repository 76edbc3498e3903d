"""Steps that have the terminal for themselves: on a real one, with its keys."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.probe import ProbeEnv
from checks.resolver import Resolver
from checks.runbooks.audit import Audit
from checks.runbooks.model import Language, Runbook, Step
from checks.runbooks.running import foreground
from checks.runbooks.running.model import Around, Ended, Job, Who
from checks.runbooks.runs import OnTerminal
from checks.runbooks.views import RunState
from checks.secrets import Masker
from tests.checks.command_kit import runs
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]
CHILD = "tests.checks.runbooks.foreground_child"
IN_FRONT = "until set -- $(cat /proc/$$/stat) && [ $5 = $8 ]; do sleep 0.01; done"
"""Waits until the shell's group (proc(5): the fifth field) is the terminal's (the eighth)."""


class Terminal:
    """A program on a terminal of its own, in a session that it leads, as a login shell would be."""

    def __init__(self, folder: Path, text: str) -> None:
        self._read = b""
        pid, self._master = pty.fork()
        if pid == 0:
            os.chdir(ROOT)
            argv = [sys.executable, "-m", CHILD, str(folder), text]
            os.execv(sys.executable, argv)  # noqa: S606 - a shell would be in between
        self.pid = pid

    def until(self, what: str) -> str:
        """What has been written, once ``what`` is in it."""
        end = time.monotonic() + PATIENCE
        while what.encode() not in self._read:
            assert time.monotonic() < end, self._read
            try:
                self._read += os.read(self._master, 4096)
            except OSError:
                break
        text = self._read.decode()
        assert what in text
        return text

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def close(self) -> None:
        os.close(self._master)
        if psutil.pid_exists(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    made: list[Terminal] = []
    yield made
    for terminal in made:
        terminal.close()


def started(terminals: list[Terminal], folder: Path, text: str) -> Terminal:
    terminals.append(Terminal(folder, text))
    return terminals[-1]


def outcome(terminal: Terminal) -> dict[str, object]:
    line = terminal.until("}\r\n").partition("{")[2]
    found: dict[str, object] = json.loads("{" + line)
    return found


def test_it_has_the_terminal_and_gives_it_back(tmp_path: Path, terminals: list[Terminal]) -> None:
    text = 'stty -echo; read -p "name? " x; echo "hello $x from $TERM_OF"; exit 4'
    terminal = started(terminals, tmp_path, text)
    terminal.until("name? ")
    terminal.press(b"ann\n")
    found = outcome(terminal)
    assert "hello ann from tests" in terminal.until("hello")
    assert found["code"] == 4
    assert found["front"] is True
    assert found["echo"] is True
    log = [json.loads(line) for line in (tmp_path / "steps.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["started", "ended"]
    assert log[0]["interactive"] is True


def test_ctrl_c_is_the_step_s(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminal = started(terminals, tmp_path, f"{IN_FRONT}; echo ready; sleep 60; echo not reached")
    terminal.until("ready")
    terminal.press(b"\x03")
    found = outcome(terminal)
    assert found["code"] == 128 + signal.SIGINT


def test_ctrl_z_stops_nothing_for_ever(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminal = started(terminals, tmp_path, f"{IN_FRONT}; echo ready; read x; echo got $x")
    terminal.until("ready")
    terminal.press(b"\x1a")
    time.sleep(0.1)
    terminal.press(b"on\n")
    found = outcome(terminal)
    assert "got on" in terminal.until("got")
    assert found["code"] == 0


def test_a_kill_ends_it(tmp_path: Path, terminals: list[Terminal]) -> None:
    text = f"trap '' HUP INT TERM; {IN_FRONT}; echo pid $$ here; sleep 60"
    terminal = started(terminals, tmp_path, text)
    pid = int(terminal.until(" here").partition("pid ")[2].split()[0])
    os.kill(terminal.pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while runs(pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_a_terminal_it_does_not_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", CHILD, str(tmp_path), "touch ran"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["said"] == (
        "not run: it is interactive, and there is no terminal"
    )
    assert not (tmp_path / "ran").exists()


def job_of(folder: Path) -> tuple[Job, Around]:
    clock, lanes, masker = FakeClock(), Lanes(), Masker()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, masker, folder)
    step = Step("look", "look", Language.BASH, "true", interactive=True)
    job = Job("1", Runbook("book", "Book", "book.md", "", (step,), ()), step, {}, Who("ann"))
    return job, Around(env, Audit(folder / "steps.jsonl", masker, clock))


def test_one_that_fails_inside_has_ended_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError(errno.ENOMEM, "no more memory")

    monkeypatch.setattr(foreground, "_run", broken)
    job, around = job_of(tmp_path)
    master, terminal = pty.openpty()
    try:
        ended = foreground.run_foreground(job, around, terminal)
    finally:
        os.close(master)
        os.close(terminal)
    assert (ended.state, ended.said) == (RunState.FAILED, "internal error: OSError")
    assert around.audit is not None
    assert [one.event for one in around.audit.entries()] == ["started", "ended"]


async def test_a_run_ends_whatever_is_raised_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Ended:
        raise OSError(errno.EIO, "the terminal is gone")

    monkeypatch.setattr(foreground, "run_foreground", broken)
    said: list[str] = []
    way = OnTerminal(*job_of(tmp_path), lambda run: said.append(run()))
    ended = await asyncio.wait_for(way.go(), PATIENCE)
    assert ended.state is RunState.FAILED
    assert said == ["look: internal error: it was not run to its end"]
