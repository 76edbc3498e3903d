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

__all__ = ["DIFFERENCES", "OWN_READING", "Difference", "judge"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that differs in the metrics that match ``metric`` (a pattern, whole).

    ``kind`` is one of :class:`tests.exporters.beside.Kind`, ``labels`` are patterns that the labels
    of the series match. ``why`` is a sentence for the page.
    """

    metric: str
    kind: Kind
    why: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def explains(self, found: Found) -> bool:
        """Whether ``found`` is this."""
        return (
            self.kind is found.kind
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
    unseen = [each for each in known if not any(each.explains(one) for one in every)]
    assert not unseen, "\n".join(map(str, unseen))


_INNER = {"device": "veth.*"}
_SESSION = "onwatch sets it for its own session: what that reads says nothing of anybody else's."
_NOT_ITS = "The exporter has it from no query of its own: only from one that its user writes."

DIFFERENCES: Final[Mapping[str, tuple[Difference, ...]]] = {
    "node": (
        Difference(
            r"node_network_(receive|transmit)_.*_total",
            Kind.LESS,
            "The host's ends of containers' interfaces (`veth`, `cali`, `lxc`, `tap`, `ifb`, "
            "`dummy`) are left out: there are hundreds, and the bridge counts their traffic too.",
            _INNER,
        ),
        Difference(
            r"node_disk_.*_total",
            Kind.LESS,
            "`zram`, partitions of `mmcblk` and drives for discs (`sr0`) are left out besides "
            "those that node_exporter leaves out.",
            {"device": "zram.*"},
        ),
        Difference(
            "node_hwmon_temp_crit_alarm_celsius",
            Kind.VALUE,
            "It is a flag. node_exporter divides it by 1000, as it does degrees, so that a rule "
            "that asks for 1 never fires; here it is 1.",
        ),
    ),
    "process": (
        Difference(
            "namedprocess_namegroup_memory_bytes",
            Kind.LESS,
            "Proportional sizes are left out: to read them makes the kernel walk through all of "
            "a process's memory at every run.",
            {"memtype": "proportional.*"},
        ),
    ),
    "mysqld": (),
    "postgres": (
        Difference("pg_settings_.*", Kind.MISSING, _SESSION),
        Difference(
            "pg_settings_extra_float_digits",
            Kind.VALUE,
            "Each says what its own driver has set for its session.",
        ),
        Difference("pg_bloat_.*", Kind.EXTRA, _NOT_ITS),
        Difference(
            "pg_stat_ssl_compression",
            Kind.NONE,
            "PostgreSQL 14 has removed TLS compression, and the column of `pg_stat_ssl` with it.",
        ),
    ),
    "redis": (
        Difference(
            "redis_instance_info",
            Kind.LABELS,
            "`master_replid` is a label besides, as in newer versions of the exporter.",
        ),
        Difference("redis_instance_info", Kind.LESS, ""),
        Difference("redis_instance_info", Kind.MORE, ""),
    ),
    "blackbox": (),
}
"""By exporter."""

OWN_READING: Final[Mapping[str, str]] = {
    r"probe_.*duration_seconds": "Each measures its own probe.",
    "mysql_global_status_threads_connected": "Each counts its own connection.",
    "redis_connected_clients": "Each counts its own connection.",
    "redis_memory_used_bytes": "Each counts the buffers of its own connection.",
    r"node_memory_.*_bytes": "It moves from one read to the next.",
}
"""Metrics whose values cannot be the same, since to look changes them."""
