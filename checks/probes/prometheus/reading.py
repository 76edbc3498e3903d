"""Documents of Prometheus' HTTP API as values. Pure; whatever is not as it should be raises.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from checks.errors import TargetError
from checks.model import clean
from checks.probes.prometheus.config import PromQuery
from checks.queries import Reading

__all__ = [
    "Build",
    "DownTarget",
    "FiringAlert",
    "IllRule",
    "Job",
    "RulesSeen",
    "Runtime",
    "TargetsSeen",
    "build_of",
    "head_series_of",
    "is_api",
    "readings_of",
    "rules_of",
    "runtime_of",
    "targets_of",
]

_KEPT: Final = 100
"""Down targets, rules in error and alerts that are kept."""
_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Job:
    """Targets of one job by health."""

    name: str
    up: int
    down: int
    unknown: int

    @property
    def total(self) -> int:
        return self.up + self.down + self.unknown


@dataclass(frozen=True, slots=True)
class DownTarget:
    """A target that could not be scraped, and why."""

    job: str
    instance: str
    error: str


@dataclass(frozen=True, slots=True)
class TargetsSeen:
    """Jobs by name; of the targets that are down some."""

    jobs: tuple[Job, ...]
    ill: tuple[DownTarget, ...]

    @property
    def down(self) -> int:
        return sum(job.down for job in self.jobs)

    @property
    def total(self) -> int:
        return sum(job.total for job in self.jobs)


@dataclass(frozen=True, slots=True)
class IllRule:
    """A rule whose last evaluation failed."""

    group: str
    name: str
    error: str


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires there."""

    name: str
    severity: str
    labels: str
    since: str


@dataclass(frozen=True, slots=True)
class RulesSeen:
    """How many rules there are by health, how many alerts by state; some of each that matter."""

    groups: int
    health: Mapping[str, int]
    alerts: Mapping[str, int]
    ill: tuple[IllRule, ...]
    firing: tuple[FiringAlert, ...]

    @property
    def total(self) -> int:
        return sum(self.health.values())


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the server says of its own run; times as it writes them."""

    started: str = ""
    reloaded: bool | None = None
    """Whether the last reload of its configuration succeeded; None where it does not say."""
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """Which program it is, as it says itself."""

    version: str = ""
    revision: str = ""
    application: str = ""


def _no(path: str) -> TargetError:
    return TargetError("protocol", f"{path} answers, but not as Prometheus does")


def is_api(document: Any) -> bool:
    """Whether it is an answer of Prometheus' API at all."""
    return isinstance(document, dict) and document.get("status") in ("success", "error")


def _data(document: Any, path: str, kind: type) -> Any:
    if not is_api(document):
        raise _no(path)
    data = document.get("data")
    if document["status"] != "success" or not isinstance(data, kind):
        raise _no(path)
    return data


