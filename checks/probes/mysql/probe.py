"""The mysql check: two connections, judged and turned into a result."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from checks.databases.asked import Ledger
from checks.databases.model import DatabaseFacts, ReplicaRow
from checks.dial import Phases
from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.model import Result, SampleBuilder, Status, worst
from checks.probe import Target
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.health import Health, Look
from checks.probes.mysql.judge import (
    Judgement,
    Reading,
    facts,
    headline,
    judge,
    process_grant,
    role,
)
from checks.probes.mysql.pulse import add_pulse
from checks.probes.mysql.refusals import AnsweredError
from checks.probes.mysql.replication import channel_row, downstream_rows
from checks.probes.mysql.session import Door
from checks.probes.mysql.side import Side
from checks.probes.mysql.status import add_variables
from checks.probes.mysql.tally import Others

__all__ = ["MysqlProbe"]

_BLIND: Final = "the sessions of other users cannot be seen, nor who waits for whom"
_UNJUDGED: Final = {"auth", "config", "permission"}
"""Reasons for which the server cannot be judged, rather than is down."""


@dataclass(slots=True, eq=False)
class _Run:
    """What one run has gathered so far."""

    phases: Phases
    out: SampleBuilder
    began: float = field(default_factory=time.perf_counter)


class MysqlProbe:
    """Watches one MySQL or MariaDB server."""

    def __init__(self, config: MysqlConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._door = Door(config, target.env, target.name)
        self._ledger = Ledger(target.env.clock)
        self._others = Others()
        self._health = Health(self._door, target, self._ledger)
        self._side = Side(config, target, self._door, self._ledger)

    async def run(self) -> Result:
        run = _Run(Phases(), self._target.sampler.builder())
        try:
            async with asyncio.timeout(self._patience):
                look = await self._health.look(run.phases)
            await self._beside(run, look)
        except TimeoutError:
            self._health.drop()
            reason = "config" if run.phases.current == "credential" else "timeout"
            return self._failure(reason, self._waited(run.phases.current))
        except AnsweredError as error:
            self._health.drop()
            return self._refusal(error)
        except SecretError as error:
            return self._failure("config", str(error))
        except TargetError as error:
            self._health.drop()
            return self._failure(error.reason, str(error))
        except BaseException:
            # Cancelled amid a statement: the answer under way belongs to nobody.
            self._health.drop()
            raise
        return self._result(run, self._health.with_info(look))

    async def close(self) -> None:
        try:
            await self._side.close()
            await self._health.close()
        finally:
            self._health.drop()

    def attend(self, watched: bool) -> None:
        """Whether somebody looks at the sessions from now on."""
        self._health.attended = watched

    async def act(self, action: str, subject: str) -> str:
        """``cancel`` or ``terminate`` the session ``subject``."""
        return await self._health.act(action, subject, self._own)

    @property
    def _own(self) -> frozenset[int]:
        return frozenset({self._health.thread, self._side.thread} - {0})

    @property
    def _patience(self) -> float:
        """Seconds after which a sentence of our own beats the scheduler's."""
        return self._target.timeout - min(0.2, 0.1 * self._target.timeout)

    async def _beside(self, run: _Run, look: Look) -> None:
        """Have the second connection do its work; wait for what it does at once."""
        if look.fresh:
            self._side.slow.forget()
        self._side.begin(look.server, look.variables)
        left = self._patience - (time.perf_counter() - run.began)
        await self._side.wait(min(left, self._target.timeout / 2))

    def _result(self, run: _Run, look: Look) -> Result:
        own = self._own
        before, elapsed = look.before, look.elapsed
        reading = Reading(
            *(look.server, look.pulse, look.variables, before, elapsed, own, look.row_waits),
            look.ours,
        )
        self._others.take(reading.statements)
        judged = list(judge(reading, self._config))
        asked = [(finding.part, finding.reason) for finding in self._side.findings()]
        rows = judged + asked
        status, message, reason = _verdict(judged, asked, headline(reading))
        self._add_samples(run.out, look, own)
        return Result(
            status,
            message,
            reason=reason,
            value="up",
            duration=look.pulse.latency,
            samples=run.out.build(),
            parts=tuple(part for part, _ in rows),
            phases=tuple(run.phases.seconds.items()),
            facts=(*facts(reading), *self._side.slow.facts(), *self._seen_facts(look)),
            events=(*look.events, *self._side.events()),
            requests=self._side.requests(),
            database=self._facts(reading, look),
            asked=self._ledger.asked(),
        )

    def _add_samples(self, out: SampleBuilder, look: Look, own: frozenset[int]) -> None:
        out.add("mysql_up", 1)
        add_pulse(out, look.pulse, look.server, own)
        add_variables(out, look.variables)
        self._others.samples(out)
        self._health.troubles.samples(out)
        self._side.samples(out)

    def _seen_facts(self, look: Look) -> list[tuple[str, str]]:
        ahead = look.pulse.now - self._target.env.clock.wall()
        if look.pulse.now and abs(ahead) >= 2:
            way = "ahead" if ahead > 0 else "behind"
            return [("clock", f"{seconds(abs(ahead))} {way} of this machine's")]
        return []

    def _facts(self, reading: Reading, look: Look) -> DatabaseFacts:
        survey, boot, own = look.pulse.survey, self._health.boot.life, reading.own
        sessions = look.sessions
        listed = None
        if sessions is not None:
            listed = sessions.rows(boot, own, survey.by_thread, survey.waits)
        notes = (*self._health.troubles.notes(), *self._door.remarks, *self._side.notes())
        blind = f"{_BLIND}: {process_grant(look.server)}" if survey.blind else ""
        return DatabaseFacts(
            product=look.server.product,
            version=look.server.short_version,
            role=role(reading),
            connections=reading.connected,
            connection_limit=reading.limit,
            by_state=survey.by_state(),
            longest=survey.attention(boot, own),
            sessions=listed,
            sessions_left_out=sessions.left_out if sessions is not None else 0,
            replicas=self._replicas(look),
            tables=self._side.slow.tables(),
            blind=blind,
            notes=tuple(dict.fromkeys(notes)),
        )

    def _replicas(self, look: Look) -> tuple[ReplicaRow, ...]:
        bounds = self._config.replication_lag
        upstream = (channel_row(one, bounds) for one in look.pulse.channels or ())
        return (*upstream, *downstream_rows(look.pulse.survey.processes))

    def _refusal(self, error: AnsweredError) -> Result:
        out = self._target.sampler.builder()
        out.add("mysql_up", error.serving)
        unjudged = error.reason in _UNJUDGED
        return Result(
            Status.UNKNOWN if unjudged else Status.CRITICAL,
            str(error),
            reason=error.reason,
            up=error.serving,
            value="up" if error.serving else "down",
            samples=out.build(),
        )

    def _failure(self, reason: str, sentence: str) -> Result:
        out = self._target.sampler.builder()
        status = Status.UNKNOWN if reason in _UNJUDGED else Status.CRITICAL
        if status is Status.CRITICAL:
            out.add("mysql_up", 0)
        return Result.failed(reason, sentence, status=status, samples=out.build())

    def _waited(self, phase: str) -> str:
        where, waited = self._door.where, seconds(self._patience)
        if phase == "dns":
            return f"{where} was not resolved within {waited}: does the name server answer?"
        if phase == "connect":
            return (
                f"connection to {where} not established within {waited}: "
                "is the host up, does a firewall drop it?"
            )
        if phase == "credential":
            return f"the password was not there within {waited}: see mysql.password"
        if phase == "greeting":
            return (
                f"{where} accepts connections but sent no greeting within {waited}: "
                "it hangs, or it is no MySQL"
            )
        return f"{where} gave no answer within {waited}: it hangs"


def _verdict(judged: list[Judgement], asked: list[Judgement], fine: str) -> tuple[Status, str, str]:
    """The worst row's sentence, or ``fine`` where none is worse than OK.

    Where a query could not be judged (``asked``) and something is wrong with the server itself
    (``judged``), that is said first: the one who reads a single line must not miss it.
    """
    rows = judged + asked
    status = worst(part.status for part, _ in rows)
    if status is Status.OK:
        return status, fine, "ok"
    wrong = [(part, why) for part, why in rows if part.status is not Status.OK]
    part, reason = next(row for row in wrong if row[0].status is status)
    said = [part]
    ailing = [one for one, _ in judged if one.status in (Status.WARNING, Status.CRITICAL)]
    if ailing and status is Status.UNKNOWN:
        said.insert(0, max(ailing, key=lambda one: one.status is Status.CRITICAL))
    others = len(wrong) - len(said)
    more = f" (and {others} more)" if others else ""
    return status, "; ".join(one.message for one in said) + more, reason
