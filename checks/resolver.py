"""Names to addresses, so that a name server that hangs costs only its own checks anything."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from checks.clock import Clock
from checks.errors import NO_THREADS, NONE_LEFT, NoThreadsError, TargetError
from checks.lanes import Lanes
from checks.turns import Turn, Turns

__all__ = ["Address", "Addresses", "Lookup", "Resolver", "system_lookup"]

Address = tuple[int, str]
"""Address family (``socket.AF_INET``, ``AF_INET6``) and the address as text."""

Lookup = Callable[[str], list[Address]]
"""Blocks until the name's addresses are known; OSError or UnicodeError where there are none."""

TTL: Final = 30.0
"""Seconds an answer is used before the name is looked up again; ``getaddrinfo`` tells no TTL."""
FAILURE_TTL: Final = 5.0
"""Seconds a failure is remembered, so that a hundred checks of one name ask once."""
GRACE: Final = 0.5
"""Seconds a new look-up may take before the last good answer is used instead of it."""
PARALLEL: Final = 64
"""Look-ups under way at once; each is a thread."""
OVERDUE: Final = 256
"""So many more may be under way that have taken longer than ``GRACE``: they hold up no others."""

MOST: Final = 4_096
"""Names that are remembered: redirects may bring new ones with each run."""

_LOOPBACK: Final[tuple[Address, ...]] = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET6, "::1"),
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A name's addresses in the system's order.

    ``age`` is the seconds since they were looked up. ``error`` says why they could not
    be looked up anew; empty while they can.
    """

    found: tuple[Address, ...]
    age: float = 0.0
    error: str = ""


@dataclass(slots=True, eq=False)
class _Entry:
    found: tuple[Address, ...] = ()
    found_at: float = 0.0
    error: str = ""
    reason: str = "dns"
    retry_at: float = 0.0
    flight: asyncio.Task[None] | None = None
    waiting_since: float = 0.0


def system_lookup(host: str) -> list[Address]:
    """What the machine's resolver says: hosts file, DNS, mDNS. Blocks."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [(int(family), str(address[0])) for family, _, _, _, address in answers]


class Resolver:
    """Single flight a name, the last good answer kept, each look-up on a thread of its own.

    Use from one event loop only.
    """

    def __init__(self, lanes: Lanes, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._lanes = lanes
        self._clock = clock
        self._lookup = lookup
        self._entries: dict[str, _Entry] = {}
        self._turns = Turns(PARALLEL, OVERDUE)

    async def addresses(self, host: str) -> Addresses:
        """The addresses of ``host``, and how old that answer is.

        Waits for as long as the look-up takes where there is no earlier answer to use;
        the caller's own timeout bounds that.

        Raises:
            TargetError: reason ``dns``, where the name has no address and never had one;
                ``limit`` where we could not look.
        """
        literal = _literal(host)
        if literal is not None:
            return Addresses(literal)
        key = host.rstrip(".").lower()
        entry = self._entry(key)
        now = self._clock.now()
        if entry.found and now < entry.found_at + TTL:
            return Addresses(entry.found, now - entry.found_at)
        if now >= entry.retry_at:
            await self._wait(key, entry)
        return self._answer(host, entry)

    def _entry(self, key: str) -> _Entry:
        """What is known of a name; of very many the one that was not asked for the longest goes."""
        entry = self._entries.pop(key, None) or _Entry()
        self._entries[key] = entry
        if len(self._entries) > MOST:
            oldest = next((k for k, e in self._entries.items() if e.flight is None), key)
            if oldest != key:
                del self._entries[oldest]
        return entry

    async def close(self) -> None:
        """Give up the look-ups under way; their threads end when the system answers."""
        flights = [entry.flight for entry in self._entries.values() if entry.flight]
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def hanging(self) -> int:
        """How many look-ups are under way."""
        return sum(entry.flight is not None for entry in self._entries.values())

    async def _wait(self, host: str, entry: _Entry) -> None:
        if entry.flight is None:
            entry.waiting_since = self._clock.now()
            entry.flight = asyncio.create_task(self._fly(host, entry))
        if not entry.found:
            await asyncio.shield(entry.flight)
            return
        patience = asyncio.create_task(self._clock.sleep_until(entry.waiting_since + GRACE))
        try:
            await asyncio.wait({entry.flight, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()

    async def _fly(self, host: str, entry: _Entry) -> None:
        try:
            found = await self._in_turn(host)
            entry.found = tuple(dict.fromkeys(found))
            entry.found_at = self._clock.now()
            entry.error = ""
        except (OSError, UnicodeError, NoThreadsError) as error:
            entry.error = _why(error)
            entry.reason = "limit" if _is_ours(error) else "dns"
            entry.retry_at = self._clock.now() + FAILURE_TTL
        finally:
            entry.flight = None

    async def _in_turn(self, host: str) -> list[Address]:
        turn = await self._turns.take(host)
        began = self._clock.now()
        patience = asyncio.create_task(self._pass_on(turn, began + GRACE))
        try:
            return await self._ask(host)
        finally:
            patience.cancel()
            self._turns.end(turn, hung=self._clock.now() - began > GRACE)

    async def _pass_on(self, turn: Turn, due: float) -> None:
        await self._clock.sleep_until(due)
        self._turns.pass_on(turn)

    async def _ask(self, host: str) -> list[Address]:
        lane = f"dns {host}"
        try:
            found = await self._lanes.run(lane, lambda: self._lookup(host))
        finally:
            self._lanes.drop(lane)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return found

    def _answer(self, host: str, entry: _Entry) -> Addresses:
        now = self._clock.now()
        if not entry.found:
            raise TargetError(entry.reason, f"cannot resolve {host}: {entry.error}")
        error = entry.error
        if entry.flight is not None:
            error = f"the name server has not answered for {now - entry.waiting_since:.0f} s"
        return Addresses(entry.found, now - entry.found_at, error)


def _literal(host: str) -> tuple[Address, ...] | None:
    """The addresses of a literal address or of a name that means this machine, else None."""
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    if ":" not in host and not host[-1:].isdigit():
        return None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.suppress(OSError):
        socket.inet_pton(family, host.partition("%")[0])
        return ((family, host),)
    return None


def _is_ours(error: Exception) -> bool:
    """Whether nothing follows from it for the name."""
    out_of_files = isinstance(error, OSError) and error.errno in NONE_LEFT
    return out_of_files or isinstance(error, NoThreadsError)


def _why(error: OSError | UnicodeError | NoThreadsError) -> str:
    if isinstance(error, NoThreadsError):
        return NO_THREADS
    if isinstance(error, UnicodeError):
        return "it is not a valid host name"
    if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)}:
        return "no such name; check the spelling, the DNS zone and /etc/hosts"
    if error.errno == socket.EAI_AGAIN:
        return "the name server does not answer; check /etc/resolv.conf and the network"
    if error.errno in NONE_LEFT:
        return "too many open files; raise the limit (ulimit -n)"
    return f"the look-up failed ({error.strerror or type(error).__name__})"
