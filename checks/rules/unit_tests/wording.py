"""Alerts and samples as ``promtool test rules`` prints them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from checks.promql.literals import quote
from checks.rules.unit_tests.model import ExpectedAlert, ExpectedSample

__all__ = ["go_duration", "shown_alerts", "shown_samples"]


def go_duration(milliseconds: int) -> str:
    """As Go prints a duration, which promtool does for the moment of a rule's error: ``2m0s``."""
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 1000:.10g}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def shown_alerts(alerts: Sequence[ExpectedAlert]) -> str:
    """``[]``, or each alert with its labels and annotations on lines of their own."""
    if not alerts:
        return "[]"
    each = (
        f"            {number}:\n"
        f"              Labels:{_braced(alert.labels)}\n"
        f"              Annotations:{_braced(alert.annotations)}"
        for number, alert in enumerate(alerts)
    )
    return "[\n" + ",\n".join(each) + "\n            ]"


def shown_samples(samples: Sequence[ExpectedSample]) -> str:
    """``nil``, or ``{__name__="up"} 1E+00``, joined by commas."""
    return ", ".join(f"{_braced(one.labels)} {_shown(one.value)}" for one in samples) or "nil"


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"


def _shown(value: float) -> str:
    """As Go's ``strconv.FormatFloat(value, 'E', -1, 64)``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + int(exponent) if value else 0
    point = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{point}E{'-' if power < 0 else '+'}{abs(power):02d}"
