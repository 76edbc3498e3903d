"""One session, or one row of a table, whole: nothing cut, everything in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.databases.pane import faded
from widgets.databases.waits import known_sessions, waits_of
from widgets.databases.words import at_rest, who
from widgets.lines import LinePane
from widgets.text import Line, Seg, broken, left, line

if TYPE_CHECKING:
    from checks.databases.model import Action, DatabaseFacts, SessionRow

__all__ = ["ChoicePane", "Told", "WholePane", "pair_lines", "session_whole"]

_NAMED: Final = 6
"""Sessions that are named one by one, at most."""


def pair_lines(pairs: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """A name and a text each, all of it."""
    names = min(max((cell_len(name) for name, _ in pairs), default=0), max(11, width // 4))
    lines = []
    for name, text in pairs:
        for place, row in enumerate(broken(text, width - names - 4)):
            lines.append(line(Seg(f" {left('' if place else name, names)}  ", "dim"), Seg(row)))
    return lines


def _state(session: SessionRow) -> str:
    """``idle in transaction for 4 m``."""
    state = session.state or ("idle" if session.idle else "")
    if session.seconds is None:
        return state
    return f"{state} for {fmt.coarse(session.seconds)}".strip()


def _named(ids: Sequence[str], facts: DatabaseFacts) -> str:
    """``4130 app@shop, 4131 app@shop and 5 more``."""
    known = known_sessions(facts)
    named = []
    for one in ids[:_NAMED]:
        found = known.get(one)
        named.append(f"{found.pid} {who(found)}" if found else "one that cannot be seen")
    more = len(ids) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _behind(session: SessionRow, facts: DatabaseFacts) -> str:
    """Who waits directly for it, and how many more wait behind those."""
    direct = [one.id for one in known_sessions(facts).values() if session.id in one.blocked_by]
    if not direct:
        return ""
    total = max([len(direct), *(wait.behind for wait in waits_of(facts) if wait.id == session.id)])
    beyond = f"; {total} in all" if total > len(direct) else ""
    return f"{_named(direct, facts)}{beyond}"


def session_whole(session: SessionRow, facts: DatabaseFacts, width: int) -> list[Line]:
    """Everything that is known of ``session``."""
    pairs = [
        ("user", session.user),
        ("database", session.database),
        ("client", session.client),
        ("application", session.application),
        ("state", _state(session)),
        ("transaction", _transaction(session)),
        ("waits for", session.waiting),
        ("held up by", _named(session.blocked_by, facts)),
        ("holds up", _behind(session, facts)),
        ("", "this is a session of onwatch itself" if session.own else ""),
    ]
    lines = pair_lines([(name, text) for name, text in pairs if text], width)
    told = "last statement" if at_rest(session) else "statement"
    lines += [line(), line(Seg(f" {told}", "dim"))]
    unseen = facts.blind if facts.blind and not session.own else "none is known"
    text = broken(session.query or unseen, width - 2)
    return lines + [line(Seg(f" {row}", "text" if session.query else "dim")) for row in text]


def _transaction(session: SessionRow) -> str:
    if session.transaction is None:
        return ""
    return f"open for {fmt.coarse(session.transaction)}"


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a :class:`WholePane` shows: a title, and lines for the width there is.

    ``past`` where it tells of what is no longer.
    """

    title: str
    lines: Callable[[int], list[Line]]
    past: bool = False


class WholePane(LinePane):
    """Shows what it is given to tell; scrolls where that is longer than the pane."""

    told: reactive[Told | None] = reactive(None, repaint=False, layout=False)

    def inputs(self) -> tuple[object, ...]:
        return (self.told,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Enter is for whoever asks something beneath the text.
        return action != "open"

    def watch_told(self) -> None:
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        return [Seg(self.told.title if self.told else "", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        if self.told is None:
            return []
        lines = self.told.lines(width)
        return faded(lines) if self.told.past else lines


class ChoicePane(LinePane):
    """What can be done to a session: a row each, then the question whether it is meant."""

    actions: reactive[tuple[Action, ...]] = reactive((), repaint=False, layout=False)
    question: reactive[str] = reactive("", repaint=False, layout=False)
    """Asked once something is chosen, what it means on a second line; the rows are back when
    it is empty again.
    """
    refusal: reactive[str] = reactive("", repaint=False, layout=False)
    """Why nothing, or not what was chosen, is done."""

    preferred: str = ""
    """The id of the action that the cursor is on first, where it is among them."""

    def inputs(self) -> tuple[object, ...]:
        return (self.actions, self.question, self.refusal)

    def watch_actions(self) -> None:
        self.update_lines()

    def watch_question(self) -> None:
        self.update_lines()

    def watch_refusal(self) -> None:
        self.update_lines()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.keys) if action == "open" else True

    def _keep_selection(self) -> None:
        """Stay with the row while the question about it hides the rows."""
        if self.question:
            return
        if self._selected is None and self.preferred in self.keys:
            self._selected = self.preferred
        super()._keep_selection()

    def heading(self) -> Sequence[Seg]:
        if self.question:
            return [Seg("Sure?", "title")]
        return [Seg("What to do" if self.actions else "Nothing to be done", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        if self.question:
            asked, _, means = self.question.partition("\n")
            lines = [line(" ", Seg(row, "high")) for row in broken(asked, width - 2)]
            return lines + [line(" ", Seg(row, "label")) for row in broken(means, width - 2)]
        lines = [line(" ", Seg(row, "warning")) for row in broken(self.refusal, width - 2)]
        return lines + [row for each in self.actions for row in self._rows(each, width)]

    def _rows(self, action: Action, width: int) -> list[Line]:
        """The title, and what it does beside it or below."""
        names = max(cell_len(each.title) for each in self.actions)
        title = Seg(f" {left(action.title, names)}", "name")
        if names + 3 + cell_len(action.help) <= width:
            return [line(title, Seg(f"  {action.help}", "dim"), key=action.id)]
        rows = broken(action.help, width - 4)
        return [
            line(title, key=action.id),
            *(line(Seg(f"   {row}", "dim"), key=action.id) for row in rows),
        ]
