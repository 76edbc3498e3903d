"""The first connection: the fast tier, the sessions on demand, and the actions."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from checks.databases.asked import Ledger
from checks.dial import Phases
from checks.errors import TargetError
from checks.probe import Target
from checks.probes.mysql.actions import Ender
from checks.probes.mysql.asking import Asker, Troubles
from checks.probes.mysql.judge import RowWaits
from checks.probes.mysql.pulse import Pacer, Pulse, Survey, read_pulse
from checks.probes.mysql.server import Boot, Server, server_of, texts
from checks.probes.mysql.session import Door, Session
from checks.probes.mysql.sessions import Process, Sessions, read_sessions
from checks.probes.mysql.sql import statement_for
from checks.probes.mysql.status import VARIABLE_NAMES, number

if TYPE_CHECKING:
    from checks.probes.mysql.link import Link

__all__ = ["Health", "Look"]

VARIABLES_EVERY: Final = 60.0
RENEWED_EVERY: Final = 60.0
"""Seconds after which a privilege that is missing is looked for again, by a new login."""
_ACT_WITHIN: Final = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one run saw over the first connection. ``before`` is the status of the run before,
    ``elapsed`` seconds ago; ``events`` are sentences; ``fresh`` says that it was just opened;
    ``row_waits`` are None where no row is waited for; ``ours`` is how many statements of the time
    between were our own."""

    server: Server
    pulse: Pulse
    variables: Mapping[str, str]
    sessions: Sessions | None
    before: Mapping[str, str]
    elapsed: float
    events: tuple[str, ...] = ()
    fresh: bool = False
    row_waits: RowWaits | None = None
    ours: int = 0


