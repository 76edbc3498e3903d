"""Replicas, slots and the link of a standby to its primary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from checks.dial import place
from checks.model import SampleBuilder
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse

__all__ = [
    "Level",
    "Replica",
    "Replication",
    "Slot",
    "Standby",
    "add_replication",
    "read_replication",
]


@dataclass(frozen=True, slots=True)
class Replica:
    """One that is connected. ``lag`` is the seconds by which it lately was behind, None where
    nothing was written; ``behind`` the bytes it has not replayed."""

    name: str
    address: str
    state: str
    sync: str
    slot: str
    lag: float | None
    behind: float | None
    here: float | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot. ``retained`` is the bytes of write-ahead log kept for it."""

    name: str
    kind: str
    database: str
    active: bool
    status: str
    safe: float | None
    retained: float | None


@dataclass(frozen=True, slots=True)
class Standby:
    """What a standby knows of itself. ``heard`` is the seconds since its upstream's last word,
    ``level`` whether it has replayed all that its upstream had then."""

    lag: float | None
    replayed_at: float | None
    behind: float | None
    level: bool
    paused: bool
    receiving: bool
    status: str
    upstream: str
    heard: float | None


@dataclass(frozen=True, slots=True)
class Replication:
    """All of it; ``replicas`` and ``slots`` are None where they could not be read."""

    replicas: tuple[Replica, ...] | None = ()
    slots: tuple[Slot, ...] | None = ()
    standby: Standby | None = None


class Level:
    """When a standby was last level with its upstream: it cannot lag by more than since then.

    By itself the server says how old the last commit is, as soon as one byte is to be replayed:
    hours, after a night in which nobody wrote. And bytes are missing for as long as 15 s while a
    transaction writes and nothing is committed: whole pages are sent, and the last one ends
    amid a record, the rest of which is to come.
    """

    def __init__(self) -> None:
        self._at: float | None = None

    def forget(self) -> None:
        """Another server may answer."""
        self._at = None

    def bound(self, found: Replication, now: float) -> Replication:
        """``found`` with no greater lag than there can be; ``now`` in seconds."""
        standby = found.standby
        if standby is None:
            return found
        if standby.level:
            self._at = now
        if self._at is None or standby.lag is None:
            return found
        return replace(found, standby=replace(standby, lag=min(standby.lag, now - self._at)))


async def read_replication(ask: Asker, pulse: Pulse) -> Replication:
    """What there is of it; asks nothing where there is none."""
    server = pulse.server
    if server is None:
        return Replication()
    replicas = await ask("replication") if server.senders else ()
    slots = await ask("slots") if server.slots else ()
    standby = await ask("standby") if server.in_recovery else ()
    return Replication(
        None if replicas is None else tuple(_replica(ask, row) for row in replicas),
        None if slots is None else tuple(_slot(ask, row) for row in slots),
        _standby(standby[0]) if standby else None,
    )


def _replica(ask: Asker, row: Any) -> Replica:
    return Replica(
        name=ask.text(row["application_name"]),
        address=row["client_addr"] or "",
        state=row["state"] or "",
        sync=row["sync_state"] or "",
        slot=row["slot_name"] or "",
        lag=row["replay_lag"],
        behind=row["behind"],
        here=row["here"],
    )


def _slot(ask: Asker, row: Any) -> Slot:
    return Slot(
        name=row["slot_name"],
        kind=row["slot_type"],
        database=ask.text(row["database"]),
        active=row["active"],
        status=row["wal_status"] or "",
        safe=row["safe_wal_size"],
        retained=row["retained"],
    )


def _standby(row: Any) -> Standby:
    host, port = row["sender_host"] or "", row["sender_port"]
    return Standby(
        lag=row["lag"],
        replayed_at=row["replayed_at"],
        behind=row["behind"],
        level=row["level"],
        paused=bool(row["paused"]),
        receiving=row["receiving"],
        status=row["status"] or "",
        upstream=place(host, port) if host and port else host,
        heard=row["heard"],
    )


def add_replication(to: SampleBuilder, found: Replication, pulse: Pulse) -> None:
    """The samples of ``found``."""
    if pulse.server is not None:
        lag = found.standby.lag if found.standby is not None else 0.0
        if found.standby is not None or not pulse.server.in_recovery:
            to.add("pg_replication_lag_seconds", lag)
            to.add("pg_replication_lag", lag)
    # On a primary the lag of its own is 0, however far behind its replicas are.
    lags = [one.lag or 0.0 for one in found.replicas or () if one.state]
    if found.standby is not None and found.standby.lag is not None:
        lags.append(found.standby.lag)
    if lags:
        to.add("pg_longest_replication_lag_seconds", max(lags))
    if found.standby is not None:
        to.add("pg_replication_last_replay_seconds", found.standby.replayed_at)
        to.add("pg_stat_wal_receiver_up", found.standby.receiving)
    for replica in found.replicas or ():
        _add_replica(to, replica)
    for slot in found.slots or ():
        _add_slot(to, slot)


def _add_replica(to: SampleBuilder, replica: Replica) -> None:
    labels = {
        "application_name": replica.name,
        "client_addr": replica.address,
        "state": replica.state,
        "slot_name": replica.slot,
    }
    to.add("pg_stat_replication_pg_current_wal_lsn_bytes", replica.here, labels)
    to.add("pg_stat_replication_pg_wal_lsn_diff", replica.behind, labels)
    to.add("pg_stat_replication_replay_lag_seconds", replica.lag, labels)


def _add_slot(to: SampleBuilder, slot: Slot) -> None:
    old = {"slot_name": slot.name, "database": slot.database}
    to.add("pg_replication_slots_active", slot.active, old)
    to.add("pg_replication_slots_pg_wal_lsn_diff", slot.retained, old)
    new = {"slot_name": slot.name, "slot_type": slot.kind}
    to.add("pg_replication_slot_slot_is_active", slot.active, new)
    to.add("pg_replication_slot_safe_wal_size_bytes", slot.safe, new)
    if slot.status:
        to.add("pg_replication_slot_wal_status", 1, {**new, "wal_status": slot.status})
