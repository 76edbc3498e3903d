"""One pass as the output of a Monitoring Plugin.

The format is that of the Monitoring Plugins' development guidelines: one line of text
with performance data behind a bar, then a line a check.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from checks.model import Status
from checks.triage import Triage
from checks.views import CheckView, PartView
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
    head = f"ONWATCH {_word(triage.status)} - {_headline(ordered, causes)}"
    lines = [f"{_plain(head)} | {_performance(triage.checks)}"]
    for check in ordered:
        lines.append(_plain(f"[{_word(check.status)}] {check.name}: {told(check, causes)}"))
        lines += [
            _plain(f"  [{_word(part.status)}] {check.name}/{part.name}{_told(part)}")
            for part in check.parts
        ]
    return "".join(f"{line}\n" for line in lines)


def _told(part: PartView) -> str:
    """What there is to say of ``part``, after a colon."""
    text = part.message or part.value
    return f": {text}" if text else ""


def unknown(sentence: str) -> str:
    """The output where nothing could be checked."""
    first, *more = sentence.splitlines() or [""]
    return "".join(f"{line}\n" for line in [_plain(f"ONWATCH UNKNOWN - {first}"), *more])


def _headline(ordered: list[CheckView], causes: Mapping[str, str]) -> str:
    worst = ordered[0]
    if worst.status is Status.OK:
        return summary(ordered)
    sentence = f"{worst.name}: {told(worst, causes)}"
    return sentence if len(ordered) == 1 else f"{summary(ordered)}; {sentence}"


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
