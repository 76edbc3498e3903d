"""The sessions pane: everybody who is connected, sorted and filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.databases.pane import UNSEEN, DatabasePane, blind_lines, sentence
from widgets.databases.waits import Wait, waits_of
from widgets.databases.words import client_of, held_for, short_state, texts_of, who
from widgets.empty import note, nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.lines import ANY_HEIGHT
from widgets.text import Line, Seg, fit, left, line, right

if TYPE_CHECKING:
    from checks.databases.model import DatabaseFacts, SessionRow
    from checks.views import DatabaseView

__all__ = ["ORDERS", "SessionsPane", "in_order", "next_order", "session_lines"]

MOST_ROWS: Final = 400
"""Rows beyond which nobody scrolls; the filter finds the others."""
_STEP: Final = 4
"""Cells in steps of which a column is as wide as its texts, so that it rarely moves."""

_NOT_ASKED: Final = (
    "all sessions are asked for only while this screen is open; these ran longest, waited or "
    "held up others when the server was seen last"
)
_NONE_ASKED: Final = (
    "all sessions are asked for only while this screen is open; when the server was seen last, "
    "none was known to run long, to wait or to hold up others"
)

_Key = Callable[["SessionRow"], tuple[object, ...]]


def _long(session: SessionRow) -> tuple[object, ...]:
    """Busy ones before idle ones, onwatch's own last; each the longest first."""
    rank = 2 if session.own else int(session.idle)
    return (rank, -(held_for(session) or 0.0), session.pid)


ORDERS: Final[Mapping[str, _Key]] = {
    "time": _long,
    "transaction": lambda one: (-(one.transaction or 0.0), *_long(one)),
    "user": lambda one: (who(one), *_long(one)),
    "client": lambda one: (client_of(one), one.application, *_long(one)),
    "state": lambda one: (one.idle, one.state, *_long(one)),
}
"""What sessions can be sorted by."""


def next_order(order: str) -> str:
    """What they are sorted by after ``order``."""
    names = list(ORDERS)
    return names[(names.index(order) + 1) % len(names)]


def in_order(
    sessions: Sequence[SessionRow], order: str, *, hide_idle: bool, frame: Frame
) -> list[SessionRow]:
    """Those that are wanted, sorted."""
    wanted = (
        one
        for one in sessions
        if not (hide_idle and one.idle) and (not frame.filter_text or frame.wants(*texts_of(one)))
    )
    return sorted(wanted, key=ORDERS[order])


@dataclass(frozen=True, slots=True)
class _Columns:
    """The widths of the columns, 0 where there is no room for one."""

    pid: int
    transaction: int
    state: int
    who: int
    client: int
    waiting: int
    query: int


