"""What ails a check, as the runbook that came with onwatch for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from checks.model import Status

if TYPE_CHECKING:
    from checks.views import CheckView, PartView

__all__ = ["ANYWAY", "ailments", "of_ailment"]

ANYWAY: Final = "target-down"
"""The runbook of a check that gives no answer, where none is nearer."""

_SILENT: Final = {
    "postgres": "postgres-unreachable",
    "mysql": "mysql-unreachable",
    "redis": "redis-unreachable",
    "sqlite": "sqlite-unreadable",
    "dns": "dns-silent",
    "ping": "ping-loss",
    "process": "process-missing",
    "systemd": "unit-failed",
    "files": "files-not-as-expected",
    "log": "log-not-as-expected",
}
"""By kind, of one that gives no answer."""

_ILL: Final = {
    "http": "http-answer-wrong",
    "dns": "dns-empty",
    "ping": "ping-slow",
    "process": "process-missing",
    "systemd": "unit-failed",
    "tls": "certificate-expiring",
    "sqlite": "sqlite-damaged",
    "metrics": "scrape-empty",
    "files": "files-not-as-expected",
    "log": "log-not-as-expected",
}
"""By kind, of one that answers and is not well, where no part of it says more."""

_PARTS: Final = {
    "postgres": {
        "locks": "postgres-locks-waited",
        "connections": "postgres-connections-high",
        "idle in transaction": "postgres-idle-in-transaction",
        "transaction": "postgres-transaction-long",
        "query": "postgres-query-long",
        "replica": "postgres-replica-lag",
        "standby": "postgres-replica-lag",
        "slot": "postgres-slot-retains",
        "wraparound": "postgres-wraparound",
        "archiver": "postgres-archiver-fails",
        "checksums": "postgres-checksum-failures",
        "round trip": "postgres-query-long",
    },
    "mysql": {
        "locks": "mysql-lock-wait",
        "connections": "mysql-connections-high",
        "longest transaction": "mysql-transaction-long",
        "idle transaction": "mysql-transaction-long",
        "longest query": "mysql-statement-slow",
        "replication": "mysql-replica-lag",
        "latency": "mysql-statement-slow",
    },
    "redis": {
        "memory": "redis-memory-high",
        "clients": "redis-clients-high",
        "persistence": "redis-snapshot-failed",
        "master link": "redis-master-link-down",
        "replica": "redis-replica-lag",
        "replicas": "redis-replica-lost",
        "latency": "redis-slow",
        "queue": "queue-backlog",
    },
    "host": {
        "cpu": "host-cpu-high",
        "load": "host-load-high",
        "memory": "host-memory-high",
        "swap": "host-swap-filling",
        "out of memory": "host-out-of-memory-kill",
        "disk": "host-disk-full",
        "inodes": "host-inodes-used",
        "filling": "host-disk-fills-soon",
    },
    "process": {
        "count": "process-missing",
        "cpu": "process-cpu-high",
        "memory": "process-memory-high",
        "descriptors": "process-descriptors-high",
        "restarts": "process-restarts",
    },
    "http": {"certificate": "certificate-expiring", "latency": "http-slow"},
    "sqlite": {"integrity": "sqlite-damaged"},
}
"""By kind and by how the name of a part begins."""

_REASONS: Final = {
    "http": {"latency": "http-slow"},
    "dns": {"latency": "dns-slow"},
    "tls": {"latency": "http-handshake-slow"},
}
"""By kind and reason, where no part says more."""

_WELL: Final = (Status.OK, Status.WAITING)


def of_ailment(check: CheckView) -> str:
    """The name of the runbook for what is wrong with ``check``; empty where it answers, and none
    is of what it says.
    """
    if not check.up:
        return _SILENT.get(check.kind, ANYWAY)
    for part in _worst_first(check):
        name = _of_part(check.kind, part)
        if name:
            return name
    if check.kind == "http" and any(_worst_first(check)):
        return "health-part-failed"
    if check.kind == "http" and check.value[:1] in ("4", "5"):
        return "http-error-status"
    if check.kind == "redis" and check.reason == "limit":
        # It serves nobody for a script, or nobody more.
        return "redis-slow" if "script" in check.message else "redis-clients-refused"
    by_reason = _REASONS.get(check.kind, {}).get(check.reason, "")
    return by_reason or _ILL.get(check.kind, "")


def ailments(checks: Iterable[CheckView]) -> tuple[tuple[str, str], ...]:
    """The name of each of ``checks`` that is not well, with :func:`of_ailment`."""
    return tuple((check.name, of_ailment(check)) for check in checks if check.status not in _WELL)


def _worst_first(check: CheckView) -> Iterator[PartView]:
    ill = (part for part in check.parts if part.status not in _WELL)
    yield from sorted(ill, key=lambda part: -part.status.severity)


def _of_part(kind: str, part: PartView) -> str:
    known = _PARTS.get(kind, {})
    if part.name in known:
        return known[part.name]
    return next((known[word] for word in known if part.name.startswith(f"{word} ")), "")
