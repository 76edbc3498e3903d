"""The table of `onwatch check`: a row a check, the worst first, its parts beneath it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from checks.model import Status
from checks.views import AlertView, CheckView
from tui.output.alerts import INFO, alert_summary, alert_told, shown_alerts
from tui.output.causes import causes_of, told, worst_first
from widgets.format import duration
from widgets.glyphs import WORDS, Glyphs
from widgets.text import fit, left, right, wrap

__all__ = ["Style", "summary", "table"]

_COLOURS: Final = {
    Status.OK: "32",
    Status.WAITING: "2",
    Status.WARNING: "33",
    Status.STALE: "2",
    Status.UNKNOWN: "35",
    Status.CRITICAL: "31",
}
_INFO_COLOUR: Final = "34"
_NAME_CELLS: Final = 32
_VALUE_CELLS: Final = 16
_STATUS_CELLS: Final = 10
_LEAST_SENTENCE: Final = 30
"""Cells below which a sentence gets lines of its own."""


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw: ``width`` in cells, None where lines may be of any length."""

    glyphs: Glyphs
    width: int | None = None
    colour: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    status: Status
    name: str
    value: str
    time: str
    message: str
    info: bool = False
    """Whether it tells something of what is well: a tick would say that nothing is."""


def table(
    checks: Iterable[CheckView],
    seconds: float,
    style: Style,
    alerts: Sequence[AlertView] = (),
    notes: Iterable[str] = (),
) -> str:
    """The whole table with its summary; every line ends in a line break.

    ``alerts`` are of rules and fire, ``notes`` are sentences on rules.
    """
    checks = tuple(checks)
    causes = causes_of(checks)
    ordered = worst_first(checks, causes)
    rows = [row for check in ordered for row in _rows(check, told(check, causes), style.glyphs)]
    alerts = shown_alerts(alerts, checks)
    rows += [_alert(alert) for alert in alerts]
    widths = (
        min(_NAME_CELLS, max((cell_len(row.name) for row in rows), default=0)),
        min(_VALUE_CELLS, max((cell_len(row.value) for row in rows), default=0)),
        max((cell_len(row.time) for row in rows), default=0),
    )
    lines = [line for row in rows for line in _lines(row, widths, style)]
    counted = f" · {alert_summary(alerts)}" if alerts else ""
    last = summary(ordered) + style.glyphs.text(f"{counted} · {duration(seconds)}")
    for text in (*notes, last):
        lines += [text] if style.width is None else wrap(text, style.width, 10)
    return "".join(f"{line}\n" for line in lines)


def summary(checks: Iterable[CheckView]) -> str:
    """``3 checks: 1 critical, 2 ok``, the worst first."""
    counts = Counter(check.status for check in checks)
    total = counts.total()
    parts = [
        f"{counts[status]} {WORDS[status]}"
        for status in sorted(counts, key=lambda status: -status.severity)
    ]
    return f"{total} check{'' if total == 1 else 's'}: {', '.join(parts)}"


def _rows(check: CheckView, sentence: str, glyphs: Glyphs) -> Iterator[_Row]:
    time = duration(check.duration) if check.duration is not None else ""
    yield _Row(check.status, check.name, check.value, glyphs.text(time), sentence)
    for part in check.parts:
        yield _Row(part.status, f"{glyphs.branch} {part.name}", part.value, "", part.message)


def _alert(alert: AlertView) -> _Row:
    name = f"{alert.name} {alert.check}".rstrip()
    return _Row(alert.status, name, "", "", alert_told(alert), info=alert.status is Status.OK)


def _lines(row: _Row, widths: tuple[int, int, int], style: Style) -> Iterator[str]:
    """The row on one line, its sentence folded below itself where it needs more."""
    glyph, said, colour = style.glyphs.status(row.status), WORDS[row.status], _COLOURS[row.status]
    if row.info:
        glyph, said, colour = "i", INFO, _INFO_COLOUR
    word = left(f"{glyph} {said.upper()}", _STATUS_CELLS)
    cells = _cells(row, widths, style)
    head = _coloured(word, colour, style)
    indent = cell_len(word) + sum(map(cell_len, cells)) + 2
    if style.width is None:
        yield f"{head}{''.join(cells)}  {row.message}".rstrip()
        return
    if style.width - indent >= _LEAST_SENTENCE:
        first, *more = wrap(row.message, style.width - indent, 20) or [""]
        yield f"{head}{''.join(cells)}  {first}".rstrip()
    else:
        indent = 2
        more = wrap(row.message, style.width - indent, 20)
        yield (head + _fitting(cells, style.width - cell_len(word))).rstrip()
    for line in more:
        yield " " * indent + line


def _cells(row: _Row, widths: tuple[int, int, int], style: Style) -> list[str]:
    """Name, value and time, each with the blanks before it."""
    name, value, time = widths
    cut = style.glyphs.cut
    return [
        "  " + left(fit(row.name, name, cut), name),
        "  " + left(fit(row.value, value, cut), value),
        "  " + right(row.time, time),
    ]


def _fitting(cells: list[str], width: int) -> str:
    """As many of ``cells`` as there is room for, at least a part of the first."""
    while len(cells) > 1 and sum(map(cell_len, cells)) > width:
        cells = cells[:-1]
    return fit("".join(cells), width)


def _coloured(text: str, colour: str, style: Style) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if style.colour else text
