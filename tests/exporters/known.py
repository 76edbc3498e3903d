"""What differs between onwatch and an exporter, and why: docs/metrics.md is made from it.

The tests beside the exporters hold it both ways: what differs and is not here fails them, and so
does what is here and does not differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.exporters.beside import Found, Kind

__all__ = ["COMPARED", "DIFFERENCES", "NOT_COMPARED", "OWN_READING", "Difference", "judge"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that differs in the metrics that match ``metric`` (a pattern, whole).

    ``kinds`` are how it shows, ``labels`` are patterns that the labels of the series match. ``why``
    is for the page.
    """

    metric: str
    kinds: tuple[Kind, ...]
    why: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def explains(self, found: Found) -> bool:
        """Whether ``found`` is this."""
        return (
            found.kind in self.kinds
            and re.fullmatch(self.metric, found.metric) is not None
            and all(
                re.fullmatch(pattern, found.labels.get(name, ""))
                for name, pattern in self.labels.items()
            )
        )


def judge(exporter: str, found: Iterable[Found]) -> None:
    """Fails the test where ``found`` is not what is known of ``exporter``."""
    known = DIFFERENCES[exporter]
    every = list(found)
    unknown = [one for one in every if not any(each.explains(one) for each in known)]
    assert not unknown, "\n".join(map(str, unknown))
    unseen = [
        each
        for each in known
        if {one.kind for one in every if each.explains(one)} != set(each.kinds)
    ]
    assert not unseen, "\n".join(map(str, unseen))


_INNER = {"device": "veth.*"}
_SESSION = "onwatch sets them for its own session: what that reads says nothing of anybody else's."
_OURS = (
    *("default_transaction_read_only", "transaction_read_only", "jit"),
    *("statement_timeout_seconds", "lock_timeout_seconds"),
    *("idle_in_transaction_session_timeout_seconds", "max_parallel_workers_per_gather"),
)
_NOT_ITS = "The exporter has it from no query of its own: only from one that its user writes."

DIFFERENCES: Final[Mapping[str, tuple[Difference, ...]]] = {
    "node": (
        Difference(
            r"node_network_(receive|transmit)_.*_total",
            (Kind.LESS,),
            "The host's ends of containers' interfaces (`veth`, `cali`, `lxc`, `tap`, `ifb`, "
            "`dummy`) are left out: there are hundreds, and the bridge counts their traffic too.",
            _INNER,
        ),
        Difference(
            r"node_disk_.*_total",
            (Kind.LESS,),
            "`zram`, partitions of `mmcblk` and drives for discs (`sr0`) are left out besides "
            "those that node_exporter leaves out.",
            {"device": "zram.*"},
        ),
        Difference(
            "node_hwmon_temp_crit_alarm_celsius",
            (Kind.VALUE,),
            "It is a flag. node_exporter divides it by 1000, as it does degrees, so that a rule "
            "that asks for 1 never fires; here it is 1.",
        ),
    ),
    "process": (
        Difference(
            "namedprocess_namegroup_memory_bytes",
            (Kind.LESS,),
            "Proportional sizes are left out: to read them makes the kernel walk through all of "
            "a process's memory at every run.",
            {"memtype": "proportional.*"},
        ),
    ),
    "mysqld": (),
    "postgres": (
        Difference(f"pg_settings_({'|'.join(_OURS)})", (Kind.MISSING,), _SESSION),
        Difference(
            "pg_settings_extra_float_digits",
            (Kind.VALUE,),
            "Each says what its own driver has set for its session.",
        ),
        Difference("pg_bloat_.*", (Kind.EXTRA,), _NOT_ITS),
        Difference(
            "pg_stat_ssl_compression",
            (Kind.NONE,),
            "PostgreSQL 14 has removed TLS compression, and the column of `pg_stat_ssl` with it.",
        ),
    ),
    "redis": (
        Difference(
            "redis_instance_info",
            (Kind.LABELS, Kind.LESS, Kind.MORE),
            "`master_replid` is a label besides, as in newer versions of the exporter.",
        ),
    ),
    "blackbox": (),
}
"""By exporter."""

OWN_READING: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "blackbox": (("`probe_*duration_seconds`", "each measures its own probe"),),
    "mysqld": (("`mysql_global_status_threads_connected`", "each counts its own connection"),),
    "redis": (
        ("`redis_connected_clients`", "each counts its own connection"),
        ("`redis_memory_used_bytes`", "each counts the buffers of its own connection"),
    ),
    "process": (
        (
            "`namedprocess_namegroup_*_total`",
            "of a process that it finds running, process-exporter counts what it does from then "
            "on, onwatch all that it has done; what they gain is the same",
        ),
    ),
}
"""By exporter: metrics whose values cannot be the same, and why."""

COMPARED: Final[Mapping[str, str]] = {
    "node": "1.5.0, on the machine that runs the tests and on a recorded `/proc` and `/sys` with "
    "RAID, a bond, memory controllers, sensors and containers' interfaces",
    "process": "0.7.10, on a process that uses CPU, sleeps and writes",
    "mysqld": "0.14.0, on MariaDB 10.11 and a replica of it",
    "postgres": "0.11.1, on PostgreSQL 16 and a standby of it; with the queries of its own example "
    "file and those that the rules ask its users for",
    "redis": "1.45.0 with `--include-system-metrics`, on Redis 6.2 and a replica of it",
    "blackbox": "0.23.0: HTTP, HTTPS, an answer of 503, TLS, TCP, DNS and ICMP, each as a module "
    "there and as a check here",
}
"""What of Debian is beside onwatch, and on what."""

NOT_COMPARED: Final[Mapping[str, Mapping[str, str]]] = {
    "node": {
        "node_systemd_unit_state": "It is read over D-Bus from the machine's systemd. Its names "
        "and labels are those of its source, the values those that real ones of three versions "
        "said to systemctl",
    },
    "systemd": {
        "systemd_.*": "Debian has no systemd_exporter; names and labels are those of its source, "
        "the values those that real systemds of three versions said to systemctl",
    },
    "blackbox": {
        "blackbox_exporter_config_last_reload_successful": "It is of the exporter itself. "
        "Here it says the same of onwatch's own configuration, with the job `onwatch`",
    },
}
"""Patterns of metrics that no exporter was beside, and why, by exporter."""