def _columns(rows: Sequence[SessionRow], width: int) -> _Columns:
    def widest(texts: list[str], most: int, least: int) -> int:
        longest = max([least, *map(cell_len, texts)])
        return min(most, -(-longest // _STEP) * _STEP)

    def room(wanted: int, share: float) -> int:
        """``wanted`` cells, but no more than a share of all."""
        return min(wanted, int(width * share))

    pid = max([5, *(len(str(row.pid)) for row in rows)])
    state = room(widest([short_state(row) for row in rows], 16, 8), 0.18)
    name = room(widest([who(row) for row in rows], 24, 8), 0.2)
    client = waiting = 0
    if width >= 100:
        client = room(widest([_from(row) for row in rows], 40, 8), 0.16)
    if width >= 84 and any(row.waiting for row in rows):
        waiting = room(widest([row.waiting for row in rows], 28, 8), 0.14)
    transaction = 6 if width >= 84 else 0
    taken = sum(n + 1 for n in (pid, 5, transaction, state, name, client, waiting) if n)
    return _Columns(pid, transaction, state, name, client, waiting, max(0, width - taken - 3))


def _from(session: SessionRow) -> str:
    return " ".join(part for part in (client_of(session), session.application) if part)


def _head(columns: _Columns, order: str, glyphs: Glyphs) -> Line:
    """The names of the columns; that of the order is marked."""
    mark = glyphs.down

    def name(text: str, by: str = "") -> str:
        return f"{text}{mark}" if by == order else text

    text = f"   {right('pid', columns.pid)} {right(name('for', 'time'), 5)} "
    if columns.transaction:
        text += f"{right(name('tx', 'transaction'), columns.transaction)} "
    text += (
        f"{left(name('state', 'state'), columns.state)} {left(name('who', 'user'), columns.who)} "
    )
    if columns.client:
        text += f"{left(name('client', 'client'), columns.client)} "
    if columns.waiting:
        text += f"{left('waits for', columns.waiting)} "
    return line(Seg(f"{text}{fit('statement', columns.query)}", "dim"))


def _sign(session: SessionRow, wait: Wait | None, glyphs: Glyphs) -> tuple[str, str]:
    """The sign of a session and the role of its row: it blocks, it waits, or neither."""
    if wait is not None and wait.behind and not wait.depth:
        return glyphs.statuses[5], "critical"
    if session.blocked_by:
        return glyphs.statuses[2], "warning"
    return " ", "dim" if session.idle or session.own else "name"


def _row(
    session: SessionRow, wait: Wait | None, columns: _Columns, view: DatabaseView, glyphs: Glyphs
) -> Line:
    sign, role = _sign(session, wait, glyphs)
    quiet = role == "dim"
    segs = [
        Seg(f" {sign} ", role),
        Seg(f"{right(str(session.pid), columns.pid)} ", role),
        *aligned(fmt.coarse(held_for(session)), 5, "dim" if quiet else "value"),
        Seg(" "),
    ]
    if columns.transaction:
        open_for = "" if session.transaction is None else fmt.coarse(session.transaction)
        segs.append(Seg(f"{right(open_for, columns.transaction)} ", "dim" if quiet else "label"))
    segs.append(Seg(f"{left(short_state(session), columns.state)} ", "dim" if quiet else "label"))
    segs.append(Seg(f"{left(who(session), columns.who)} ", role))
    if columns.client:
        segs.append(Seg(f"{left(_from(session), columns.client)} ", "dim"))
    if columns.waiting:
        segs.append(
            Seg(f"{left(session.waiting, columns.waiting)} ", role if sign != " " else "label")
        )
    query = session.query or ("a session of onwatch's" if session.own else "")
    segs.append(Seg(fit(query, columns.query, glyphs.cut), "dim" if quiet else "text"))
    return line(*segs, key=session.id, check=view.check)


@lru_cache(maxsize=4)
def _counted(facts: DatabaseFacts) -> int:
    """How many do something."""
    return sum(not (session.idle or session.own) for session in facts.sessions or ())


def _known(facts: DatabaseFacts) -> Sequence[SessionRow]:
    """All sessions, or those that are known though nobody asked for all."""
    return facts.longest if facts.sessions is None else facts.sessions


def session_lines(
    view: DatabaseView, frame: Frame, order: str = "time", *, hide_idle: bool = False
) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a row a session."""
    facts = view.facts
    if facts is None:
        return [], note("not seen yet", frame.width)
    if facts.sessions is None and view.silent_since is None:
        return [], note("the server is being asked for its sessions", frame.width)
    above = blind_lines(facts, frame)
    if facts.sessions is None:
        above += sentence(_NOT_ASKED if facts.longest else _NONE_ASKED, frame)
    known = _known(facts)
    rows = in_order(known, order, hide_idle=hide_idle, frame=frame)
    if not rows and above and not frame.filter_text:
        return [], above
    if not rows:
        if frame.filter_text:
            return [], nothing_matches(frame.filter_text, frame.width)
        text = "every session is idle" if known else "no session but onwatch's own"
        return [], note(text, frame.width)
    waits = {wait.id: wait for wait in waits_of(facts)}
    shown = rows[:MOST_ROWS]
    columns = _columns(shown, frame.width)
    lines = [_row(row, waits.get(row.id), columns, view, frame.glyphs) for row in shown]
    missing = len(rows) - len(shown) + facts.sessions_left_out
    if missing:
        lines += note(f"and {fmt.count(missing)} more: filter to find one", frame.width)
    return [_head(columns, order, frame.glyphs)], above + lines


class SessionsPane(DatabasePane):
    """Who is connected and what they run."""

    title = "Sessions"

    order: reactive[str] = reactive("time", repaint=False, layout=False)
    hide_idle: reactive[bool] = reactive(False, repaint=False, layout=False)

    _names: Sequence[Line] = ()

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot, self.order, self.hide_idle)

    def watch_order(self) -> None:
        self.update_lines()

    def watch_hide_idle(self) -> None:
        self.update_lines()

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        facts = view.facts
        if facts is None or (facts.sessions is None and view.silent_since is None):
            return ()
        known = _known(facts)
        told = f" by {self.order}{', idle ones hidden' if self.hide_idle else ''}"
        if self.filter_text:
            found = in_order(known, self.order, hide_idle=self.hide_idle, frame=self.frame(0, 0))
            return [Seg(f" {fmt.count(len(found))} of {fmt.count(len(known))} match,{told}", "dim")]
        if facts.sessions is None:
            return [Seg(f" {fmt.count(len(known))} known,{told}", "dim")]
        total = fmt.count(len(facts.sessions) + facts.sessions_left_out)
        if facts.blind:
            return [Seg(f" those of others {UNSEEN}", "warning"), Seg(f",{told}", "dim")]
        return [Seg(f" {_counted(facts)} busy of {total},{told}", "dim")]

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        names, lines = session_lines(view, frame, self.order, hide_idle=self.hide_idle)
        self._names = names
        return lines

    def lines_wanted(self, width: int, height: int = ANY_HEIGHT) -> int:
        """A line a session at most: cheaper than to build what will not be shown."""
        facts = self.view.facts if self.view else None
        if facts is None:
            return 3
        if facts.sessions is None or facts.blind:
            return super().lines_wanted(width, height)
        return min(MOST_ROWS, len(facts.sessions)) + 2 + bool(facts.sessions_left_out)

    def pinned(self, width: int) -> list[Line]:
        return list(self._names) if self.view is not None else []
