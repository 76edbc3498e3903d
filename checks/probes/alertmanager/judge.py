"""What an alertmanager check comes to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from checks.alerts.severity import severity_of
from checks.expectations import seconds
from checks.findings import Finding, trouble
from checks.model import Part, Status, clean, worst
from checks.probes.alertmanager.config import AlertmanagerConfig, Alerts
from checks.probes.alertmanager.reading import Alert, Silence
from checks.probes.alertmanager.report import Known, span_left
from checks.probes.http.answer import BodyError
from checks.probes.http.api import Reply

__all__ = ["status_of", "verdict_of"]

_ROWS: Final = 30
"""Rows of alerts, at most; the table has more of them."""
_NAMED: Final = 3
_QUIET_LABELS: Final = frozenset({"job", "prometheus", "cluster", "environment", "env", "team"})
"""Labels that seldom tell one alert from another."""


def status_of(alert: Alert, alerts: Alerts) -> Status:
    """How bad an active alert is."""
    said = alerts.status_of(alert.severity)
    if said is not None:
        return said
    return severity_of({"severity": alert.severity, **alert.labels}).status


def verdict_of(
    config: AlertmanagerConfig, known: Known, ready: Reply, now: float
) -> tuple[Status, str, str, tuple[Part, ...]]:
    """Status, reason, sentence and child rows; ``now`` is seconds since 1970."""
    findings = [
        *_of_readiness(ready),
        *_of_alerts(config.alerts, known),
        *_of_silences(config, known, now),
        *_of_cluster(config, known),
        *_of_troubles(known),
    ]
    parts = _distinct([one.part for one in findings if one.part.name])
    judged = [one for one in findings if one.reason != "ok"]
    judged.sort(key=lambda one: -one.part.status.severity)
    status = worst((one.part.status for one in judged), Status.OK)
    if judged:
        # What is wrong comes first: of the verdict's line there is little room.
        clauses = "; ".join(one.part.message for one in judged[:_NAMED])
        return status, judged[0].reason, clauses, parts
    version = known.about.version if known.about is not None else ""
    head = f"Alertmanager {version}".rstrip()
    return status, "ok", f"{head} is ready after {seconds(ready.took)}{_summary(known)}", parts


def _summary(known: Known) -> str:
    if known.alerts is None:
        return ""
    active, hidden = known.alerts.states["active"], known.alerts.states["suppressed"]
    told = f"{active:,} active alerts" if active != 1 else "1 active alert"
    return f"; {told if active else 'no active alert'}" + (f", {hidden:,} hidden" if hidden else "")


def _of_readiness(ready: Reply) -> Iterator[Finding]:
    if ready.status < 300:
        return
    try:
        said = " ".join(ready.answer.text.split())
    except BodyError:
        said = ""
    shown = f": {clean(said, 100)}" if said and not said.startswith("<") else ""
    status = Status.CRITICAL if ready.status >= 500 else Status.WARNING
    text = f"it is not ready (HTTP {ready.status}{shown})"
    yield Finding("loading" if ready.status == 503 else "expectation", Part("ready", status, text))


def _of_alerts(alerts: Alerts, known: Known) -> Iterator[Finding]:
    """The sentence about the active ones, and a row for each of the worst."""
    if known.alerts is None:
        return
    active = [(status_of(one, alerts), one) for one in known.alerts.alerts if one.state == "active"]
    active.sort(key=lambda pair: (-pair[0].severity, pair[1].started or 0.0))
    ill = [(status, one) for status, one in active if status is not Status.OK]
    if ill and alerts.judge:
        yield Finding("limit", Part("", ill[0][0], _active_text(known, [one for _, one in ill])))
    for status, one in active[:_ROWS]:
        text = one.summary or _labels_text(one)
        yield Finding("ok", Part(_row_name(one), status, text, one.severity or "active"))
    more = known.alerts.states["active"] - min(len(active), _ROWS)
    if more > 0:
        rest = worst((status for status, _ in active[_ROWS:]), Status.OK)
        yield Finding("ok", Part("more active alerts", rest, "", f"{more:,}"))
    hidden = [one for one in known.alerts.alerts if one.state == "suppressed"]
    if hidden:
        silenced = sum(bool(one.silenced_by) for one in hidden)
        text = f"{silenced:,} silenced, {len(hidden) - silenced:,} inhibited by another alert"
        count = known.alerts.states["suppressed"]
        yield Finding("ok", Part("hidden alerts", Status.OK, text, f"{count:,}"))
    if waiting := known.alerts.states["unprocessed"]:
        yield Finding("ok", Part("unprocessed alerts", Status.OK, "", f"{waiting:,}"))


def _active_text(known: Known, ill: Sequence[Alert]) -> str:
    names = Counter(one.name for one in ill)
    named = [name if count == 1 else f"{name} x{count}" for name, count in names.items()]
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    count = len(ill)
    head = "1 alert is active" if count == 1 else f"{count:,} alerts are active"
    if known.alerts is not None and known.alerts.states["active"] > len(known.alerts.alerts):
        head = f"{known.alerts.states['active']:,} alerts are active"
    why = f" ({ill[0].summary})" if count == 1 and ill[0].summary else ""
    return f"{head}: {', '.join(named[:_NAMED])}{more}{why}"


def _row_name(alert: Alert) -> str:
    """Its name, and the values of the labels that tell it from others."""
    told = [value for name, value in sorted(alert.labels.items()) if name not in _QUIET_LABELS]
    return clean(" ".join([alert.name, *told]), 70)


def _labels_text(alert: Alert) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))


def _distinct(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Rows of the same name get a number: they are told apart by their names."""
    seen: Counter[str] = Counter()
    made = []
    for part in parts:
        seen[part.name] += 1
        number = seen[part.name]
        name = part.name if number == 1 else f"{part.name} ({number})"
        made.append(Part(name, part.status, part.message, part.value))
    return tuple(made)


