"""What the figures of a Redis server mean: child rows, facts, events. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checks.expectations import latency_finding, seconds
from checks.model import Part, Status
from checks.probes.redis.config import RedisConfig
from checks.probes.redis.info import Info, Replica
from checks.probes.redis.reply import ErrorReply
from checks.wording import percent, size, span

__all__ = ["Judgement", "Reading", "events", "facts", "headline", "judge", "restarted"]

Judgement = tuple[Part, str]
"""A child row and the reason for its status."""

_REPLICAS_SHOWN: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One INFO, and the one before it of the same server process.

    ``elapsed`` is the seconds between the two; ``ping`` the reply to PING where it was an
    error, ``latency`` the seconds it took; ``own`` the keyspace hits and misses that are
    the monitor's own, ``ours`` all of them since it looks.
    """

    info: Info
    before: Info | None
    elapsed: float
    latency: float
    ping: ErrorReply | None = None
    own: tuple[int, int] = (0, 0)
    ours: tuple[int, int] = (0, 0)

    def rise(self, field: str) -> float | None:
        """How much a counter rose since the last run; None where nothing can be said."""
        now = self.info.number(field)
        then = self.before.number(field) if self.before is not None else None
        return now - then if now is not None and then is not None and now >= then else None

    def refused(self, code: str) -> float:
        """How many commands were answered with this error since the last run."""
        if self.before is None:
            return 0
        then = dict(self.before.errors()).get(code, 0)
        return max(0, dict(self.info.errors()).get(code, 0) - then)

    @property
    def lately(self) -> str:
        return f"in the last {span(self.elapsed)}" if self.elapsed >= 1.5 else "in the last second"


def judge(reading: Reading, config: RedisConfig) -> Iterator[Judgement]:
    """The child rows: replication always, everything else where something is wrong."""
    finding = latency_finding(reading.latency, config.latency)
    if finding is not None:
        value = seconds(reading.latency)
        yield (
            Part("latency", finding.status, f"round trip of {value}: {finding.text}", value),
            ("latency"),
        )
    yield from _memory(reading, config)
    yield from _clients(reading, config)
    yield from _persistence(reading)
    yield from _master_link(reading.info)
    yield from _replicas(reading.info, config)


def _counted(number: float, what: str) -> str:
    return f"{number:,.0f} {what}{'' if number == 1 else 's'}"


def _memory(reading: Reading, config: RedisConfig) -> Iterator[Judgement]:
    info = reading.info
    used, limit = info.number("used_memory"), info.number("maxmemory")
    if used is None or limit is None:
        return
    refused = reading.refused("OOM")
    policy = info.text("maxmemory_policy") or "noeviction"
    if refused:
        message = (
            f"memory is full: {_counted(refused, 'command')} refused with OOM {reading.lately} "
            f"({size(used)} of {size(limit)}, {policy}): raise maxmemory or let keys go"
        )
        yield Part("memory", Status.CRITICAL, message, "full"), "limit"
    elif limit == 0:
        yield from _host_memory(info, used, config)
    # A replica takes what its master sends, whatever its own limit is.
    elif info.role != "replica" and not _evicts(info, policy):
        yield from _limit(info, used, limit, policy, config)


def _host_memory(info: Info, used: float, config: RedisConfig) -> Iterator[Judgement]:
    total = info.number("total_system_memory")
    if total and used / total >= config.memory_warning:
        message = (
            f"memory: {percent(used / total)} of the host's {size(total)} and no maxmemory: "
            "the kernel may kill it"
        )
        yield Part("memory", Status.WARNING, message, percent(used / total)), "limit"


def _limit(
    info: Info, used: float, limit: float, policy: str, config: RedisConfig
) -> Iterator[Judgement]:
    """The limit of a server that evicts nothing."""
    counted = used - (info.number("mem_not_counted_for_evict") or 0)
    share = counted / limit
    figures = f"{size(counted)} of {size(limit)}, {policy}"
    if share >= 1:
        message = f"memory is full ({figures}): writes fail with OOM; raise maxmemory"
        yield Part("memory", Status.CRITICAL, message, "full"), "limit"
    elif share >= config.memory_warning:
        message = f"memory: {percent(share)} of maxmemory used ({figures}): at 100 % writes fail"
        yield Part("memory", Status.WARNING, message, percent(share)), "limit"


def _evicts(info: Info, policy: str) -> bool:
    """Whether a full memory makes room for itself, so that being full is normal."""
    if policy.startswith("volatile-"):
        return any(db.get("expires", "0") != "0" for _, db in info.databases())
    return policy.startswith("allkeys-")