def _text(value: object, most: int = _TEXT) -> str:
    return clean(value, most) if isinstance(value, str) else ""


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _labels(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {k: v for k, v in pairs if isinstance(k, str) and isinstance(v, str)}


def targets_of(document: Any) -> TargetsSeen:
    """Of ``/api/v1/targets``.

    Raises:
        TargetError: it is another document.
    """
    data = _data(document, "/api/v1/targets", dict)
    if not isinstance(data.get("activeTargets") or [], list):
        raise _no("/api/v1/targets")
    counts: dict[str, Counter[str]] = {}
    ill: list[DownTarget] = []
    for target in _dicts(data.get("activeTargets")):
        labels = _labels(target.get("labels"))
        job = clean(labels.get("job", "") or _text(target.get("scrapePool")), 80)
        health = str(target.get("health", "unknown")).lower()
        counts.setdefault(job, Counter())[health] += 1
        if health == "down" and len(ill) < _KEPT:
            instance = labels.get("instance") or _text(target.get("scrapeUrl"))
            ill.append(DownTarget(job, clean(instance, 80), _text(target.get("lastError"))))
    jobs = tuple(
        Job(job, found["up"], found["down"], found.total() - found["up"] - found["down"])
        for job, found in sorted(counts.items())
    )
    # A server tells them in another order each time.
    ill.sort(key=lambda one: (one.job, len(one.instance), one.instance))
    return TargetsSeen(jobs, tuple(ill))


def rules_of(document: Any) -> RulesSeen:
    """Of ``/api/v1/rules``; raises as :func:`targets_of`."""
    data = _data(document, "/api/v1/rules", dict)
    groups = _dicts(data.get("groups"))
    health: Counter[str] = Counter()
    alerts: Counter[str] = Counter()
    ill: list[IllRule] = []
    firing: list[FiringAlert] = []
    for group in groups:
        for rule in _dicts(group.get("rules")):
            told = str(rule.get("health", "unknown")).lower()
            told = {"error": "err", "bad": "err"}.get(told, told)
            health[told if told in {"ok", "err"} else "unknown"] += 1
            if told == "err" and len(ill) < _KEPT:
                name, error = _text(rule.get("name"), 80), _text(rule.get("lastError"))
                ill.append(IllRule(_text(group.get("name"), 80), name, error))
            for alert in _dicts(rule.get("alerts")):
                alerts[str(alert.get("state", "")).lower()] += 1
                if alert.get("state") == "firing" and len(firing) < _KEPT:
                    firing.append(_alert(alert))
    states = {state: alerts[state] for state in ("firing", "pending")}
    return RulesSeen(len(groups), dict(health), states, tuple(ill), tuple(firing))


def _alert(alert: Mapping[str, Any]) -> FiringAlert:
    labels = _labels(alert.get("labels"))
    name, severity = labels.pop("alertname", ""), labels.pop("severity", "")
    shown = clean(" ".join(f"{k}={v}" for k, v in sorted(labels.items())), _TEXT)
    return FiringAlert(
        clean(name, 80), clean(severity, 40), shown, _text(alert.get("activeAt"), 30)
    )


def runtime_of(document: Any) -> Runtime:
    """Of ``/api/v1/status/runtimeinfo``; raises as :func:`targets_of`."""
    data = _data(document, "/api/v1/status/runtimeinfo", dict)
    reloaded = data.get("reloadConfigSuccess")
    return Runtime(
        _text(data.get("startTime"), 40),
        reloaded if isinstance(reloaded, bool) else None,
        _text(data.get("storageRetention"), 60),
    )


def build_of(document: Any) -> Build:
    """Of ``/api/v1/status/buildinfo``; raises as :func:`targets_of`."""
    data = _data(document, "/api/v1/status/buildinfo", dict)
    return Build(
        _text(data.get("version"), 60),
        _text(data.get("revision"), 60),
        _text(data.get("application"), 60),
    )


def head_series_of(document: Any) -> float | None:
    """Series in the head, of ``/api/v1/status/tsdb``; raises as :func:`targets_of`."""
    data = _data(document, "/api/v1/status/tsdb", dict)
    head = data.get("headStats")
    found = head.get("numSeries") if isinstance(head, dict) else data.get("totalSeries")
    return _number_of(found) if isinstance(found, int | float) else None


def readings_of(query: PromQuery, document: Any) -> tuple[tuple[Reading, ...], bool]:
    """What ``/api/v1/query`` returned, and whether there was more than ``max_rows``.

    Values that are no numbers (NaN, or text) yield nothing. Raises TargetError where two series
    have the same labels once others are left out.
    """
    data = _data(document, "/api/v1/query", dict)
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar" and isinstance(result, list):
        rows: Sequence[tuple[dict[str, str], Any]] = [({}, result)]
    elif kind == "vector":
        rows = [(_labels(one.get("metric")), one.get("value")) for one in _dicts(result)]
    else:
        raise TargetError("config", f"its result is a {_text(kind, 20)}, not an instant vector")
    found: dict[tuple[tuple[str, str], ...], Reading] = {}
    for labels, pair in rows[: query.max_rows]:
        value = _number(pair)
        if value is None:
            continue
        key = tuple(_kept(query, labels))
        if key in found:
            shown = ", ".join(f"{k}={v}" for k, v in key) or "no labels"
            raise TargetError("config", f"two series have the same labels ({clean(shown, 80)})")
        found[key] = Reading(value, key)
    return tuple(found.values()), len(rows) > query.max_rows


def _kept(query: PromQuery, labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    wanted = query.labels
    for name, value in sorted(labels.items()):
        if name != "__name__" and (wanted is None or name in wanted):
            yield clean(name), clean(value)


def _number(pair: object) -> float | None:
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    return _number_of(pair[1])


def _number_of(value: Any) -> float | None:
    """``value`` as a number; None where it is none, or beyond what numbers are here."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number
