"""What the figures of a server mean: child rows, facts, the headline. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.expectations import LatencyBounds, latency_finding, seconds
from checks.model import Part, Status
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.pulse import Pulse
from checks.probes.mysql.replication import channel_part
from checks.probes.mysql.server import Server
from checks.probes.mysql.sessions import STREAMS, Process
from checks.probes.mysql.status import number
from checks.wording import many, percent, size, span

__all__ = [
    "Judgement",
    "Reading",
    "RowWaits",
    "facts",
    "headline",
    "judge",
    "process_grant",
    "role",
]

Judgement = tuple[Part, str]
"""A child row and the reason for its status."""


@dataclass(frozen=True, slots=True)
class RowWaits:
    """Transactions that wait for a row, by the status; ``seconds`` since when there has been
    one at every run."""

    count: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One pulse, and the status of the one before it in the same life of the server.

    ``elapsed`` is the seconds between the two, ``own`` our sessions, ``row_waits`` what the
    status tells of waits for rows, ``ours`` how many statements between the two were our own.
    """

    server: Server
    pulse: Pulse
    variables: Mapping[str, str]
    before: Mapping[str, str]
    elapsed: float
    own: frozenset[int] = frozenset()
    row_waits: RowWaits | None = None
    ours: int = 0

    def rise(self, name: str) -> float | None:
        """How much a counter rose since the last run; None where nothing can be said."""
        now, then = self.pulse.figure(name), number(self.before.get(name))
        return now - then if now is not None and then is not None and now >= then else None

    @property
    def statements(self) -> float | None:
        """What others than we sent since the last run; None where nothing can be said."""
        rise = self.rise("Questions")
        return None if rise is None else max(0.0, rise - self.ours)

    @property
    def connected(self) -> float | None:
        """Sessions in use."""
        return self.pulse.figure("Threads_connected")

    @property
    def limit(self) -> float | None:
        """``max_connections``."""
        return number(self.variables.get("max_connections"))

    @property
    def replicas(self) -> float | None:
        """Replicas that are connected; None where sessions may not be seen."""
        groups = self.pulse.survey.groups
        if groups is None:
            return None
        return sum(group.sessions for group in groups if group.command in STREAMS)

    @property
    def unseen_waits(self) -> RowWaits | None:
        """Waits for rows where nobody can be seen to wait; None where there are none, or where
        it can be seen who does."""
        return self.row_waits if self.pulse.survey.blind else None

    @property
    def lately(self) -> str:
        return f"in the last {span(max(1, self.elapsed))}"


def role(reading: Reading) -> str:
    """``primary``, ``replica`` or ``standalone``; a replica that has replicas is a replica."""
    if reading.pulse.channels:
        return "replica"
    return "primary" if reading.replicas else "standalone"


def judge(reading: Reading, config: MysqlConfig) -> Iterator[Judgement]:
    """The child rows: replication always, everything else where something is wrong."""
    finding = latency_finding(reading.pulse.latency, config.latency)
    if finding is not None:
        value = seconds(reading.pulse.latency)
        text = f"round trip of {value}: {finding.text}"
        yield Part("latency", finding.status, text, value), "latency"
    yield from _connections(reading, config)
    for channel in reading.pulse.channels or ():
        yield channel_part(channel, config.replication_lag)
    replicas = reading.replicas
    if replicas is None and config.replicas:
        text = f"replicas: whether {config.replicas} are connected cannot be seen"
        grant = f": {process_grant(reading.server)}" if reading.pulse.survey.blind else ""
        yield Part("replicas", Status.UNKNOWN, text + grant), "permission"
    elif replicas is not None and replicas < config.replicas:
        text = f"replicas: {replicas:.0f} connected, expected {config.replicas}"
        value = f"{replicas:.0f} of {config.replicas}"
        yield Part("replicas", Status.WARNING, text, value), "expectation"
    yield from _lock_wait(reading, config.lock_wait)
    yield from _durations(reading, config)
    yield from _recovery(reading)