class Health:
    """Keeps the first connection."""

    def __init__(self, door: Door, target: Target, ledger: Ledger) -> None:
        self._door = door
        self._ledger = ledger
        self._target = target
        self._session = Session(door, max(0.2, target.timeout * 0.8), target.env, system_zone=True)
        self._lock = asyncio.Lock()
        self._asker: Asker | None = None
        self._variables: Mapping[str, str] = {}
        self._variables_at = -math.inf
        self._renewed_at = -math.inf
        self._pacer = Pacer()
        self._before: Pulse | None = None
        self._before_at = 0.0
        self._rows_waited_since: float | None = None
        self._seen: dict[int, tuple[Process, float]] = {}
        self.troubles = Troubles()
        self.boot = Boot()
        self.attended = False

    @property
    def thread(self) -> int:
        """The number of its session; 0 while there is none."""
        link = self._session.link
        return link.thread if link is not None else 0

    async def look(self, phases: Phases) -> Look:
        """Ask what a run asks. A connection that was lost while idle is opened once more.

        Raises:
            AnsweredError: the server answered, but will not serve us.
            SecretError: the password's source gave none.
            TargetError: it cannot be reached, or does not answer.
        """
        from checks.probes.mysql.link import LostError  # noqa: PLC0415

        async with self._lock:
            used = self._session.link is not None
            try:
                return await self._look(phases)
            except LostError:
                self.drop()
                if not used:
                    raise
            return await self._look(phases)

    async def _look(self, phases: Phases) -> Look:
        link = await self._connected(phases)
        phases.enter("answer")
        ask = self._asker
        fresh = ask is None or ask.link is not link
        if ask is None or ask.link is not link:
            ask = await self._introduced(link)
        now = self._target.env.clock.now()
        if now >= self._variables_at + VARIABLES_EVERY - 0.5:
            await self._read_variables(ask, now)
        before = self._before
        survey = before.survey if before is not None else Survey()
        pulse = await read_pulse(ask, now, self._pacer, survey)
        told = await self._born(ask, pulse) if fresh else ""
        if told:
            before = None
        self.boot.uptime = pulse.figure("Uptime") or 0.0
        self.boot.connections = pulse.figure("Connections") or 0.0
        sessions = await self._sessions(ask, pulse)
        phases.end()
        self._remember(pulse, sessions, now)
        began, self._before, self._before_at = self._before_at, pulse, now
        return Look(
            server=ask.server,
            pulse=pulse,
            variables=self._variables,
            sessions=sessions,
            before=before.status if before is not None else {},
            elapsed=now - began,
            events=tuple(filter(None, (told, pulse.deadlocks_since(before)))),
            fresh=fresh,
            row_waits=self._row_waits(pulse, now),
            ours=pulse.sent - before.sent if before is not None else 0,
        )

    async def _connected(self, phases: Phases) -> Link:
        """The connection; a new login once a minute while a privilege is missing, since one
        that is granted counts from the next login on."""
        now = self._target.env.clock.now()
        if self.troubles.denied and now >= self._renewed_at + RENEWED_EVERY - 0.5:
            self._renewed_at = now
            return await self._session.renew(phases)
        return await self._session.ensure(phases)

    def _row_waits(self, pulse: Pulse, now: float) -> RowWaits | None:
        count = pulse.figure("Innodb_row_lock_current_waits")
        if not count:
            self._rows_waited_since = None
            return None
        if self._rows_waited_since is None:
            self._rows_waited_since = now
        return RowWaits(count, now - self._rows_waited_since)

    async def _born(self, ask: Asker, pulse: Pulse) -> str:
        """Learn which life of the server this is; the sentence for a new one."""
        uptime = pulse.figure("Uptime") or 0.0
        rows = await ask("boot")
        started = float(rows[0]["started"]) if rows else pulse.now - uptime
        return self.boot.see(round(started), uptime, pulse.figure("Connections") or 0.0)

    async def _introduced(self, link: Link) -> Asker:
        """Learn what answers; another connection may have other rights."""
        self.troubles.clear()
        self._pacer = Pacer()
        row = await link.ask(statement_for("server", ()))
        record = dict(zip(row.columns, row.rows[0], strict=True))
        ask = Asker(link, server_of(record, {}), self.troubles, self._ledger)
        self._renewed_at = self._target.env.clock.now()
        await self._read_variables(ask, self._renewed_at)
        ask.server = server_of(record, self._variables)
        self.troubles.server = ask.server
        self._asker = ask
        return ask

    async def _read_variables(self, ask: Asker, now: float) -> None:
        self._variables = await ask.pairs("variables", names=texts(VARIABLE_NAMES)) or {}
        self._variables_at = now
        self._door.extra_port = int(number(self._variables.get("extra_port")) or 0)

    async def _sessions(self, ask: Asker, pulse: Pulse) -> Sessions | None:
        if not self.attended:
            return None
        holders = [one.id for one in pulse.survey.processes if one.sleeps]
        return await read_sessions(ask, pulse.figure("Threads_connected"), holders)

    def _remember(self, pulse: Pulse, sessions: Sessions | None, now: float) -> None:
        shown = sessions.processes if sessions is not None else ()
        self._seen = {one.id: (one, now) for one in (*pulse.survey.processes, *shown)}

    async def act(self, action: str, subject: str, own: frozenset[int]) -> str:
        """Do ``action`` to the session ``subject``; what came of it, as a sentence."""
        ask = self._asker
        if ask is None:
            return f"there is no connection to {self._door.where}: nothing was done"
        ender = Ender(ask.server, self.boot.life, own, self._seen)
        now = self._target.env.clock.now()
        try:
            async with asyncio.timeout(_ACT_WITHIN), self._lock:
                # Where all connections are used up, ours is the one that is left.
                link = self._session.link
                if link is None:
                    return f"the connection to {self._door.where} is lost: nothing was done"
                said = await ender.act(link, action, subject, now)
                if not ender.denied:
                    return said
                # What was granted since we logged in counts from the next login on.
                link = await self._session.renew(Phases())
                return await ender.act(link, action, subject, now)
        except TimeoutError:
            return f"{self._door.where} did not answer within {_ACT_WITHIN:g} s; look again"
        except TargetError as error:
            self.drop()
            return f"{error}; look again whether it was done"

    def with_info(self, look: Look) -> Look:
        """``look``, the sessions' statements of the survey filled in from the list."""
        if look.sessions is None:
            return look
        known = {one.id: one for one in look.sessions.processes}
        survey = look.pulse.survey
        processes = tuple(
            replace(one, info=known[one.id].info) if not one.info and one.id in known else one
            for one in survey.processes
        )
        pulse = replace(look.pulse, survey=replace(survey, processes=processes))
        return replace(look, pulse=pulse)

    def drop(self) -> None:
        """Close the connection at once."""
        self._asker = None
        self._session.drop()

    async def close(self) -> None:
        await self._session.close()