def _clients(reading: Reading, config: RedisConfig) -> Iterator[Judgement]:
    info = reading.info
    clients, limit = info.number("connected_clients"), info.number("maxclients")
    rejected = reading.rise("rejected_connections")
    if rejected:
        told = _counted(rejected, "connection")
        message = f"clients: {told} refused {reading.lately}: maxclients was reached"
        yield Part("clients", Status.WARNING, message, f"{clients or 0:,.0f}"), "limit"
    elif clients is not None and limit and clients / limit >= config.clients_warning:
        message = (
            f"clients: {clients:,.0f} of maxclients {limit:,.0f} connected "
            f"({percent(clients / limit)}): further ones will be refused"
        )
        yield Part("clients", Status.WARNING, message, percent(clients / limit)), "limit"


def _persistence(reading: Reading) -> Iterator[Judgement]:
    info = reading.info
    hint = "see the server's log and the disk of its dir"
    if reading.ping is not None and reading.ping.code == "MISCONF":
        message = f"writes are refused (MISCONF): the data cannot be saved to disk; {hint}"
        yield Part("persistence", Status.CRITICAL, message, "failing"), "expectation"
    elif info.text("aof_enabled") == "1" and info.text("aof_last_write_status") == "err":
        message = f"AOF: the last write failed, what is written now may be lost; {hint}"
        yield Part("persistence", Status.CRITICAL, message, "failing"), "expectation"
    elif info.text("rdb_last_bgsave_status") == "err":
        message = f"RDB: the last snapshot failed; {hint}"
        yield Part("persistence", Status.WARNING, message, "failing"), "expectation"
    elif info.text("aof_last_bgrewrite_status") == "err":
        message = f"AOF: the last rewrite failed, the file keeps growing; {hint}"
        yield Part("persistence", Status.WARNING, message, "failing"), "expectation"


def _master_link(info: Info) -> Iterator[Judgement]:
    link = info.text("master_link_status")
    if info.role != "replica" or not link:
        return
    master = f"{info.text('master_host')}:{info.text('master_port')}"
    if link == "up":
        ago = info.number("master_last_io_seconds_ago")
        message = f"replica of {master}, heard {ago or 0:.0f} s ago"
        yield Part("master link", Status.OK, message, "up"), "ok"
    elif info.text("master_sync_in_progress") == "1":
        left = info.number("master_sync_left_bytes")
        rest = f", {size(left)} left" if left and left > 0 else ""
        message = f"master link: first synchronisation with {master} under way{rest}"
        yield Part("master link", Status.WARNING, message, "syncing"), "expectation"
    else:
        down = info.number("master_link_down_since_seconds")
        since = f" for {span(down)}" if down is not None and down >= 0 else ""
        message = f"master link: down{since}, data of {master} grows stale: is the master up?"
        yield Part("master link", Status.CRITICAL, message, f"down{since}"), "expectation"


def _replicas(info: Info, config: RedisConfig) -> Iterator[Judgement]:
    replicas = info.replicas()
    end = info.number("master_repl_offset")
    rows = [
        _replica("replica" if len(replicas) == 1 else f"replica {one.address}", one, end, config)
        for one in replicas
    ]
    # Those that are well make room for those that are not.
    rows.sort(key=lambda row: -row[0].status.severity)
    yield from rows[:_REPLICAS_SHOWN]
    if info.role == "master" and len(replicas) < config.replicas:
        message = f"replicas: {len(replicas)} connected, expected {config.replicas}"
        value = f"{len(replicas)} of {config.replicas}"
        yield Part("replicas", Status.WARNING, message, value), "expectation"


def _replica(name: str, replica: Replica, end: float | None, config: RedisConfig) -> Judgement:
    told = f"replica {replica.address}"
    if replica.state != "online":
        message = f"{told}: state {replica.state or 'unknown'}, not online yet"
        return Part(name, Status.WARNING, message, replica.state), "expectation"
    if replica.lag is None:
        return Part(name, Status.OK, f"{replica.address} is online", "online"), "ok"
    behind = end - replica.offset if end is not None and replica.offset is not None else 0
    value = f"lag {span(replica.lag)}"
    message = f"{told}: {value}, {size(max(0, behind))} behind"
    finding = latency_finding(replica.lag, config.replica_lag)
    if finding is not None:
        message += f"; past its {finding.status.value} bound"
        return Part(name, finding.status, message, value), "latency"
    return Part(name, Status.OK, message, value), "ok"


def headline(reading: Reading) -> str:
    """The sentence of a server with which nothing is wrong."""
    info = reading.info
    clients = info.number("connected_clients")
    used = info.number("used_memory")
    words = [f"answered in {seconds(reading.latency)}: {info.version} {info.role}".rstrip()]
    words += [f"{clients:,.0f} client{'' if clients == 1 else 's'}"] if clients is not None else []
    words += [f"{size(used)} used"] if used is not None else []
    return ", ".join(words)


