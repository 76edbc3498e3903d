"""The redis check: one pipelined round trip a run, judged and turned into samples."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.expectations import seconds
from checks.model import Part, Result, SampleBuilder, Status, worst
from checks.probe import ChartSpec, Expected, Kind, Probe, Target
from checks.probes.redis.config import RedisConfig
from checks.probes.redis.extras import Extras
from checks.probes.redis.figures import FIGURES
from checks.probes.redis.info import SERIES_BOUND, Info, add_info, parse_info
from checks.probes.redis.judge import Judgement, Reading, events, facts, headline, judge, restarted
from checks.probes.redis.layouts import plan_queues
from checks.probes.redis.lookups import Lookups
from checks.probes.redis.metrics import METRICS
from checks.probes.redis.oldest import BOUND, Ages
from checks.probes.redis.queues import judge_queues, queue_commands
from checks.probes.redis.reply import Command, ErrorReply, as_text, code_of, lookups
from checks.probes.redis.session import AnsweredError, Session
from checks.probes.redis.values import judge_values, value_command
from checks.settings import KindConfig
from checks.views import QueueTraits

__all__ = ["KIND", "RedisProbe"]

_UNJUDGED: Final = {"auth", "config", "permission"}
"""Reasons for which the server cannot be judged, rather than is down."""
_UNREAD: Final = "its oldest item says no time, is too large or may not be read (LINDEX)"
_ROUND: Final = (
    "Fast tier, every run. One round trip: INFO is 0.07 to 0.1 ms of the server's CPU, the size of "
    "a queue some microseconds."
)
_SLOW_LOG: Final = "slow log"
_SLOW_LOG_COST: Final = "Fast tier, only where the slow log has a new entry: copies the newest few."
_OLDEST: Final = "Fast tier, at times, where something waits: one item of each queue, no scan."
_INFO: Final = ("INFO", "all")
_INFO_SECTIONS: Final = (
    "INFO",
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "commandstats",
    "errorstats",
    "cluster",
    "keyspace",
)
"""What INFO is asked for from Redis 7 on; `all` would reckon percentiles of each command."""


@dataclass(slots=True, eq=False)
class _Run:
    """What one run has gathered so far.

    ``latency`` is the seconds PING took, ``lookups`` the keyspace hits and misses of its
    own reads, which the next INFO counts; ``raw`` is INFO as it came; ``sizes`` is what waits
    in each queue.
    """

    phases: Phases
    out: SampleBuilder
    latency: float = 0.0
    lookups: tuple[int, int] = (0, 0)
    raw: str = ""
    rows: list[Judgement] = field(default_factory=list)
    sizes: dict[str, float] = field(default_factory=dict)

    def count(self, replies: Sequence[object]) -> None:
        """Add the reads with these ``replies`` to the lookups."""
        hits, misses = lookups(replies)
        self.lookups = (self.lookups[0] + hits, self.lookups[1] + misses)


class RedisProbe:
    """Watches one Redis server."""

    def __init__(self, config: RedisConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._session = Session(config, target.env, target.name)
        self._plans = plan_queues(config.queues)
        self._queue_commands = queue_commands(self._plans)
        self._ages = Ages(self._plans)
        self._value_commands = [value_command(value) for value in config.values]
        self._extras = Extras(config.slowlog)
        self._info_command: Command = _INFO
        self._knows_sections = True
        self._before: Info | None = None
        self._before_at = 0.0
        self._lookups = Lookups()
        self._databases = {f"db{self._session.address.db}"}

    async def run(self) -> Result:
        run = _Run(Phases(), self._target.sampler.builder())
        try:
            async with asyncio.timeout(self._patience):
                return await self._poll(run)
        except TimeoutError:
            self._session.drop()
            reason = "config" if run.phases.current == "credential" else "timeout"
            return self._failure(reason, self._waited(run.phases))
        except AnsweredError as error:
            self._session.drop()
            return self._refusal(error)
        except TargetError as error:
            self._session.drop()
            return self._failure(error.reason, str(error))
        except BaseException:
            # Cancelled amid a round: the replies under way belong to nobody.
            self._session.drop()
            raise

    async def close(self) -> None:
        self._session.drop()

    @property
    def _patience(self) -> float:
        """Seconds after which a sentence of our own beats the scheduler's."""
        return self._target.timeout - min(0.2, 0.1 * self._target.timeout)

    async def _poll(self, run: _Run) -> Result:
        if not self._session.connected:
            self._extras.forgive()
        extras = self._extras.commands()
        own = [("PING",), self._info_command]
        replies = await self._session.ask(
            [*own, *self._queue_commands, *self._value_commands, *extras],
            run.phases,
            cost=_ROUND,
        )
        ping, told, *rest = replies.values
        if code_of(told) == "ERR" and self._info_command != _INFO:
            self._knows_sections, self._info_command = False, _INFO
            told = (await self._session.ask([_INFO], run.phases, name="INFO")).values[0]
        if isinstance(told, bytes):
            run.raw = as_text(told)
        info = parse_info(run.raw)
        run.latency = replies.first
        run.out.add("redis_up", 1)
        run.out.add("redis_exporter_last_scrape_ping_time_seconds", run.latency)
        obstacle = _obstacle(ping, told, info, str(self._session.address))
        if obstacle is not None and obstacle.reason != "permission":
            return self._held_up(run, obstacle, info)
        self._read_keys(rest, run)
        more = self._extras.take(rest[len(rest) - len(extras) :], run.out)
        if more:
            asked = self._session.ask(more, run.phases, name=_SLOW_LOG, cost=_SLOW_LOG_COST)
            self._extras.take_more((await asked).values)
        await self._look_at_oldest(run)
        if obstacle is not None:
            part = Part("INFO", Status.UNKNOWN, str(obstacle))
            run.rows.insert(0, (part, obstacle.reason))
            return self._result(run, "")
        return self._judged(run, ping, info)

    async def _look_at_oldest(self, run: _Run) -> None:
        """Read the oldest items of the queues, where it is time; nothing else depends on it."""
        clock = self._target.env.clock
        commands = self._ages.commands(run.sizes, clock.now())
        try:
            if commands:
                replies = await self._session.ask(
                    commands, run.phases, BOUND, name="oldest items", cost=_OLDEST
                )
                run.count(replies.values)
                more = self._ages.take(replies.values, clock.now())
                if more:
                    replies = await self._session.ask(
                        more, run.phases, BOUND, name="oldest items, their times", cost=_OLDEST
                    )
                    run.count(replies.values)
                    self._ages.take_more(replies.values)
        except TargetError:
            self._session.drop()
            self._ages.give_up(clock.now())
        self._ages.add(run.out, clock.wall())

    def _read_keys(self, replies: Sequence[object], run: _Run) -> None:
        split, end = len(self._queue_commands), len(self._queue_commands + self._value_commands)
        values = replies[split:end]
        run.count(replies[:end])
        db = self._session.address.db
        run.rows += judge_queues(self._plans, replies[:split], db, run.out, run.sizes)
        run.rows += judge_values(self._config.values, values, run.out)

    def _judged(self, run: _Run, ping: object, info: Info) -> Result:
        """The result of a run that brought INFO."""
        if info.major >= 7 and self._knows_sections:
            self._info_command = _INFO_SECTIONS
        if not info.text("maxclients") and info.text("connected_clients"):
            self._extras.want_maxclients()
            info = replace(info, fields={**info.fields, "maxclients": self._extras.maxclients})
        env = self._target.env
        add_info(run.out, info, env.clock.wall())
        self._add_empty(info, run.out)
        before, began = self._before, self._before_at
        self._before, self._before_at = info, env.clock.now()
        same = None if restarted(info, before) else before
        self._lookups.take(info, same, run.lookups)
        self._lookups.samples(info, run.out)
        reading = Reading(
            info,
            same,
            self._before_at - began,
            run.latency,
            ping if isinstance(ping, ErrorReply) else None,
            self._lookups.own,
            self._lookups.ours,
        )
        run.rows[:0] = judge(reading, self._config)
        result = self._result(run, headline(reading))
        return replace(
            result,
            facts=(*facts(reading), *self._extras.facts()),
            raw=run.raw,
            events=tuple(events(info, before)),
        )

    def _result(self, run: _Run, fine: str) -> Result:
        """The worst row's sentence, or ``fine`` where none is worse than OK."""
        status = worst(part.status for part, _ in run.rows)
        message, reason = fine, "ok"
        if status is not Status.OK:
            wrong = [(part, why) for part, why in run.rows if part.status is not Status.OK]
            part, reason = next(row for row in wrong if row[0].status is status)
            message = part.message + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else "")
        return Result(
            status,
            message,
            reason=reason,
            value="up",
            duration=run.latency,
            samples=run.out.build(),
            parts=tuple(part for part, _ in run.rows),
            phases=tuple(run.phases.seconds.items()),
            tables=self._extras.tables(),
            asked=self._session.ledger.asked(),
        )

    def _add_empty(self, info: Info, out: SampleBuilder) -> None:
        """A database that was emptied has 0 keys; its series must not just end."""
        holding = {name for name, _ in info.databases()}
        for name in self._databases - holding:
            out.add("redis_db_keys", 0, {"db": name})
            out.add("redis_db_keys_expiring", 0, {"db": name})
        if len(self._databases) < SERIES_BOUND:
            self._databases |= holding

    def _held_up(self, run: _Run, obstacle: TargetError, info: Info) -> Result:
        """The server answers, but serves nobody for the time being."""
        loading = obstacle.reason == "loading"
        if info.fields:
            add_info(run.out, info, self._target.env.clock.wall())
        return Result(
            Status.WARNING if loading else Status.CRITICAL,
            str(obstacle),
            reason=obstacle.reason,
            value="loading" if loading else "busy",
            duration=run.latency,
            samples=run.out.build(),
            raw=run.raw,
        )

    def _refusal(self, error: AnsweredError) -> Result:
        out = self._target.sampler.builder()
        out.add("redis_up", 1)
        status = Status.UNKNOWN if error.reason in _UNJUDGED else Status.CRITICAL
        return Result(status, str(error), reason=error.reason, value="up", samples=out.build())

    def _failure(self, reason: str, sentence: str) -> Result:
        out = self._target.sampler.builder()
        status = Status.UNKNOWN if reason in _UNJUDGED else Status.CRITICAL
        if status is Status.CRITICAL:
            out.add("redis_up", 0)
        return Result.failed(reason, sentence, status=status, samples=out.build())

    def _waited(self, phases: Phases) -> str:
        where, waited = self._session.address, seconds(self._patience)
        if phases.current == "dns":
            return f"{where.host} was not resolved within {waited}: does the name server answer?"
        if phases.current == "connect":
            return (
                f"connection to {where} not established within {waited}: "
                "is the host up, does a firewall drop it?"
            )
        if phases.current == "tls":
            return (
                f"TLS with {where} not agreed within {waited}: does this port speak TLS? "
                "if not, write redis:// instead of rediss://"
            )
        if phases.current == "credential":
            return f"the password was not there within {waited}: see redis.password"
        return (
            f"{where} accepts connections but gave no answer within {waited}: "
            "it hangs, or a long command blocks it"
        )


