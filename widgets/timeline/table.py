"""The table of incidents: which last, since when, how long, and who took them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len

from checks.model import Status
from checks.story.model import Incident
from checks.story.views import StoryView
from widgets import format as fmt
from widgets.brief import name_of_check
from widgets.empty import WAITING, note
from widgets.frame import Frame
from widgets.listing.pane import ListPane
from widgets.text import Line, Seg, fit, left, line, right, role_of
from widgets.timeline.words import (
    incident_role,
    incident_sign,
    lasted,
    moment,
    over_at,
    state_of,
)

__all__ = ["EVERYTHING", "IncidentTable", "Row", "rows_of"]

EVERYTHING: Final = "incident:all"
"""The identity of the row that stands for all that happened."""
_PREFIX: Final = "incident:"
_WHEN: Final = 13
_SPAN: Final = 9


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An incident, or all that happened where it is None."""

    incident: Incident | None

    @property
    def key(self) -> str:
        """Its identity."""
        return EVERYTHING if self.incident is None else f"{_PREFIX}{self.incident.id}"


@dataclass(frozen=True, slots=True)
class _Widths:
    """Cells of the columns, 0 of one that is left out."""

    number: int
    state: int
    severity: int
    began: int
    lasted: int
    taken: int
    title: int


def rows_of(story: StoryView | None) -> tuple[Row, ...]:
    """The newest incident first, and last all that happened; nothing where nothing has."""
    if story is None or not (story.incidents or story.entries):
        return ()
    return (*(Row(one) for one in story.incidents), Row(None))


