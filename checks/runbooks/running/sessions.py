"""The processes of a session: all that a step has started and that has not left on purpose.

A shell's children may lead groups of their own (``timeout`` makes one, ``set -m`` many), so that
a signal to the shell's group does not reach them. Their session they keep, unless they ask for
another one (``setsid``), as a service does that is meant to stay.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checks.model import clean

__all__ = ["Member", "ignores_hangups", "members", "send"]

_PROC: Final = "/proc"


@dataclass(frozen=True, slots=True)
class Member:
    """A process. ``ours`` says whether it is this user's, so that it can be ended."""

    pid: int
    name: str
    group: int
    ours: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


def members(session: int) -> tuple[Member, ...]:
    """The living processes of ``session``; none where the system does not tell. Blocks."""
    return tuple(_members(session))


def _members(session: int) -> Iterator[Member]:
    try:
        names = os.listdir(_PROC)  # noqa: PTH208 - thousands of names
    except OSError:
        return
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"{_PROC}/{name}/stat", "rb") as file:  # noqa: PTH123 - the same
                stat = file.read(1024)
        except OSError:
            continue
        head, _, tail = stat.rpartition(b")")
        fields = tail.split()
        # proc(5): state, parent, process group, session
        if len(fields) < 4 or int(fields[3]) != session or fields[0] in (b"Z", b"X"):
            continue
        called = clean(head.partition(b"(")[2].decode("utf-8", "replace"), 40)
        yield Member(int(name), called, int(fields[2]), _is_ours(int(name)))


def _is_ours(pid: int) -> bool:
    """Whether we may send it signals (kill(2)): a signal 0 finds out without sending one."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return False
    except OSError:
        return True
    return True


def send(session: int, number: signal.Signals, also: tuple[Member, ...] = ()) -> None:
    """Send a signal to the leader's group, and to the other groups of ``also``."""
    groups = {session, *(member.group for member in also if member.ours)}
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue


def ignores_hangups(pid: int) -> bool:
    """Whether somebody meant it to outlive its terminal (``nohup``)."""
    try:
        with open(f"{_PROC}/{pid}/status", "rb") as file:  # noqa: PTH123 - on the loop
            lines = file.read(8192).splitlines()
        ignored = next(int(line.split()[1], 16) for line in lines if line.startswith(b"SigIgn:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return False
    return bool(ignored & 1 << (signal.SIGHUP - 1))
