"""Alerts and samples as ``promtool test rules`` prints them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from checks.promql.literals import format_float
from checks.rules.durations import show_duration
from checks.rules.unit_tests.model import ExpectedAlert, ExpectedSample

__all__ = ["shown_alerts", "shown_samples", "since_start"]


def since_start(milliseconds: int) -> str:
    """An eval_time: ``1m30s``."""
    return show_duration(milliseconds)


def shown_alerts(alerts: Sequence[ExpectedAlert]) -> str:
    """``[]``, or each alert with its labels and annotations on lines of their own."""
    if not alerts:
        return "[]"
    lines = ["["]
    for number, alert in enumerate(alerts):
        lines.append(f"            {number}:")
        lines.append(f"              Labels:{_braced(alert.labels)}")
        lines.append(f"              Annotations:{_braced(alert.annotations)}")
    return "\n".join([*lines, "            ]"])


def shown_samples(samples: Sequence[ExpectedSample]) -> str:
    """``nil``, or ``{__name__="up"} 1``, joined by commas."""
    shown = (f"{_braced(one.labels)} {format_float(one.value)}" for one in samples)
    return ", ".join(shown) or "nil"


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    inner = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels)
    return f"{{{', '.join(inner)}}}"
