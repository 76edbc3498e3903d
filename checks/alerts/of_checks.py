"""What is wrong now: which alerts there are, what they may follow from, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import Final

from checks.alerts.flapping import OFTEN
from checks.model import Status
from checks.views import AlertView, CheckView

__all__ = ["Alerts", "alerts_of", "followed", "in_order"]

_ALERTING: Final = (Status.CRITICAL, Status.UNKNOWN, Status.STALE, Status.WARNING)
_TOGETHER: Final = 60.0
"""Seconds within which alerts that begin one after the other are taken for one incident."""
_MINUTE: Final = 60.0
HELD: Final = 30.0
"""Seconds for which a check that was ill time and again must be well until it is believed; three
of its intervals at least."""
LATELY: Final = 120.0
"""Seconds over which the times are counted; 24 of its intervals at least. What is mended and broken
anew within half an hour does not flap."""


def alerts_of(
    checks: Sequence[CheckView], rules: Sequence[AlertView] = ()
) -> tuple[AlertView, ...]:
    """An alert for every check that is not OK, and those of ``rules``; what is to be looked at
    first at the front.

    The worst come first, and a cause counts as bad as what follows from it. Among equals causes
    come before symptoms. Then the newest incident does: a warning that has been there for
    weeks hides nothing that has just begun. Within one incident they stand in the order in
    which they began. What is known from before a restart alone, since too little is recorded to
    say whether it lasts, comes after what is known to fire; what is only pending comes last.
    """
    return Alerts().of(checks, rules)


class Alerts:
    """As :func:`alerts_of`, from picture to picture: an alert that is as it was before is the same
    object, and so are all of them where nothing has changed.

    That of a check which is ill time and again is one alert that is held in between.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[object, ...], AlertView]] = {}
        self._pasts: dict[str, _Past] = {}
        self._rules: Sequence[AlertView] = ()
        self._ranked: tuple[AlertView, ...] = ()

    def of(
        self, checks: Sequence[CheckView], rules: Sequence[AlertView] = ()
    ) -> tuple[AlertView, ...]:
        """Those of ``checks`` and ``rules``."""
        ill = {check.name: check for check in checks if check.status in _ALERTING}
        before, self._made = self._made, {}
        pasts, self._pasts = self._pasts, {}
        for check in checks:
            name, past = check.name, pasts.get(check.name)
            if name in ill:
                past = self._pasts[name] = past or _Past()
                past.is_ill(check, held=name in before)
                cause = _cause(check, ill) if check.depends_on else ""
                told = (*_told(check, cause), past.began)
                known = before.get(name)
                same_as = known if known and known[0] == told else None
                self._made[name] = same_as or (told, _alert(check, cause, past.began))
            elif past is not None and past.is_well(check):
                self._pasts[name] = past
                if past.holds(check) and name in before:
                    self._made[name] = before[name]
        same = len(before) == len(self._made) and all(
            map(is_, before.values(), self._made.values())
        )
        if not same or rules is not self._rules:
            own = {name: alert for name, (_, alert) in self._made.items()}
            self._rules, self._ranked = rules, _ranked(own, rules)
        return self._ranked


class _Past:
    """When a check was ill of late; all in seconds."""

    def __init__(self) -> None:
        self.began: float | None = None
        """Where it is so time and again: since when its alert is one."""
        self._ill = False
        self._onsets: tuple[float, ...] = ()

    def is_ill(self, check: CheckView, *, held: bool) -> None:
        """``held`` says that its alert went on while it was well."""
        if self._ill:
            return
        self._ill = True
        self._onsets = (*self._counting(check, check.since), check.since)
        if len(self._onsets) <= OFTEN:
            self.began = None
        elif not held or self.began is None:
            self.began = check.since

    def is_well(self, check: CheckView) -> bool:
        """Whether it is to be remembered that ``check`` was ill."""
        self._ill = False
        return bool(self._counting(check, _now(check)))

    def holds(self, check: CheckView) -> bool:
        """Whether ``check`` has not been well for long enough to believe it."""
        lasted = _now(check) - check.since
        return self.began is not None and lasted < max(HELD, 3 * check.interval)

    def _counting(self, check: CheckView, now: float) -> tuple[float, ...]:
        lately = max(LATELY, 24 * check.interval)
        return tuple(at for at in self._onsets if now - at < lately)[-OFTEN:]


def _now(check: CheckView) -> float:
    return check.since if check.last_run is None else check.last_run


