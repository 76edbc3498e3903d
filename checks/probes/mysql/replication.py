"""Replication: what this server replicates from others, and who replicates from it.

MySQL from 8.0.22 on and MariaDB call the same columns by different names; samples carry those
that mysqld_exporter has for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checks.databases.model import ReplicaRow
from checks.dial import place
from checks.expectations import LatencyBounds, latency_finding
from checks.model import Part, SampleBuilder, Status, clean
from checks.probe import Metric
from checks.probes.mysql.asking import Record
from checks.probes.mysql.sessions import STREAMS, Process
from checks.probes.mysql.status import number
from checks.wording import size, span

__all__ = [
    "REPLICATION_METRICS",
    "Channel",
    "add_channels",
    "channel_of",
    "channel_part",
    "channel_row",
    "downstream_rows",
]

_OLD: Final = (("source", "master"), ("replica", "slave"))
_KEPT: Final = {
    "slave_io_running": "1 while it fetches, else 0",
    "slave_sql_running": "1 while it applies, else 0",
    "seconds_behind_master": "how far behind it is; missing while it does not replicate",
    "sql_delay": "how far behind it is meant to be",
    "master_server_id": "the primary's server_id",
    "master_port": "the primary's port",
    "read_master_log_pos": "how far it has fetched",
    "exec_master_log_pos": "how far it has applied",
    "relay_log_space": "bytes of relay logs",
    "last_errno": "number of the last error, 0 for none",
    "last_io_errno": "number of the last error of fetching",
    "last_sql_errno": "number of the last error of applying",
    "skip_counter": "events still to be skipped",
    "retried_transactions": "transactions tried again",
}
"""Columns that become samples."""
_LABELS: Final = ("master_host", "master_uuid", "channel_name", "connection_name")


@dataclass(frozen=True, slots=True)
class Channel:
    """One connection to a primary. ``values`` are all its columns, in lower case and by their
    old names; ``lag`` is in seconds, None while it does not replicate."""

    values: dict[str, str | None]
    name: str
    primary: str
    fetches: bool
    connecting: bool
    applies: bool
    lag: float | None
    delay: float
    error: str

    @property
    def behind(self) -> float | None:
        """Bytes of the primary's log that were fetched and not yet applied."""
        values = self.values
        if values.get("master_log_file") != values.get("relay_master_log_file"):
            return None
        read = number(values.get("read_master_log_pos"))
        done = number(values.get("exec_master_log_pos"))
        return None if read is None or done is None else max(0.0, read - done)


def channel_of(row: Record) -> Channel:
    """The channel in a row of SHOW REPLICA STATUS or its forebears."""
    values = {_old_name(name): _text(value) for name, value in row.items()}
    host, port = values.get("master_host") or "", values.get("master_port") or ""
    fetching = (values.get("slave_io_running") or "").lower()
    errors = ("last_io_error", "last_sql_error", "last_error")
    return Channel(
        values=values,
        name=values.get("connection_name") or values.get("channel_name") or "",
        primary=place(host, int(port) if port.isdigit() else 3306) if host else "its primary",
        fetches=fetching == "yes",
        connecting=fetching in ("connecting", "preparing"),
        applies=(values.get("slave_sql_running") or "").lower() == "yes",
        lag=number(values.get("seconds_behind_master")),
        delay=number(values.get("sql_delay")) or 0.0,
        error=clean(next((values[one] for one in errors if values.get(one)), "") or "", 200),
    )


def _old_name(name: str) -> str:
    lower = name.lower()
    for new, old in _OLD:
        lower = lower.replace(new, old)
    return lower


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def add_channels(out: SampleBuilder, channels: Sequence[Channel]) -> None:
    """The samples of the channels."""
    for channel in channels:
        labels = {name: channel.values.get(name) or "" for name in _LABELS}
        for name in _KEPT:
            value = number(channel.values.get(name))
            if name == "slave_io_running":
                value = float(channel.fetches)
            out.add(f"mysql_slave_status_{name}", value, labels)


def channel_part(channel: Channel, bounds: LatencyBounds) -> tuple[Part, str]:
    """The child row of a channel, and the reason for its status."""
    name = f"replication {channel.name}".rstrip()
    primary, because = channel.primary, f": {channel.error}" if channel.error else ""
    if not channel.applies and not channel.fetches and not channel.error and not channel.connecting:
        text = f"{name}: stopped, data of {primary} grows stale: START REPLICA, or RESET it"
        return Part(name, Status.CRITICAL, text, "stopped"), "expectation"
    if not channel.applies:
        text = f"{name}: what comes from {primary} is not applied{because}"
        return Part(name, Status.CRITICAL, text, "stopped"), "expectation"
    if not channel.fetches:
        state = "cannot connect to" if channel.connecting else "fetches nothing from"
        text = f"{name}: {state} {primary}{because}"
        return Part(name, Status.CRITICAL, text, "connecting"), "expectation"
    if channel.lag is None:
        text = f"{name}: replica of {primary}, how far behind is not known"
        return Part(name, Status.WARNING, text, "unknown"), "expectation"
    lag = max(0.0, channel.lag - channel.delay)
    value = f"lag {span(lag)}"
    meant = f" besides the {span(channel.delay)} it is meant to be" if channel.delay else ""
    finding = latency_finding(lag, bounds)
    if finding is not None:
        text = f"{name}: {span(lag)} behind {primary}{meant}{_unapplied(channel)}"
        return Part(name, finding.status, text, value), "latency"
    return Part(name, Status.OK, f"{name}: replica of {primary}, {value}{meant}", value), "ok"


def _unapplied(channel: Channel) -> str:
    behind = channel.behind
    return f", {size(behind)} fetched and not applied" if behind else ""


def channel_row(channel: Channel, bounds: LatencyBounds) -> ReplicaRow:
    """The channel as the screens show it."""
    part, _ = channel_part(channel, bounds)
    state = channel.values.get("slave_sql_running_state") or channel.values.get("slave_sql_state")
    return ReplicaRow(
        name=f"{channel.name} {channel.primary}".strip(),
        role="upstream",
        status=part.status,
        state=(state or "") if channel.applies else (channel.values.get("slave_io_state") or ""),
        lag=channel.lag,
        behind=channel.behind,
        message="" if part.status is Status.OK else part.message,
    )


def downstream_rows(processes: Iterable[Process]) -> Iterator[ReplicaRow]:
    """Those that replicate from this server, by the sessions that feed them."""
    for process in processes:
        if process.command in STREAMS:
            host = process.host.rpartition(":")[0] or process.host
            yield ReplicaRow(
                name=f"{process.user}@{host}", role="replica", status=Status.OK, state=process.state
            )


REPLICATION_METRICS: Final = tuple(
    Metric(
        f"mysql_slave_status_{name}",
        "counter" if name == "retried_transactions" else "gauge",
        *(text, ""),
        _LABELS,
    )
    for name, text in _KEPT.items()
)
