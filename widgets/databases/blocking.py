"""The blocking pane: who holds up whom, and what that one is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.databases.pane import UNSEEN, DatabasePane, blind_lines
from widgets.databases.waits import Wait, waits_of
from widgets.databases.words import client_of, held_for, short_state, texts_of, who
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.text import Line, Seg, fit, line, segs_width, wrap

if TYPE_CHECKING:
    from checks.views import DatabaseView

__all__ = ["BlockingPane", "blocking_lines"]

MOST_ROWS: Final = 200
"""Rows beyond which nobody scrolls; the filter finds the others."""
_DEEPEST: Final = 6
"""Levels from which on a tree is no longer indented."""
_LEAST_STATEMENT: Final = 20
"""Cells without which a statement is not worth showing beside its session."""


def _wanted(waits: Sequence[Wait], frame: Frame) -> Sequence[Wait]:
    """The waits that the filter lets pass, with what stands above them."""
    if not frame.filter_text:
        return waits
    kept: dict[str, Wait] = {}
    path: list[Wait] = []
    for wait in waits:
        path = [*(one for one in path if one.depth < wait.depth), wait]
        if frame.wants(*(texts_of(wait.session) if wait.session else ())):
            kept |= {one.id: one for one in path}
    return list(kept.values())


def _behind(wait: Wait) -> Seg:
    return Seg(
        f"  {wait.behind} wait behind it" if wait.behind > 1 else "  1 waits behind it", "critical"
    )


def _root(wait: Wait, view: DatabaseView, frame: Frame) -> list[Line]:
    """The one that holds up the others: what it is, and its statement beneath."""
    glyphs, session = frame.glyphs, wait.session
    sign = Seg(f" {glyphs.statuses[5]} ", "critical")
    if session is None:
        head = [sign, Seg("a session that cannot be seen", "critical"), _behind(wait)]
        return [line(*head, key=wait.id, check=view.check)]
    head = [
        sign,
        Seg(f"{session.pid} {who(session)}", "critical"),
        Seg(f"  {short_state(session)} ", "label"),
        Seg(fmt.coarse(held_for(session)), "value"),
        _behind(wait),
    ]
    if wait.circle:
        head.append(Seg("  in a circle: a deadlock", "critical"))
    client = Seg(f"  from {client_of(session)}", "dim")
    if session.client and segs_width(head) + segs_width([client]) <= frame.width:
        head.append(client)
    lines = [line(*head, key=wait.id, check=view.check)]
    query = wrap(session.query, frame.width - 6, 1 if frame.compact else 2)
    return lines + [
        line(Seg(f"     {row}", "text"), key=wait.id, check=view.check) for row in query
    ]


def _waiter(wait: Wait, view: DatabaseView, frame: Frame) -> Line:
    """One that waits, in one line below the one that it waits for."""
    session = wait.session
    indent = "  " * min(wait.depth, _DEEPEST)
    segs = [Seg(f" {indent}{frame.glyphs.branch} ", "dim")]
    if session is None:
        return line(*segs, Seg("not seen", "dim"), key=wait.id, check=view.check)
    segs += [
        Seg(f"{session.pid} {who(session)}", "warning"),
        Seg(f"  {fmt.coarse(held_for(session))}", "value"),
    ]
    if wait.behind:
        segs.append(_behind(wait))
    if wait.beside:
        segs.append(Seg(f"  and behind {wait.beside} more", "dim"))
    room = frame.width - segs_width(segs) - 2
    if session.waiting and room >= _LEAST_STATEMENT + len(session.waiting) + 2:
        segs.append(Seg(f"  {session.waiting}", "label"))
        room -= len(session.waiting) + 2
    if room >= _LEAST_STATEMENT:
        segs.append(Seg(f"  {fit(session.query, room, frame.glyphs.cut)}", "dim"))
    return line(*segs, key=wait.id, check=view.check)


def blocking_lines(view: DatabaseView, frame: Frame) -> list[Line]:
    """The trees of those that wait for each other."""
    if view.facts is None:
        return note("not seen yet", frame.width)
    waits, blind = waits_of(view.facts), blind_lines(view.facts, frame)
    if not waits:
        return blind or note("no session waits for another one", frame.width)
    wanted = _wanted(waits, frame)
    if not wanted:
        return nothing_matches(frame.filter_text, frame.width)
    lines: list[Line] = []
    for wait in wanted[:MOST_ROWS]:
        if wait.depth:
            lines.append(_waiter(wait, view, frame))
        else:
            lines += _root(wait, view, frame)
    if len(wanted) > MOST_ROWS:
        more = fmt.count(len(wanted) - MOST_ROWS)
        lines += note(f"and {more} more: filter to find one", frame.width)
    return lines + blind


class BlockingPane(DatabasePane):
    """Who blocks whom. ``o`` and the filter leave the tree as it is; rows are sessions."""

    title = "Blocking"

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        if view.facts is None:
            return ()
        waits = waits_of(view.facts)
        roots = sum(wait.depth == 0 for wait in waits)
        if not roots:
            blind = view.facts.blind
            return [Seg(f" {UNSEEN}", "warning") if blind else Seg(" nobody waits", "dim")]
        behind = len(waits) - roots
        text = f" {behind} wait{'s' if behind == 1 else ''} behind {roots}"
        return [Seg(text, "critical" if view.silent_since is None else "dim")]

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        return blocking_lines(view, frame)