def _connections(reading: Reading, config: MysqlConfig) -> Iterator[Judgement]:
    used, limit = reading.connected, reading.limit
    if used is None or not limit:
        return
    share, refused = used / limit, reading.rise("Connection_errors_max_connections")
    figures = f"{used:,.0f} of {limit:,.0f} ({percent(share)})"
    if refused:
        text = (
            f"connections: {refused:,.0f} refused {reading.lately}, since max_connections was "
            f"reached; {figures} in use now"
        )
        yield Part("connections", Status.CRITICAL, text, percent(share)), "limit"
    elif share >= config.connections_warning:
        critical = share >= config.connections_critical
        refusing = "further ones are refused" if share >= 1 else "at 100 % further ones are refused"
        text = f"connections: {figures} in use: {refusing}"
        status = Status.CRITICAL if critical else Status.WARNING
        yield Part("connections", status, text, percent(share)), "limit"


def _lock_wait(reading: Reading, bounds: LatencyBounds) -> Iterator[Judgement]:
    if reading.unseen_waits is not None:
        yield _unseen_wait(reading.server, reading.unseen_waits, bounds)
        return
    survey = reading.pulse.survey
    waiting = survey.waiting
    if not waiting:
        return
    thread, waited = max(waiting.items(), key=lambda item: item[1])
    finding = latency_finding(waited, bounds)
    if finding is None:
        return
    known = {one.id: one for one in survey.processes}
    what = survey.waits.what.get(thread) or (known[thread].state if thread in known else "a lock")
    holders = survey.waits.blockers.get(thread, ())
    root = _root(thread, survey.waits.blockers)
    # Who is to blame comes first: of the sentence a narrow screen has but the beginning.
    by = f"{_named(known.get(root), root)} holds up " if holders else ""
    more = f" ({len(waiting) - 1} more wait)" if len(waiting) > 1 else ""
    text = (
        f"locks: {by}{_named(known.get(thread), thread)}{', which' if by else ''} has waited "
        f"{span(waited)} for {what[:1].lower() + what[1:].removeprefix('aiting for ')}{more}"
    )
    yield Part("locks", finding.status, text, f"{len(waiting)} wait"), "latency"


def _unseen_wait(server: Server, waits: RowWaits, bounds: LatencyBounds) -> Judgement:
    """That somebody waits for a row, where it is not seen who, nor how long one has waited."""
    finding = latency_finding(waits.seconds, bounds)
    who = "1 transaction waits" if waits.count == 1 else f"{waits.count:,.0f} transactions wait"
    lasting = f", at every look for {span(waits.seconds)}" if waits.seconds >= 1 else ""
    text = f"locks: {who} for a row{lasting}; who holds it cannot be seen: {process_grant(server)}"
    status = Status.OK if finding is None else finding.status
    return Part("locks", status, text, f"{waits.count:.0f} wait"), "latency"


def process_grant(server: Server) -> str:
    """What lets us see the sessions of others."""
    return f"GRANT PROCESS ON *.* TO {server.user}"


def _root(thread: int, blockers: Mapping[int, tuple[int, ...]]) -> int:
    """The session at the end of the chain that ``thread`` waits in; itself in a circle."""
    seen = [thread]
    while (held := blockers.get(seen[-1])) and (following := held[-1]) not in seen:
        seen.append(following)
    return seen[-1]


def _named(process: Process | None, thread: int) -> str:
    if process is None:
        return f"session {thread}"
    who = "@".join(part for part in (process.user, process.db) if part)
    idle = f", idle for {span(process.seconds)}" if process.sleeps else ""
    return f"session {thread} ({who}{idle})"


