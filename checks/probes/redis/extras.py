"""Slow log, latency monitor, limit of clients: what a Redis check can do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from checks.model import SampleBuilder, Table
from checks.probes.redis.reply import Command, ErrorReply, as_count, as_text
from checks.probes.redis.slowlog import SlowEntry, add_slowlog, parse_entries, slowlog_table

__all__ = ["Extras"]

_SLOWLOG: Final = "slow log"
_LATENCY: Final = "latency events"
_CLIENTS: Final = "client limit"


@dataclass(slots=True, eq=False)
class _Extra:
    """Commands asked together; left out once the server has ``refused`` them."""

    name: str
    grant: str
    commands: tuple[Command, ...]
    refused: str = ""


class Extras:
    """Remembers what was refused, and the slow log's entries between runs.

    ``entries`` is how many of them to show; 0 leaves the slow log alone.
    """

    def __init__(self, entries: int) -> None:
        self._shown = entries
        self._entries: tuple[SlowEntry, ...] = ()
        slowlog = _Extra(_SLOWLOG, "+slowlog", (("SLOWLOG", "LEN"), ("SLOWLOG", "GET", 1)))
        latency = _Extra(_LATENCY, "+latency", (("LATENCY", "LATEST"),))
        self._extras = [slowlog, latency] if entries else [latency]
        self.maxclients = ""

    def forgive(self) -> None:
        """Ask for everything again: another connection may have other rights."""
        for extra in self._extras:
            extra.refused = ""

    def want_maxclients(self) -> None:
        """Ask for ``maxclients`` from now on: servers before Redis 6.2 leave it out of INFO."""
        if all(extra.name != _CLIENTS for extra in self._extras):
            command = ("CONFIG", "GET", "maxclients")
            self._extras.append(_Extra(_CLIENTS, "+config|get", (command,)))

    def commands(self) -> list[Command]:
        """What to ask in this run."""
        return [
            command for extra in self._extras if not extra.refused for command in extra.commands
        ]

    def take(self, replies: Sequence[object], out: SampleBuilder) -> list[Command]:
        """Add the samples of the replies to :meth:`commands`.

        Returns what to ask besides, its replies being for :meth:`take_more`: the slow
        log's entries, where a new one has come.
        """
        rest = iter(replies)
        more: list[Command] = []
        for extra in self._extras:
            if extra.refused:
                continue
            own = [next(rest) for _ in extra.commands]
            error = next((reply for reply in own if isinstance(reply, ErrorReply)), None)
            if error is not None:
                extra.refused = _refused(extra, error)
            elif extra.name == _SLOWLOG:
                more += self._take_slowlog(own, out)
            elif extra.name == _LATENCY:
                _add_latency(out, own[0])
            elif isinstance(own[0], list) and len(own[0]) == 2:
                self.maxclients = as_text(own[0][1])
        return more

    def take_more(self, replies: Sequence[object]) -> None:
        """The replies to what :meth:`take` asked for besides."""
        self._entries = parse_entries(replies[0]) or self._entries

    def tables(self) -> tuple[Table, ...]:
        """The slow log, where it holds anything."""
        return (slowlog_table(self._entries),) if self._entries else ()

    def facts(self) -> list[tuple[str, str]]:
        """What was refused, and what would allow it."""
        return [(extra.name, extra.refused) for extra in self._extras if extra.refused]

    def _take_slowlog(self, replies: Sequence[object], out: SampleBuilder) -> list[Command]:
        newest = parse_entries(replies[1])[:1]
        add_slowlog(out, as_count(replies[0]) or 0, newest[0] if newest else None)
        if newest == self._entries[:1]:
            return []
        self._entries = newest
        return [("SLOWLOG", "GET", self._shown)] if newest and self._shown > 1 else []


def _refused(extra: _Extra, error: ErrorReply) -> str:
    if error.code == "NOPERM":
        return f"no permission: grant it with ACL SETUSER <user> {extra.grant}"
    return f"the server refuses it: {error}"


def _add_latency(out: SampleBuilder, reply: object) -> None:
    for row in reply if isinstance(reply, list) else ():
        if isinstance(row, list) and len(row) >= 3:
            when, last = as_count(row[1]), as_count(row[2])
            label = {"event_name": as_text(row[0])}
            out.add("redis_latency_spike_last", when, label)
            spike = None if last is None else last / 1000
            out.add("redis_latency_spike_duration_seconds", spike, label)
