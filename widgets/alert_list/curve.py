"""The large chart of a rule: the left side of its comparison over time, the threshold drawn in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from checks.model import Status
from checks.views import Chart
from widgets.alert_list.panes import Subject, subject_of
from widgets.chart import HOUR, chart_lines
from widgets.empty import GATHERING
from widgets.frame import Frame
from widgets.text import Line
from widgets.view import PictureView

if TYPE_CHECKING:
    from checks.rules.views import Curve, Pairs, QueryView

__all__ = ["RuleChart", "about", "asked_of", "chart_of"]

_STILL: Final = 60.0
"""Seconds that the chart stands still where curves cost too much."""


def asked_of(subject: Subject) -> str:
    """The expression whose curve says most: what is compared, else the whole."""
    return subject.rule.compared or subject.rule.expression


def about(subject: Subject) -> Pairs:
    """The labels that the alert has from its series: those that its rule does not set."""
    if subject.alert is None:
        return ()
    own = {"alertname", *(name for name, _ in subject.rule.labels)}
    return tuple(pair for pair in subject.alert.labels if pair[0] not in own)


def chart_of(subject: Subject, answer: QueryView) -> Chart | None:
    """The curve of the alert's series, of the first one where it is about the rule alone; None
    where there is none.
    """
    curve = _curve_of(answer.curves, about(subject))
    if curve is None or not any(map(math.isfinite, curve.values)):
        return None
    rule = subject.rule
    alert = subject.alert
    critical = alert is not None and alert.status is Status.CRITICAL
    return Chart(
        title=_title(subject, len(answer.curves)),
        unit="",
        times=answer.times,
        values=curve.values,
        warning=None if critical else rule.limit,
        critical=rule.limit if critical else None,
        falling=rule.operator in ("<", "<="),
    )


def _curve_of(curves: tuple[Curve, ...], wanted: Pairs) -> Curve | None:
    for curve in curves:
        if set(wanted).issubset(curve.labels):
            return curve
    return None


def _title(subject: Subject, curves: int) -> str:
    entry = subject.entry
    if subject.alert is not None:
        return entry.thing or entry.name
    return entry.name if curves < 2 else f"{entry.name}: the first of {curves} series"


class RuleChart(PictureView):
    """The curve of the alert with the id ``alert`` of the rule with the key ``rule``."""

    DEFAULT_CSS = "RuleChart { height: 1fr; min-height: 6; }"

    rule: reactive[str] = reactive("", repaint=False, layout=False)
    alert: reactive[str] = reactive("", repaint=False, layout=False)
    span: reactive[float] = reactive(HOUR, repaint=False, layout=False)
    """Seconds up to now that it shows."""

    _made_for: tuple[object, ...] = ()
    _made_of: QueryView | None = None
    _drawing: list[Line]

    def watch_rule(self) -> None:
        self.update_lines()

    def watch_alert(self) -> None:
        self.update_lines()

    def watch_span(self) -> None:
        self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        subject, answer = subject_of(self.snapshot, self.rule, self.alert), self._answer()
        here = (self.rule, self.alert, width, height, self.use_ascii, self.span, subject is None)
        if here != self._made_for or self._is_news(answer):
            frame = Frame(width, height, self.glyphs)
            chart = chart_of(subject, answer) if subject and answer else None
            self._drawing = chart_lines(chart, frame, _missing(subject, answer), self.span)
            self._made_for, self._made_of = here, answer
        return self._drawing

    def _is_news(self, answer: QueryView | None) -> bool:
        """Whether ``answer`` is to be drawn: on a narrow link a chart stands still for a minute."""
        drawn = self._made_of
        if answer is drawn or self.glyphs.curves or answer is None or drawn is None:
            return answer is not drawn
        return answer.at - drawn.at >= _STILL

    def _answer(self) -> QueryView | None:
        """What was evaluated for this rule and this span; None until it is there."""
        snapshot = self.snapshot
        subject = subject_of(snapshot, self.rule, self.alert)
        answer = snapshot.query if snapshot is not None else None
        if subject is None or answer is None or answer.text != asked_of(subject):
            return None
        fits = answer.about == about(subject) and math.isclose(answer.span, self.span)
        return answer if fits else None


def _missing(subject: Subject | None, answer: QueryView | None) -> str:
    """Why there is no chart."""
    if subject is None:
        return ""
    if answer is None:
        return GATHERING.replace("check", "rule")
    if answer.error:
        return f"no chart: {answer.error}"
    told = next((one for one in answer.warnings if one.startswith("no curves")), "")
    return told or "no series of this expression was there within this time"
