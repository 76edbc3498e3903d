"""Styled text as values: segments, lines, and which cells differ between two lines.

Nothing here is markup: text is shown as it is. A segment's role names the ink that it
is written in (:mod:`widgets.ink`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress, count, repeat
from operator import ne
from typing import Final, NamedTuple

from rich.cells import cell_len, chop_cells, get_character_cell_size

from checks.model import Status

__all__ = [
    "Line",
    "Seg",
    "broken",
    "changed_spans",
    "fit",
    "fit_segs",
    "groups_in",
    "is_narrow",
    "left",
    "line",
    "name_in",
    "pad_segs",
    "right",
    "role_of",
    "segs_width",
    "without_middle",
    "wrap",
]


class Seg(NamedTuple):
    """A piece of text in one style."""

    text: str
    role: str = "text"


BETWEEN = Seg("  ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a pane.

    Lines of one row share its ``key``, the row's identity; lines without one cannot be
    selected. ``check`` names the check that the row belongs to.
    """

    segs: tuple[Seg, ...] = ()
    key: str | None = None
    check: str = ""

    @property
    def text(self) -> str:
        return "".join(seg.text for seg in self.segs)

    def fitted(self, width: int) -> Line:
        """The same line, exactly ``width`` cells wide."""
        return replace(self, segs=pad_segs(fit_segs(self.segs, width), width))


def line(*segs: Seg | str, key: str | None = None, check: str = "") -> Line:
    """A line of ``segs``; plain strings are plain text."""
    made = tuple(Seg(seg) if isinstance(seg, str) else seg for seg in segs)
    return Line(tuple(seg for seg in made if seg.text), key, check)


def role_of(status: Status) -> str:
    """The role of text that carries ``status``."""
    return status.value


@lru_cache(maxsize=4096)
def fit(text: str, width: int, cut: str = "…") -> str:
    """``text`` in at most ``width`` cells, ending in ``cut`` where something is missing.

    Wide characters are never halved; combining ones stay with their base.
    """
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(cut)
    kept, used = [], 0
    for char in text:
        used += cell_len(char)
        if used > room:
            break
        kept.append(char)
    return "".join(kept) + cut if room >= 0 else ""


