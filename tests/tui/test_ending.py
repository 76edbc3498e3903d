"""The monitor ends in time, whatever ends it, and gives the terminal back."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import tried_again
from tests.tui.terminals import OnTerminal

LIMIT = 2.5
"""Seconds from the cause to the end: two, and what a busy machine takes to notice."""

HUNG_UP = 128 + signal.SIGHUP

LEFT_ALT_SCREEN = b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"
MOUSE_OFF = b"\x1b[?1003l"


@contextmanager
def monitor(behaviour: str) -> Iterator[OnTerminal]:
    with OnTerminal(["-m", "tests.tui.ending_child", behaviour]) as terminal:
        terminal.read_until(b"CRITICAL")
        yield terminal


def assert_restored(terminal: OnTerminal) -> None:
    for sequence in (LEFT_ALT_SCREEN, CURSOR_SHOWN, MOUSE_OFF):
        assert sequence in terminal.output
    assert terminal.attributes() == terminal.before


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def state(pid: int) -> str:
    """A letter, as ps has it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def gone(pid: int) -> bool:
    try:
        return state(pid) == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_blocked(pid: int, seconds: float) -> None:
    """Return when process ``pid`` has had nothing to do for half a second."""
    limit = time.monotonic() + seconds
    used, until = cpu_seconds(pid), time.monotonic() + 0.5
    while time.monotonic() < until:
        assert time.monotonic() < limit, "the UI is not blocked"
        time.sleep(0.05)
        if cpu_seconds(pid) - used >= 0.1 or state(pid) == "R":
            used, until = cpu_seconds(pid), time.monotonic() + 0.5


def threads_of(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def wait_gone(pid: int, seconds: float) -> float:
    """Seconds until process ``pid`` was gone."""
    begun = time.monotonic()
    while not gone(pid):
        assert time.monotonic() - begun < seconds, "the program goes on"
        time.sleep(0.02)
    return time.monotonic() - begun


@tried_again
def test_q_quits_and_restores_the_terminal() -> None:
    with monitor("quiet") as terminal:
        terminal.type(b"q")
        assert terminal.wait_reading(LIMIT) == 0
        assert_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
@tried_again
def test_a_signal_ends_it_with_its_exit_code(number: signal.Signals) -> None:
    with monitor("quiet") as terminal:
        terminal.process.send_signal(number)
        assert terminal.wait_reading(LIMIT) == 128 + number
        assert_restored(terminal)


@tried_again
def test_what_runs_comes_to_its_end_where_the_screen_leaves_at_once(tmp_path: Path) -> None:
    """The engine ends a step of a runbook, and writes down that it did."""
    file = tmp_path / "ended"
    with OnTerminal(["-m", "tests.tui.ending_child", "slow", str(file)]) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_reading(LIMIT) == 128 + signal.SIGTERM
    assert file.exists()


@tried_again
def test_sigterm_ends_it_while_nobody_reads_the_terminal() -> None:
    with monitor("busy") as terminal:
        # Nobody reads from here on: the terminal's buffer and Textual's queue fill up.
        wait_blocked(terminal.process.pid, 15)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(LIMIT) == 128 + signal.SIGTERM
        # On a busy machine the kernel is slow to hand over what lay behind a full buffer.
        terminal.read_until(LEFT_ALT_SCREEN)
        terminal.read_until(CURSOR_SHOWN)
        assert_restored(terminal)


@tried_again
def test_a_closed_terminal_ends_it_without_spinning() -> None:
    with monitor("quiet") as terminal:
        pid = terminal.process.pid
        before = cpu_seconds(pid)
        terminal.close_slave()
        terminal.close_master()
        assert terminal.process.wait(LIMIT) == HUNG_UP
        usage = os.times()
        assert usage.children_user + usage.children_system >= before


@tried_again
def test_a_closed_terminal_ends_it_where_sighup_is_ignored() -> None:
    script = (
        "import signal, runpy, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "sys.argv = ['child', 'busy'];"
        "runpy.run_module('tests.tui.ending_child', run_name='__main__')"
    )
    with OnTerminal(["-c", script]) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.close_slave()
        terminal.close_master()
        assert terminal.process.wait(LIMIT) == HUNG_UP


@tried_again
def test_it_ends_when_its_parent_is_killed() -> None:
    parent = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-m', 'tests.tui.ending_child', 'quiet']);"
        "open(sys.argv[1], 'w').write(str(child.pid)); child.wait()"
    )
    note = Path(f"/tmp/onwatch-parent-{os.getpid()}")
    try:
        with OnTerminal(["-c", parent, str(note)]) as terminal:
            terminal.read_until(b"CRITICAL")
            child = int(note.read_text())
            terminal.process.kill()
            terminal.process.wait()
            wait_gone(child, LIMIT + 0.5)
    finally:
        note.unlink(missing_ok=True)


