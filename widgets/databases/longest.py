"""The longest pane: what has been running longest, with its statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import nlargest
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.databases.pane import UNSEEN, DatabasePane, blind_lines
from widgets.databases.waits import known_sessions, waits_of
from widgets.databases.words import client_of, held_for, short_state, texts_of, who
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.text import Line, Seg, fit, line, right, segs_width, wrap

if TYPE_CHECKING:
    from checks.databases.model import DatabaseFacts, SessionRow
    from checks.views import DatabaseView

__all__ = ["LongestPane", "longest_lines", "longest_of"]

_MOST: Final = 6
"""Sessions, at most."""


@lru_cache(maxsize=4)
def longest_of(facts: DatabaseFacts) -> tuple[SessionRow, ...]:
    """Whatever has been running, or has had a transaction open, longest, longest first.

    Those that only wait for others are left out: the tree of these shows them.
    """
    known = known_sessions(facts).values()
    busy = [one for one in known if not (one.idle or one.own or one.blocked_by)]
    return tuple(nlargest(_MOST, busy, key=_time))


def _time(session: SessionRow) -> float:
    return max(held_for(session) or 0.0, session.transaction or 0.0)


def _rows(session: SessionRow, behind: int, view: DatabaseView, frame: Frame) -> list[Line]:
    role = "critical" if behind else "warning" if session.blocked_by else "name"
    segs = [
        Seg(f" {right(fmt.coarse(_time(session)), 5)} ", "value"),
        Seg(f" {session.pid} {who(session)}", role),
        Seg(f"  {short_state(session)}", "label"),
    ]
    if session.waiting:
        segs.append(Seg(f"  waits for {session.waiting}", "warning"))
    if behind:
        segs.append(Seg(f"  {behind} behind it", "critical"))
    client = Seg(f"  from {client_of(session)}", "dim")
    if session.client and segs_width([*segs, client]) <= frame.width:
        segs.append(client)
    lines = [line(*segs, key=session.id, check=view.check)]
    query = wrap(session.query, frame.width - 9, 2)
    return lines + [
        line(Seg(f"        {row}", "text"), key=session.id, check=view.check) for row in query
    ]


def longest_lines(view: DatabaseView, frame: Frame) -> list[Line]:
    """A few sessions, each with the beginning of its statement."""
    if view.facts is None:
        return note("not seen yet", frame.width)
    found, blind = longest_of(view.facts), blind_lines(view.facts, frame)
    if not found:
        return blind or note("nothing runs at the moment", frame.width)
    wanted = [one for one in found if frame.wants(*texts_of(one))]
    if not wanted:
        return nothing_matches(frame.filter_text, frame.width)
    behind = {wait.id: wait.behind for wait in waits_of(view.facts)}
    rows = [row for one in wanted for row in _rows(one, behind.get(one.id, 0), view, frame)]
    return rows + blind


class LongestPane(DatabasePane):
    """The statements and transactions that have been open longest."""

    title = "Longest"

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        found = longest_of(view.facts) if view.facts else ()
        if not found:
            blind = view.facts.blind if view.facts else ""
            return [Seg(f" {UNSEEN}", "warning") if blind else Seg(" nothing runs", "dim")]
        first = found[0]
        text = f" {fmt.coarse(_time(first))}"
        if self.size.height == 1:
            text += f" {first.pid} {who(first)} {fit(first.query, 120, self.glyphs.cut)}"
        return [Seg(text, "dim")]

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        return longest_lines(view, frame)