@lru_cache(maxsize=4096)
def without_middle(text: str, width: int, cut: str = "…") -> str:
    """``text`` in at most ``width`` cells, ``cut`` in place of its middle where it is longer: names
    of the like of each other differ in their ends.
    """
    room = width - cell_len(cut)
    if cell_len(text) <= width or room < 2:
        return fit(text, width, cut)
    begin, end = fit(text, room - room // 2, ""), ""
    for char in reversed(text):
        if cell_len(char + end) > room // 2:
            break
        end = char + end
    # What combines with a character that had no room goes with it.
    while end and not cell_len(end[0]):
        end = end[1:]
    return f"{begin}{cut}{end}"


def left(text: str, width: int) -> str:
    """``text`` cut or padded to exactly ``width`` cells, aligned left."""
    shown = fit(text, width)
    return shown + " " * (width - cell_len(shown))


def name_in(name: str, width: int) -> str:
    """``name`` padded to exactly ``width`` cells, or cut in its middle; aligned left."""
    return left(without_middle(name, width), width)


def right(text: str, width: int) -> str:
    """``text`` cut or padded to exactly ``width`` cells, aligned right."""
    shown = fit(text, width)
    return " " * (width - cell_len(shown)) + shown


def segs_width(segs: Iterable[Seg]) -> int:
    """The cells that ``segs`` take."""
    return sum(cell_len(seg.text) for seg in segs)


def fit_segs(segs: Sequence[Seg], width: int, cut: str = "…") -> tuple[Seg, ...]:
    """``segs`` in at most ``width`` cells; the segment that passes the edge is cut."""
    if segs_width(segs) <= width:
        return tuple(segs)
    kept: list[Seg] = []
    room = width
    for seg in segs:
        taken = cell_len(seg.text)
        if taken > room:
            kept.append(Seg(fit(seg.text, room, cut), seg.role))
            break
        kept.append(seg)
        room -= taken
    return tuple(seg for seg in kept if seg.text)


def pad_segs(segs: tuple[Seg, ...], width: int) -> tuple[Seg, ...]:
    """``segs`` with blanks added up to ``width`` cells."""
    missing = width - segs_width(segs)
    return (*segs, Seg(" " * missing, "text")) if missing > 0 else segs


def groups_in(
    groups: Sequence[Sequence[Seg]], width: int, between: Seg = BETWEEN
) -> tuple[list[Seg], int]:
    """As many whole groups as ``width`` has room for, and how many were left out."""
    kept: list[Seg] = []
    for place, group in enumerate(groups):
        more = [between, *group] if kept else list(group)
        if segs_width(kept) + segs_width(more) > width:
            return kept, len(groups) - place
        kept += more
    return kept, 0


def wrap(text: str, width: int, limit: int) -> list[str]:
    """``text`` broken at spaces into at most ``limit`` lines of ``width`` cells.

    A word wider than a line, and the last line where more follows, are cut.
    """
    if width <= 0 or limit <= 0:
        return []
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < limit:
        taken, used = 0, 0
        for word in words:
            used += cell_len(word) + (1 if taken else 0)
            if used > width:
                break
            taken += 1
        last = len(lines) + 1 == limit
        lines.append(" ".join(words) if last else " ".join(words[: max(1, taken)]))
        words = words[max(1, taken) :]
    return [fit(one, width) for one in lines]


def broken(text: str, width: int) -> list[str]:
    """All of ``text`` in lines of ``width`` cells, broken at spaces where there are some."""
    if width <= 0:
        return []
    lines: list[str] = []
    row = ""
    for word in text.split():
        if row and cell_len(row) + 1 + cell_len(word) <= width:
            row = f"{row} {word}"
            continue
        if row:
            lines.append(row)
        # Of what takes no cell at all nothing is made.
        *whole, row = chop_cells(word, width) or [word]
        lines += whole
    return [*lines, row] if row else lines


_narrow: Final[set[str]] = set()
"""Characters beyond ASCII that were found to take a cell each."""
_MOST_NARROW: Final = 2048


def is_narrow(text: str) -> bool:
    """Whether each of the characters of ``text`` takes a cell. Many lines are curves and rules,
    whose few characters are told from others at a glance.
    """
    if text.isascii() or _narrow.issuperset(text):
        return True
    found = {char for char in text if get_character_cell_size(char) == 1}
    if len(_narrow) < _MOST_NARROW:
        _narrow.update(found)
    return found.issuperset(text)


def _columns(segs: Iterable[Seg]) -> list[tuple[str, str]]:
    """One entry a cell: what it shows and its role; a wide character's second cell is ''."""
    cells: list[tuple[str, str]] = []
    for text, role in segs:
        if is_narrow(text):
            cells += zip(text, repeat(role))
            continue
        for char in text:
            width = cell_len(char)
            if width == 0 and cells:
                shown, shown_role = cells[-1]
                cells[-1] = (shown + char, shown_role)
            elif width:
                cells.append((char, role))
                cells.extend(("", role) for _ in range(width - 1))
    return cells


def changed_spans(old: Sequence[Seg], new: Sequence[Seg], gap: int = 8) -> list[tuple[int, int]]:
    """Which cells differ, as ``(start, end)`` spans; wide characters whole.

    Spans closer than ``gap`` cells are one: moving the terminal's cursor costs about
    as many bytes as the cells between.
    """
    before, after = _columns(old), _columns(new)
    length = max(len(before), len(after))
    before += [("", "none")] * (length - len(before))
    after += [("", "none")] * (length - len(after))
    spans: list[tuple[int, int]] = []
    for at in compress(count(), map(ne, before, after)):
        start, end = at, at + 1
        while start > 0 and ("" in (before[start][0], after[start][0])):
            start -= 1
        while end < length and ("" in (before[end][0], after[end][0])):
            end += 1
        if spans and start - spans[-1][1] < gap:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