def _obstacle(ping: object, told: object, info: Info, where: str) -> TargetError | None:
    """What keeps the server from serving anybody, or us from judging it.

    ``told`` is the reply to INFO, ``info`` what there is in it.
    """
    codes = {code_of(ping), code_of(told)}
    if "LOADING" in codes or info.loading:
        return TargetError("loading", f"{where} is loading its data from disk{_progress(info)}")
    if "BUSY" in codes:
        return TargetError(
            "limit",
            f"{where} runs a script that does not end and serves nobody: "
            "SCRIPT KILL (or FUNCTION KILL) ends it",
        )
    if isinstance(told, bytes):
        return None
    if code_of(told) == "NOPERM":
        return TargetError(
            "permission",
            f"{where} forbids INFO to this user: grant it with ACL SETUSER <user> +info +ping",
        )
    return TargetError("protocol", f"{where} did not answer INFO as Redis does: {as_text(told)}")


def _progress(info: Info) -> str:
    done, left = info.number("loading_loaded_perc"), info.number("loading_eta_seconds")
    if done is None:
        return ""
    return f": {done:.0f} %" + (f", about {left:,.0f} s left" if left is not None else "")


def _probe(config: KindConfig, target: Target) -> Probe:
    if not isinstance(config, RedisConfig):
        raise TypeError("a redis check has a redis configuration")
    return RedisProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    queues = config.queues if isinstance(config, RedisConfig) else ()
    return (
        ChartSpec("memory used", "redis_memory_used_bytes", "bytes"),
        ChartSpec("commands a second", "redis_commands_processed_total", "1/s", rate=True),
        ChartSpec("clients", "redis_connected_clients"),
        *(
            ChartSpec(
                f"queue {queue.name}",
                "queue_size",
                labels={"queue": queue.name},
                warning=queue.warning,
                critical=queue.critical,
            )
            for queue in queues
            if queue.name
        ),
    )


def _expects(config: KindConfig) -> Expected:
    if not isinstance(config, RedisConfig):
        return Expected()
    plans = plan_queues(config.queues)
    return Expected(
        queues=tuple(plan.name for plan in plans),
        queue_traits=tuple(
            QueueTraits(plan.name, plan.warning, plan.critical, plan.ageless or _UNREAD)
            for plan in plans
        ),
    )


KIND: Final = Kind(
    name="redis",
    summary="Redis, Valkey or KeyDB: health, memory, replication, persistence, queues, values",
    config=RedisConfig,
    bounds={
        "latency": ("RedisSlow",),
        "memory_warning": ("RedisMemoryHigh",),
        "clients_warning": ("RedisClientsHigh",),
        "replica_lag": ("RedisReplicaLag",),
    },
    probe=_probe,
    metrics=METRICS,
    counters=True,
    drivers=("checks.probes.redis.wire",),
    charts=_charts,
    expects=_expects,
    figures=FIGURES,
)
