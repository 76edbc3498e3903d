"""The names that a `process` check yields: process-exporter's, and a client library's own."""

from __future__ import annotations

from typing import Final

from checks.model import SampleBuilder
from checks.probe import Metric
from checks.probes.process.group import Figures

__all__ = ["METRICS", "emit"]

_GROUP: Final = ("groupname",)
_STATES: Final = {"R": "Running", "S": "Sleeping", "D": "Waiting", "Z": "Zombie"}
"""Letters of the kernel, and what process-exporter calls them; all others are ``Other``."""
_STATE_NAMES: Final = (*_STATES.values(), "Other")
_PREFIX: Final = "namedprocess_namegroup"
_COUNTERS: Final = {
    "read": (f"{_PREFIX}_read_bytes_total", {}),
    "written": (f"{_PREFIX}_write_bytes_total", {}),
    "minor": (f"{_PREFIX}_minor_page_faults_total", {}),
    "major": (f"{_PREFIX}_major_page_faults_total", {}),
    "user": (f"{_PREFIX}_cpu_seconds_total", {"mode": "user"}),
    "system": (f"{_PREFIX}_cpu_seconds_total", {"mode": "system"}),
    "voluntary": (f"{_PREFIX}_context_switches_total", {"ctxswitchtype": "voluntary"}),
    "involuntary": (f"{_PREFIX}_context_switches_total", {"ctxswitchtype": "nonvoluntary"}),
}


def emit(figures: Figures, group: str, to: SampleBuilder) -> None:
    """Emits the group's samples; of a group of one also those of that process."""
    own = {"groupname": group}
    to.add(f"{_PREFIX}_num_procs", len(figures.members), own)
    to.add("onwatch_process_restarts_total", figures.restarts, own)
    for name, value in figures.counters.items():
        metric, labels = _COUNTERS[name]
        to.add(metric, value, {**own, **labels})
    states = dict.fromkeys(_STATE_NAMES, 0)
    for letter, count in figures.states.items():
        states[_STATES.get(letter, "Other")] += count
    for state, count in states.items():
        to.add(f"{_PREFIX}_states", count, {**own, "state": state})
    if figures.members:
        _of_the_living(figures, own, to)
    if len(figures.members) == 1:
        _of_one(figures, to)


def _of_the_living(figures: Figures, own: dict[str, str], to: SampleBuilder) -> None:
    swapped = [one.details.swapped for one in figures.members]
    known = [value for value in swapped if value is not None]
    memory = {
        "resident": figures.memory,
        "virtual": sum(one.process.virtual for one in figures.members),
        "swapped": sum(known) if len(known) == len(swapped) else None,
    }
    for kind, value in memory.items():
        to.add(f"{_PREFIX}_memory_bytes", value, {**own, "memtype": kind})
    to.add(f"{_PREFIX}_num_threads", figures.threads, own)
    to.add(f"{_PREFIX}_oldest_start_time_seconds", figures.oldest, own)
    to.add(f"{_PREFIX}_open_filedesc", figures.descriptors, own)
    if figures.descriptors is not None and figures.fullest is not None:
        to.add(f"{_PREFIX}_worst_fd_ratio", figures.fullest.full, own)


def _of_one(figures: Figures, to: SampleBuilder) -> None:
    one = figures.members[0]
    to.add("process_cpu_seconds_total", one.process.time)
    to.add("process_resident_memory_bytes", one.process.memory)
    to.add("process_virtual_memory_bytes", one.process.virtual)
    to.add("process_start_time_seconds", one.started)
    to.add("process_open_fds", one.details.descriptors)
    to.add("process_max_fds", one.details.limit)
    to.add("process_threads", one.process.threads)


METRICS: Final = (
    Metric(f"{_PREFIX}_num_procs", "gauge", "processes that run, zombies left out", "", _GROUP),
    Metric(f"{_PREFIX}_cpu_seconds_total", "counter", "CPU time", "s", (*_GROUP, "mode")),
    Metric(f"{_PREFIX}_memory_bytes", "gauge", "memory", "bytes", (*_GROUP, "memtype")),
    Metric(f"{_PREFIX}_open_filedesc", "gauge", "open descriptors", "", _GROUP),
    Metric(f"{_PREFIX}_worst_fd_ratio", "gauge", "highest share of a limit open", "", _GROUP),
    Metric(f"{_PREFIX}_num_threads", "gauge", "threads", "", _GROUP),
    Metric(f"{_PREFIX}_oldest_start_time_seconds", "gauge", "start of the oldest", "s", _GROUP),
    Metric(f"{_PREFIX}_states", "gauge", "processes by state", "", (*_GROUP, "state")),
    Metric(f"{_PREFIX}_read_bytes_total", "counter", "bytes read from disks", "bytes", _GROUP),
    Metric(f"{_PREFIX}_write_bytes_total", "counter", "bytes written to disks", "bytes", _GROUP),
    Metric(f"{_PREFIX}_major_page_faults_total", "counter", "faults served by disks", "", _GROUP),
    Metric(f"{_PREFIX}_minor_page_faults_total", "counter", "faults served by memory", "", _GROUP),
    Metric(
        f"{_PREFIX}_context_switches_total",
        "counter",
        "context switches",
        "",
        (*_GROUP, "ctxswitchtype"),
    ),
    Metric("onwatch_process_restarts_total", "counter", "restarts that were seen", "", _GROUP),
    Metric("process_cpu_seconds_total", "counter", "CPU time of the one process", "s"),
    Metric("process_resident_memory_bytes", "gauge", "its resident memory", "bytes"),
    Metric("process_virtual_memory_bytes", "gauge", "its address space", "bytes"),
    Metric("process_start_time_seconds", "gauge", "when it was started", "s"),
    Metric("process_open_fds", "gauge", "its open descriptors"),
    Metric("process_max_fds", "gauge", "its limit of descriptors"),
    Metric("process_threads", "gauge", "its threads"),
)
