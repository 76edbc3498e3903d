"""Everything about one check that matters at night: which part is ill, who else may suffer,
how good it was, and its last outages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.availability.links import Link, needed_by, needs
from widgets.availability.outages import outage_segs
from widgets.availability.words import is_partial, p95_of, percent, runs_within
from widgets.brief import brief_name
from widgets.empty import no_checks, note
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.listing.order import GROUP
from widgets.listing.selected import SelectedPane
from widgets.promises import objective_line, promised
from widgets.text import Line, Seg, broken, fit, left, line, right, role_of, segs_width

if TYPE_CHECKING:
    from checks.objectives.views import ObjectiveView
    from checks.records import OutageView, RecordView, WindowRecord
    from checks.views import CheckView

__all__ = ["SelectedCheck", "check_lines", "group_lines"]

_LABEL: Final = 12
"""Cells of what a line is about."""
_MOST_NAMED: Final = 40
"""Ill checks of a group that are named."""
_ILL: Final = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.STALE)


def _about(label: str) -> Seg:
    return Seg(f" {left(label, _LABEL)}", "dim")


def _sentence(check: CheckView, time: float, frame: Frame) -> list[Line]:
    role = role_of(check.status)
    since = f"since {fmt.clock(check.since)}, {fmt.coarse(max(0.0, time - check.since))}"
    head = line(
        Seg(f" {frame.glyphs.status(check.status)} {WORDS[check.status]}", role),
        Seg(f"  {since}", "label"),
        key="status",
        check=check.name,
    )
    told = broken(check.message, frame.width - 3)
    rows = [line("   ", Seg(one), key="status", check=check.name) for one in told]
    return [head, *rows]


def _windows(check: CheckView, record: RecordView, frame: Frame) -> list[Line]:
    """Availability and failures by window, and how far the memory reaches; the outages in a line of
    their own where there is no room for their word.
    """
    available, failed, outages = (
        [_about(label)] for label in ("available", "failed runs", "outages")
    )
    cell = max(15, (frame.width - _LABEL - 2) // len(record.windows))
    names = [f"{fmt.window(window.seconds):>6} " for window in record.windows]
    room = cell - max(map(len, names)) - 1
    apart = any(len(_runs(window)) > room for window in record.windows)
    for name, window in zip(names, record.windows, strict=True):
        text = percent(window.availability)
        good = window.availability is None or window.availability >= 1
        shown = text if window.availability is None else f"{text} %"
        role = "label" if good else "critical"
        available += [Seg(name, "dim"), Seg(left(shown, cell - len(name)), role)]
        role = "critical" if window.failed else "dim"
        blank = Seg(" " * len(name))
        runs = f"{window.failed:,}" if apart else _runs(window)
        failed += [blank, Seg(left(runs, cell - len(name)), role)]
        outages += [blank, Seg(left(f"{window.outages:,}", cell - len(name)), role)]
    key = "windows"
    told = (available, failed, outages) if apart else (available, failed)
    lines = [line(*segs, key=key, check=check.name) for segs in told]
    longest = record.windows[-1]
    remarks = []
    if is_partial(longest):
        reach = fmt.coarse(longest.covered)
        remarks.append(f"watched for {reach} so far: longer windows tell of that")
    if longest.judged < 0.98 * longest.covered:
        unknown = fmt.coarse(longest.covered - longest.judged)
        remarks.append(f"{unknown} of the last hour nothing was known, and counts as neither")
    for remark in remarks:
        lines += [
            line(_about(""), Seg(one, "dim"), key=key, check=check.name)
            for one in broken(remark, frame.width - _LABEL - 2)
        ]
    return lines


def _runs(window: WindowRecord) -> str:
    """How many runs failed, and in how many outages."""
    if not window.failed:
        return "0"
    return f"{window.failed:,} in {fmt.many(window.outages, 'outage')}"


def _times(check: CheckView, window: float, frame: Frame) -> Line:
    runs = runs_within(check, window)
    known = [one for one in runs if one == one]  # noqa: PLR0124 - NaN is none
    segs = [_about("response"), Seg(f"{fmt.duration(check.duration)} now", "value")]
    if known:
        told = f", p95 {fmt.duration(p95_of(known))}, worst {fmt.duration(max(known))}"
        of = f" of {fmt.many(len(known), 'run')}, {_reach(check, len(runs))}"
        segs += [Seg(told, "label"), Seg(of, "dim")]
    return line(*segs, key="times", check=check.name)


def _reach(check: CheckView, runs: int) -> str:
    """The time that so many last runs are of: no longer than it was watched, since runs that a
    reload or a key brought were no interval apart."""
    reach = runs * check.interval
    watched = check.record.windows[-1].covered if check.record is not None else math.inf
    return fmt.coarse(watched) if watched < reach else fmt.span(reach)


def _title(text: str, count: str = "") -> Line:
    return line(Seg(f" {text}", "title"), Seg(f" {count}" if count else "", "dim"))


def _parts(check: CheckView, time: float, frame: Frame) -> list[Line]:
    """Its parts, ill ones first, each with since when."""
    if not check.parts:
        return []
    parts = sorted(check.parts, key=lambda part: -part.status.severity)
    names = min(max(cell_len(part.name) for part in parts), max(8, frame.width // 3))
    ill = sum(part.status in _ILL for part in parts)
    lines = [line(), _title("Parts", f"{ill} of {len(parts)} ill" if ill else "all ok")]
    for part in parts:
        fine = part.status is Status.OK
        role = role_of(part.status)
        since = fmt.coarse(max(0.0, time - part.since))
        said = "  ".join(text for text in (part.value, "" if fine else part.message) if text)
        room = frame.width - names - 22
        lines.append(
            line(
                Seg(f" {frame.glyphs.status(part.status)} ", role),
                Seg(
                    left(brief_name(part.name, names, frame.glyphs.cut), names),
                    "name" if fine else role,
                ),
                Seg(f" {left(WORDS[part.status], 8)}", role),
                Seg(f"{right(since, 5)}  ", "dim"),
                Seg(fit(said, max(0, room), frame.glyphs.cut), "label" if fine else "text"),
                key=f"part:{part.name}",
                check=check.name,
            )
        )
    return lines


def _links(title: str, links: Sequence[Link], frame: Frame, way: str) -> list[Line]:
    if not links:
        return []
    lines = [line(), _title(title, f"{len(links):,}")]
    for link in links:
        role = role_of(link.check.status)
        fine = link.check.status not in _ILL
        branch = f"{'  ' * (link.depth - 1)}{frame.glyphs.branch} " if link.depth else ""
        suffers = "high" if fine and link.meaning else "label"
        head = f" {branch}{frame.glyphs.status(link.check.status)} "
        lines.append(
            line(
                Seg(head, role),
                Seg(link.check.name, "name" if fine else role),
                Seg(f"  {WORDS[link.check.status]}", role),
                Seg(f"  {link.meaning}", suffers if way == "by" else "label"),
                key=f"{way}:{link.check.name}",
                check=link.check.name,
            )
        )
    return lines


def _outage(check: CheckView, outage: OutageView, time: float, frame: Frame) -> Line:
    segs = outage_segs(outage, time, frame.glyphs.dash)
    room = max(0, frame.width - segs_width(segs))
    told = Seg(fit(outage.message, room, frame.glyphs.cut), "text")
    return line(*segs, told, key=f"outage:{outage.began}", check=check.name)


def _past(check: CheckView, record: RecordView, time: float, frame: Frame) -> list[Line]:
    lines = [line(), _title("Last outages", "" if record.outages else "none while it was watched")]
    return lines + [_outage(check, outage, time, frame) for outage in record.outages]


def _facts(check: CheckView, frame: Frame) -> list[Line]:
    labels = ", ".join(f"{name}={value}" for name, value in check.labels.items())
    told = [("address", check.address), ("labels", labels), ("runbook", check.runbook)]
    room = frame.width - _LABEL - 2
    lines = [
        line(
            _about(label),
            Seg(fit(text, room, frame.glyphs.cut), "label"),
            key=label,
            check=check.name,
        )
        for label, text in told
        if text
    ]
    if lines:
        every = f"every {fmt.duration(check.interval)}"
        lines.append(line(_about("asked"), Seg(every, "dim"), key="asked", check=check.name))
    return lines


def check_lines(
    check: CheckView,
    checks: Sequence[CheckView],
    time: float,
    window: float,
    frame: Frame,
    *,
    objectives: Sequence[ObjectiveView] = (),
) -> list[Line]:
    """Everything about ``check`` at ``time``, most urgent first."""
    lines = _sentence(check, time, frame)
    if check.record is not None:
        lines += _windows(check, check.record, frame)
        lines.append(_times(check, window, frame))
    lines += [objective_line(one, frame, left("promised", _LABEL)) for one in objectives]
    lines += _parts(check, time, frame)
    lines += _links("Needs", needs(check, checks), frame, "needs")
    lines += _links("Needed by", needed_by(check, checks), frame, "by")
    if check.record is not None:
        lines += _past(check, check.record, time, frame)
    return [*lines, line(), *_facts(check, frame)]


def group_lines(name: str, checks: Sequence[CheckView], time: float, frame: Frame) -> list[Line]:
    """The ill checks of a group, worst first, and what they say."""
    ill = sorted(
        (one for one in checks if one.status in _ILL), key=lambda one: -one.status.severity
    )
    if not ill:
        return note(f"all {len(checks):,} of {name} are fine", frame.width)
    lines = []
    for check in ill[:_MOST_NAMED]:
        lines += _sentence_of(check, time, frame)
    if len(ill) > _MOST_NAMED:
        lines += note(f"and {len(ill) - _MOST_NAMED:,} more", frame.width)
    return lines


def _sentence_of(check: CheckView, time: float, frame: Frame) -> list[Line]:
    role = role_of(check.status)
    since = fmt.coarse(max(0.0, time - check.since))
    key = f"check:{check.name}"
    head = line(
        Seg(f" {frame.glyphs.status(check.status)} {check.name}", role),
        Seg(f"  {WORDS[check.status]} for {since}", "dim"),
        key=key,
        check=check.name,
    )
    told = fit(check.message, frame.width - 3, frame.glyphs.cut)
    return [head, line("   ", Seg(told), key=key, check=check.name)]


class SelectedCheck(SelectedPane):
    """The check under the table's cursor, or the ill ones of the group there."""

    def heading(self) -> Sequence[Seg]:
        check = self._check
        if check is None:
            name = self.subject.removeprefix(GROUP)
            return [Seg(f"Group {name}" if self.members else "Selected", "title")]
        return [Seg(check.name, "title"), Seg(f" {check.kind}", "dim")]

    @property
    def _check(self) -> CheckView | None:
        return self.snapshot.check(self.subject) if self.snapshot and self.subject else None

    def build(self, width: int, height: int) -> list[Line]:
        frame, snapshot, check = self.frame(width, height), self.snapshot, self._check
        if snapshot is not None and not snapshot.checks:
            return no_checks(width)
        if snapshot is None or not self.subject:
            return note("nothing is selected", width)
        if check is not None:
            window = snapshot.window
            objectives = promised(snapshot, check.name)
            return check_lines(
                check, snapshot.checks, snapshot.time, window, frame, objectives=objectives
            )
        wanted = set(self.members)
        checks = [one for one in snapshot.checks if one.name in wanted]
        if not checks:
            return note("it is not watched any more", width)
        return group_lines(self.subject.removeprefix(GROUP), checks, snapshot.time, frame)
