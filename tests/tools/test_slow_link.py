"""The slow link: so many bytes a second, so late, and no more at once than its buffer holds."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.patience import PATIENCE
from tests.tui.terminals import OnTerminal
from tools.slow_link import Stall, Wire

COMMAND = "tools/slow-link"


def bytes_by(wire: Wire, now: float) -> int:
    return sum(len(parcel.data) for parcel in wire.arrived(now))


def test_bytes_arrive_at_the_rate_and_after_the_delay() -> None:
    wire = Wire(rate=20_000, delay=0.15, buffer=16_000)
    wire.send(b"x" * 10_000, 100.0)
    assert bytes_by(wire, 100.15) == 0
    assert bytes_by(wire, 100.40) == pytest.approx(5_000, abs=1_200)
    bytes_by(wire, 100.66)
    assert wire.carried == 10_000
    assert wire.longest_wait == pytest.approx(0.5)


def test_a_wire_that_was_idle_gives_no_burst() -> None:
    wire = Wire(rate=20_000, delay=0.0, buffer=16_000)
    wire.send(b"x" * 1_000, 50.0)
    assert bytes_by(wire, 60.0) == 1_000
    wire.send(b"x" * 10_000, 60.0)
    assert bytes_by(wire, 60.1) <= 2_000


def test_no_more_is_taken_than_the_buffer_holds() -> None:
    wire = Wire(rate=20_000, delay=0.15, buffer=16_000)
    wire.send(b"x" * 16_000, 10.0)
    assert wire.room(10.0) == 0
    assert wire.roomy_at() > 10.0
    assert wire.room(wire.roomy_at()) == 1_200
    assert wire.room(11.0) == 16_000


def test_bytes_keep_their_order() -> None:
    wire = Wire(rate=1_000, delay=0.1, buffer=16_000)
    for number in range(20):
        wire.send(b"%02d" % number * 300, 0.0)
    text = b"".join(parcel.data for parcel in wire.arrived(100.0))
    assert text == b"".join(b"%02d" % number * 300 for number in range(20))


def test_a_stall_has_its_beginning_and_its_end() -> None:
    stall = Stall(after=30, lasts=600)
    assert [stall.holds(at) for at in (0, 29.9, 30, 629.9, 630)] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert [stall.next_change(at) for at in (0, 30, 630)] == [30, 630, None]


def test_a_command_behind_the_link_writes_no_faster_than_it() -> None:
    talks = "import sys; sys.stdout.write('x' * 120_000); print('all')"
    arguments = [COMMAND, "--rate", "40k", "--delay", "0", "--", "python3", "-c", talks]
    with OnTerminal(arguments) as terminal:
        terminal.read_until(b"x")
        began = time.monotonic()
        terminal.read_until(b"all")
        # It takes three; who reads may be late for the first.
        assert time.monotonic() - began > 1.5
        assert terminal.wait_reading(PATIENCE) == 0
    assert b"120.0 kB to the terminal" in terminal.output


def test_a_key_comes_back_after_the_delay_and_the_exit_code_is_the_commands() -> None:
    asks = "echo ready; read it; exit 7"
    with OnTerminal([COMMAND, "--delay", "300ms", "--", "sh", "-c", asks]) as terminal:
        terminal.read_until(b"ready")
        began = time.monotonic()
        terminal.type(b"k")
        terminal.read_until(b"k")
        assert time.monotonic() - began >= 0.29
        terminal.type(b"\r")
        assert terminal.wait_reading(PATIENCE) == 7


def test_a_change_of_the_windows_size_reaches_the_command() -> None:
    waits = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"
    with OnTerminal([COMMAND, "--delay", "100ms", "--", "sh", "-c", waits]) as terminal:
        terminal.read_until(b"ready")
        terminal.resize(132, 43)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        terminal.read_until(b"43 132")


def test_a_stalled_link_holds_the_command_up_and_loses_nothing() -> None:
    talks = "import sys; [print(n, flush=True) for n in range(20_000)]"
    link = [COMMAND, "--rate", "1m", "--delay", "0", "--stall-after", "0.3", "--stall-for", "1"]
    with OnTerminal([*link, "--", "python3", "-c", f"import time; time.sleep(0.2); {talks}"]) as it:
        it.read_until(b"19999\r\n")
        assert it.wait_reading(PATIENCE) == 0
    assert b"".join(b"%d\r\n" % n for n in range(20_000)) in it.output


def test_an_ended_link_hangs_its_command_up() -> None:
    told = "import signal, os; print(os.getpid(), flush=True); signal.pause()"
    with OnTerminal([COMMAND, "--delay", "0", "--", "python3", "-c", told]) as terminal:
        terminal.read_until(b"\n")
        child = int(terminal.output.split()[0])
        terminal.process.terminate()
        terminal.wait_reading(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while _lives(child):
            assert time.monotonic() < deadline, "the command goes on without its terminal"
            time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
