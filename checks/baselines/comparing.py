"""A baseline beside the figures of now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from checks.baselines.model import KINDS, Baseline, Figure

__all__ = ["TOLERANCE", "Compared", "Verdict", "change_text", "compare", "judge"]

TOLERANCE: Final = 0.2
"""The change that is none, as a ratio, where nobody says another."""

Verdict: TypeAlias = Literal["same", "better", "worse", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure, then and now; None where it is not known. ``change`` is a ratio of then."""

    check: str
    kind: str
    before: float | None
    now: float | None
    change: float | None
    verdict: Verdict


def judge(
    kind: str, before: float, now: float, tolerance: float = TOLERANCE
) -> tuple[float | None, Verdict]:
    """By how much ``now`` differs, as a ratio of ``before`` (None of nothing), and what that is."""
    measure = KINDS[kind]
    change = (now - before) / before if before else None
    off = now - before
    within = abs(off) <= measure.least or (change is not None and abs(change) <= tolerance)
    if within or off == 0:
        return change, "same"
    return change, "worse" if (off > 0) == measure.more else "better"


def compare(
    baseline: Baseline, figures: Sequence[Figure], tolerances: Mapping[str, float]
) -> list[Compared]:
    """Each figure of ``baseline``, and then those that it has not.

    ``tolerances`` are by kind; that of "" is of the others.
    """
    now = {one.key: one.value for one in figures}
    usual = tolerances.get("", TOLERANCE)
    made: list[Compared] = []
    for one in baseline.figures:
        if one.kind not in KINDS:
            continue
        value = now.pop(one.key, None)
        if value is None:
            made.append(Compared(one.check, one.kind, one.value, None, None, "gone"))
            continue
        change, verdict = judge(one.kind, one.value, value, tolerances.get(one.kind, usual))
        made.append(Compared(one.check, one.kind, one.value, value, change, verdict))
    made += (
        Compared(check, kind, None, value, None, "new") for (check, kind), value in now.items()
    )
    return made


def change_text(change: float | None) -> str:
    """``+54 %``; ``from nothing`` where there was nothing before."""
    if change is None:
        return "from nothing"
    percent = round(change * 100)
    return f"+{percent} %" if percent > 0 else f"{percent} %".replace("-0 %", "0 %")
