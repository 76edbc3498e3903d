"""The panes of the detail screen: everything about one check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, chop_cells
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import GONE, gathering, note, nothing_matches
from widgets.figures import aligned, figure
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.handling import dealt_with
from widgets.lines import LinePane
from widgets.promises import in_pairs
from widgets.table import table_lines
from widgets.text import Line, Seg, broken, left, line, name_in, role_of

if TYPE_CHECKING:
    from checks.model import Table
    from checks.views import CheckDetails, CheckView, EventView

__all__ = [
    "MOST_SAMPLES",
    "DetailPane",
    "EventsPane",
    "FactsPane",
    "PhasesPane",
    "RawPane",
    "SamplesPane",
    "TablesPane",
    "event_lines",
    "fact_lines",
    "phase_lines",
    "raw_lines",
    "sample_lines",
    "tables_lines",
    "worded",
]

MOST_SAMPLES = 2_000
"""Samples that are listed at once; a page of metrics may have five times as many."""


def phase_lines(phases: Sequence[tuple[str, float]], width: int, glyphs: Glyphs) -> list[Line]:
    """A waterfall: each phase's bar begins where the one before it ended."""
    if not phases:
        return note("this kind of check has no phases", width)
    total = sum(seconds for _, seconds in phases)
    names = min(max(cell_len(name) for name, _ in phases), 14)
    room = max(0, width - names - 1 - 9 - 3)
    lines, before = [], 0.0
    for name, seconds in phases:
        start = round(before / total * room) if total else 0
        before += seconds
        end = round(before / total * room) if total else 0
        start = min(start, max(0, room - 1))
        full = glyphs.full * max(1, end - start) if room else ""
        segs = [
            Seg(f" {left(name, names)}", "label"),
            *aligned(fmt.duration(seconds), 9),
            Seg("  " + glyphs.empty * start, "rule"),
            Seg(full, "spark"),
            Seg(glyphs.empty * (room - start - len(full)), "rule"),
        ]
        lines.append(line(*segs))
    return lines


def _about(check: CheckView, now: float) -> list[tuple[str, str]]:
    """What the check itself says, before what its target told."""
    pairs = [
        ("kind", check.kind),
        ("address", check.address),
        ("since", f"{fmt.date_clock(check.since)} ({fmt.span(max(0.0, now - check.since))})"),
        ("interval", fmt.span(check.interval)),
    ]
    if check.last_run is not None:
        ago = now - check.last_run
        pairs.append(("last run", "now" if ago < 1 else f"{fmt.age(ago)} ago"))
    if check.depends_on:
        pairs.append(("depends on", ", ".join(check.depends_on)))
    if check.runbook:
        pairs.append(("runbook", check.runbook))
    if check.labels:
        pairs.append(("labels", " ".join(f"{k}={v}" for k, v in check.labels.items())))
    return pairs


def fact_lines(
    check: CheckView,
    facts: Sequence[tuple[str, str]],
    now: float,
    frame: Frame,
    dealt: Sequence[tuple[str, str]] = (),
) -> list[Line]:
    """The sentence, how it is ``dealt`` with, what was configured, and what the target told of
    itself.
    """
    return list(_fact_lines(check, (tuple(dealt), tuple(facts)), now, frame.width, frame.glyphs))


