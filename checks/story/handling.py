"""How each alert is dealt with: taken, silenced, due. Pure: pictures' values in, views out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.alerts.model import State
from checks.alerts.severity import LABEL
from checks.alerts.wording import shown_series
from checks.model import Status
from checks.story.matchers import labels_of, matches
from checks.story.model import Acknowledgement, Silence
from checks.story.tables import Lasting
from checks.story.targets import Due, Targets
from checks.story.things import rank_of, thing_of
from checks.story.views import Handled, SilenceView

if TYPE_CHECKING:
    from checks.rules.views import RulesView
    from checks.views import AlertView, CheckView

__all__ = ["Ended", "ended_acknowledgements", "handled", "lasting", "severity_text", "views_of"]

_WELL: Final = (Status.OK,)
_UNSURE: Final = (Status.WAITING,)
_NEVER: Final = Due()


@dataclass(frozen=True, slots=True)
class Ended:
    """An acknowledgement that ended by itself, and why."""

    acknowledgement: Acknowledgement
    why: str


def severity_text(alert: AlertView) -> str:
    """What its severity is called: by its label, else by its status."""
    labels = dict(alert.labels)
    return labels.get(LABEL) or labels.get("priority") or alert.status.value


def handled(
    alerts: Sequence[AlertView],
    acknowledgements: Mapping[str, Acknowledgement],
    silences: Iterable[Silence],
    began: Mapping[str, Lasting],
    targets: Targets,
) -> dict[str, Handled]:
    """By the id of each alert that there is something to say of.

    ``acknowledgements`` are by thing; ``silences`` those that are active; ``began`` says of
    things since when they are wrong, where that is longer than their alerts know.
    """
    hiding = list(silences)
    hidden = {one.id: _hidden(one, hiding) for one in alerts} if hiding else {}
    own = {one.check: one for one in alerts if not one.rule}
    terms = {word: targets.of(word) for word in set(map(severity_text, alerts))}

    def due_of(one: AlertView) -> Due:
        since = min(began.get(thing_of(one), (one.since, 0))[0], one.since)
        return targets.due_by(terms[severity_text(one)], since)

    found = {}
    for alert in alerts:
        by, cause = hidden.get(alert.id, ()), own.get(alert.cause) if hidden else None
        if not by and cause is not None and cause.id != alert.id and _no_worse(alert, cause):
            # Who silenced the cause knows what follows from it; but not what is worse than it.
            by = hidden[cause.id]
        thing = thing_of(alert)
        taken = acknowledgements.get(thing)
        due = _NEVER
        if taken is None and not by and alert.firing:
            due = due_of(alert)
            says_it = own.get(alert.check) if alert.rule and alert.cause == alert.check else None
            if says_it is not None:
                # Whoever is to take that of the check takes what it says anyhow; where that is
                # silenced, nobody is to.
                seen_to = thing_of(says_it) in acknowledgements
                asked = not hidden.get(says_it.id) and _no_later(due_of(says_it), due)
                due = _NEVER if seen_to or asked else due
        if taken is not None or by or due != _NEVER:
            found[alert.id] = Handled(taken, by, due.acknowledge, due.escalate, due.contact)
    return found


def _hidden(alert: AlertView, silences: Iterable[Silence]) -> tuple[str, ...]:
    labels = labels_of(alert)
    return tuple(one.id for one in silences if matches(one.matchers, labels))


def _no_later(first: Due, second: Due) -> bool:
    """Whether nothing of ``second`` comes before the same of ``first``."""
    pairs = ((first.acknowledge, second.acknowledge), (first.escalate, second.escalate))
    return all(then is None or (one is not None and one <= then) for one, then in pairs)


def _no_worse(alert: AlertView, than: AlertView) -> bool:
    return alert.status.severity <= than.status.severity


def views_of(
    silences: Iterable[Silence], alerts: Sequence[AlertView], now: float
) -> tuple[SilenceView, ...]:
    """Each silence with the names of the alerts that it hides: active ones first, then those that
    come, then those that have ended, the last to end first.
    """

    def place(one: Silence) -> tuple[int, float]:
        if one.active(now):
            return 0, one.ends
        return (1, one.starts) if one.starts > now else (2, -one.ends)

    made = []
    for silence in sorted(silences, key=place):
        hides: tuple[str, ...] = ()
        if silence.active(now):
            hides = tuple(one.name for one in alerts if matches(silence.matchers, labels_of(one)))
        made.append(SilenceView(silence, hides))
    return tuple(made)


def ended_acknowledgements(
    acknowledgements: Iterable[Acknowledgement],
    checks: Mapping[str, CheckView],
    rules: RulesView | None,
) -> Iterator[Ended]:
    """Those whose alert is over, or worse than it was when somebody took it.

    That of a check is over once the check is well: no news is no end.
    """
    lasting = None
    for one in acknowledgements:
        if one.thing.startswith("check "):
            why = _over(one, checks.get(one.thing.removeprefix("check ")))
            if why:
                yield Ended(one, why)
            continue
        if rules is None or not rules.complete:
            continue
        if lasting is None:
            lasting = dict(_lasting_rules(rules))
        if one.thing not in lasting:
            yield Ended(one, "the alert is over")


def _over(one: Acknowledgement, check: CheckView | None) -> str:
    if check is None:
        return "nothing watches it any more"
    if check.status in _WELL:
        return "the alert is over"
    if check.status not in _UNSURE and check.status.severity > one.severity:
        return f"it is {check.status.value} now"
    return ""


def _lasting_rules(rules: RulesView) -> Iterator[tuple[str, str]]:
    for rule in rules.rules:
        for alert in rule.alerts:
            if alert.state is not State.RESOLVED:
                yield f"{rule.key}{shown_series(alert.labels)}", alert.id


def lasting(
    known: Mapping[str, Lasting], alerts: Sequence[AlertView], checks: Mapping[str, CheckView]
) -> dict[str, Lasting | None]:
    """What has changed in since when checks are not well, and how bad that is; None of those
    that are well again.

    What gets worse begins anew; what gets better, or is not known for a while, goes on.
    """
    changed: dict[str, Lasting | None] = {}
    for alert in alerts:
        if alert.rule:
            continue
        thing, rank = thing_of(alert), rank_of(alert)
        before = known.get(thing)
        if before is None or rank > before[1]:
            changed[thing] = (alert.since, rank)
    for thing in known:
        check = checks.get(thing.removeprefix("check "))
        if check is None or check.status in _WELL:
            changed[thing] = None
    return changed
