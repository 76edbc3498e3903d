"""One pass as the output of a Monitoring Plugin.

The format is that of the Monitoring Plugins' development guidelines: one line of text
with performance data behind a bar, then a line a check.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from checks.model import Status
from checks.triage import Triage
from checks.views import AlertView, CheckView, PartView
from tui.output.alerts import INFO, alert_summary, alert_told, rule_notes, shown_alerts
from tui.output.causes import causes_of, told, worst_first
from tui.output.table import summary

__all__ = ["nagios", "unknown"]

_WORDS: Final = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


def nagios(triage: Triage) -> str:
    """The output for ``triage``; every line ends in a line break."""
    if not triage.checks:
        return unknown("there is nothing to check")
    causes = causes_of(triage.checks)
    ordered = worst_first(triage.checks, causes)
    alerts = shown_alerts(triage.alerts, triage.checks)
    head = f"ONWATCH {_word(triage.status)} - {_headline(ordered, causes, alerts)}"
    lines = [f"{_plain(head)} | {_performance(triage.checks)}"]
    for check in ordered:
        lines.append(_plain(f"[{_word(check.status)}] {check.name}: {told(check, causes)}"))
        lines += [
            _plain(f"  [{_word(part.status)}] {check.name}/{part.name}{_told(part)}")
            for part in check.parts
        ]
    for alert in alerts:
        name = f"{alert.name} {alert.check}".rstrip()
        word = INFO.upper() if alert.status is Status.OK else _word(alert.status)
        lines.append(_plain(f"[{word}] {name}: {alert_told(alert)}"))
    lines += [_plain(note) for note in rule_notes(triage.rules, history=False)]
    return "".join(f"{line}\n" for line in lines)


def _told(part: PartView) -> str:
    """What there is to say of ``part``, after a colon."""
    text = part.message or part.value
    return f": {text}" if text else ""


def unknown(sentence: str) -> str:
    """The output where nothing could be checked."""
    first, *more = _plain(sentence).splitlines() or [""]
    return "".join(f"{line}\n" for line in [f"ONWATCH UNKNOWN - {first}", *more])


def _headline(
    ordered: list[CheckView], causes: Mapping[str, str], alerts: Sequence[AlertView]
) -> str:
    worst = ordered[0]
    counted = f"{summary(ordered)}{f', {alert_summary(alerts)}' if alerts else ''}"
    # Of an alert that follows from its own check the check's sentence says more.
    others = [one for one in alerts if not one.check or one.cause != one.check]
    first = next((one for one in others if one.status.severity > worst.status.severity), None)
    if first is not None:
        return f"{counted}; {first.name} {first.check}".rstrip() + f": {alert_told(first)}"
    if worst.status is Status.OK:
        return counted
    sentence = f"{worst.name}: {told(worst, causes)}"
    return sentence if len(ordered) == 1 and not alerts else f"{counted}; {sentence}"


def _performance(checks: Iterable[CheckView]) -> str:
    return " ".join(f"{_label(check.name)}={_seconds(check.duration)};;;0" for check in checks)


def _label(name: str) -> str:
    """Quoted where needed; ``=`` cannot be in a label, and a quote is doubled."""
    text = _plain(name).replace("=", "_").replace("'", "''")
    return f"'{text}'"


def _seconds(value: float | None) -> str:
    return f"{value:.6f}s" if value is not None and math.isfinite(value) else "U"


def _plain(text: str) -> str:
    """A bar would end the text, so it becomes a slash."""
    return text.replace("|", "/")


def _word(status: Status) -> str:
    return _WORDS[status.exit_code]
