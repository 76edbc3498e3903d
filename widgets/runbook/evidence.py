"""Why the runbook was opened: what its alert says and rests on, and its check's last runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from checks.alerts.of_checks import followed
from checks.model import Status
from checks.runbooks.views import Subject as Concerned
from widgets import format as fmt
from widgets.alert_list.curve import about, asked_of
from widgets.alert_list.panes import Subject, subject_of
from widgets.alert_list.words import value_text
from widgets.empty import WAITING, note
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.results import folded
from widgets.runbook.pane import BooksPane
from widgets.spark import spark
from widgets.text import Line, Seg, broken, fit, left, line, role_of

if TYPE_CHECKING:
    from checks.rules.views import QueryView
    from checks.views import AlertView, CheckView, Snapshot

__all__ = ["EvidencePane", "evidence_lines"]

_NAMES: Final = 8
"""Cells of what stands at the left."""
_RESULTS: Final = 5
"""Last runs that are listed."""
_HIDDEN: Final = frozenset({"alertname", "severity"})
"""Labels that the line above them says."""


def evidence_lines(
    snapshot: Snapshot, subject: Concerned, before: AlertView | None, frame: Frame
) -> list[Line]:
    """What is wrong, what that rests on, its course, and what the check said last; ``before`` is
    the alert as it was, where it is no more.
    """
    alert = followed(snapshot.alerts, subject.alert, before)
    over = alert is None and before is not None
    alert = alert or before
    check = snapshot.check(subject.check or (alert.check if alert is not None else ""))
    if alert is not None:
        lines = _alert(snapshot, alert, frame, over=over)
    elif check is not None:
        lines = _check(check, snapshot.time, frame)
    else:
        return note(
            "opened for itself: its variables have no values but those of steps", frame.width
        )
    return [*lines, *_course(snapshot, alert, check, frame), *_results(snapshot, check, frame)]


def _alert(snapshot: Snapshot, alert: AlertView, frame: Frame, *, over: bool) -> list[Line]:
    lasted = fmt.age(max(0.0, snapshot.time - alert.since))
    role = "ok" if over else role_of(alert.status)
    sign = frame.glyphs.status(Status.OK if over else alert.status)
    state = "over" if over else WORDS[alert.status] if alert.firing else "pending"
    told = f"{state}, since {lasted}" if not over else state
    head = line(Seg(f" {sign} {alert.name} ", role), Seg(told, "ok" if over else "dim"))
    rows = broken(alert.sentence, frame.width - 2)
    lines = [head, *(line(" ", Seg(row)) for row in rows)]
    if alert.value is not None:
        lines.append(_pair("value", f"{value_text(alert.value)}{_limit(snapshot, alert)}", frame))
    labels = [f"{name}={value}" for name, value in alert.labels if name not in _HIDDEN]
    shown = broken(" ".join(labels), max(8, frame.width - _NAMES - 3))
    return lines + [_pair("" if at else "labels", row, frame) for at, row in enumerate(shown)]


def _limit(snapshot: Snapshot, alert: AlertView) -> str:
    rule = snapshot.rules.rule(alert.rule) if snapshot.rules is not None else None
    if rule is None or rule.limit is None:
        return ""
    return f", fires where {rule.operator} {value_text(rule.limit)}"


def _check(check: CheckView, now: float, frame: Frame) -> list[Line]:
    told = f"{WORDS[check.status]}, since {fmt.age(max(0.0, now - check.since))}"
    sign = Seg(f" {frame.glyphs.status(check.status)} {check.name} ", role_of(check.status))
    said = broken(check.message, frame.width - 2)
    lines = [line(sign, Seg(told, "dim")), *(line(" ", Seg(row)) for row in said)]
    return [*lines, _pair("address", check.address, frame)] if check.address else lines


def _pair(name: str, text: str, frame: Frame) -> Line:
    room = max(4, frame.width - _NAMES - 3)
    return line(
        Seg(f" {left(name, _NAMES)} ", "dim"), Seg(fit(text, room, frame.glyphs.cut), "label")
    )


def _course(
    snapshot: Snapshot, alert: AlertView | None, check: CheckView | None, frame: Frame
) -> list[Line]:
    """The curve of what the rule compares, in a line; of a check how long its runs took."""
    room = min(60, frame.width - _NAMES - 24)
    if not frame.glyphs.curves or room < 8:
        return []
    subject = subject_of(snapshot, alert.rule, alert.id) if alert is not None else None
    if subject is not None:
        points = _points(subject, snapshot.query)
        shown, name = value_text(points[-1]) if points else "", "1 h"
    else:
        points = check.history if check is not None else ()
        shown, name = fmt.duration(check.duration) if check is not None else "", "took"
    if not any(map(math.isfinite, points)):
        return []
    top = max(point for point in points if math.isfinite(point))
    curve = spark(_in(points, room), room, least=top / 8 or 1.0, glyphs=frame.glyphs)
    return [line(Seg(f" {left(name, _NAMES)} ", "dim"), Seg(curve.strip(), "spark"), f" {shown}")]


def _points(subject: Subject, answer: QueryView | None) -> tuple[float, ...]:
    """The values of the alert's own series, as far as the answer is about them."""
    if answer is None or answer.text != asked_of(subject) or answer.about != about(subject):
        return ()
    wanted = set(about(subject))
    found = (one.values for one in answer.curves if wanted.issubset(one.labels))
    return next(found, ())


def _in(points: Sequence[float], width: int) -> list[float]:
    """``points`` in at most ``width``, of each piece the highest that is known."""
    size = max(1, math.ceil(len(points) / width))
    pieces = [points[at : at + size] for at in range(0, len(points), size)]
    return [max((p for p in piece if math.isfinite(p)), default=math.nan) for piece in pieces]


def _results(snapshot: Snapshot, check: CheckView | None, frame: Frame) -> list[Line]:
    """What the check said in its last runs, the newest first; runs that said the same as one."""
    details = snapshot.details
    if check is None or details is None or details.check != check.name:
        return []
    lines: list[Line] = []
    for same in folded(details.results)[:_RESULTS]:
        one, times = same[0], f"×{len(same)} " if len(same) > 1 else ""
        sign = Seg(f"{frame.glyphs.status(one.status)} ", role_of(one.status))
        clock = f" {fmt.clock(one.time)} "
        room = max(4, frame.width - cell_len(clock) - cell_len(times) - 3)
        said = Seg(fit(one.message, room), "label")
        lines.append(line(Seg(clock, "dim"), sign, Seg(times, "value"), said))
    return lines


class EvidencePane(BooksPane):
    """What somebody must know of the alert while they mend it."""

    subject: reactive[Concerned] = reactive(Concerned(), repaint=False, layout=False)

    def inputs(self) -> tuple[object, ...]:
        return (*super().inputs(), self.subject)

    def watch_subject(self) -> None:
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        return [Seg("Evidence", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        focus, snapshot = self.focus_shown, self.snapshot
        if snapshot is None:
            return note(WAITING, width)
        before = focus.alert if focus is not None else None
        return evidence_lines(snapshot, self.subject, before, self.frame(width, height))
