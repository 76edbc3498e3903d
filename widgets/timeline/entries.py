"""What happened in the incident under the cursor, or at all: the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual.reactive import reactive

from checks.story.about import concerns, run_of, short_steps
from checks.story.model import Entry, Incident
from widgets import format as fmt
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.listing.order import GROUP
from widgets.text import Line, Seg, broken, line, wrap
from widgets.timeline.words import (
    entry_key,
    entry_role,
    entry_sign,
    entry_text,
    in_kind,
    lasted,
    moment,
    over_at,
    state_of,
)

if TYPE_CHECKING:
    from checks.story.views import StoryView
    from checks.views import Snapshot

__all__ = ["EntriesPane", "entries_of", "entry_lines", "incident_lines"]

_LONGEST: Final = 3
"""Lines that an entry takes at most."""


def entries_of(story: StoryView, incident: Incident | None, kinds: str, now: float) -> list[Entry]:
    """Those of ``incident``, of all where it is None, that are of ``kinds``; the newest first. A
    step that ended soon has one.
    """
    short = {id(began) for began, _ in short_steps(story.entries).values()}
    return [
        one
        for one in story.entries
        if in_kind(one, kinds)
        and id(one) not in short
        and (incident is None or concerns(one, incident, now))
    ]


def incident_lines(incident: Incident, now: float, frame: Frame, report: str = "") -> list[Line]:
    """How an incident stands, above its entries; ``report`` is the file of its report."""
    took = incident.time_to_acknowledge
    told = [f"began {moment(incident.began, now)}", _span(incident, now)]
    if took is not None:
        told.append(f"acknowledged after {fmt.span(took)} by {incident.acknowledged_by}")
    else:
        told.append("acknowledged by nobody")
    if state_of(incident) == "quiet":
        told.append("may come back")
    if incident.left:
        told.insert(0, f"which is over; still {incident.left}")
    rows = wrap(incident.title, max(8, frame.width - 2), 2)
    lines = [line(" ", Seg(row, "value")) for row in rows]
    joined = f" {frame.glyphs.dot} ".join(told)
    lines += [line(" ", Seg(row, "dim")) for row in wrap(joined, max(8, frame.width - 2), 3)]
    if report:
        rows = broken(f"report: {report}", max(8, frame.width - 2))
        lines += [line(" ", Seg(row, "key")) for row in rows]
    return lines


def _span(incident: Incident, now: float) -> str:
    """How long it lasts, in steps that rarely change, or lasted."""
    if over_at(incident) is None:
        return f"lasts for {fmt.coarse(lasted(incident, now))}"
    return f"resolved after {fmt.span(lasted(incident, now))}"


def entry_lines(entries: Sequence[Entry], now: float, frame: Frame) -> list[Line]:
    """A row for each that the filter lets pass."""
    matched = [one for one in entries if frame.wants(*_texts(one))]
    if entries and not matched:
        return nothing_matches(frame.filter_text, frame.width)
    clocks = max((cell_len(moment(one.at, now)) for one in matched), default=0)
    return [row for one in matched for row in _rows(one, now, clocks, frame)]


def _texts(entry: Entry) -> tuple[str, ...]:
    values = (value for _, value in entry.labels)
    return (entry.name, entry.check, entry.text, entry.who, entry.kind.value, *values)


def _rows(entry: Entry, now: float, clocks: int, frame: Frame) -> list[Line]:
    role, key = entry_role(entry), entry_key(entry)
    name, text = entry_text(entry)
    indent = clocks + 5
    said = f"{name} {text}" if name else text
    rows = wrap(said, max(8, frame.width - indent), _LONGEST) or [""]
    head = [
        Seg(f" {moment(entry.at, now).ljust(clocks)} ", "dim"),
        Seg(f" {entry_sign(entry, frame.glyphs)} ", role),
    ]
    named = name if rows[0].startswith(name) else ""
    first = [*head, Seg(named, role), Seg(rows[0][len(named) :], "label")]
    made = [line(*first, key=key, check=entry.check)]
    blank = Seg(" " * indent)
    return made + [line(blank, Seg(row, "label"), key=key, check=entry.check) for row in rows[1:]]


class EntriesPane(LinePane):
    """The entries of the row that is selected in the table of incidents."""

    leads: ClassVar[bool] = True

    subject: reactive[str] = reactive("", repaint=False, layout=False)
    """The identity of that row."""
    members: reactive[tuple[str, ...]] = reactive((), repaint=False, layout=False)
    kinds: reactive[str] = reactive("everything", repaint=False, layout=False)
    """Which entries are shown: one of :data:`widgets.timeline.words.KINDS`."""

    @property
    def incident(self) -> Incident | None:
        """The one that is shown; None for all."""
        story = self.snapshot.story if self.snapshot is not None else None
        key = self.subject.removeprefix("incident:")
        found = (one for one in story.incidents if str(one.id) == key) if story else ()
        return next(iter(found), None)

    def entry(self, key: str | None) -> Entry | None:
        """The entry whose row has the identity ``key``."""
        story = self.snapshot.story if self.snapshot is not None else None
        found = (one for one in story.entries if entry_key(one) == key) if story and key else ()
        return next(iter(found), None)

    def begin_of(self, entry: Entry) -> Entry | None:
        """Of the end of a step its begin, where that is held."""
        story, run = self.snapshot.story if self.snapshot is not None else None, run_of(entry)
        others = (one for one in story.entries if run_of(one) == run) if story and run else ()
        return next((one for one in others if one is not entry and one.at <= entry.at), None)

    def heading(self) -> Sequence[Seg]:
        incident = self.incident
        title = f"Incident {incident.id}" if incident is not None else "Timeline"
        told = "" if self.kinds == "everything" else f" {self.glyphs.dot} {self.kinds} alone"
        return [Seg(title, "title"), Seg(told, "high")]

    def inputs(self) -> tuple[object, ...]:
        story = self.snapshot.story if self.snapshot is not None else None
        return (story, self._lasts, self.subject, self.kinds)

    _told_span: str = ""

    @property
    def _lasts(self) -> str:
        """How long the incident lasts, or lasted; the same object until it is told otherwise."""
        incident, snapshot = self.incident, self.snapshot
        span = _span(incident, snapshot.time) if incident is not None and snapshot else ""
        if span != self._told_span:
            self._told_span = span
        return self._told_span

    def build(self, width: int, height: int) -> list[Line]:
        snapshot = self.snapshot
        story = snapshot.story if snapshot is not None else None
        if snapshot is None or story is None:
            return []
        if self.subject.startswith(GROUP):
            return note("a group of incidents: choose one of them", width)
        return self._told(snapshot, story, self.frame(width, height))

    def _told(self, snapshot: Snapshot, story: StoryView, frame: Frame) -> list[Line]:
        incident, now = self.incident, snapshot.time
        head = []
        if incident is not None:
            head = incident_lines(incident, now, frame, story.reports.get(incident.id, ""))
        entries = entries_of(story, incident, self.kinds, now)
        if not entries:
            told = (
                "nothing is held of it any more: onwatch report tells it from its file"
                if incident is not None and self.kinds == "everything"
                else "nothing of the kind has happened"
            )
            return [*head, *note(told, frame.width)]
        return [*head, *entry_lines(entries, now, frame)]

    def watch_subject(self) -> None:
        self._top, self._selected, self._moved, self._lost = 0, None, False, False
        self.update_lines()

    def watch_kinds(self) -> None:
        self.update_lines()
