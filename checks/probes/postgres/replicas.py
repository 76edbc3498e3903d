"""What the state of replicas, slots and a standby's upstream means."""

from __future__ import annotations

from collections.abc import Iterator

from checks.databases.model import ReplicaRow
from checks.expectations import latency_finding
from checks.findings import Finding
from checks.model import Part, Status
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.replication import Replica, Replication, Slot, Standby
from checks.wording import size, span

__all__ = ["judge_replication", "replica_rows"]


def judge_replication(found: Replication, config: PostgresConfig) -> Iterator[Finding]:
    """A child row for the upstream and each replica, and for each slot that is in trouble."""
    if found.standby is not None:
        yield _judge_standby(found.standby, config)
    replicas = found.replicas
    for replica in replicas or ():
        yield _judge_replica(replica, config, alone=len(replicas or ()) == 1)
    if replicas is not None and found.standby is None and len(replicas) < config.replicas:
        text = f"replicas: {len(replicas)} connected, expected {config.replicas}"
        value = f"{len(replicas)} of {config.replicas}"
        yield Finding("expectation", Part("replicas", Status.WARNING, text, value))
    for slot in found.slots or ():
        finding = _judge_slot(slot, config)
        if finding.part.status is not Status.OK:
            yield finding


def _judge_standby(standby: Standby, config: PostgresConfig) -> Finding:
    upstream = standby.upstream or "its primary"
    lag = standby.lag or 0.0
    value = f"lag {span(lag)}"
    late = latency_finding(lag, config.replication_lag)
    if standby.paused:
        text = f"standby: replay is paused, {span(lag)} behind: pg_wal_replay_resume() goes on"
        return Finding("expectation", Part("standby", Status.WARNING, text, value))
    if not standby.receiving:
        text = (
            "standby: no connection to its primary, its data grows stale: "
            "is the primary up, and primary_conninfo right? its log says why"
        )
        status = Status.CRITICAL if late and late.status is Status.CRITICAL else Status.WARNING
        return Finding("expectation", Part("standby", status, text, "not receiving"))
    text = f"standby of {upstream}, {span(lag)} behind"
    if late is not None:
        text = f"standby: {span(lag)} behind {upstream}; past its {late.status.value} bound"
        return Finding("latency", Part("standby", late.status, text, value))
    return Finding("ok", Part("standby", Status.OK, text, value))


def _judge_replica(replica: Replica, config: PostgresConfig, *, alone: bool) -> Finding:
    given = replica.name if replica.name not in ("", "walreceiver") else ""
    whole = f"replica {given or replica.address or replica.slot}".rstrip()
    name = "replica" if alone else whole
    if not replica.state:
        text = f"{whole}: its state is hidden from this role: GRANT pg_monitor"
        return Finding("ok", Part(name, Status.OK, text, "hidden"))
    lag = replica.lag or 0.0
    behind = f", {size(replica.behind)} behind" if replica.behind else ""
    if replica.state in ("startup", "catchup", "backup"):
        text = f"{whole}: {replica.state}{behind}"
        status = Status.OK if replica.state == "backup" else Status.WARNING
        reason = "ok" if status is Status.OK else "expectation"
        return Finding(reason, Part(name, status, text, replica.state))
    late = latency_finding(lag, config.replication_lag)
    value = f"lag {span(lag)}"
    text = f"{whole}: {replica.state}, {replica.sync or 'async'}, {value}{behind}"
    if late is not None:
        text = f"{text}; past its {late.status.value} bound"
        return Finding("latency", Part(name, late.status, text, value))
    return Finding("ok", Part(name, Status.OK, text, value))


def _judge_slot(slot: Slot, config: PostgresConfig) -> Finding:
    name = f"slot {slot.name}"
    retained = slot.retained or 0.0
    value = size(retained)
    idle = "" if slot.active else " and nobody reads it"
    drop = f": pg_drop_replication_slot('{slot.name}') if it is not needed" if idle else ""
    if slot.status == "lost":
        text = f"{name}: what its reader needs was removed; it has to be set up anew{drop}"
        return Finding("limit", Part(name, Status.CRITICAL, text, "lost"))
    if slot.status == "unreserved":
        text = f"{name}: its {value} are removed at the next checkpoint{idle}{drop}"
        return Finding("limit", Part(name, Status.WARNING, text, "unreserved"))
    status = Status.OK
    for bound, worse in (
        (config.slots.warning, Status.WARNING),
        (config.slots.critical, Status.CRITICAL),
    ):
        if bound is not None and retained >= bound:
            status = worse
    text = f"{name}: keeps {value} of write-ahead log{idle}{drop}"
    return Finding("ok" if status is Status.OK else "limit", Part(name, status, text, value))


def replica_rows(found: Replication, config: PostgresConfig) -> tuple[ReplicaRow, ...]:
    """The upstream, the replicas and the slots, for the databases screen."""
    alone = len(found.replicas or ()) == 1
    upstream = [_upstream_row(found.standby, config)] if found.standby is not None else []
    replicas = [_replica_row(one, config, alone=alone) for one in found.replicas or ()]
    return (*upstream, *replicas, *(_slot_row(slot, config) for slot in found.slots or ()))


def _upstream_row(standby: Standby, config: PostgresConfig) -> ReplicaRow:
    part = _judge_standby(standby, config).part
    return ReplicaRow(
        standby.upstream or "primary",
        "upstream",
        part.status,
        standby.status or "not receiving",
        standby.lag,
        standby.behind,
        _complaint(part),
    )


def _replica_row(replica: Replica, config: PostgresConfig, *, alone: bool) -> ReplicaRow:
    part = _judge_replica(replica, config, alone=alone).part
    state = f"{replica.state}, {replica.sync}" if replica.sync else replica.state or "hidden"
    name = replica.name or replica.address
    return ReplicaRow(
        name, "replica", part.status, state, replica.lag, replica.behind, _complaint(part)
    )


def _slot_row(slot: Slot, config: PostgresConfig) -> ReplicaRow:
    part = _judge_slot(slot, config).part
    state = f"{'active' if slot.active else 'inactive'} {slot.status}".rstrip()
    return ReplicaRow(slot.name, "slot", part.status, state, None, slot.retained, _complaint(part))


def _complaint(part: Part) -> str:
    return part.message if part.status is not Status.OK else ""
