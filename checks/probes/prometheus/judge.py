"""What a prometheus check comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from checks.expectations import seconds
from checks.findings import Finding, trouble
from checks.model import Part, Status, clean, worst
from checks.probes.http.answer import BodyError
from checks.probes.http.api import Reply
from checks.probes.prometheus.config import PrometheusConfig
from checks.probes.prometheus.reading import RulesSeen, TargetsSeen
from checks.probes.prometheus.report import Known

__all__ = ["verdict_of"]

_JOBS: Final = 20
_ILL: Final = 10
"""Rows of jobs, and of targets and rules in trouble, at most; the tables have more of them."""
_CLAUSES: Final = 3
_TROUBLES: Final = {"targets": "targets", "rules": "rules", "runtime": "configuration"}


def verdict_of(
    config: PrometheusConfig, known: Known, ready: Reply, queries: Sequence[Finding]
) -> tuple[Status, str, str, tuple[Part, ...]]:
    """Status, reason, sentence and child rows."""
    findings = [
        *_of_readiness(ready),
        *_of_targets(config, known.targets),
        *_of_rules(known.rules),
        *_of_reload(known),
        *_of_troubles(known),
        *queries,
    ]
    ill = [one for one in findings if one.reason != "ok" and one.part.message]
    ill.sort(key=lambda one: -one.part.status.severity)
    parts = tuple(one.part for one in findings if one.part.name)
    status = worst((one.part.status for one in findings), Status.OK)
    if not ill:
        does = "is ready" if ready.status < 300 else "answers"
        said = f"{_name(known)} {does} after {seconds(ready.took)}{_summary(known)}"
        return status, "ok", said, parts
    # What is wrong comes first: of the verdict's line there is little room.
    clauses = "; ".join(one.part.message for one in ill[:_CLAUSES])
    more = f" (and {len(ill) - _CLAUSES} more)" if len(ill) > _CLAUSES else ""
    return status, ill[0].reason, f"{clauses}{more}", parts


def _name(known: Known) -> str:
    build = known.build
    if build is None or not build.version:
        return "the server"
    return f"{build.application or 'Prometheus'} {build.version}"


def _summary(known: Known) -> str:
    told = []
    if known.targets is not None and known.targets.total:
        told.append(f"all {known.targets.total:,} targets are up")
        if known.targets.down:
            told = [f"{known.targets.down:,} of {known.targets.total:,} targets are down"]
    if known.rules is not None and known.rules.alerts.get("firing"):
        firing = known.rules.alerts["firing"]
        told.append("1 alert fires there" if firing == 1 else f"{firing:,} alerts fire there")
    return f"; {', '.join(told)}" if told else ""


def _of_readiness(ready: Reply) -> Iterator[Finding]:
    """Servers without such a page are taken for ready: their API has answered."""
    if ready.status < 300 or ready.status == 404:
        return
    try:
        said = " ".join(ready.answer.text.split())
    except BodyError:
        said = ""
    shown = f": {clean(said, 100)}" if said and not said.startswith("<") else ""
    text = f"it is not ready (HTTP {ready.status}{shown}); it may still replay its log"
    status = Status.CRITICAL if ready.status >= 500 else Status.WARNING
    yield Finding("loading" if ready.status == 503 else "expectation", Part("ready", status, text))


def _of_targets(config: PrometheusConfig, seen: TargetsSeen | None) -> Iterator[Finding]:
    if seen is None:
        return
    bounds, down = config.targets.down, seen.down
    status = Status.OK
    if down and bounds.critical is not None and down >= bounds.critical:
        status = Status.CRITICAL
    elif down and bounds.warning is not None and down >= bounds.warning:
        status = Status.WARNING
    if status is not Status.OK:
        yield Finding("limit", Part("", status, _down_text(seen)))
    jobs = sorted(seen.jobs, key=lambda job: -job.down)
    for job in jobs[:_JOBS]:
        value = f"{job.up:,}/{job.total:,} up"
        of_job = status if job.down else Status.OK
        yield Finding("ok", Part(f"job {job.name}", of_job, "", value))
    if len(jobs) > _JOBS:
        rest = jobs[_JOBS:]
        value = f"{sum(job.up for job in rest):,}/{sum(job.total for job in rest):,} up"
        yield Finding("ok", Part(f"{len(rest):,} more jobs", Status.OK, "", value))
    for one in seen.ill[:_ILL]:
        name = f"{one.job} {one.instance}"
        yield Finding("ok", Part(name, status, one.error, "down"))


def _down_text(seen: TargetsSeen) -> str:
    named = [f"{one.job} {one.instance}" for one in seen.ill[:2]]
    more = seen.down - len(named)
    which = ", ".join(named) + (f" and {more:,} more" if more > 0 else "")
    verb = "is" if seen.down == 1 else "are"
    why = f" ({seen.ill[0].error})" if seen.down == 1 and seen.ill and seen.ill[0].error else ""
    return f"{seen.down:,} of {seen.total:,} targets {verb} down: {which}{why}"


def _of_rules(seen: RulesSeen | None) -> Iterator[Finding]:
    if seen is None or not seen.total:
        return
    broken = seen.health.get("err", 0)
    firing, pending = seen.alerts.get("firing", 0), seen.alerts.get("pending", 0)
    status = Status.WARNING if broken else Status.OK
    text = ""
    if broken:
        first = seen.ill[0]
        verb = "rules fails" if broken == 1 else "rules fail"
        text = f"{broken:,} of {seen.total:,} {verb}: {first.name}: {first.error}"
    value = f"{firing:,} firing"
    yield Finding("expectation" if broken else "ok", Part("rules", status, text, value))
    if pending:
        yield Finding("ok", Part("alerts pending", Status.OK, "", f"{pending:,}"))
    for one in seen.ill[:_ILL]:
        name = f"rule {one.name} ({one.group})"
        yield Finding("ok", Part(name, Status.WARNING, one.error, "error"))


def _of_reload(known: Known) -> Iterator[Finding]:
    if known.runtime is not None and known.runtime.reloaded is False:
        text = "its last reload of the configuration failed: it goes on with the one before"
        yield Finding("expectation", Part("configuration", Status.WARNING, text, "not reloaded"))


def _of_troubles(known: Known) -> Iterator[Finding]:
    for name, error in known.troubles.items():
        # How many series there are is not worth a warning.
        if name in _TROUBLES:
            what = _TROUBLES[name]
            yield trouble(what, f"{what} could not be read: {error}", error)
