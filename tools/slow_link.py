"""A terminal at the end of a slow link: ``tools/slow-link --rate 20k --delay 300ms -- COMMAND``.

The command runs on a pseudo-terminal of its own. What it writes, and what is typed, passes a
wire each way: so many bytes a second, one after the other without bursts, then half of the
delay, as the delay is that of a round trip. Between the command and the wire lies a buffer
of bounded size; when it is full the command is read no further, and its writes block as they
do behind ssh. A change of the window's size travels the wire as well.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final, NoReturn

__all__ = ["Parcel", "SlowLink", "Wire", "main"]

_PACKET: Final = 1200
"""Bytes that arrive together at most."""
_UNITS: Final = {"": 1.0, "k": 1e3, "m": 1e6, "ms": 1e-3, "s": 1.0, "min": 60.0}


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes on a wire: when they were ``sent``, when the last of them is off the buffer
    (``left``), and when they are due at the other end (seconds of any one clock).
    """

    data: bytes
    sent: float
    left: float
    due: float


class Wire:
    """One direction: ``rate`` bytes a second, then ``delay`` seconds; ``buffer`` bytes wait."""

    def __init__(self, rate: float, delay: float, buffer: int) -> None:
        self.carried = 0
        self.longest_wait = 0.0
        self._rate, self._delay, self._buffer = rate, delay, buffer
        self._parcels: deque[Parcel] = deque()
        self._free_at = 0.0

    def room(self, now: float) -> int:
        """Bytes that may be sent now."""
        return self._buffer - round(max(0.0, self._free_at - now) * self._rate)

    def roomy_at(self) -> float:
        """The moment from which on a whole packet has room."""
        return self._free_at - (self._buffer - _PACKET) / self._rate

    def send(self, data: bytes, now: float) -> None:
        """Put ``data`` on the wire; whoever sends more than there is room for makes it longer."""
        for start in range(0, len(data), _PACKET):
            piece = data[start : start + _PACKET]
            begins = max(now, self._free_at)
            self._free_at = begins + len(piece) / self._rate
            self.longest_wait = max(self.longest_wait, self._free_at - now)
            due = self._free_at + self._delay
            self._parcels.append(Parcel(piece, now, self._free_at, due))

    def arrived(self, now: float) -> Iterator[Parcel]:
        """What has come to the other end by now, each parcel once."""
        while self._parcels and self._parcels[0].due <= now:
            parcel = self._parcels.popleft()
            self.carried += len(parcel.data)
            yield parcel

    def next_due(self) -> float | None:
        """When the next parcel arrives; None where the wire is empty."""
        return self._parcels[0].due if self._parcels else None


@dataclass(frozen=True, slots=True)
class Stall:
    """From ``after`` seconds on, for ``lasts`` seconds, nothing passes in either direction."""

    after: float
    lasts: float

    def holds(self, since: float) -> bool:
        return self.after <= since < self.after + self.lasts

    def next_change(self, since: float) -> float | None:
        """The next moment, after ``since``, at which it begins or ends."""
        return next((m for m in (self.after, self.after + self.lasts) if m > since), None)


