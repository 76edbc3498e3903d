"""The alerts of rules in the output of `onwatch check`, and what is said of rules besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from checks.model import Status
from checks.rules.views import RuleHealth, RulesView
from checks.views import AlertView, CheckView
from widgets.glyphs import WORDS

__all__ = ["INFO", "alert_summary", "alert_told", "rule_notes", "shown_alerts"]

INFO: Final = "info"
"""The word for an alert that is none of a state that is not well."""

_NAMED: Final = 6
"""Rules that a note names."""


def shown_alerts(alerts: Sequence[AlertView], checks: Iterable[CheckView]) -> list[AlertView]:
    """Those that say something which the line of their check, one of ``checks``, does not say.

    One that is worse than its check is among them: it is what the exit code is of.
    """
    told = {check.name: check.status.severity for check in checks}
    return [alert for alert in alerts if not _is_told(alert, told)]


def _is_told(alert: AlertView, told: Mapping[str, int]) -> bool:
    own = bool(alert.check) and alert.cause == alert.check
    return own and told.get(alert.check, 0) >= alert.status.severity


def alert_summary(alerts: Sequence[AlertView]) -> str:
    """``2 alerts: 1 critical, 1 info``, the worst first."""
    counts = Counter(alert.status for alert in alerts)
    words = {**WORDS, Status.OK: INFO}
    parts = [f"{counts[one]} {words[one]}" for one in sorted(counts, key=lambda s: -s.severity)]
    total = counts.total()
    return f"{total} alert{'' if total == 1 else 's'}: {', '.join(parts)}"


def alert_told(alert: AlertView) -> str:
    """Its sentence, with what may cause it."""
    cause = f" (may follow from {alert.cause})" if alert.cause not in ("", alert.check) else ""
    return f"{alert.sentence}{cause}"


def rule_notes(rules: RulesView | None, *, history: bool = True) -> Iterator[str]:
    """What failed, what can never fire and, with ``history``, what cannot be judged yet."""
    if rules is None:
        return
    yield from rules.problems
    for rule in rules.rules:
        if rule.health is RuleHealth.ERROR:
            yield f"rule {rule.name} failed ({rule.file}:{rule.line}): {rule.sentence}"
        elif rule.health is RuleHealth.DEAD:
            yield f"rule {rule.name} is dead ({rule.file}:{rule.line}): {rule.sentence}"
    names = [rule.name for rule in rules.rules if rule.health is RuleHealth.NO_HISTORY]
    if names and history:
        once = list(dict.fromkeys(names))
        others = len(once) - _NAMED
        # Several rules may share a name: the names are not as many as the rules.
        more = f" and {others} more name{'' if others == 1 else 's'}" if others > 0 else ""
        count = f"{len(names)} rule{'' if len(names) == 1 else 's'}"
        yield (
            f"not judged, since one pass is too short for what they look back on: {count} "
            f"({', '.join(once[:_NAMED])}{more})"
        )