def facts(reading: Reading) -> Iterator[tuple[str, str]]:
    """Name and text of each figure for the detail screen."""
    info = reading.info
    yield "server", f"{info.version}, {info.text('redis_mode') or 'standalone'}, {info.role}"
    uptime = info.number("uptime_in_seconds")
    if uptime is not None:
        yield "uptime", span(uptime)
    yield "memory", _memory_fact(info)
    yield "hit rate", _hit_rate(reading)
    evicted, expired = info.number("evicted_keys"), info.number("expired_keys")
    lately = reading.rise("evicted_keys")
    recent = f", {lately:,.0f} {reading.lately}" if lately is not None else ""
    yield "evicted keys", f"{evicted or 0:,.0f} since start{recent}; expired {expired or 0:,.0f}"
    clients, limit = info.number("connected_clients"), info.number("maxclients")
    of = f" of {limit:,.0f}" if limit else ""
    blocked = info.number("blocked_clients") or 0
    yield "clients", f"{clients or 0:,.0f}{of}, {blocked:,.0f} blocked"
    called = reading.rise("total_commands_processed")
    recent = f", {called:,.0f} {reading.lately}" if called is not None else ""
    yield "commands", f"{info.number('total_commands_processed') or 0:,.0f} since start{recent}"
    yield "RDB", _rdb_fact(info)
    yield "AOF", _aof_fact(info)


def _memory_fact(info: Info) -> str:
    used, limit = info.number("used_memory") or 0, info.number("maxmemory")
    if limit:
        policy = info.text("maxmemory_policy")
        return f"{size(used)} of {size(limit)} ({percent(used / limit)}), {policy}"
    total = info.number("total_system_memory")
    host = f", {percent(used / total)} of the host's {size(total)}" if total else ""
    return f"{size(used)}, no limit (maxmemory 0){host}"


def _hit_rate(reading: Reading) -> str:
    hits, misses = reading.rise("keyspace_hits"), reading.rise("keyspace_misses")
    texts = []
    if hits is not None and misses is not None:
        hits, misses = max(0, hits - reading.own[0]), max(0, misses - reading.own[1])
        lookups = hits + misses
        texts.append(
            f"{hits / lookups:.1%} of {lookups:,.0f} lookups {reading.lately}"
            if lookups
            else f"no lookups {reading.lately}"
        )
    hits, misses = (
        max(0, (reading.info.number(f"keyspace_{what}") or 0) - ours)
        for what, ours in zip(("hits", "misses"), reading.ours, strict=True)
    )
    share = f"{hits / (hits + misses):.1%} since start" if hits + misses else ""
    texts.append(f"{share}, of all other clients" if share else "no lookups yet")
    return "; ".join(texts)


def _rdb_fact(info: Info) -> str:
    status = info.text("rdb_last_bgsave_status") or "unknown"
    changes = info.number("rdb_changes_since_last_save") or 0
    running = ", saving now" if info.text("rdb_bgsave_in_progress") == "1" else ""
    return f"last save {status}{_since_saved(info)}, {changes:,.0f} changes since{running}"


def _since_saved(info: Info) -> str:
    """How long ago that was, by the server's own clock; Redis before 6.0 does not tell its time."""
    saved, now = info.number("rdb_last_save_time"), info.number("server_time_usec")
    if saved is None or now is None:
        return ""
    return f" {span(max(0.0, now / 1e6 - saved))} ago"


def _aof_fact(info: Info) -> str:
    if info.text("aof_enabled") != "1":
        return "off"
    write, rewrite = info.text("aof_last_write_status"), info.text("aof_last_bgrewrite_status")
    length = info.number("aof_current_size")
    held = f", {size(length)}" if length is not None else ""
    return f"on{held}, last write {write or 'unknown'}, last rewrite {rewrite or 'unknown'}"


def restarted(info: Info, before: Info | None) -> bool:
    """Whether another process answers than did before."""
    if before is None:
        return False
    uptime, then = info.number("uptime_in_seconds"), before.number("uptime_in_seconds")
    fell = uptime is not None and then is not None and uptime < then
    return fell or info.text("run_id") != before.text("run_id")


def events(info: Info, before: Info | None) -> Iterator[str]:
    """What happened since the last run, for the timeline."""
    if before is None:
        return
    if restarted(info, before):
        then, now = (one.number("uptime_in_seconds") or 0 for one in (before, info))
        yield (
            f"restarted: uptime fell from {span(then)} to {span(now)}"
            if now < then
            else f"another server answers: its run id changed, its uptime is {span(now)}"
        )
    else:
        gone = {r.address for r in before.replicas()} - {r.address for r in info.replicas()}
        yield from (f"replica {address} is gone" for address in sorted(gone))
    if info.role != before.role and info.role and before.role:
        yield f"role changed from {before.role} to {info.role}"
