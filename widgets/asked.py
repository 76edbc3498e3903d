"""What a check asks its server: each statement, how often, what it took and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.details import DetailPane
from widgets.empty import note, nothing_matches
from widgets.figures import aligned, figure
from widgets.frame import Frame
from widgets.text import Line, Seg, fit, left, line, right, wrap

if TYPE_CHECKING:
    from checks.databases.model import Asked
    from checks.views import CheckDetails

__all__ = ["QueriesPane", "asked_lines", "last_run"]

_FIGURES: Final = ("last", "mean", "worst")
_WHOLE: Final = 16
"""Lines of a pane from which on it tells what each statement costs."""
_MORE: Final = "given the whole screen it tells what each costs the server, and its text"
_TIME: Final = 8
"""Cells of a duration."""
_RHYTHM: Final = 11
_ROWS: Final = 6


def last_run(asked: Sequence[Asked], interval: float) -> float:
    """Seconds that the statements of the newest run took together.

    Those belong to it that were asked within half an ``interval`` of the newest one.
    """
    newest = max((each.at for each in asked), default=0.0)
    return sum(each.last for each in asked if each.at > newest - interval / 2)


def asked_lines(asked: Sequence[Asked], now: float, frame: Frame) -> list[Line]:
    """A line of figures for each statement; where there is room also what it costs the server,
    and its text.
    """
    wanted = [each for each in asked if frame.wants(each.name, each.text, each.cost)]
    if not wanted and asked:
        return nothing_matches(frame.filter_text, frame.width)
    if not wanted:
        return note("nothing has been asked yet", frame.width)
    longest = max(9, *(cell_len(each.name) for each in wanted))
    names = min(longest, 26, max(10, frame.width // 3))
    lines = [_columns(names, frame.width)]
    for each in wanted:
        lines.append(_figures(each, names, now, frame.width))
        if frame.height < _WHOLE:
            continue
        said = wrap(each.cost, frame.width - 4, 3)
        lines += [line(Seg("   "), Seg(row, "label"), key=each.name) for row in said]
        text = fit(each.text, frame.width - 4, frame.glyphs.cut)
        lines.append(line(Seg("   "), Seg(text, "dim"), key=each.name))
    return lines if frame.height >= _WHOLE else [*lines, *note(_MORE, frame.width)]


def _columns(names: int, width: int) -> Line:
    segs = [Seg(f" {left('statement', names)}", "dim")]
    segs += [Seg(right(name, _TIME + 1), "dim") for name in _FIGURES]
    segs += [Seg(right("rows", _ROWS + 1), "dim"), Seg(f"  {left('asked', _RHYTHM)}", "dim")]
    return line(*_within(segs, width))


def _figures(each: Asked, names: int, now: float, width: int) -> Line:
    rows = fmt.DASH if each.rows is None else fmt.count(each.rows)
    ago = max(0.0, now - each.at)
    when = "now" if ago < 1 else f"{fmt.coarse(ago)} ago"
    segs = [Seg(f" {left(each.name, names)}", "name")]
    for seconds in (each.last, each.mean, each.worst):
        segs += [Seg(" "), *aligned(fmt.duration(seconds), _TIME)]
    segs += [Seg(right(rows, _ROWS + 1), "value")]
    segs += [Seg(f"  {left(each.rhythm, _RHYTHM)}", "label"), Seg(f" {when}", "dim")]
    return line(*_within(segs, width), key=each.name)


def _within(segs: list[Seg], width: int) -> list[Seg]:
    """The first of ``segs`` that fit whole into ``width``."""
    kept, room = [], width
    for seg in segs:
        room -= cell_len(seg.text)
        if room < 0:
            break
        kept.append(seg)
    return kept


class QueriesPane(DetailPane):
    """The statements the check asks, and what they cost."""

    title = "Queries"

    def heading(self) -> Sequence[Seg]:
        details, snapshot = self.details, self.snapshot
        check = snapshot.check(details.check) if details and snapshot else None
        if details is None or check is None or not details.asked:
            return [Seg("Queries", "title")]
        took = last_run(details.asked, check.interval)
        return [
            Seg(f"Queries {len(details.asked)}", "title"),
            Seg(" last run ", "dim"),
            *figure(fmt.duration(took)),
            Seg(f" of {fmt.span(check.interval)}, as seen from here", "dim"),
        ]

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        if not details.asked:
            return note("this kind of check asks no queries", frame.width)
        now = self.snapshot.time if self.snapshot else 0.0
        return asked_lines(details.asked, now, frame)
