"""The server pane: how the server is, in words, its connections, and its figures."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.databases.pane import DatabasePane, faded, sentence
from widgets.databases.words import client_of
from widgets.empty import WAITING, no_database, note
from widgets.figures import aligned, figure
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.promises import going, going_lines
from widgets.spark import bar, spark
from widgets.text import Line, Seg, groups_in, left, line, role_of, segs_width, wrap

if TYPE_CHECKING:
    from checks.capacity.views import CapacityView
    from checks.databases.model import DatabaseFacts, SessionRow
    from checks.views import CheckView, DatabaseView, FigureView, Points

__all__ = ["ServerPane", "connection_lines", "figure_lines", "server_lines"]

_NEARLY: Final = 0.8
"""The share of the connections from which on their number stands out."""
_BESIDE: Final = 60
"""Cells from which on a sentence stands beside its status rather than below it."""
_COURSE: Final = 60
"""Cells of a figure's course, at most."""
_SHORT_COURSE: Final = 10
"""Cells of it that a long name leaves."""
_LEAST: Final = {"s": 0.05, "ratio": 1.0, "bytes": 1.0, "1/s": 1.0, "": 4.0}
"""What a full block of a figure stands for at least, by its unit: jitter stays flat."""

Pairs = Sequence[tuple[str, str]]


def sentence_lines(check: CheckView, width: int, limit: int, glyphs: Glyphs) -> list[Line]:
    """Sign, word and sentence of the check; Enter leads to its details."""
    head = f" {glyphs.status(check.status)} {WORDS[check.status].upper()} "
    indent = cell_len(head) if width >= _BESIDE else 3
    first = (wrap(check.message, width - cell_len(head), 2) or [""])[0]
    rest = " ".join(check.message.split()[len(first.split()) :])
    if limit == 1 and rest:
        first, rest = check.message, ""
    more = wrap(rest, width - indent, limit - 1)
    segs = [Seg(head, role_of(check.status)), Seg(first, "text")]
    rows = [segs, *([Seg(f"{' ' * indent}{row}", "text")] for row in more)]
    return [line(*row, key=check.name, check=check.name) for row in rows]


def _groups(label: str, groups: Sequence[Sequence[Seg]], frame: Frame, most: int = 2) -> list[Line]:
    """``groups`` after ``label`` in at most ``most`` lines, and how many are left out."""
    dot = Seg(f" {frame.glyphs.dot} ", "dim")
    head = Seg(f"   {label}  ", "dim")
    indent = segs_width([head])
    lines: list[Line] = []
    while groups and len(lines) < most:
        segs, left_out = groups_in(groups, frame.width - indent - 5, dot)
        if not segs:
            break
        groups = groups[len(groups) - left_out :] if left_out else ()
        more = Seg(f" +{left_out}" if left_out and len(lines) + 1 == most else "", "dim")
        lines.append(line(Seg(" " * indent) if lines else head, *segs, more))
    return lines


def _counted(counts: Iterable[tuple[str, float]]) -> list[list[Seg]]:
    return [[Seg(f"{name} ", "label"), Seg(fmt.count(n), "value")] for name, n in counts]


def _holders(facts: DatabaseFacts, frame: Frame) -> list[Line]:
    """Who holds the connections, by user and by where they come from.

    In the compact form by user alone, and only where they run out.
    """
    others = [session for session in facts.sessions or () if not session.own]
    ways = [("by user", _user), ("by client", client_of)]
    if frame.compact:
        ways = ways[: (_share(facts) or 0.0) >= _NEARLY]
    lines = []
    for label, name in ways:
        counts = Counter(found for one in others if (found := name(one)))
        if counts:
            seen = f", of {len(others)} seen" if facts.sessions_left_out else ""
            lines += _groups(label + seen, _counted(counts.most_common()), frame, 1)
    return lines


def _user(session: SessionRow) -> str:
    return session.user


def connection_lines(facts: DatabaseFacts, frame: Frame) -> list[Line]:
    """Connections against their limit, by state, and who holds them."""
    width, glyphs = frame.width, frame.glyphs
    lines: list[Line] = []
    used, most = facts.connections, facts.connection_limit
    if used is not None:
        share = _share(facts)
        role = "high" if share is not None and share >= _NEARLY else "value"
        segs = [Seg(" connections ", "label"), Seg(fmt.count(used), role)]
        if share is not None:
            segs += [Seg(f" of {fmt.count(most)} ", "dim"), *figure(fmt.percent(share), role)]
            full, free = bar(share, min(40, width - segs_width(segs) - 2), glyphs)
            segs += [Seg("  "), Seg(full, "high" if role == "high" else "spark"), Seg(free, "rule")]
        lines.append(line(*segs))
    if facts.by_state:
        lines += _groups("by state", _counted(facts.by_state), frame)
    return lines + _holders(facts, frame)