def _durations(reading: Reading, config: MysqlConfig) -> Iterator[Judgement]:
    survey = reading.pulse.survey
    working = survey.working(reading.own)
    if working:
        text = f"{_named(working[0], working[0].id)} has been running a statement"
        yield from _long("longest query", working[0].seconds, config.longest_query, text)
    known = {one.id: one for one in survey.processes}
    ages = [one for one in survey.transactions or () if one.thread not in reading.own]
    if ages:
        oldest = max(ages, key=lambda one: one.age)
        text = f"{_named(known.get(oldest.thread), oldest.thread)} has had a transaction open"
        yield from _long("longest transaction", oldest.age, config.longest_transaction, text)
    holding = [pair for pair in survey.holding() if pair[0].id not in reading.own]
    if holding:
        process, transaction = holding[0]
        changed = (
            f" with {many(transaction.modified, 'row')} changed" if transaction.modified else ""
        )
        text = f"session {process.id} ({process.user}) holds a transaction open{changed}, idle"
        yield from _long("idle transaction", process.seconds, config.idle_in_transaction, text)


def _long(name: str, lasted: float, bounds: LatencyBounds, text: str) -> Iterator[Judgement]:
    finding = latency_finding(lasted, bounds)
    if finding is not None:
        yield Part(name, finding.status, f"{text} for {span(lasted)}", span(lasted)), "latency"


def _recovery(reading: Reading) -> Iterator[Judgement]:
    forced = number(reading.variables.get("innodb_force_recovery"))
    if forced:
        text = f"InnoDB runs with innodb_force_recovery={forced:.0f}: dump the data and rebuild it"
        yield Part("recovery", Status.WARNING, text, f"{forced:.0f}"), "expectation"


def headline(reading: Reading) -> str:
    """The sentence of a server with which nothing is wrong."""
    server, used, limit = reading.server, reading.connected, reading.limit
    words = [
        f"answered in {seconds(reading.pulse.latency)}: "
        f"{server.product} {server.short_version} {role(reading)}"
    ]
    if reading.pulse.read_only and not reading.pulse.channels:
        # Of a replica that goes without saying.
        words.append("read-only")
    if used is not None:
        words.append(f"{used:,.0f}{f' of {limit:,.0f}' if limit else ''} connections")
    asked = reading.statements
    if asked is not None and reading.elapsed > 0:
        words.append(f"{asked / reading.elapsed:,.0f} statements/s")
    if reading.unseen_waits is not None:
        words.append(f"{reading.unseen_waits.count:,.0f} waiting for a row, not seen who")
    return ", ".join(words)


def facts(reading: Reading) -> Iterator[tuple[str, str]]:
    """Name and text of each figure for the detail screen."""
    server, pulse = reading.server, reading.pulse
    comment = f" ({server.comment})" if server.comment else ""
    yield "server", f"{server.product} {server.version}{comment}"
    yield "role", role(reading) + (", read-only" if pulse.read_only else "")
    uptime = pulse.figure("Uptime")
    if uptime is not None:
        yield "uptime", span(uptime)
    most = pulse.figure("Max_used_connections")
    if most is not None and reading.limit:
        at_most = f"at most {most:,.0f} of {reading.limit:,.0f} since the start"
        yield "connections", f"{reading.connected or 0:,.0f}, {at_most}"
    yield "buffer pool", _buffer_pool(reading)
    yield "slow statements", _slow(reading)
    yield "account", server.account


def _buffer_pool(reading: Reading) -> str:
    held = number(reading.variables.get("innodb_buffer_pool_size"))
    whole = f"{size(held)}, " if held else ""
    asked, missed = (
        reading.pulse.figure(f"Innodb_buffer_pool_{what}") for what in ("read_requests", "reads")
    )
    since = f"{1 - (missed or 0) / asked:.2%} since the start" if asked else "no reads yet"
    return f"{whole}hit rate {since}" if asked else f"{whole}{since}"


def _slow(reading: Reading) -> str:
    bound = number(reading.variables.get("long_query_time"))
    count = reading.pulse.figure("Slow_queries") or 0
    longer = f" longer than {bound:g} s" if bound is not None else ""
    on = number(reading.variables.get("slow_query_log"))
    return f"{count:,.0f}{longer} since the start, {'logged' if on else 'not logged'}"