class IncidentTable(ListPane[Row]):
    """A row an incident."""

    title = "Incidents"
    ORDERS: ClassVar[tuple[str, ...]] = ("newest", "status", "duration", "severity")

    _widths: _Widths = _Widths(4, 0, 0, _WHEN, _SPAN, 0, 40)
    _known: tuple[StoryView | None, tuple[Row, ...]] = (None, ())

    @property
    def story(self) -> StoryView | None:
        """Of the picture."""
        return self.snapshot.story if self.snapshot is not None else None

    def items(self) -> Sequence[Row]:
        story = self.story
        if story is not self._known[0]:
            # Rows of incidents that are the same objects stay as they are drawn.
            before = {id(row.incident): row for row in self._known[1]}
            rows = tuple(before.get(id(row.incident), row) for row in rows_of(story))
            self._known = (story, rows)
        return self._known[1]

    def inputs(self) -> tuple[object, ...]:
        return (self.story, *super().inputs())

    def key_of(self, item: Row) -> str:
        return item.key

    def check_of(self, item: Row) -> str:
        return item.incident.checks[0] if item.incident and item.incident.checks else ""

    def status_of(self, item: Row) -> Status:
        one = item.incident
        return Status.OK if one is None or over_at(one) is not None else one.status

    def texts_of(self, item: Row) -> tuple[str, ...]:
        one = item.incident
        if one is None:
            # Its entries are filtered themselves.
            return (self.filter_text,)
        return (
            one.called,
            one.title,
            str(one.id),
            one.severity,
            one.status.value,
            state_of(one),
            one.acknowledged_by,
            *one.checks,
        )

    def rank(self, item: Row) -> tuple[object, ...]:
        one = item.incident
        if one is None:
            return (True,)
        newest = (-one.began, -one.id)
        if self.order == "status":
            return (False, over_at(one) is not None, -one.status.severity, *newest)
        if self.order == "duration":
            now = self.snapshot.time if self.snapshot else 0.0
            return (False, -lasted(one, now), *newest)
        if self.order == "severity":
            return (False, -one.status.severity, one.severity, *newest)
        return (False, *newest)

    def groupings(self) -> Sequence[str]:
        return ("", "state", "severity")

    def group_of(self, item: Row) -> str:
        one = item.incident
        if one is None:
            return ""
        return state_of(one) if self.grouping == "state" else one.severity

    # Drawing

    def nothing(self, width: int) -> list[Line]:
        story = self.story
        if self.snapshot is None:
            return note(WAITING, width)
        if story is None:
            return note("nothing is known yet of what happened here", width)
        told = "Nothing has happened: alerts that fire become incidents, and are told here."
        tick = Seg(f"{self.glyphs.status(Status.OK)} ", "ok")
        head = line(" ", tick, Seg(fit(told, width - 4, self.glyphs.cut), "dim"))
        return [head, *_problem(story, width)]

    def measure(self, items: Sequence[Row], frame: Frame) -> None:
        numbers = [one.incident.id for one in items if one.incident is not None]
        number = max(3, len(str(max(numbers, default=0))) + 1)
        wide = frame.width
        severity = 10 if wide >= 100 else 0
        state = 10 if wide >= 60 else 0
        taken = 13 if wide >= 76 else 0
        fixed = 3 + number + severity + state + _WHEN + _SPAN + taken + 1
        self._widths = _Widths(
            number, state, severity, _WHEN, _SPAN, taken, max(0, frame.width - fixed)
        )

    def total(self, items: Sequence[Row]) -> Line | None:
        del items
        story = self.story
        if story is None or not story.problem:
            return None
        return line(Seg(fit(f"   {story.problem}", max(1, self.size.width - 1)), "warning"))

    def names(self) -> Line:
        widths = self._widths
        text = "   " + left("id", widths.number)
        text += left("state", widths.state) if widths.state else ""
        text += left("severity", widths.severity) if widths.severity else ""
        text += left("began", widths.began) + right("lasted", widths.lasted)
        text += right("acknowledged", widths.taken) if widths.taken else ""
        text += " what" if widths.title else ""
        return line(Seg(text, "dim"))

    def told(self, item: Row) -> tuple[object, ...]:
        now = self.snapshot.time if self.snapshot else 0.0
        one = item.incident
        if one is None:
            return (len(self.story.entries) if self.story else 0,)
        return (one, _lasted(one, now), moment(one.began, now))

    def row(self, item: Row) -> Line:
        one, widths = item.incident, self._widths
        if one is None:
            count = len(self.story.entries) if self.story else 0
            text = f"everything that happened ({fmt.many(count, 'entry', 'entries')})"
            return line(f"   {text}", key=item.key)
        now = self.snapshot.time if self.snapshot else 0.0
        role = incident_role(one)
        segs = [Seg(f" {incident_sign(one, self.glyphs)} ", role)]
        segs.append(Seg(left(str(one.id), widths.number), "dim"))
        if widths.state:
            segs.append(Seg(left(state_of(one), widths.state), role))
        if widths.severity:
            severity = one.severity or one.status.value
            segs.append(Seg(left(severity, widths.severity), role_of(one.status)))
        segs.append(Seg(left(moment(one.began, now), widths.began), "dim"))
        segs.append(Seg(right(_lasted(one, now), widths.lasted), "value"))
        if widths.taken:
            segs.append(_taken(one, widths.taken))
        title = _called(one, widths.title, self.glyphs.cut) if widths.title else ""
        segs.append(Seg(f" {title}", "name" if one.ended is None else "label"))
        return line(*segs, key=item.key, check=self.check_of(item))

    def heading(self) -> Sequence[Seg]:
        incidents = [row.incident for row in self.items() if row.incident is not None]
        segs = [Seg(self.title, "title")]
        if not incidents:
            return segs
        lasting = [one for one in incidents if over_at(one) is None]
        if self.filter_text:
            segs.append(Seg(f" {self._matched} of {len(incidents) + 1} match", "dim"))
        elif lasting:
            worst = max(lasting, key=lambda one: one.status.severity)
            text = f" {len(lasting)} last" if len(lasting) > 1 else " 1 lasts"
            segs.append(Seg(text, role_of(worst.status)))
        else:
            segs.append(Seg(f" {len(incidents)}, all over", "dim"))
        told = f" {self.glyphs.dot} by {self.order}"
        if self.grouping:
            told += f", grouped by {self.grouping}"
        return [*segs, Seg(told, "dim")]


def _called(incident: Incident, width: int, cut: str) -> str:
    """What it is, in ``width`` cells: where there is no more room than for whose it is, that."""
    name, said, _ = incident.called.partition(": ")
    if said and not incident.left and cell_len(name) > width - cell_len(cut):
        return name_of_check(name, incident.checks[0] if incident.checks else "", width, cut)
    return fit(incident.called, width, cut)


def _lasted(incident: Incident, now: float) -> str:
    """How long it lasts, in steps that rarely change; exactly once that is over, as beneath."""
    took = lasted(incident, now)
    return fmt.coarse(took) if over_at(incident) is None else fmt.span(took)


def _taken(incident: Incident, width: int) -> Seg:
    """How long it took until somebody took it."""
    took = incident.time_to_acknowledge
    if took is not None:
        return Seg(right(f"after {fmt.coarse(took)}", width), "label")
    waits = incident.ended is None and incident.quiet is None
    return Seg(right("not yet" if waits else "never", width), "high" if waits else "dim")


def _problem(story: StoryView, width: int) -> list[Line]:
    return note(story.problem, width, "warning") if story.problem else []