def _of_silences(config: AlertmanagerConfig, known: Known, now: float) -> Iterator[Finding]:
    if known.silences is None:
        return
    active, pending = known.silences.states["active"], known.silences.states["pending"]
    if not active and not pending:
        return
    ending = _ending(config, known, now)
    text = ""
    if ending:
        first = ending[0]
        more = f" and {len(ending) - 1:,} more" if len(ending) > 1 else ""
        text = f"{first.matchers} ends in {span_left(first, now)}{more}, and hides alerts"
    value = f"{active:,} active" + (f", {pending:,} to come" if pending else "")
    yield Finding("ok", Part("silences", Status.OK, text, value))


def _ending(config: AlertmanagerConfig, known: Known, now: float) -> list[Silence]:
    """Active silences that end soon and hide an alert, the first to end first."""
    alerts = known.alerts.alerts if known.alerts is not None else ()
    hiding = {silence for alert in alerts for silence in alert.silenced_by}
    silences = known.silences.silences if known.silences is not None else ()
    found = [
        (one.ends, one)
        for one in silences
        if one.id in hiding and one.ends is not None and one.ends - now < config.expiring
    ]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _of_cluster(config: AlertmanagerConfig, known: Known) -> Iterator[Finding]:
    about = known.about
    if about is None or (about.members is None and config.members is None):
        return
    members = about.members or 1
    value = f"{members} member{'' if members == 1 else 's'}"
    if config.members is not None and members < config.members:
        text = f"its cluster has {value} of {config.members}"
        yield Finding("expectation", Part("cluster", Status.WARNING, text, value))
    else:
        yield Finding("ok", Part("cluster", Status.OK, about.cluster, value))


def _of_troubles(known: Known) -> Iterator[Finding]:
    for name, error in known.troubles.items():
        yield trouble(name, f"{name} could not be read: {error}", error)