@tried_again
def test_one_whose_terminal_and_parent_have_gone_before_it_begins_ends_too(tmp_path: Path) -> None:
    """With SIGHUP ignored, as under nohup, nothing is left that would tell it."""
    note, gate = tmp_path / "pid", tmp_path / "gate"
    child = (
        "import pathlib, runpy, signal, sys, time;"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "gate = pathlib.Path(sys.argv[1]);"
        "any(gate.exists() or time.sleep(0.02) for _ in range(1000));"
        "sys.argv = ['child', 'quiet'];"
        "runpy.run_module('tests.tui.ending_child', run_name='__main__')"
    )
    parent = (
        "import signal, subprocess, sys;"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}, sys.argv[1]]);"
        "open(sys.argv[2], 'w').write(str(child.pid))"
    )
    with OnTerminal(["-c", parent, str(gate), str(note)]) as terminal:
        terminal.process.wait()
        pid = int(note.read_text())
        terminal.close_slave()
        terminal.close_master()
        gate.touch()
        try:
            wait_gone(pid, LIMIT + 3.0)  # of which most is what it takes to start
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@tried_again
def test_threads_that_hang_keep_nobody_waiting() -> None:
    with monitor("hung") as terminal:
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_reading(LIMIT) == 128 + signal.SIGTERM
        assert_restored(terminal)


@tried_again
def test_a_hung_source_keeps_nobody_waiting_after_q() -> None:
    with monitor("hung") as terminal:
        terminal.type(b"q")
        assert terminal.wait_reading(LIMIT) == 0
        assert_restored(terminal)


@tried_again
def test_a_stop_that_nobody_announced_costs_neither_threads_nor_the_terminal() -> None:
    with monitor("quiet") as terminal:
        pid = terminal.process.pid
        for _ in terminal.drain():
            pass
        threads, own = threads_of(pid), terminal.attributes()
        for _ in range(3):
            terminal.process.send_signal(signal.SIGSTOP)
            time.sleep(0.1)
            # As the shell does that has the terminal meanwhile.
            terminal.settle(terminal.before)
            terminal.output = b""
            terminal.process.send_signal(signal.SIGCONT)
            terminal.read_until(b"nightly export")
        assert threads_of(pid) == threads
        assert terminal.attributes() == own
        terminal.type(b"q")
        assert terminal.wait_reading(LIMIT) == 0
        assert_restored(terminal)


SHELL = (
    "import fcntl, os, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])"
)
"""An interactive shell with job control that the terminal belongs to."""


@pytest.mark.parametrize("command", ["{child}", "sh -c '{child}; true'"])
def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_the_screen_back(command: str) -> None:
    child = f"{sys.executable} -m tests.tui.ending_child quiet"
    with OnTerminal(["-c", SHELL], environ={"PS1": "ready> "}) as terminal:

        def run(line: str, until: bytes) -> None:
            terminal.output = b""
            terminal.type(f"{line}\n".encode())
            terminal.read_until(until)

        def leave(key: bytes) -> None:
            terminal.output = b""
            terminal.type(key)
            terminal.read_until(LEFT_ALT_SCREEN)
            terminal.read_until(b"ready> ")

        terminal.read_until(b"ready> ")
        run(command.format(child=child), b"CRITICAL")
        leave(b"\x1a")
        assert b"Stopped" in terminal.output
        run("echo shell-$((20 + 3))", b"shell-23")
        run("fg", b"CRITICAL")
        leave(b"\x1a")
        stopped = "for n in {1..900}; do jobs | grep -q Stopped && break; sleep 0.05; done"
        run(f"bg; {stopped}; jobs; fg", b"CRITICAL")
        assert terminal.output.count(b"Stopped"), "it ran on without the terminal"
        leave(b"q")
        run("echo code-$?", b"code-0")


@tried_again
def test_ctrl_z_stops_nothing_where_no_shell_could_bring_it_back() -> None:
    with monitor("quiet") as terminal:
        terminal.type(b"\x1a")
        terminal.read_until(b"nothing suspended")
        terminal.type(b"q")
        assert terminal.wait_reading(LIMIT) == 0
