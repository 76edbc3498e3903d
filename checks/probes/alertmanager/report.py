"""What an alertmanager check tells of the server: samples, facts, tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from checks.errors import TargetError
from checks.model import Sampler, Samples, Table
from checks.probes.alertmanager.reading import About, Alert, AlertsSeen, Silence, SilencesSeen
from checks.wording import span

__all__ = ["Known", "facts_of", "own_samples", "span_left", "tables_of"]

_ROWS: Final = 100
_SEVERITIES: Final = 20
"""Values of the label severity that get a series of their own; the rest is ``other``."""


@dataclass(slots=True)
class Known:
    """What was read last of each part; None where it could not be.

    ``troubles`` say why; ``news`` are sentences for the timeline that were not told yet.
    """

    about: About | None = None
    alerts: AlertsSeen | None = None
    silences: SilencesSeen | None = None
    receivers: tuple[str, ...] | None = None
    troubles: dict[str, TargetError] = field(default_factory=dict)
    news: tuple[str, ...] = ()

    def take_about(self, about: About) -> None:
        """Take its version, and tell where that is another one now."""
        before = self.about.version if self.about is not None else ""
        if before and about.version and about.version != before:
            self.news = (*self.news, f"version changed from {before} to {about.version}")
        self.about = about

    @property
    def headline(self) -> str:
        """A few characters: ``3 active``."""
        return f"{self.alerts.states['active']:,} active" if self.alerts is not None else "ready"


def span_left(silence: Silence, now: float) -> str:
    """How long a silence lasts yet."""
    return span(max(0.0, (silence.ends or now) - now))


def own_samples(sampler: Sampler, known: Known, *, ready: bool) -> Samples:
    """What is known of the server, under its own metrics' names."""
    builder = sampler.builder()
    builder.add("alertmanager_ready", float(ready))
    about = known.about
    if about is not None:
        labels = {"version": about.version, "revision": about.revision}
        builder.add("alertmanager_build_info", 1.0, labels)
        builder.add("alertmanager_cluster_members", about.members)
    if known.alerts is not None:
        for state, count in known.alerts.states.items():
            builder.add("alertmanager_alerts", float(count), {"state": state})
        for severity, count in _by_severity(known.alerts).items():
            builder.add("alertmanager_active_alerts", float(count), {"severity": severity})
    if known.silences is not None:
        for state, count in known.silences.states.items():
            builder.add("alertmanager_silences", float(count), {"state": state})
    if known.receivers is not None:
        builder.add("alertmanager_receivers", float(len(known.receivers)))
    return builder.build()


def _by_severity(seen: AlertsSeen) -> dict[str, int]:
    ordered = sorted(seen.severities.items(), key=lambda pair: (-pair[1], pair[0]))
    found = {name or "none": count for name, count in ordered[:_SEVERITIES]}
    if rest := sum(count for _, count in ordered[_SEVERITIES:]):
        found["other"] = found.get("other", 0) + rest
    return found


def facts_of(known: Known) -> tuple[tuple[str, str], ...]:
    """The same for people."""
    return tuple(_facts(known))


def _facts(known: Known) -> Iterator[tuple[str, str]]:
    about = known.about
    if about is not None:
        yield "version", about.version
        if about.started:
            yield "started", about.started
        told = about.cluster
        if about.members is not None:
            told += f", {about.members} member{'' if about.members == 1 else 's'}"
        yield "cluster", told
    if known.receivers:
        yield "receivers", ", ".join(known.receivers)


def tables_of(known: Known, now: float) -> tuple[Table, ...]:
    """Its alerts, the active ones first, and its silences."""
    made = []
    if known.alerts is not None and known.alerts.alerts:
        order = {"active": 0, "unprocessed": 1}
        alerts = sorted(known.alerts.alerts, key=lambda one: order.get(one.state, 2))
        columns = ("alert", "severity", "state", "since", "receivers", "labels", "summary")
        made.append(Table("alerts", columns, tuple(_alert_row(a, now) for a in alerts[:_ROWS])))
    if known.silences is not None and known.silences.silences:
        silences = sorted(known.silences.silences, key=lambda one: one.ends or 0.0)
        rows = tuple(_silence_row(one, now) for one in silences[:_ROWS])
        made.append(Table("silences", ("matchers", "state", "ends", "by", "comment"), rows))
    return tuple(made)


def _alert_row(one: Alert, now: float) -> tuple[str, ...]:
    since = "" if one.started is None else f"{span(max(0.0, now - one.started))} ago"
    labels = " ".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
    state = "inhibited" if one.inhibited else "silenced" if one.silenced_by else one.state
    return (one.name, one.severity, state, since, ", ".join(one.receivers), labels, one.summary)


def _silence_row(one: Silence, now: float) -> tuple[str, ...]:
    ends = ""
    if one.ends is not None:
        at = datetime.fromtimestamp(one.ends, UTC).strftime("%Y-%m-%d %H:%M UTC")
        ends = f"{at}, in {span_left(one, now)}"
    return (one.matchers, one.state, ends, one.author, one.comment)
