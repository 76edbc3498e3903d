"""The last runs of a check: what each said, runs in a row that said the same as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.details import DetailPane
from widgets.empty import note, nothing_matches
from widgets.figures import figure
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.text import Line, Seg, left, line, right, role_of, wrap

if TYPE_CHECKING:
    from checks.views import CheckDetails, ResultLine

__all__ = ["ResultsPane", "folded", "result_lines"]

_FIGURE = re.compile(
    r"(?P<before>\S+ )?"
    r"(?<![\w.:/#-])\d{1,3}(?:,?\d{3})*(?:\.\d+)?"
    r"(?:\s?(?:µs|ms|s|min|m|h|d|B|kB|MB|GB|TB|%))?(?![\w:/-]|\.\d)"
)
_NAMING: Final = frozenset({"code", "errno", "error", "exit", "port", "signal", "status"})
"""Words after which a number says which, not how much."""
_MESSAGE: Final = 3
"""Lines of what a run said; all of the newest stands in the pane before."""
_BESIDE: Final = 40
"""Cells from which on what was said has room beside the figures."""


@lru_cache(maxsize=512)
def _without_figures(message: str) -> str:
    """``message`` without what varies from run to run and means the same: how long, how many.

    A number that names something stays: of a status or an exit code, of a version.
    """

    def blank(found: re.Match[str]) -> str:
        before = found["before"] or ""
        names = before[:1].isupper() or before.strip(" :=\"'").casefold() in _NAMING
        return found[0] if names else f"{before}#"

    return _FIGURE.sub(blank, message)


def folded(results: Sequence[ResultLine]) -> list[list[ResultLine]]:
    """``results``, newest first, with those in a row that said the same but for figures as one."""

    def said(result: ResultLine) -> tuple[Status, str]:
        return result.status, _without_figures(result.message)

    return [list(same) for _, same in groupby(results, said)]


def _durations(results: Sequence[ResultLine]) -> str:
    """How long they took, as a range where that differs: ``12–240 ms``."""
    known = [result.duration for result in results if result.duration is not None]
    shortest, longest = (
        fmt.duration(min(known, default=None)),
        fmt.duration(max(known, default=None)),
    )
    if shortest == longest:
        return longest
    number, _, unit = shortest.partition(" ")
    return f"{number if longest.endswith(f' {unit}') else shortest}–{longest}"


def _clocks(results: Sequence[ResultLine]) -> str:
    newest, oldest = fmt.clock(results[0].time), fmt.clock(results[-1].time)
    return newest if len(results) == 1 else f"{oldest}–{newest}"


def _texts(result: ResultLine) -> tuple[str, ...]:
    return fmt.clock(result.time), WORDS[result.status], result.message


def result_lines(details: CheckDetails, frame: Frame) -> list[Line]:
    """The last runs, newest first: when, status, how many, how long, and what the newest said."""
    wanted = details.results
    if frame.filter_text:
        wanted = tuple(one for one in wanted if frame.wants(*_texts(one)))
    if not wanted:
        missing = nothing_matches(frame.filter_text, frame.width) if details.results else None
        return missing or note("no results yet", frame.width)
    groups = folded(wanted)
    rows = [
        (_clocks(same), f"×{len(same)}" if len(same) > 1 else "", _durations(same))
        for same in groups
    ]
    clocks, counts, times = (max(cell_len(row[i]) for row in rows) for i in range(3))
    lines = []
    for same, (clock, count, took) in zip(groups, rows, strict=True):
        newest, oldest = same[0], same[-1]
        role = role_of(newest.status)
        # The oldest of all leaves with each run: its row would have another name each time.
        key = "the first" if same is groups[-1] else f"{oldest.time:.3f}"
        head = [
            Seg(f" {left(clock, clocks)} ", "dim"),
            Seg(f"{frame.glyphs.status(newest.status)} {left(WORDS[newest.status], 8)} ", role),
            *([Seg(f"{right(count, counts)} ", "value")] if counts else []),
            Seg(" " * (times - cell_len(took))),
            *figure(took),
        ]
        room = frame.width - sum(cell_len(seg.text) for seg in head) - 2
        if room >= _BESIDE:
            first, *more = wrap(newest.message, room, _MESSAGE) or [""]
            lines.append(line(*head, Seg(f"  {first}", "label"), key=key))
            indent = " " * (frame.width - room)
        else:
            lines.append(line(*head, key=key))
            more, indent = wrap(newest.message, frame.width - 4, _MESSAGE), "   "
        lines += [line(indent, Seg(text, "label"), key=key) for text in more]
    return lines


class ResultsPane(DetailPane):
    """The last runs of the check."""

    title = "Results"

    def heading(self) -> Sequence[Seg]:
        results = self.details.results if self.details else ()
        bad = sum(result.status is not Status.OK for result in results)
        text = f" {bad} of {len(results)} not ok" if bad else f" {len(results)} ok"
        return [Seg("Results", "title"), Seg(text if results else "", "dim")]

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return result_lines(details, frame)
