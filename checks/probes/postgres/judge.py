"""What a PostgreSQL server's figures mean: child rows, facts, events, the sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.databases.model import SessionRow
from checks.expectations import Bounds, latency_finding, seconds
from checks.findings import Finding
from checks.model import Part, Status
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.pulse import Pulse
from checks.probes.postgres.replication import Replication
from checks.probes.postgres.sessions import Attention
from checks.wording import percent, span

__all__ = ["Before", "Reading", "events", "facts", "headline", "judge", "role", "sentence_of"]

_SHOWN = 160
"""Characters of a statement that go into a sentence."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is remembered of the run before: when the server began, what it was, its deadlocks
    by database."""

    started: float
    in_recovery: bool
    deadlocks: dict[str, int]
    checksum_failures: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the fast tier saw in one run."""

    version: str
    pulse: Pulse
    attention: Attention
    replication: Replication

    def restarted(self, before: Before | None) -> bool:
        """Whether another server answers than did before, or the same one anew."""
        server = self.pulse.server
        return (
            before is not None
            and server is not None
            and (abs(server.started - before.started) > 0.01)
        )

    def before(self, earlier: Before | None) -> Before | None:
        """What to remember of it; ``earlier`` where it could not be seen."""
        server = self.pulse.server
        if server is None:
            return earlier
        names = self.pulse.names
        return Before(
            server.started,
            server.in_recovery,
            {names[row["datid"]]: row["deadlocks"] or 0 for row in self.pulse.databases},
            self.pulse.total("checksum_failures") or 0,
        )


def judge(reading: Reading, config: PostgresConfig) -> Iterator[Finding]:
    """A child row for everything of the fast tier that is not as it should be."""
    late = latency_finding(reading.pulse.latency, config.latency)
    if late is not None:
        text = f"answered in {seconds(reading.pulse.latency)}: {late.text}"
        yield Finding("latency", Part("round trip", late.status, text))
    yield from _connections(reading.pulse, config)
    yield from _blocked(reading, config)
    yield from _long(reading, config)
    failures = reading.pulse.total("checksum_failures")
    if failures:
        text = (
            f"checksums: {failures:,} damaged pages were read since the statistics were reset: "
            "the log names them; look at the disk, restore a backup"
        )
        yield Finding("protocol", Part("checksums", Status.CRITICAL, text, "damaged"))


def _connections(pulse: Pulse, config: PostgresConfig) -> Iterator[Finding]:
    used, server = pulse.connections, pulse.server
    if used is None or server is None:
        return
    share = used / server.usable
    if share < config.connections_warning:
        return
    critical = share >= config.connections_critical
    status = Status.CRITICAL if critical else Status.WARNING
    states = ", ".join(f"{count:.0f} {state}" for state, count in pulse.by_state()[:3])
    text = (
        f"{percent(share)} of connections used ({used:,}/{server.usable:,}): {states}; "
        "at 100 % nobody but superusers gets in"
    )
    yield Finding("limit", Part("connections", status, text, percent(share)))


def _blocked(reading: Reading, config: PostgresConfig) -> Iterator[Finding]:
    attention, waiting = reading.attention, reading.pulse.waiting
    late = latency_finding(attention.waits, config.lock_wait)
    if late is None or not waiting:
        return
    one = waiting == 1
    text = (
        f"locks: {waiting:,} session{' waits' if one else 's wait'}, "
        f"the longest for {span(attention.waits)}"
    )
    if attention.blockers:
        text += f"; {_who(attention.blockers[0])} blocks"
    yield Finding("latency", Part("locks", late.status, text, f"{waiting:,} waiting"))


def _long(reading: Reading, config: PostgresConfig) -> Iterator[Finding]:
    pulse, longest = reading.pulse, reading.attention.longest
    sight = " in sight" if pulse.blind else ""
    oldest = f"the oldest{sight}" if sight else "{that}"
    idle = [row for row in longest if row.state.startswith("idle in transaction")]
    active = [row for row in longest if row.state == "active"]
    yield from _too_long(
        "idle in transaction",
        "{that} has been open and idle for {span}: it holds its locks and keeps "
        "dead rows from being removed",
        pulse.longest_idle,
        config.idle_in_transaction,
        max(idle, key=lambda row: row.seconds or 0.0, default=None),
    )
    yield from _too_long(
        "transaction",
        f"{oldest} has been open for {{span}} and keeps dead rows from being removed",
        pulse.longest_transaction,
        config.longest_transaction,
        max(longest, key=lambda row: row.transaction or 0.0, default=None),
    )
    yield from _too_long(
        "query",
        f"the oldest statement{sight} has been running for {{span}}",
        pulse.longest_query,
        config.longest_query,
        max(active, key=lambda row: row.seconds or 0.0, default=None),
    )