def followed(alerts: Iterable[AlertView], alert: str, before: AlertView | None) -> AlertView | None:
    """The one of ``alerts`` with the id ``alert``, or of a check's own, which was ``before``, the
    one that the check has now: it has got worse or better, which makes another of it. None where
    it is over.
    """
    of_its_check = None
    for one in alerts:
        if one.id == alert:
            return one
        if before is not None and not (before.rule or one.rule) and one.check == before.check:
            of_its_check = one
    return of_its_check


def _ranked(own: Mapping[str, AlertView], rules: Sequence[AlertView]) -> tuple[AlertView, ...]:
    """``own``, which are those of checks by their name, and ``rules`` in their order."""
    firing = [*own.values(), *(alert for alert in rules if alert.firing)]
    weights = {alert.id: alert.status.severity for alert in firing}
    for alert in firing:
        if alert.cause in own:
            cause = own[alert.cause].id
            weights[cause] = max(weights[cause], alert.status.severity)
    incidents = _incidents(firing)

    def rank(alert: AlertView) -> tuple[float, ...]:
        severity = alert.status.severity
        place = incidents[alert.id]
        weight = -weights[alert.id]
        return (alert.no_history, weight, bool(alert.cause), -severity, place, alert.since)

    pending = [alert for alert in rules if not alert.firing]
    pending.sort(key=lambda alert: (-alert.status.severity, alert.since))
    return (*sorted(firing, key=rank), *pending)


def in_order(checks: Sequence[CheckView], alerts: Sequence[AlertView]) -> tuple[CheckView, ...]:
    """``checks`` in the order of their own ``alerts``, then those without one as they were."""
    places = {alert.check: place for place, alert in enumerate(alerts) if not alert.rule}
    return tuple(sorted(checks, key=lambda check: places.get(check.name, len(alerts))))


def _incidents(alerts: Sequence[AlertView]) -> dict[str, int]:
    """The incident of each by its id, counted from the newest, which is 0."""
    found: dict[str, int] = {}
    number, before = 0, None
    for alert in sorted(alerts, key=lambda one: -one.since):
        if before is not None and before - alert.since > _TOGETHER:
            number += 1
        found[alert.id], before = number, alert.since
    return found


def _told(check: CheckView, cause: str) -> tuple[object, ...]:
    """What an alert is made of."""
    place = (check.name, check.job, check.instance, check.labels)
    since = (check.since, check.since_start)
    return (*place, check.status, *since, check.up, check.message, check.runbook, cause)


def _alert(check: CheckView, cause: str, began: float | None) -> AlertView:
    down = check.status is Status.CRITICAL and not check.up
    since = check.since if began is None else began
    return AlertView(
        id=f"{check.name}@{since:.3f}",
        name=f"{check.name} down" if down else check.name,
        check=check.name,
        status=check.status,
        since=since,
        sentence=check.message,
        cause=cause,
        runbook=check.runbook,
        labels=_labels(check),
        flapping=began is not None,
        since_start=check.since_start,
    )


def _labels(check: CheckView) -> tuple[tuple[str, str], ...]:
    """What silences and runbooks know it by."""
    labels = {
        **check.labels,
        "alertname": check.name,
        "check": check.name,
        "job": check.job,
        "instance": check.instance,
        "severity": check.status.value,
    }
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def _cause(check: CheckView, ill: Mapping[str, CheckView]) -> str:
    """The ill check at the root of what ``check`` depends on; empty where there is none."""
    seen = {check.name}
    cause = ""
    waiting = list(check.depends_on)
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in ill or not _may_explain(ill[name], check):
            continue
        seen.add(name)
        cause = name
        waiting = [*ill[name].depends_on, *waiting]
    return cause


def _may_explain(cause: CheckView, symptom: CheckView) -> bool:
    """Whether ``cause`` was ill when ``symptom`` became so, as far as its runs can tell.

    Each of its runs may have come as late as its interval after what it found, and may have
    begun before ``symptom`` had waited in vain. Where its status has changed since, the
    minutes it remembers say whether it was ill before.
    """
    late = cause.interval + (symptom.duration or 0.0)
    if cause.since <= symptom.since + late:
        return True
    record = cause.record
    if record is None:
        return False
    back = int(record.at // _MINUTE) - int(symptom.since // _MINUTE) + 2
    before = record.cells[-back:][:1] if back <= len(record.cells) else ()
    return any(code >= Status.WARNING.severity for code in before)