@lru_cache(maxsize=4)
def _fact_lines(
    check: CheckView,
    told: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]],
    now: float,
    width: int,
    glyphs: Glyphs,
) -> tuple[Line, ...]:
    """Asked for twice: how many there are says how high the pane is."""
    role = role_of(check.status)
    head = f"{glyphs.status(check.status)} {WORDS[check.status]} "
    said = broken(check.message, width - cell_len(head) - 2)
    lines = [line(" ", Seg(head, role), Seg(said[0] if said else "", "text"))]
    indent = " " * (cell_len(head) + 1)
    lines += [line(indent, Seg(one, "text")) for one in said[1:]]
    dealt, facts = told
    pairs = [*dealt, *_about(check, now)]
    known = {name for name, _ in pairs}
    pairs += [worded(name, text) for name, text in facts if name not in known]
    names = min(max(cell_len(name) for name, _ in pairs), 24, max(6, width * 2 // 5))
    for name, text in pairs:
        rows = broken(name, names), broken(text, width - names - 4) or [fmt.DASH]
        for label, row in zip_longest(*rows, fillvalue=""):
            lines.append(line(Seg(f" {left(label, names)}  ", "dim"), Seg(row, "label")))
    return tuple(lines)


def worded(name: str, text: str) -> tuple[str, str]:
    """A fact whose name tells the unit of its figure, in words: ``uptime_seconds 93855`` is
    ``uptime``, ``1 d 2 h``.
    """
    for end, told in _UNITS:
        if name.endswith(end) and name != end:
            try:
                return name.removesuffix(end), told(float(text))
            except ValueError:
                break
    return name, text


def _length(seconds: float) -> str:
    return fmt.span(seconds) if abs(seconds) >= 60 else fmt.duration(seconds)


_UNITS: Final = (
    ("_seconds", _length),
    ("_ms", lambda ms: _length(ms / 1000)),
    ("_bytes", fmt.size),
)


def event_lines(events: Sequence[EventView], frame: Frame) -> list[Line]:
    """What happened, newest first as given."""
    wanted = [event for event in events if frame.wants(event.check, event.text)]
    if not wanted and events:
        return nothing_matches(frame.filter_text, frame.width)
    if not wanted:
        return note("nothing has happened since the start", frame.width)
    names = min(max(cell_len(event.check) for event in wanted), 20)
    lines = []
    for event in wanted:
        head = [Seg(f" {fmt.clock(event.time)} ", "dim"), Seg(name_in(event.check, names), "name")]
        told = Seg(f"  {event.text}", "label")
        lines.append(line(*head, told, key=event.id, check=event.check))
    return lines


def sample_lines(samples: Sequence[tuple[str, float]], frame: Frame) -> list[Line]:
    """The series of the last run with their values, as an exporter would name them."""
    wanted = [(name, value) for name, value in samples if frame.wants(name)]
    if not wanted and samples:
        return nothing_matches(frame.filter_text, frame.width)
    if not wanted:
        return note("no samples", frame.width)
    lines = [
        line(Seg(f" {name} ", "label"), Seg(f"{value:.10g}", "value"), key=name)
        for name, value in wanted[:MOST_SAMPLES]
    ]
    if len(wanted) > MOST_SAMPLES:
        left = len(wanted) - MOST_SAMPLES
        lines += note(f"{left:,} more; / finds any of them by its name or labels", frame.width)
    return lines


def tables_lines(tables: Sequence[Table], width: int) -> list[Line]:
    """The tables one beneath the other."""
    lines: list[Line] = []
    for table in tables:
        lines += [line(" ")] if lines else []
        lines += table_lines(table, width)
    return lines or note("this check brings no tables", width)


def raw_lines(raw: str, frame: Frame) -> list[Line]:
    """The answer as it came (already clean), broken where a line is too long."""
    if not raw:
        return note("no answer is kept for this check", frame.width)
    width = max(1, frame.width - 2)
    lines: list[Line] = []
    for row in raw.splitlines():
        if frame.wants(row):
            pieces = chop_cells(row, width) if row else [""]
            lines.extend(line(" ", Seg(piece, "label")) for piece in pieces)
    return lines or nothing_matches(frame.filter_text, frame.width)


class DetailPane(LinePane):
    """A pane about ``check``; waits while the snapshot holds another check's details."""

    title = ""
    shows_early: ClassVar[bool] = False
    """Whether it has something to say before the details are there."""

    check: reactive[str] = reactive("", repaint=False, layout=False)
    frozen: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether the snapshot stays the one that it is."""

    @property
    def details(self) -> CheckDetails | None:
        details = self.snapshot.details if self.snapshot else None
        if details is None or (self.check and details.check != self.check):
            return None
        return details

    def inputs(self) -> tuple[object, ...]:
        return (self.snapshot, self.check, self.frozen)

    def watch_check(self) -> None:
        self.update_lines()

    def watch_frozen(self) -> None:
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        return [Seg(self.title, "title")]

    def rewind(self) -> None:
        """Forget where the cursor was: another check comes."""
        self._top, self._selected, self._place, self._lost = 0, None, 0, False

    def compose_lines(self, width: int, height: int) -> list[Line]:
        # Where nobody knows whether it will have something to show, it has no title either.
        return super().compose_lines(width, height) if self.shows_early or self.details else []

    def build(self, width: int, height: int) -> list[Line]:
        if self.details is None:
            return self.build_early(self.frame(width, height))
        return self.build_details(self.details, self.frame(width, height))

    def build_early(self, frame: Frame) -> list[Line]:
        """The pane's lines until the details are there."""
        return note(gathering(frozen=self.frozen), frame.width)

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        """The pane's lines for ``details``."""
        raise NotImplementedError


class PhasesPane(DetailPane):
    """Where the time of the last run went."""

    title = "Phases"

    def heading(self) -> Sequence[Seg]:
        phases = self.details.phases if self.details else ()
        total = sum(seconds for _, seconds in phases)
        return [Seg("Phases", "title"), Seg(" "), *(figure(fmt.duration(total)) if phases else ())]

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return phase_lines(details.phases, frame.width, frame.glyphs)


class FactsPane(DetailPane):
    """The check in words: its sentence, its configuration, what its target told."""

    title = "About"
    shows_early = True

    def build_early(self, frame: Frame) -> list[Line]:
        if self.snapshot is None or not self.check:
            return note(gathering(frozen=self.frozen), frame.width)
        known = self.snapshot.check(self.check) is not None
        coming = note(gathering(frozen=self.frozen), frame.width) if known else []
        return [*self._lines_of(self.check, (), frame), *coming]

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return self._lines_of(details.check, details.facts, frame)

    def _lines_of(self, name: str, facts: Sequence[tuple[str, str]], frame: Frame) -> list[Line]:
        snapshot = self.snapshot
        check = snapshot.check(name) if snapshot else None
        if snapshot is None or check is None:
            return note(GONE, frame.width)
        dealt = [*dealt_with(snapshot, name), *in_pairs(snapshot, name)]
        return fact_lines(check, facts, snapshot.time, frame, dealt)


class TablesPane(DetailPane):
    """The tables that the probe brought: processes, slow log, filesystems."""

    title = "Tables"

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return tables_lines(details.tables, frame.width)


class EventsPane(DetailPane):
    """What happened to the check."""

    title = "Events"

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return event_lines(details.events, frame)


class SamplesPane(DetailPane):
    """The samples of the last run."""

    title = "Samples"

    def inputs(self) -> tuple[object, ...]:
        # Thousands of them, of a page of metrics, are not built anew each second.
        details = self.details
        return (details.samples if details else None, self.check)

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return sample_lines(details.samples, frame)


class RawPane(DetailPane):
    """The raw answer of the last run."""

    title = "Raw answer"

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return raw_lines(details.raw, frame)