def _share(facts: DatabaseFacts) -> float | None:
    """How much of its connections a server has in use."""
    used, most = facts.connections, facts.connection_limit
    return used / most if used is not None and most else None


def _told(view: FigureView) -> str:
    """The value, and what bounds it."""
    text = fmt.value_in(view.unit, view.value)
    if view.limit is None:
        return text
    return f"{text} of {fmt.value_in(view.unit, view.limit)}"


def _figure_role(view: FigureView) -> str:
    full = view.value is not None and view.limit and view.value / view.limit >= _NEARLY
    return "high" if full else "value"


def figure_lines(figures: Sequence[FigureView], frame: Frame) -> list[Line]:
    """A row a figure with its course; in the compact form two lines of figures alone."""
    if not figures:
        return []
    if frame.compact:
        return _figures_in_words(figures, frame.width, 2)
    values = max(9, min(max(cell_len(_told(each)) for each in figures), 20))
    # A name that is cut says less than the end of a curve that is not there.
    widest = max(8, frame.width // 3, frame.width - values - 4 - _SHORT_COURSE)
    names = min(max(cell_len(each.title) for each in figures), 20, widest)
    room = min(_COURSE, frame.width - names - values - 4)
    lines = []
    for each in figures:
        segs = [
            Seg(f" {left(each.title, names)} ", "label"),
            *aligned(_told(each), values, _figure_role(each)),
        ]
        if room >= 6:
            least = max(_LEAST.get(each.unit, 1.0), each.limit or 0.0)
            segs += [Seg("  "), Seg(spark(each.history, room, least, frame.glyphs), "spark")]
        lines.append(line(*segs))
    return lines


def _seen_last(views: Sequence[FigureView]) -> list[FigureView]:
    """Those of ``views`` that were known when the server was seen last, with what they were."""
    ago = min((_silent_for(view.history) for view in views if view.value is None), default=0)
    known = [
        replace(view, value=view.history[-1 - ago])
        if view.value is None and ago < len(view.history)
        else view
        for view in views
    ]
    return [view for view in known if view.value is not None and math.isfinite(view.value)]


def _silent_for(history: Points) -> int:
    """How many runs at its end told nothing."""
    ends = (ago for ago, point in enumerate(reversed(history)) if math.isfinite(point))
    return next(ends, len(history))


def _figures_in_words(figures: Sequence[FigureView], width: int, most: int) -> list[Line]:
    groups = [
        [Seg(f"{each.title} ", "label"), *figure(_told(each), _figure_role(each))]
        for each in figures
    ]
    lines: list[Line] = []
    while groups and len(lines) < most:
        segs, left_out = groups_in(groups, width - 1)
        if not segs:
            break
        lines.append(line(" ", *segs))
        groups = groups[len(groups) - left_out :] if left_out else []
    return lines


def _parts(check: CheckView, frame: Frame) -> list[Line]:
    """The parts of the check that are not well, but for what its sentence says already."""
    lines = []
    for part in check.parts:
        if part.status is Status.OK or (part.message and part.message in check.message):
            continue
        role = role_of(part.status)
        message = part.message.removeprefix(f"{part.name}: ")
        head = f" {frame.glyphs.status(part.status)} {part.name}  "
        rows = wrap(message or part.value, frame.width - cell_len(head), 2) or [""]
        lines.append(line(Seg(head, role), Seg(rows[0], "text")))
        lines += [line(Seg(f"{' ' * cell_len(head)}{row}", "text")) for row in rows[1:]]
    return lines


def _notes(facts: DatabaseFacts | None, frame: Frame) -> list[list[Line]]:
    """What cannot be seen, and what would allow it."""
    return [sentence(told, frame) for told in facts.notes] if facts else []


def _about(pairs: Pairs, frame: Frame) -> list[Line]:
    """What the server told of itself."""
    names = min(max((cell_len(name) for name, _ in pairs), default=0), 18, frame.width // 3)
    lines = []
    for name, text in pairs:
        for place, row in enumerate(wrap(text, frame.width - names - 4, 2) or [fmt.DASH]):
            shown = left(name if not place else "", names)
            lines.append(line(Seg(f" {shown}  ", "dim"), Seg(row, "label")))
    return lines


def server_lines(
    view: DatabaseView,
    check: CheckView | None,
    about: Pairs,
    frame: Frame,
    courses: Sequence[CapacityView] = (),
) -> list[Line]:
    """The sentence of the server, then what it is made of; what matters less comes later.

    ``courses`` are of what grows or shrinks in it.
    """
    between = [] if frame.compact else [line()]
    counts, figures = _seen(view, frame)
    first, *others = _notes(view.facts, frame) or [[]]
    blocks = [
        _head(view, check, frame),
        counts if view.silent_since is None else faded(counts),
        figures if view.silent_since is None else faded(figures),
        going_lines(courses, frame)[: 2 if frame.compact else None],
        _parts(check, frame) if check else [],
    ]
    blocks = [block for block in blocks if block]
    least = 2 if view.facts and (_share(view.facts) or 0.0) >= _NEARLY else 1
    blocks = _with_note(first, blocks, least, len(between), frame.height)
    blocks += [[made for note in others for made in note], _about(about, frame)]
    return [made for block in blocks if block for made in (*between, *block)][len(between) :]


def _with_note(
    note: list[Line], blocks: Sequence[list[Line]], least: int, between: int, height: int
) -> list[list[Line]]:
    """``blocks`` and ``note`` behind the last of them that leaves room for all of it.

    The first ``least`` go before it whatever comes; where these leave no room it comes last.
    """
    for place in range(len(blocks), least - 1, -1):
        taken = sum(len(block) + between for block in blocks[:place])
        if taken + len(note) <= height:
            return [*blocks[:place], note, *blocks[place:]]
    return [*blocks, note]


def _head(view: DatabaseView, check: CheckView | None, frame: Frame) -> list[Line]:
    """The sentence of the check, and since when the server was not seen."""
    most = 2 if frame.compact else 5
    lines = sentence_lines(check, frame.width, most, frame.glyphs) if check else []
    if view.silent_since is not None:
        told = f"not seen since {fmt.clock(view.silent_since)}"
        if view.never:
            told = "not seen since onwatch began to watch it"
        told += "; below is what was seen then" if view.facts or view.tables else ""
        lines += [line(Seg(f"   {row}", "warning")) for row in wrap(told, frame.width - 4, 2)]
    return lines


def _seen(view: DatabaseView, frame: Frame) -> tuple[list[Line], list[Line]]:
    """Connections, and figures; of a server that cannot be seen, as they were seen last."""
    lines = connection_lines(view.facts, frame) if view.facts else []
    figures = list(view.figures)
    if view.silent_since is not None:
        figures = _seen_last(figures)
    if frame.compact and view.facts:
        # Their number stands in a line of its own; only their course would be new.
        figures = [each for each in figures if each.title != "connections"]
    return lines, figure_lines(figures, frame)


class ServerPane(DatabasePane):
    """The server in words and figures. Enter leads to the details of its check."""

    def heading(self) -> Sequence[Seg]:
        view = self.view
        told = super().heading()
        name = Seg(self.check or "Databases", "title")
        if view is None:
            return [name]
        facts = view.facts
        what = (facts.product, facts.version, facts.role) if facts else (view.kind,)
        return [name, Seg(f" {' '.join(part for part in what if part)}", "dim"), *told[1:]]

    def inputs(self) -> tuple[object, ...]:
        view, check = self.view, self.check_view
        waits = "waits" if self.snapshot is None or self._waits else ""
        return (view, check, self._about, sys.intern(waits), going(self.snapshot, check))

    @property
    def _about(self) -> Pairs:
        """What the check's target told of itself, where the server tells no more."""
        details = self.snapshot.details if self.snapshot else None
        view = self.view
        if details is None or details.check != self.check or view is None or view.facts:
            return ()
        return details.facts

    @property
    def _waits(self) -> bool:
        checks = self.snapshot.checks if self.snapshot else ()
        return any(check.status is Status.WAITING for check in checks)

    def build(self, width: int, height: int) -> list[Line]:
        frame, view = self.frame(width, height), self.view
        if view is None:
            waits = self.snapshot is None or self._waits
            return note(WAITING, width) if waits else no_database(width)
        check = self.check_view
        return server_lines(view, check, self._about, frame, going(self.snapshot, check))

    # It has but one row to be on: what is below that is scrolled to.

    def action_move(self, rows: int) -> None:
        self._scroll_by(rows)

    def action_move_to(self, place: int) -> None:
        self._scroll_by(len(self._body) if place < 0 else -len(self._body))