class SlowLink:
    """Joins the terminal of this process to ``command`` by two wires, until the command ends."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        rate: float,
        delay: float,
        buffer: int,
        stall: Stall | None = None,
        trace: IO[str] | None = None,
    ) -> None:
        self.up = Wire(rate, delay / 2, buffer)
        self.down = Wire(rate, delay / 2, buffer)
        self.held_up = 0.0
        self._one_way = delay / 2
        self._stall = stall
        self._trace = trace
        self._typed = b""
        self._listens = True
        self._speaks = True
        self._size = _size()
        self._resizes: deque[tuple[float, tuple[int, int]]] = deque()
        self._began = time.monotonic()
        self._wake, wakes = os.pipe()
        for end in (self._wake, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGWINCH, lambda *_: None)
        self._child, self._master = pty.fork()
        if self._child == 0:
            _become(command, self._size)
        os.set_blocking(self._master, False)
        _resize(self._master, self._size)

    def run(self) -> int:
        """Pass bytes until the command has ended and all it wrote has arrived; its exit code."""
        try:
            while self._goes_on():
                self._pass(time.monotonic())
        finally:
            os.close(self._master)  # hangs up where the command goes on
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])

    def report(self) -> str:
        """What went over the link, in one sentence."""
        return (
            f"slow-link: {_bytes(self.down.carried)} to the terminal and "
            f"{_bytes(self.up.carried)} from it in {time.monotonic() - self._began:.1f} s; "
            f"longest wait for the wire {self.down.longest_wait:.2f} s; "
            f"the command was held up for {self.held_up:.1f} s"
        )

    def _goes_on(self) -> bool:
        return self._speaks or self.down.next_due() is not None

    def _pass(self, now: float) -> None:
        since = now - self._began
        stalled = self._stall is not None and self._stall.holds(since)
        if not stalled:
            self._deliver(now)
            if not self._goes_on():
                return
        hears = not stalled and self._speaks and self.down.room(now) >= _PACKET
        reads = [self._wake]
        if hears:
            reads.append(self._master)
        if not stalled and self._listens and self.up.room(now) >= _PACKET:
            reads.append(0)
        writes = [self._master] if self._typed and self._speaks else []
        ready, writable, _ = select.select(reads, writes, [], self._patience(now, stalled))
        later = time.monotonic()
        if self._speaks and not hears:
            self.held_up += later - now
        self._take(ready, later)
        if self._master in writable:
            self._hand_over()

    def _patience(self, now: float, stalled: bool) -> float | None:
        """Seconds to the next thing that happens by itself."""
        since = now - self._began
        change = self._stall.next_change(since) if self._stall else None
        moments = [] if change is None else [change + self._began]
        if not stalled:
            moments += [m for m in (self.up.next_due(), self.down.next_due()) if m is not None]
            moments += [wire.roomy_at() for wire in (self.up, self.down)]
            moments += [at for at, _ in self._resizes]
        coming = [m - now for m in moments if m > now]
        return max(0.001, min(coming)) if coming else None

    def _deliver(self, now: float) -> None:
        for parcel in self.down.arrived(now):
            self._note("down", parcel)
            _write_all(1, parcel.data)
        for parcel in self.up.arrived(now):
            self._note("up", parcel)
            self._typed += parcel.data
        while self._resizes and self._resizes[0][0] <= now:
            _resize(self._master, self._resizes.popleft()[1])

    def _take(self, ready: Sequence[int], now: float) -> None:
        if self._wake in ready:
            os.read(self._wake, 4096)
            size = _size()
            if size != self._size:
                self._size = size
                self._resizes.append((now + self._one_way, size))
        if self._master in ready:
            data = _read(self._master, max(_PACKET, self.down.room(now)))
            self._speaks = bool(data)
            self.down.send(data, now)
        if 0 in ready:
            data = _read(0, _PACKET)
            self._listens = bool(data)
            self.up.send(data, now)
            if not data and os.isatty(0):
                raise SystemExit(129)  # our own terminal was hung up

    def _hand_over(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._typed = self._typed[os.write(self._master, self._typed) :]

    def _note(self, way: str, parcel: Parcel) -> None:
        if self._trace is not None:
            size = len(parcel.data)
            print(f"{parcel.sent:.3f} {parcel.due:.3f} {way} {size}", file=self._trace, flush=True)


def _become(command: Sequence[str], size: tuple[int, int]) -> NoReturn:
    """Turn this forked child into ``command``."""
    signal.set_wakeup_fd(-1)
    _resize(0, size)
    try:
        os.execvp(command[0], list(command))
    except OSError as error:
        os.write(2, f"slow-link: {command[0]}: {error.strerror}\r\n".encode())
    os._exit(127)


def _size() -> tuple[int, int]:
    """Columns and rows of the terminal of this process; 80 and 24 where it has none."""
    try:
        found = os.get_terminal_size(0)
    except OSError:
        return (80, 24)
    return (found.columns or 80, found.lines or 24)


def _resize(terminal: int, size: tuple[int, int]) -> None:
    columns, rows = size
    with contextlib.suppress(OSError):
        termios.tcsetwinsize(terminal, (rows, columns))


def _read(descriptor: int, most: int) -> bytes:
    """What there is to be read, empty at the end."""
    try:
        return os.read(descriptor, most)
    except OSError:
        return b""


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _bytes(count: int) -> str:
    return f"{count / 1000:.1f} kB"


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Every key to the command: none is kept by the terminal of this process."""
    if not os.isatty(0):
        yield
        return
    before = termios.tcgetattr(0)
    blocking = fcntl.fcntl(1, fcntl.F_GETFL)
    tty.setraw(0)
    os.set_blocking(1, True)
    try:
        yield
    finally:
        fcntl.fcntl(1, fcntl.F_SETFL, blocking)
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _amount(text: str) -> float:
    """A number with a unit: ``20k`` bytes, ``300ms``, ``10min``; a bare one counts as it is."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|min|s|k|m|)", text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount like 20k, 300ms or 10min")
    return float(match[1]) * _UNITS[match[2]]


def _rate(text: str) -> float:
    if (rate := _amount(text)) <= 0:
        raise argparse.ArgumentTypeError("nothing ever arrives at a rate of 0")
    return rate


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("slow-link", description=(__doc__ or "").split("\n\n")[1])
    say = parser.add_argument
    say("--rate", type=_rate, default=20e3, help="bytes a second each way (20k)")
    say("--delay", type=_amount, default=0.3, help="of a round trip, half of it each way (300ms)")
    say("--buffer", type=_amount, default=16e3, help="bytes that wait for the wire (16k)")
    say("--stall-after", type=_amount, help="stop passing anything so long after the start")
    say("--stall-for", type=_amount, default=600.0, help="how long that lasts (10min)")
    say("--trace", type=argparse.FileType("w"), help="a line a parcel: sent, arrived, way, bytes")
    say("command", nargs="+", help="what to run, after --")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments``; the exit code of the command."""
    given = _arguments().parse_args(arguments)
    stall = None if given.stall_after is None else Stall(given.stall_after, given.stall_for)
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    with _raw_terminal():
        link = SlowLink(
            given.command,
            rate=given.rate,
            delay=given.delay,
            buffer=max(2 * _PACKET, int(given.buffer)),
            stall=stall,
            trace=given.trace,
        )
        code = link.run()
    print(link.report(), file=sys.stderr)
    return code if code >= 0 else 128 - code
