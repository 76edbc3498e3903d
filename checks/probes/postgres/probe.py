"""The postgres check: two short statements a run, more where there is more to see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from checks.databases.asked import Ledger
from checks.databases.model import DatabaseFacts
from checks.dial import Phases
from checks.errors import SecretError, TargetError
from checks.findings import Finding
from checks.model import Result, SampleBuilder, Sampler, Samples, Status, worst
from checks.probe import Target
from checks.probes.postgres.actions import Turn, act_on
from checks.probes.postgres.asking import Asker, Troubles
from checks.probes.postgres.bloat import bloat_of_indexes, bloat_of_tables
from checks.probes.postgres.catalogue import DatabaseSizes, Indexes, Tables, Wraparound
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.digests import Digests
from checks.probes.postgres.judge import (
    Before,
    Reading,
    events,
    facts,
    headline,
    judge,
    role,
    sentence_of,
)
from checks.probes.postgres.login import Wishes
from checks.probes.postgres.pulse import add_pulse, read_pulse
from checks.probes.postgres.queries import SecondConnection
from checks.probes.postgres.refusals import AnsweredError
from checks.probes.postgres.replicas import judge_replication, replica_rows
from checks.probes.postgres.replication import Level, add_replication, read_replication
from checks.probes.postgres.rights import Rights
from checks.probes.postgres.sentences import overloaded, waited
from checks.probes.postgres.session import Door, Session
from checks.probes.postgres.sessions import Sessions, look_closer, read_sessions
from checks.probes.postgres.settings import Settings
from checks.probes.postgres.slow import Piece, SlowTier
from checks.probes.postgres.writers import Locks, Writers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from checks.probes.postgres.link import Link

__all__ = ["PostgresProbe"]

_UNJUDGED: Final = {"auth", "config", "permission"}
"""Reasons for which the server cannot be judged, rather than is down."""


@dataclass(slots=True, eq=False)
class _Run:
    """What one run has gathered so far."""

    phases: Phases
    findings: list[Finding] = field(default_factory=list)
    sessions: Sessions | None = None


class PostgresProbe:
    """Watches one PostgreSQL server, over two connections at most."""

    def __init__(self, config: PostgresConfig, target: Target) -> None:
        self._config = config
        self._target = target
        # As postgres_exporter names the server in all that it reads there.
        self._named = Sampler({**target.sampler.base, "server": config.instance()})
        self._door = Door(config, target.env, target.name)
        self._wishes = Wishes(self._settings(search_path="pg_catalog"), unconverted=True)
        self._health = Session(self._door, self._wishes)
        self._queries = Session(self._door, Wishes(self._settings()))
        self._ledger = Ledger(target.env.clock)
        self._second = SecondConnection(config, self._queries, target.env.clock, self._ledger)
        self._troubles = Troubles()
        self._rights = Rights()
        self._server_settings = Settings()
        self._slow = SlowTier(self._pieces())
        self._asking = asyncio.Lock()
        self._watched = False
        self._before: Before | None = None
        self._level = Level()

    def _pieces(self) -> list[Piece]:
        config = self._config
        pieces: list[Piece] = [
            self._rights,
            self._server_settings,
            Wraparound(config),
            Writers(),
            Locks(),
        ]
        if config.statements:
            pieces.append(Digests(config.statements, self._rights))
        if config.tables:
            pieces += [Tables(config.tables), Indexes(config.tables)]
            pieces += [bloat_of_tables(config.tables), bloat_of_indexes(config.tables)]
        return [*pieces, DatabaseSizes()]

    async def run(self) -> Result:
        run = _Run(Phases())
        try:
            async with asyncio.timeout(self._patience):
                return await self._poll(run)
        except TimeoutError:
            self._drop()
            reason = "config" if run.phases.current == "credential" else "timeout"
            return self._failure(reason, waited(self._door.where, run.phases, self._patience))
        except AnsweredError as error:
            self._drop()
            return self._refusal(error)
        except SecretError as error:
            self._drop()
            return self._failure("config", str(error))
        except TargetError as error:
            self._drop()
            return self._failure(error.reason, str(error))
        except BaseException:
            # Cancelled amid a statement: what is under way on a connection belongs to nobody.
            self._drop()
            raise

    async def close(self) -> None:
        try:
            await self._health.close()
            await self._queries.close()
        finally:
            # Where nobody waits for it any more, nothing is left open.
            self._drop()

    def attend(self, watched: bool) -> None:
        """Whether the list of sessions is looked at."""
        self._watched = watched

    async def act(self, action: str, subject: str) -> str:
        """``cancel`` or ``terminate`` the session of that id."""
        try:
            async with self._turn() as turn:
                own = self._second.pids | frozenset({turn.link.pid})
                own |= frozenset({self._health.link.pid} if self._health.link else ())
                return await act_on(turn, action, subject, own, self._rights.role)
        except (SecretError, TargetError) as error:
            return f"nothing was done: {error}"

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Turn]:
        """The health connection, which a full server lets us keep, unless a run has it."""
        if self._health.link is not None and not self._asking.locked():
            yield Turn(self._health.link, self._asking)
            return
        link = await self._door.open(self._wishes, self._patience, Phases())
        try:
            yield Turn(link, asyncio.Lock())
        finally:
            await link.close()

    @property
    def _patience(self) -> float:
        """Seconds after which a sentence of our own beats the scheduler's."""
        return self._target.timeout - min(0.2, 0.1 * self._target.timeout)

    def _settings(self, **more: str) -> dict[str, str]:
        """What every session of ours asks of the server: to write nothing, to give up on what
        takes longer than a run may, to compile nothing and start no helpers for it."""
        limit = f"{max(50, int(self._patience * 800))}ms"
        return {
            "application_name": "onwatch",
            "default_transaction_read_only": "on",
            "statement_timeout": limit,
            "lock_timeout": f"{max(20, int(self._patience * 400))}ms",
            "idle_in_transaction_session_timeout": "60s",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            **more,
        }

    def _drop(self) -> None:
        self._health.drop()
        self._queries.drop()

    async def _poll(self, run: _Run) -> Result:
        began = time.perf_counter()
        second: asyncio.Task[None] | None = None
        try:
            async with self._asking:
                had = self._health.link
                link = await self._health.ensure(self._patience, run.phases)
                if link is not had:
                    self._begin_anew()
                second = asyncio.create_task(self._second.read(self._left(began) * 0.8))
                run.phases.enter("answer")
                reading = await self._fast_or_again(link, run, reused=link is had)
                await self._rest(reading, run, began)
            run.phases.end()
            await second
        finally:
            if second is not None:
                second.cancel()
                await asyncio.gather(second, return_exceptions=True)
        return self._judged(reading, run)

    def _left(self, began: float) -> float:
        return max(0.1, self._patience - (time.perf_counter() - began))

    def _begin_anew(self) -> None:
        """Another connection may have other rights, or lead to another server."""
        self._troubles.clear()
        self._level.forget()

    async def _fast_or_again(self, link: Link, run: _Run, *, reused: bool) -> Reading:
        """The fast tier; a connection that was closed while it was idle is reopened once."""
        try:
            return await self._fast(link)
        except TargetError as error:
            if error.reason == "timeout":
                raise AnsweredError("timeout", overloaded(self._door.where, error)) from None
            if not (reused and link.closed):
                raise
        self._health.drop()
        link = await self._health.ensure(self._patience, run.phases)
        self._begin_anew()
        run.phases.enter("answer")
        return await self._fast(link)

    async def _fast(self, link: Link) -> Reading:
        self._troubles.begin()
        ask = self._asker(link)
        pulse = await read_pulse(ask)
        if pulse.server is None and pulse.groups is None:
            raise AnsweredError(
                "permission",
                f"{self._door.where} lets us in and shows nothing: {self._troubles.notes()[0]}",
            )
        attention = await look_closer(ask, pulse)
        now = self._target.env.clock.now()
        replication = self._level.bound(await read_replication(ask, pulse), now)
        return Reading(link.version_text, pulse, attention, replication)

    async def _rest(self, reading: Reading, run: _Run, began: float) -> None:
        """The slow tier and what is asked on demand; what fails there costs its own figures."""
        link = self._health.link
        if link is None:
            return
        ask = self._asker(link)
        spare = self._left(began)
        if self._watched:
            run.sessions = await read_sessions(ask, reading.pulse.names, spare * 0.5)
        if reading.restarted(self._before):
            self._slow.forget()
        now = self._target.env.clock.now()
        await self._slow.read(ask, reading.pulse, now, self._left(began) * 0.7)
        self._troubles.role = self._rights.role

    def _asker(self, link: Link) -> Asker:
        return Asker(link, self._troubles, self._second.pids, self._ledger)

    def _judged(self, reading: Reading, run: _Run) -> Result:
        run.findings += [
            *judge(reading, self._config),
            *judge_replication(reading.replication, self._config),
            *self._slow.findings(),
            *self._second.findings(self._rights.role),
        ]
        status = worst(finding.part.status for finding in run.findings)
        happened = (*events(reading, self._before), *self._second.events())
        self._before = reading.before(self._before)
        wrong = [f for f in run.findings if f.part.status is not Status.OK]
        message, reason = headline(reading), "ok"
        if wrong:
            message, reason = sentence_of(wrong, status)
        samples = self._samples(reading)
        return Result(
            status,
            message,
            reason=reason,
            value="up",
            duration=reading.pulse.latency,
            samples=samples,
            parts=tuple(finding.part for finding in run.findings),
            phases=tuple(run.phases.seconds.items()),
            tables=self._slow.tables(),
            facts=tuple(facts(reading)),
            events=happened,
            requests=self._second.stats(),
            database=self._facts(reading, run),
            asked=self._ledger.asked(),
        )

    def _samples(self, reading: Reading) -> Samples:
        out = self._target.sampler.builder()
        self._add_up(out, 1)
        out.add("pg_exporter_last_scrape_error", bool(self._troubles))
        self._second.add(out)
        read = self._named.builder()
        add_pulse(read, reading.pulse, reading.version)
        add_replication(read, reading.replication, reading.pulse)
        self._slow.add(read, self._named)
        return out.build() + read.build()

    def _facts(self, reading: Reading, run: _Run) -> DatabaseFacts:
        pulse, sessions = reading.pulse, run.sessions
        return DatabaseFacts(
            product="PostgreSQL",
            version=reading.version,
            role=role(reading),
            connections=pulse.connections,
            connection_limit=None if pulse.server is None else pulse.server.usable,
            by_state=pulse.by_state(),
            longest=reading.attention.rows,
            sessions=None if sessions is None else sessions.rows,
            sessions_left_out=0 if sessions is None else sessions.left_out,
            replicas=replica_rows(reading.replication, self._config),
            tables=self._slow.tables(),
            blind=self._rights.blindness if pulse.blind else "",
            notes=tuple(self._notes(reading)),
        )

    def _notes(self, reading: Reading) -> Iterator[str]:
        yield from self._rights.notes()
        yield from self._troubles.notes()
        pending = self._server_settings.pending()
        if pending:
            yield f"changed settings wait for a restart: {', '.join(pending)}"
        if reading.pulse.more_databases:
            yield "there are more than 200 databases: the figures are those of the first 200"

    def _refusal(self, error: AnsweredError) -> Result:
        """It answered that it does not serve us, or nobody."""
        out = self._target.sampler.builder()
        self._add_up(out, int(error.serving))
        status = Status.UNKNOWN if error.reason in _UNJUDGED else Status.CRITICAL
        if not error.outage:
            status = Status.WARNING
        value = "up" if error.serving else "not yet"
        return Result(status, str(error), reason=error.reason, value=value, samples=out.build())

    def _failure(self, reason: str, sentence: str) -> Result:
        out = self._target.sampler.builder()
        status = Status.UNKNOWN if reason in _UNJUDGED else Status.CRITICAL
        if status is Status.CRITICAL:
            self._add_up(out, 0)
        return Result.failed(reason, sentence, status=status, samples=out.build())

    @staticmethod
    def _add_up(out: SampleBuilder, up: int) -> None:
        out.add("pg_up", up)
        out.add("postgres_up", up)