def _too_long(
    name: str, sentence: str, age: float, bounds: Bounds, session: SessionRow | None
) -> Iterator[Finding]:
    """``sentence`` has a place for the ``span`` and may have one for whose it is, ``that``."""
    late = latency_finding(age, bounds)
    if late is None:
        return
    # Whose it is comes before what that does: a narrow screen has but the beginning.
    named = session is not None and "{that}" in sentence
    that = f"that of {_name(session)}" if session is not None else "the oldest"
    text = f"{name}: {sentence.format(that=that, span=span(age))}"
    if session is not None:
        text += f" ({_runs(session, name) if named else _who(session)})"
    yield Finding("latency", Part(name, late.status, text, span(age)))


def _who(session: SessionRow) -> str:
    """A session as a sentence names it."""
    state = f" {session.state}" if session.state != "active" else ""
    query = f": {_query(session)}" if session.query else ""
    return f"{_name(session)}{state}{query}"


def _name(session: SessionRow) -> str:
    where = f"@{session.database}" if session.database else ""
    return f"pid {session.pid} {session.user}{where}"


def _runs(session: SessionRow, name: str) -> str:
    """What it runs, and its state, where that is not what the finding is named by."""
    told = (session.state if session.state != name else "", _query(session))
    return ": ".join(filter(None, told)) or "its statement is not known"


def _query(session: SessionRow) -> str:
    return session.query[:_SHOWN] + ("…" if len(session.query) > _SHOWN else "")


def role(reading: Reading) -> str:
    """``primary``, ``replica`` or ``standalone``; empty where it cannot be seen."""
    server = reading.pulse.server
    if server is None:
        return ""
    if server.in_recovery:
        return "replica"
    return "primary" if server.senders else "standalone"


def headline(reading: Reading) -> str:
    """The sentence of a server with which nothing is wrong."""
    pulse = reading.pulse
    what = f"PostgreSQL {reading.version.split(' ', 1)[0]} {role(reading)}".rstrip()
    words = [f"answered in {seconds(pulse.latency)}: {what}"]
    if pulse.connections is not None and pulse.server is not None:
        words.append(f"{pulse.connections:,} of {pulse.server.usable:,} connections")
    if pulse.waiting:
        words.append(f"{pulse.waiting:,} waiting for a lock")
    if pulse.blind:
        words.append("sessions of others hidden")
    return ", ".join(words)


def sentence_of(wrong: Sequence[Finding], status: Status) -> tuple[str, str]:
    """The sentence and the reason of a server with which that is ``wrong``, ``status`` at worst.

    A query that cannot be judged does not hide what is known to be wrong: that is said first.
    """
    worst = next(finding for finding in wrong if finding.part.status is status)
    said = [worst]
    if status is Status.UNKNOWN:
        known = [f for f in wrong if f.part.status is Status.WARNING]
        said = [*known[:1], worst]
    more = f" (and {len(wrong) - len(said)} more)" if len(wrong) > len(said) else ""
    return "; ".join(finding.part.message for finding in said) + more, worst.reason


def facts(reading: Reading) -> Iterator[tuple[str, str]]:
    """Name and text of each figure for the detail screen."""
    pulse, server = reading.pulse, reading.pulse.server
    yield "server", f"PostgreSQL {reading.version}, {role(reading) or 'role unknown'}"
    if server is not None:
        yield "uptime", span(server.now - server.started)
        reserved = f", {server.reserved} more for superusers" if server.reserved else ""
        yield "connections", f"{pulse.connections or 0:,} of {server.usable:,}{reserved}"
    states = ", ".join(f"{count:.0f} {state}" for state, count in pulse.by_state())
    if states:
        yield "sessions", states
    hits, reads = pulse.total("blks_hit"), pulse.total("blks_read")
    if hits is not None and reads is not None and hits + reads:
        yield "cache hit rate", f"{hits / (hits + reads):.1%} since the statistics were reset"
    yield "databases", f"{len([name for name in pulse.names.values() if name]):,}"


def events(reading: Reading, before: Before | None) -> Iterator[str]:
    """What happened since the run before, for the timeline."""
    server = reading.pulse.server
    if before is None or server is None:
        return
    if reading.restarted(before):
        what = "restarted" if server.started > before.started else "another server answers"
        yield f"{what}: it has been up for {span(server.now - server.started)}"
        return
    if server.in_recovery is not before.in_recovery:
        yield "became a standby" if server.in_recovery else "was promoted: it is a primary now"
    for row in reading.pulse.databases:
        name = reading.pulse.names[row["datid"]]
        rise = (row["deadlocks"] or 0) - before.deadlocks.get(name, row["deadlocks"] or 0)
        if rise > 0:
            yield f"{rise:,} deadlock{'s' if rise > 1 else ''} in database {name}: see its log"
