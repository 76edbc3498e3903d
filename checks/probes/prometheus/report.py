"""What a prometheus check tells of the server: samples, facts, tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from checks.errors import TargetError
from checks.model import Sampler, Samples, Table
from checks.probes.prometheus.reading import Build, Job, RulesSeen, Runtime, TargetsSeen

__all__ = ["Known", "facts_of", "own_samples", "tables_of"]

_JOBS: Final = 500
"""Jobs that have series of their own."""
_NAMES: Final = {
    "targets": "what it scrapes",
    "rules": "its rules",
    "runtime": "whether its configuration was reloaded",
    "head": "how many series it holds",
    "version": "its version",
}


@dataclass(slots=True)
class Known:
    """What was read last of each part; None where it could not be.

    ``untold`` are parts that the server has no path for, with that path; ``troubles`` why others
    could not be read; ``news`` sentences for the timeline that were not told yet.
    """

    build: Build | None = None
    runtime: Runtime | None = None
    targets: TargetsSeen | None = None
    rules: RulesSeen | None = None
    head: float | None = None
    untold: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, TargetError] = field(default_factory=dict)
    news: tuple[str, ...] = ()

    def take_build(self, build: Build) -> None:
        """Take its version, and tell where that is another one now."""
        before = self.build.version if self.build is not None else ""
        if before and build.version and build.version != before:
            self.news = (*self.news, f"version changed from {before} to {build.version}")
        self.build = build

    @property
    def headline(self) -> str:
        """A few characters: ``41/42 up``."""
        seen = self.targets
        return f"{seen.total - seen.down:,}/{seen.total:,} up" if seen and seen.total else "ready"


def own_samples(sampler: Sampler, known: Known, *, ready: bool) -> Samples:
    """What is known of the server, under its own metrics' names where it has some."""
    builder = sampler.builder()
    builder.add("prometheus_ready", float(ready))
    if known.build is not None and known.build.version:
        labels = {"version": known.build.version, "revision": known.build.revision}
        builder.add("prometheus_build_info", 1.0, labels)
    if known.runtime is not None and known.runtime.reloaded is not None:
        builder.add("prometheus_config_last_reload_successful", float(known.runtime.reloaded))
    builder.add("prometheus_tsdb_head_series", known.head)
    for job in _counted(known.targets.jobs) if known.targets is not None else ():
        for health, count in (("up", job.up), ("down", job.down), ("unknown", job.unknown)):
            labels = {"scrape_job": job.name, "health": health}
            builder.add("prometheus_targets", float(count), labels)
    if known.rules is not None:
        for health in ("ok", "err", "unknown"):
            count = known.rules.health.get(health, 0)
            builder.add("prometheus_rules", float(count), {"health": health})
        for state, count in known.rules.alerts.items():
            builder.add("prometheus_alerts", float(count), {"alertstate": state})
    return builder.build()


def _counted(jobs: tuple[Job, ...]) -> Iterator[Job]:
    """The largest of ``jobs``, and the others as one: each has series of its own."""
    ordered = sorted(jobs, key=lambda job: (-job.total, job.name))
    yield from ordered[:_JOBS]
    if rest := ordered[_JOBS:]:
        up, down = sum(job.up for job in rest), sum(job.down for job in rest)
        yield Job("other", up, down, sum(job.unknown for job in rest))


def facts_of(known: Known) -> tuple[tuple[str, str], ...]:
    """The same for people, and what the server does not tell."""
    return tuple(_facts(known))


def _facts(known: Known) -> Iterator[tuple[str, str]]:
    build, runtime, rules = known.build, known.runtime, known.rules
    if build is not None and build.version:
        yield "version", f"{build.application or 'Prometheus'} {build.version}"
    if runtime is not None and runtime.started:
        yield "started", runtime.started
    if runtime is not None and runtime.retention:
        yield "retention", runtime.retention
    if known.head is not None:
        yield "series in the head", f"{known.head:,.0f}"
    if known.targets is not None:
        yield "targets", f"{known.targets.total:,}, of jobs: {len(known.targets.jobs):,}"
    if rules is not None:
        yield "rules", f"{rules.total:,}, in groups: {rules.groups:,}"
    if known.untold:
        told = "; ".join(f"{_NAMES[name]} ({path})" for name, path in known.untold.items())
        yield "not told here", told


def tables_of(known: Known) -> tuple[Table, ...]:
    """Targets that are down, rules in error, alerts that fire."""
    made = []
    if known.targets is not None and known.targets.ill:
        rows = tuple((one.job, one.instance, one.error) for one in known.targets.ill)
        made.append(Table("targets that are down", ("job", "instance", "error"), rows))
    if known.rules is not None and known.rules.ill:
        rows = tuple((one.group, one.name, one.error) for one in known.rules.ill)
        made.append(Table("rules in error", ("group", "rule", "error"), rows))
    if known.rules is not None and known.rules.firing:
        alerts = tuple((a.name, a.severity, a.labels, a.since) for a in known.rules.firing)
        made.append(
            Table("alerts that fire there", ("alert", "severity", "labels", "since"), alerts)
        )
    return tuple(made)
