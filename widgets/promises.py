"""What is promised, what a good day was like and where things are going, as lines of panes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from checks.baselines.comparing import change_text, judge
from checks.baselines.model import KINDS
from checks.capacity.words import amount
from checks.model import Status
from checks.objectives.words import ratio_text
from widgets import format as fmt
from widgets.figures import figure
from widgets.frame import Frame
from widgets.text import Line, Seg, broken, groups_in, line, role_of

if TYPE_CHECKING:
    from checks.baselines.model import Baseline
    from checks.capacity.views import CapacityView
    from checks.objectives.views import ObjectiveView
    from checks.views import CheckView, RequestView, Snapshot

__all__ = [
    "Beside",
    "baseline_line",
    "beside",
    "going",
    "going_lines",
    "in_pairs",
    "objective_line",
    "objective_segs",
    "promised",
]

Beside: TypeAlias = "tuple[tuple[ObjectiveView, ...], Baseline | None]"
"""What is promised of a check, and the baseline; compared by identity."""

_LABEL: Final = 11
_SOON: Final = 90 * 86_400.0
"""Seconds: what meets its limit later is no matter of a few words."""


def promised(snapshot: Snapshot | None, check: str) -> tuple[ObjectiveView, ...]:
    """The objectives that are of ``check``."""
    views = snapshot.objectives if snapshot else ()
    return tuple(one for one in views if one.check == check)


def beside(snapshot: Snapshot | None, check: str) -> Beside:
    """What belongs beside the requests of ``check``."""
    return promised(snapshot, check), snapshot.baseline if snapshot else None


def objective_segs(view: ObjectiveView) -> list[Seg]:
    """``api available 99.97 % of 99.9 %, 42 % of the budget left``, and how fast it goes."""
    role = "value" if view.status is Status.OK else role_of(view.status)
    segs = [Seg(f"{view.name} ", "name")]
    if view.sli is None or view.remaining is None:
        return [*segs, Seg("nothing is known yet" if view.known <= 0 else "no traffic", "dim")]
    segs += [Seg(ratio_text(view.sli), role), Seg(f" of {ratio_text(view.target)}", "dim")]
    left = view.remaining
    said = (
        f"{left * 100:.0f} % of the budget left"
        if left > 0
        else f"budget spent {1 - left:.1f} times"
    )
    segs.append(Seg(f", {said}", "label" if left > 0 else role))
    fast = [one for one in view.burns if one.rate is not None and one.rate > 1 and not one.few]
    if fast:
        worst = max(fast, key=lambda one: one.rate or 0.0)
        told = f", {worst.rate:.1f} times too fast over {fmt.window(worst.window)}"
        segs.append(Seg(told, role))
    if view.covered < 0.75:
        segs.append(Seg(f" (of {fmt.coarse(view.known)} known)", "dim"))
    return segs


def objective_line(view: ObjectiveView, frame: Frame, label: str = "") -> Line:
    """The same as a line; ``label`` stands before it."""
    sign = frame.glyphs.status(view.status)
    head = Seg(f" {label}" if label else f" {sign} ", "dim" if label else role_of(view.status))
    return line(head, *objective_segs(view), key=f"slo:{view.name}", check=view.check)


def _now(view: RequestView) -> Mapping[str, float | None]:
    window = view.window
    return {
        "throughput": window.rate,
        "error rate": window.error_ratio,
        "p50": window.p50,
        "p95": window.p95,
        "p99": window.p99,
    }


_SHORT: Final = {"throughput": "rate", "error rate": "errors"}


def baseline_line(
    baseline: Baseline | None, view: RequestView, kinds: Iterable[str], frame: Frame
) -> list[Line]:
    """``baseline p95 41 ms, now 63 ms (+54 %)``, of each of ``kinds``; none without a baseline."""
    now = _now(view)
    groups = []
    for kind in kinds:
        before, value = baseline.value(view.check, kind) if baseline else None, now.get(kind)
        if before is None or value is None:
            continue
        change, verdict = judge(kind, before, value)
        role = {"worse": "high", "better": "label"}.get(verdict, "label")
        unit = KINDS[kind].unit
        groups.append(
            [
                Seg(f"{_SHORT.get(kind, kind)} ", "label"),
                *figure(_shown(before, unit), "label"),
                Seg(", now ", "dim"),
                *figure(_shown(value, unit), role),
                Seg(f" ({change_text(change)})", role if verdict == "worse" else "dim"),
            ]
        )
    if not groups:
        return []
    head = Seg(" baseline ", "dim")
    dot = Seg(f" {frame.glyphs.dot} ", "dim")
    return [line(head, *groups_in(groups, frame.width - _LABEL, dot)[0], key="baseline")]


def _shown(value: float, unit: str) -> str:
    if unit == "s":
        return fmt.duration(value)
    return fmt.percent(value) if unit == "ratio" else fmt.rate(value)


def going(snapshot: Snapshot | None, check: CheckView | None) -> tuple[CapacityView, ...]:
    """What is followed of ``check``, that which meets its limit first in front."""
    if snapshot is None or check is None:
        return ()
    found = [
        one
        for one in snapshot.capacity
        if ("job", check.job) in one.labels and ("instance", check.instance) in one.labels
    ]
    never = float("inf")
    return tuple(sorted(found, key=lambda one: never if one.seconds is None else one.seconds))


def in_pairs(snapshot: Snapshot | None, check: str) -> list[tuple[str, str]]:
    """What is promised of ``check`` and what fills there, as names and what stands for them."""
    pairs = [
        (f"objective {one.name}", f"{one.sentence}{f'; {one.note}' if one.note else ''}")
        for one in promised(snapshot, check)
    ]
    courses = going(snapshot, snapshot.check(check) if snapshot else None)
    moving = [one for one in courses if one.trend.way in ("growing", "shrinking")]
    return pairs + [(f"trend of {_called(one)}", one.sentence) for one in moving]


def _called(view: CapacityView) -> str:
    """Its name, and which of several it is."""
    own = dict(view.labels)
    of = next((own[one] for one in ("datname", "schema", "mountpoint") if own.get(one)), "")
    return f"{view.name} {of}".rstrip()


def going_lines(views: Sequence[CapacityView], frame: Frame) -> list[Line]:
    """A line for each that is going somewhere, and how long the rest has been watched."""
    moving = [one for one in views if one.trend.way in ("growing", "shrinking")]
    lines = [_going(one, frame) for one in moving]
    if lines or not views:
        return lines
    waits = [one for one in views if one.trend.way == "unknown"]
    said = waits[0].sentence if waits else "nothing of it grows or shrinks steadily"
    return [line(Seg(" trend ", "dim"), Seg(row, "dim")) for row in broken(said, frame.width - 8)]


def _going(view: CapacityView, frame: Frame) -> Line:
    soon = view.seconds is not None and view.seconds < _SOON
    role = role_of(view.status) if view.status.severity else "high" if soon else "label"
    now = amount(view.value or 0.0, view.unit)
    return line(
        Seg(f" {_called(view)} ", "label"),
        *figure(now),
        Seg(f" {frame.glyphs.dot} {view.sentence}", role),
        key=view.key,
    )
