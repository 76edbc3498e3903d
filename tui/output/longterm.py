"""Objectives, capacity and baselines as tables and for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len

from checks.baselines.comparing import Compared, change_text
from checks.baselines.model import KINDS, Baseline
from checks.capacity.views import CapacityView
from checks.capacity.words import amount
from checks.model import Status
from checks.objectives.views import Burn, ObjectiveView
from checks.objectives.words import ratio_text
from widgets.format import span
from widgets.glyphs import WORDS
from widgets.text import left, right

__all__ = [
    "baseline_table",
    "capacity_data",
    "capacity_table",
    "comparison_data",
    "comparison_table",
    "figures_table",
    "objective_data",
    "objective_table",
    "subject",
    "worst_of",
]

_NONE = "-"


def _rows(rows: Sequence[Sequence[str]], numeric: Iterable[int] = ()) -> str:
    """Columns beneath each other; those that are ``numeric`` to the right, the last as it is."""
    wide = [max(cell_len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    to_right = frozenset(numeric)
    lines = []
    for row in rows:
        cells = [
            right(text, cells) if at in to_right else left(text, cells)
            for at, (text, cells) in enumerate(zip(row, wide, strict=False))
        ]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def objective_table(views: Sequence[ObjectiveView]) -> str:
    """A line for each objective."""
    head = ("status", "objective", "target", "over", "now", "budget left", "burn 1h", "6h", "")
    rows = [head, *map(_objective_row, views)]
    return _rows(rows, (5, 6, 7))


def _objective_row(one: ObjectiveView) -> tuple[str, ...]:
    return (
        WORDS[one.status],
        one.name,
        ratio_text(one.target),
        span(one.window),
        _NONE if one.sli is None else ratio_text(one.sli),
        _left(one.remaining),
        _burn(one.burn(3600.0)),
        _burn(one.burn(21_600.0)),
        "; ".join(part for part in (one.source, _known(one), one.note) if part),
    )


def _left(remaining: float | None) -> str:
    """``42 %`` of the budget, or, where none is left, how many times it was used: ``spent 17x``."""
    if remaining is None:
        return _NONE
    return f"{remaining * 100:.0f} %" if remaining > 0 else f"spent {1 - remaining:,.1f}x"


def _burn(burn: Burn | None) -> str:
    return _NONE if burn is None or burn.rate is None else f"{burn.rate:.1f}x"


def _known(one: ObjectiveView) -> str:
    if one.covered >= 0.995:
        return ""
    if one.known <= 0:
        return "nothing is known yet"
    return f"known: {span(one.known)} of {span(one.window)}"


def objective_data(one: ObjectiveView) -> dict[str, Any]:
    """``one`` for programs: ratios, seconds and counts."""
    return {
        "name": one.name,
        "status": one.status.value,
        "sentence": one.sentence,
        "source": one.source,
        "check": one.check or None,
        "objective": one.target,
        "window_seconds": one.window,
        "known_seconds": round(one.known, 3),
        "sli": one.sli,
        "error_budget_remaining": one.remaining,
        "unit": "seconds" if one.timed else "events",
        "total": one.total,
        "bad": one.bad,
        "burn_rates": [
            {
                "window_seconds": burn.window,
                "rate": burn.rate,
                "known_seconds": round(burn.known, 3),
                "low_traffic": burn.few,
            }
            for burn in one.burns
        ],
    }


def subject(view: CapacityView) -> str:
    """Which series it is, in the words that tell it from others."""
    own = dict(view.labels)
    first = own.get("job") or own.get("instance") or ""
    shown = ("mountpoint", "datname", "schema", "database", "queue", "name", "device", "path")
    parts = [own[name] for name in shown if name in own]
    return " ".join(part for part in (first, *parts) if part)


def capacity_table(views: Sequence[CapacityView], at: float | None, when: str) -> str:
    """A line for each series; ``at`` is in how many seconds a forecast is wanted for ``when``.

    Mean and peak are over the time that the trend is taken over.
    """
    head = ["status", "what", "of", "now", "mean", "peak", "a month", "limit"]
    head += [f"by {when}"] if at is not None else []
    head += [""]
    rows = [head]
    for one in views:
        limit = _NONE if one.limit is None else amount(one.limit, one.unit)
        figures = (one.value, one.mean, one.peak)
        shown = [_NONE if each is None else _amount(each, one.unit) for each in figures]
        row = [WORDS[one.status], one.name, subject(one), *shown]
        row += [_monthly(one), limit]
        row += [_forecast(one, at)] if at is not None else []
        rows.append([*row, one.sentence])
    return _rows(rows, range(3, len(head) - 1))


def _amount(value: float | None, unit: str) -> str:
    return _NONE if value is None or not math.isfinite(value) else amount(value, unit)


def _monthly(one: CapacityView) -> str:
    """The growth a month, and what was planned for."""
    seen = _NONE if one.monthly is None else f"{one.monthly:+.1%}"
    return seen if one.expected is None else f"{seen} ({one.expected:+.1%} planned)"


def _forecast(one: CapacityView, at: float) -> str:
    planned = one.planned(at)
    text = _amount(one.at(at), one.unit)
    return text if planned is None else f"{text} ({amount(planned, one.unit)} planned)"


def capacity_data(one: CapacityView, at: float | None) -> dict[str, Any]:
    """``one`` for programs: in its unit, rates a second."""
    trend = one.trend
    made: dict[str, Any] = {
        "name": one.name,
        "labels": dict(one.labels),
        "status": one.status.value,
        "sentence": one.sentence,
        "unit": one.unit,
        "value": one.value,
        "mean": one.mean,
        "peak": one.peak,
        "limit": one.limit,
        "trend": trend.way,
        "rate_per_second": trend.rate if trend.way not in ("unknown", "unsteady") else None,
        "rate_between": [trend.low, trend.high]
        if trend.way not in ("unknown", "unsteady")
        else None,
        "growth_per_month": one.monthly,
        "expected_per_month": one.expected,
        "known_seconds": trend.known,
        "needed_seconds": trend.needed,
        "seconds_until_limit": one.seconds,
        "soonest_seconds": one.soonest,
        "latest_seconds": one.latest,
    }
    if at is not None:
        made["forecast"] = {"in_seconds": at, "value": one.at(at), "planned": one.planned(at)}
    return made


def baseline_table(baselines: Sequence[Baseline], here: str) -> str:
    """A line for each, the newest first; ``here`` is the configuration that is asked of."""
    rows = [("name", "saved", "over", "figures", "configuration")]
    for one in baselines:
        saved = datetime.fromtimestamp(one.saved).astimezone()
        config = one.config or "this machine"
        mark = " (this one)" if one.config == here else ""
        rows.append(
            (
                one.name,
                f"{saved:%Y-%m-%d %H:%M}",
                span(one.seconds),
                str(len(one.figures)),
                f"{config}{mark}",
            )
        )
    return _rows(rows, (3,))


def figures_table(baseline: Baseline) -> str:
    """A line a figure."""
    rows = [("check", "figure", "value", "")]
    rows += [
        (one.check, one.kind, amount(one.value, KINDS[one.kind].unit), "")
        for one in baseline.figures
    ]
    return _rows(rows, (2,))


def comparison_table(found: Sequence[Compared]) -> str:
    """A line a figure: then, now, and what became of it."""
    words = {"same": "", "gone": "not known now", "new": "not in the baseline"}
    rows = [("check", "figure", "then", "now", "change", "")]
    for one in found:
        unit = KINDS[one.kind].unit
        rows.append(
            (
                one.check,
                one.kind,
                _amount(one.before, unit),
                _amount(one.now, unit),
                _NONE if one.before is None or one.now is None else change_text(one.change),
                words.get(
                    one.verdict, one.verdict.upper() if one.verdict == "worse" else one.verdict
                ),
            )
        )
    return _rows(rows, (2, 3, 4))


def comparison_data(found: Sequence[Compared]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "check": one.check,
            "figure": one.kind,
            "unit": KINDS[one.kind].unit,
            "before": one.before,
            "now": one.now,
            "change": one.change,
            "verdict": one.verdict,
        }
        for one in found
    ]


def worst_of(statuses: Iterable[Status]) -> Status:
    """The worst; what is not known counts where nothing is worse than well."""
    found = list(statuses)
    for status in (Status.CRITICAL, Status.WARNING):
        if status in found:
            return status
    known = found and not {Status.UNKNOWN, Status.WAITING}.intersection(found)
    return Status.OK if known else Status.UNKNOWN
