"""From what happened to what is left of the budget, and how fast it goes. Pure.

The formulas are those of Google's SRE Workbook, chapter 5 (Alerting on SLOs):

- error ratio of a window = bad / total,
- burn rate = error ratio / (1 - objective),
- budget left = 1 - burn rate of the objective's own window.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from checks.longterm.ring import Buckets
from checks.model import Status
from checks.objectives.model import (
    ALERTS,
    BURN_WINDOWS,
    FEWEST_BAD,
    Alert,
    Condition,
    Objective,
    OfCheck,
)
from checks.objectives.views import Burn, ObjectiveView
from checks.objectives.words import ratio_text
from checks.wording import span

__all__ = ["COVERED", "judged"]

_SHORTEST: Final = 3600.0
"""Seconds, three quarters of which must be known before anything is said to be well."""
COVERED: Final = 0.75
"""The part of a window that must be known before its burn rate is told."""


def judged(
    objective: Objective, buckets: Buckets, now: float, note: str = "", check: str = ""
) -> ObjectiveView:
    """How ``objective`` stands at ``now`` (seconds).

    Each of ``buckets`` holds what went well, all of it, and the seconds that it was seen over.
    ``note`` says what limits that, ``check`` whose counters they are.
    """
    good, total, known = _sums(buckets, now, objective.window)
    bad = max(0.0, total - good)
    used = _burnt(objective, bad, total)
    windows = [one for one in BURN_WINDOWS if one <= objective.window]
    burns = tuple(_burn(objective, buckets, now, one) for one in windows)
    source = objective.source
    sli = 1.0 - bad / total if total > 0 else None
    remaining = 1.0 - used if known > 0 else None
    status = _status(burns, remaining, min(1.0, known / objective.window))
    if status is Status.OK and known < COVERED * min(_SHORTEST, objective.window):
        status = Status.WAITING
    made = ObjectiveView(
        name=objective.name,
        target=objective.target,
        window=objective.window,
        source=_words(objective),
        check=source.check if isinstance(source, OfCheck) else check,
        timed=objective.timed,
        sli=sli,
        remaining=remaining,
        known=min(known, objective.window),
        total=total,
        bad=bad,
        burns=burns,
        status=status,
        sentence="",
        latency=source.below if isinstance(source, OfCheck) and source.below else None,
        note=note,
    )
    return replace(made, sentence=_sentence(made))


def _sums(buckets: Buckets, now: float, window: float) -> tuple[float, float, float]:
    good, total, known = buckets.fitting(window).since(now - window).tolist()
    return good, total, known


def _burnt(objective: Objective, bad: float, total: float) -> float:
    """How often the budget that ``total`` allows for was used; no traffic uses none."""
    return bad / total / (1.0 - objective.target) if total > 0 else 0.0


def _burn(objective: Objective, buckets: Buckets, now: float, window: float) -> Burn:
    good, total, known = _sums(buckets, now, window)
    bad = max(0.0, total - good)
    few = not objective.timed and (total < objective.least or bad < FEWEST_BAD)
    rate = _burnt(objective, bad, total) if known >= COVERED * window else None
    return Burn(window, rate, min(known, window), total, bad, few)


def _status(burns: tuple[Burn, ...], remaining: float | None, covered: float) -> Status:
    if remaining is None:
        return Status.UNKNOWN
    by_window = {one.window: one for one in burns}
    firing = [one for one in ALERTS if _fires(one, by_window)]
    if any(one.critical for one in firing):
        return Status.CRITICAL
    # Used up, whatever was in the time that nothing is known of.
    spent = (1.0 - remaining) * covered >= 1.0
    return Status.WARNING if firing or spent else Status.OK


def _fires(alert: Alert, burns: dict[float, Burn]) -> bool:
    long, short = burns.get(alert.long), burns.get(alert.short)
    if long is None or short is None or long.rate is None or short.rate is None or long.few:
        return False
    return long.rate > alert.factor and short.rate > alert.factor


def _sentence(view: ObjectiveView) -> str:
    if view.remaining is None or view.sli is None:
        why = view.note or "nothing is known of it yet"
        return f"not known: {why}" if view.known <= 0 else f"nothing happened in {span(view.known)}"
    fast = [one for one in view.burns if one.rate is not None and one.rate > 1.0 and not one.few]
    left = view.remaining
    said = f"{ratio_text(view.sli)} of {ratio_text(view.target)}; "
    said += (
        f"{left * 100:.0f} % of the budget left"
        if left > 0
        else f"the budget is used {1 - left:.1f} times"
    )
    if fast:
        worst = max(fast, key=lambda one: one.rate or 0.0)
        said += f"; it goes {worst.rate:.1f} times too fast over {span(worst.window)}"
    if view.covered < COVERED:
        said += f" (known: {span(view.known)} of {span(view.window)})"
    return said


def _words(objective: Objective) -> str:
    source = objective.source
    if isinstance(source, Condition):
        return source.expression.text
    if not isinstance(source, OfCheck):
        return f"{source.part.text} {'(bad) ' if source.bad else ''}of {source.total.text}"
    return {
        "up": f"{source.check} answers",
        "probe": f"{source.check} is well",
        "requests": f"requests of {source.check} succeed",
        "latency": f"requests of {source.check} take {_seconds(source.below)} at most",
    }[source.what]


def _seconds(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
