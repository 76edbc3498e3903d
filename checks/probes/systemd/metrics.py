"""The names that a `systemd` check yields: systemd_exporter's and node_exporter's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from checks.model import SampleBuilder, Sampler, Samples
from checks.probe import Metric
from checks.probes.systemd.model import Unit

__all__ = ["METRICS", "STATES", "UnitSamples", "emit_system"]

STATES: Final = ("active", "activating", "deactivating", "inactive", "failed")
_SYNONYMS: Final = {"reloading": "active", "refreshing": "active", "maintenance": "inactive"}
_VERSION: Final = re.compile(r"\d{3,}(?:\.\d+)?")
_NAME: Final = ("name",)
_STATE: Final = ("name", "state", "type")


class UnitSamples:
    """Makes a unit's samples; most of them are the same from one run to the next."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._made: dict[str, tuple[object, Samples]] = {}

    def emit(self, units: Iterable[Unit], to: SampleBuilder) -> None:
        """Emits what is known of each unit."""
        made: dict[str, tuple[object, Samples]] = {}
        for unit in units:
            key = (unit.active, unit.service_type, unit.active_since)
            known = self._made.get(unit.name)
            if known is None or known[0] != key:
                builder = self._sampler.builder()
                _emit_state(unit, builder)
                known = (key, builder.build())
            made[unit.name] = known
            to.extend(known[1])
            _emit_use(unit, to)
        self._made = made


def _emit_state(unit: Unit, to: SampleBuilder) -> None:
    """The label ``type`` is the unit's type (``service``) for systemd_exporter, and the service's
    (``simple``, ``oneshot``) for node_exporter.
    """
    now = _SYNONYMS.get(unit.active, unit.active)
    for state in STATES:
        value = float(state == now)
        own = {"name": unit.name, "state": state}
        to.add("systemd_unit_state", value, {**own, "type": unit.type})
        to.add("node_systemd_unit_state", value, {**own, "type": unit.service_type})
    name = {"name": unit.name}
    start = unit.active_since if unit.active == "active" else 0.0
    to.add("systemd_unit_start_time_seconds", start, {**name, "type": unit.type})
    to.add("node_systemd_unit_start_time_seconds", start, name)


def _emit_use(unit: Unit, to: SampleBuilder) -> None:
    name = {"name": unit.name}
    typed = {**name, "type": unit.type}
    if unit.type == "service":
        _service(unit, name, typed, to)
    elif unit.type == "timer":
        for metric in ("systemd_timer", "node_systemd_timer"):
            to.add(f"{metric}_last_trigger_seconds", unit.last_trigger or 0.0, name)
    elif unit.type == "socket":
        for metric in ("systemd_socket", "node_systemd_socket"):
            to.add(f"{metric}_accepted_connections_total", unit.accepted, name)
            to.add(f"{metric}_current_connections", unit.connections, name)
            to.add(f"{metric}_refused_connections_total", unit.refused, name)


def _service(unit: Unit, name: dict[str, str], typed: dict[str, str], to: SampleBuilder) -> None:
    for prefix in ("systemd", "node_systemd"):
        to.add(f"{prefix}_service_restart_total", unit.restarts, name)
        to.add(f"{prefix}_unit_tasks_current", unit.tasks, name)
    to.add("node_systemd_unit_tasks_max", unit.tasks_most, name)
    to.add("systemd_unit_tasks_max", unit.tasks_most, typed)
    to.add("onwatch_systemd_unit_memory_bytes", unit.memory, name)
    to.add("onwatch_systemd_unit_cpu_seconds_total", unit.cpu, name)


def emit_system(state: str | None, version: str, units: Iterable[Unit], to: SampleBuilder) -> None:
    """Emits what is known of the whole; ``units`` are summed up by their states."""
    if state is not None:
        to.add("node_systemd_system_running", float(state == "running"))
    found = _VERSION.search(version)
    if found:
        to.add("node_systemd_version", float(found[0]), {"version": version})
    counts = dict.fromkeys(STATES, 0)
    for unit in units:
        now = _SYNONYMS.get(unit.active, unit.active)
        counts[now] = counts.get(now, 0) + 1
    for name, count in counts.items():
        to.add("node_systemd_units", count, {"state": name})


METRICS: Final = (
    Metric("systemd_unit_state", "gauge", "1 for the state that a unit is in", "", _STATE),
    Metric("node_systemd_unit_state", "gauge", "1 for the state that a unit is in", "", _STATE),
    Metric(
        "systemd_unit_start_time_seconds", "gauge", "since when it is active", "s", ("name", "type")
    ),
    Metric("node_systemd_unit_start_time_seconds", "gauge", "since when it is active", "s", _NAME),
    Metric("systemd_service_restart_total", "counter", "restarts by systemd", "", _NAME),
    Metric("node_systemd_service_restart_total", "counter", "restarts by systemd", "", _NAME),
    Metric("systemd_unit_tasks_current", "gauge", "tasks of a service", "", _NAME),
    Metric("node_systemd_unit_tasks_current", "gauge", "tasks of a service", "", _NAME),
    Metric("systemd_unit_tasks_max", "gauge", "tasks that it may have", "", ("name", "type")),
    Metric("node_systemd_unit_tasks_max", "gauge", "tasks that it may have", "", _NAME),
    Metric("onwatch_systemd_unit_memory_bytes", "gauge", "memory of a service", "bytes", _NAME),
    Metric("onwatch_systemd_unit_cpu_seconds_total", "counter", "its CPU time", "s", _NAME),
    Metric("systemd_timer_last_trigger_seconds", "gauge", "when a timer last fired", "s", _NAME),
    Metric("node_systemd_timer_last_trigger_seconds", "gauge", "the same", "s", _NAME),
    Metric("systemd_socket_accepted_connections_total", "counter", "accepted", "", _NAME),
    Metric("node_systemd_socket_accepted_connections_total", "counter", "accepted", "", _NAME),
    Metric("systemd_socket_current_connections", "gauge", "open now", "", _NAME),
    Metric("node_systemd_socket_current_connections", "gauge", "open now", "", _NAME),
    Metric("systemd_socket_refused_connections_total", "counter", "refused", "", _NAME),
    Metric("node_systemd_socket_refused_connections_total", "counter", "refused", "", _NAME),
    Metric("node_systemd_system_running", "gauge", "1 where all is as it should be"),
    Metric("node_systemd_version", "gauge", "version of systemd", "", ("version",)),
    Metric("node_systemd_units", "gauge", "watched units by state", "", ("state",)),
)
