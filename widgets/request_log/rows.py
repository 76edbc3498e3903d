"""Single requests: the newest errors, and the slowest of the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.databases.session import pair_lines
from widgets.empty import config_lines, note, nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import (
    NO_ROWS,
    errors_config,
    label_names,
    no_durations,
    rows_over,
    status_of,
    status_role,
    texts_of,
)
from widgets.text import Line, Seg, fit, left, line, right

if TYPE_CHECKING:
    from checks.requests.stats import RequestRow
    from checks.views import RequestView

__all__ = ["NewestErrorsPane", "RowsPane", "SlowestPane", "request_whole", "row_lines"]

_STEP: Final = 4
"""Cells in steps of which a column is as wide as its texts, so that it rarely moves."""
_TEXT: Final = 22
"""Cells of an error's text that are worth more than another label."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths of the columns; labels that there is no room for are left out.

    With ``signed`` a sign says which of the requests failed.
    """

    labels: tuple[int, ...]
    text: int
    signed: bool


def _columns(rows: Sequence[RequestRow], names: Sequence[str], width: int) -> _Columns:
    signed = any(not row.failed for row in rows)
    room = width - (26 if signed else 24)
    texts = min(_TEXT, max(cell_len(row.error) for row in rows))
    labels = []
    for place, name in enumerate(names):
        longest = max([cell_len(name), *(cell_len(row.labels[place]) for row in rows)])
        own = min(24, -(-longest // _STEP) * _STEP)
        if own + 1 > room - texts:
            break
        labels.append(own)
        room -= own + 1
    return _Columns(tuple(labels), max(0, room), signed)


def row_lines(
    rows: Sequence[RequestRow], view: RequestView, frame: Frame
) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a line for each of ``rows``."""
    wanted = [row for row in rows if frame.wants(*texts_of(row))]
    if not wanted:
        return [], nothing_matches(frame.filter_text, frame.width)
    names = label_names(view)
    columns = _columns(wanted, names, frame.width)
    shown = zip(names, columns.labels, strict=False)
    labels = "".join(f"{left(name, own)} " for name, own in shown)
    text = fit("error", columns.text)
    sign = "  " if columns.signed else ""
    head = f" {left('time', 8)} {sign}{right('code', 4)} {right('took', 7)}  {labels}{text}"
    return [line(Seg(head, "dim"))], [_row(row, columns, view, frame) for row in wanted]


def _row(row: RequestRow, columns: _Columns, view: RequestView, frame: Frame) -> Line:
    labels = "".join(
        f"{left(value, own)} " for value, own in zip(row.labels, columns.labels, strict=False)
    )
    status = status_of(row, frame.glyphs)
    sign = f"{frame.glyphs.statuses[5] if row.failed else ' '} " if columns.signed else ""
    return line(
        Seg(f" {fmt.clock(row.time)} ", "dim"),
        Seg(f"{sign}{right(status, 4)} ", status_role(row)),
        *aligned(fmt.duration(row.duration), 7),
        Seg(f"  {labels}", "name"),
        Seg(fit(row.error, columns.text, frame.glyphs.cut), "text"),
        key=row.key,
        check=view.check,
    )


def request_whole(row: RequestRow, view: RequestView, width: int) -> list[Line]:
    """Everything that is known of ``row``."""
    number = row.key.partition("@")[0]
    pairs = [
        ("id", number),
        ("time", f"{fmt.date_clock(row.time)}.{int(row.time * 1000) % 1000:03}"),
        ("status", "unknown" if row.status is None else str(row.status)),
        ("took", "unknown" if row.duration is None else fmt.duration(row.duration)),
        *zip(label_names(view), row.labels, strict=False),
        ("counted as", f"an error: {row.kind}" if row.failed else "no error"),
        *([("error", row.error)] if row.error else []),
    ]
    return pair_lines(pairs, width)


class RowsPane(RequestLogPane):
    """Some single requests of the window."""

    def over(self, view: RequestView) -> str:
        return rows_over(view)

    def rows(self, view: RequestView) -> Sequence[RequestRow]:
        raise NotImplementedError

    def needs(self, view: RequestView) -> int:
        return len(self.rows(view)) + 1

    def found(self, key: str) -> RequestRow | None:
        """The request of that key."""
        view = self.view
        rows = self.rows(view) if view else ()
        return next((row for row in rows if row.key == key), None)

    def sentence(self, key: str) -> str:
        row, view = self.found(key), self.view
        if row is None or view is None:
            return key
        named = zip(label_names(view), row.labels, strict=False)
        parts = [
            f"request {row.key.partition('@')[0]} at {fmt.date_clock(row.time)}",
            f"status {'unknown' if row.status is None else row.status}",
            f"took {'unknown' if row.duration is None else fmt.duration(row.duration)}",
            *(f"{name} {value}" for name, value in named),
        ]
        return ", ".join(parts) + (f": {row.error}" if row.error else "")


class NewestErrorsPane(RowsPane):
    """The newest requests that failed."""

    title = "Newest errors"

    def rows(self, view: RequestView) -> Sequence[RequestRow]:
        return view.window.newest_errors

    def summary(self, view: RequestView) -> Sequence[Seg]:
        rows = self.rows(view)
        if not rows:
            return ()
        text = f"last {fmt.clock(rows[0].time)}"
        if self.size.height == 1:
            text += f" {' '.join(rows[0].labels)} {rows[0].error or rows[0].kind}"
        return [Seg(text, "dim")]

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        if not view.stats.columns & {"status", "error"}:
            return config_lines("Nothing tells of errors. Add:", errors_config(view), frame.width)
        rows = self.rows(view)
        if not rows:
            return note(_none(view), frame.width)
        heads, lines = row_lines(rows, view, frame)
        self.pin(*heads)
        return lines


def _none(view: RequestView) -> str:
    """That there was no error, and when the last one was."""
    if view.window.errors and view.stats.counted:
        return NO_ROWS
    if view.window.errors:
        return "the errors of this time were read as sums: what each of them was is not known"
    before = view.stats.windows[-1].newest_errors
    if before:
        return f"no errors in this time; the last was at {fmt.clock(before[0].time)}"
    return "no errors in this time"


class SlowestPane(RowsPane):
    """The slowest requests of the window."""

    title = "Slowest requests"

    def rows(self, view: RequestView) -> Sequence[RequestRow]:
        return view.window.slowest

    def summary(self, view: RequestView) -> Sequence[Seg]:
        rows = self.rows(view)
        if not rows or self.size.height != 1:
            return ()
        return [Seg(f"{fmt.duration(rows[0].duration)} {' '.join(rows[0].labels)}", "dim")]

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        if "duration" not in view.stats.columns:
            return note(no_durations(view), frame.width)
        rows = self.rows(view)
        if not rows:
            timed = bool(view.window.buckets)
            if timed and view.stats.counted:
                return note(NO_ROWS, frame.width)
            text = "the requests of this time were read as sums" if timed else "no requests"
            return note(text if timed else f"{text} in this time", frame.width)
        heads, lines = row_lines(rows, view, frame)
        self.pin(*heads)
        return lines
