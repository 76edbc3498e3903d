"""Every key of the app as data, and what a user's ``keybindings`` make of them.

A binding's id is what the configuration names; its scope is the part before the dot.
``app`` keys work everywhere, the others on the screen (or in the panes) they name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from textual.binding import Binding

from tui.keynames import split, why_not
from tui.numbered import NUMBERED

__all__ = [
    "ACKNOWLEDGE",
    "ALERT",
    "APART",
    "APP",
    "BOX",
    "CHOICE",
    "CLOSE",
    "DASHBOARDS",
    "DATABASES",
    "DETAILS",
    "ENTRY",
    "FIELD",
    "HELP",
    "HOST",
    "LEAVING",
    "LISTS",
    "LOGS",
    "NOTE",
    "OPTIONS",
    "PANEL",
    "PROMPT",
    "QUERY",
    "RECORD",
    "REQUESTS",
    "RUNBOOK",
    "SCREEN",
    "SESSION",
    "SILENCE",
    "SILENCES",
    "STEP",
    "TABS",
    "TIMELINE",
    "WALL",
    "KeyPlan",
    "key_name",
    "plan",
]

APP: Final = (
    Binding("question_mark,f1", "help", "Help for this screen", id="app.help"),
    Binding("colon,ctrl+p", "command_palette", "Find a command or a check", id="app.palette"),
    Binding("1", "overview", "Overview", id="app.overview"),
    *(
        Binding(each.key, f"go_to('{each.name}')", each.title, id=f"app.{each.name}")
        for each in NUMBERED
    ),
    Binding("p", "freeze", "Freeze the picture, or let it go on", id="app.freeze"),
    Binding("plus,equals_sign", "window(1)", "Longer window", id="app.window_longer"),
    Binding("minus", "window(-1)", "Shorter window", id="app.window_shorter"),
    Binding("b", "attention", "Bell and notifications, or quiet", id="app.attention"),
    Binding("f5", "poll", "Run every check now", id="app.poll"),
    Binding("ctrl+l", "repaint", "Draw the screen again", id="app.repaint"),
    Binding("ctrl+c", "copy_or_quit", "Copy what is selected; twice: quit", id="app.copy_or_quit"),
    Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend"),
    Binding("q", "quit", "Quit", id="app.quit"),
    Binding("ctrl+q", "quit", "Quit, also while typing", id="app.quit_always", priority=True),
)

SCREEN: Final = (
    Binding("tab", "app.focus_next", "Next pane", id="screen.next_pane"),
    Binding("shift+tab", "app.focus_previous", "Previous pane", id="screen.previous_pane"),
    Binding("slash", "filter", "Filter the rows by any text in them", id="screen.filter"),
    Binding("M", "maximise", "Give the pane the whole screen, or take it", id="screen.maximise"),
    Binding("r", "runbook", "Runbook of the alert, or of the check", id="screen.runbook"),
    Binding("a", "acknowledge", "Take the alert, or leave it to others", id="screen.acknowledge"),
    Binding("s", "silence", "Silence alerts such as this one", id="screen.silence"),
    Binding("S", "silences", "All silences: end or prolong one", id="screen.silences"),
    Binding("L", "logs", "Log lines around the alert, or of the check", id="screen.logs"),
    Binding("w", "app.note", "Write a note into the timeline", id="screen.note"),
    Binding("y", "copy_row", "Copy the sentence of the selected row", id="screen.copy"),
    Binding("Y", "copy_all", "Copy the verdict and all alerts as lines", id="screen.copy_all"),
    Binding("escape", "back", "Smaller pane, no filter, back, or no warning", id="screen.back"),
)

TABS: Final = (
    Binding("right,right_square_bracket", "tab(1)", "Next tab", id="tabs.next"),
    Binding("left,left_square_bracket", "tab(-1)", "Previous tab", id="tabs.previous"),
)

DATABASES: Final = (
    Binding("x", "act", "Cancel or terminate the session", id="databases.act"),
    Binding("o", "sort", "Sort the sessions by something else", id="databases.sort"),
    Binding("i", "idle", "Hide idle sessions, or show them", id="databases.idle"),
    Binding("d", "details", "Details of the server's check", id="databases.details"),
)

REQUESTS: Final = (
    Binding("o", "sort", "Sort the values of the label by something else", id="requests.sort"),
    Binding("l", "label", "Break down by the next label", id="requests.label"),
    Binding("d", "details", "Details of the log's check", id="requests.details"),
)

HOST: Final = (
    Binding("o", "sort", "Sort the processes by something else", id="host.sort"),
    Binding("v", "tree", "Show the processes as a tree, or as a list", id="host.tree"),
    Binding("d", "details", "Details of the machine's check", id="host.details"),
)

WALL: Final = (
    Binding("right,n", "turn(1)", "Next page", id="wall.next"),
    Binding("left,N", "turn(-1)", "Page before", id="wall.previous"),
    Binding("space", "hold", "Stay on this page, or turn them again", id="wall.hold"),
)

DASHBOARDS: Final = (
    Binding("right", "beside(1)", "Panel at the right", id="dashboards.right"),
    Binding("left", "beside(-1)", "Panel at the left", id="dashboards.left"),
    Binding("n", "ill(1)", "Next panel that is not ok", id="dashboards.next_ill"),
    Binding("N", "ill(-1)", "Previous panel that is not ok", id="dashboards.previous_ill"),
    Binding("right_square_bracket", "turn(1)", "Next dashboard", id="dashboards.next"),
    Binding("left_square_bracket", "turn(-1)", "Previous dashboard", id="dashboards.previous"),
    Binding("v", "variables", "Choose the values of its variables", id="dashboards.variables"),
    Binding("i", "notes", "What of it is not shown, and where it is from", id="dashboards.notes"),
)

OPTIONS: Final = (
    Binding("space", "mark", "Mark the value, or take its mark away", id="options.mark"),
    Binding("slash", "filter", "Filter the values by any text in them", id="options.filter"),
)

PANEL: Final = (
    Binding("y", "copy", "Copy the series, or the expression", id="panel.copy"),
    Binding("o", "sort", "Sort the series by something else", id="panel.sort"),
    Binding("plus,equals_sign", "widen(1)", "Longer window", id="panel.longer"),
    Binding("minus", "widen(-1)", "Shorter window", id="panel.shorter"),
    Binding("right,right_square_bracket", "turn(1)", "Next panel", id="panel.next"),
    Binding("left,left_square_bracket", "turn(-1)", "Previous panel", id="panel.previous"),
)

CLOSE: Final = Binding("escape", "close", "Back", id="session.close")

BOX: Final = (Binding("question_mark,f1", "app.help", "Help for this box", id="session.help"),)

SESSION: Final = (
    Binding("x", "act", "Cancel or terminate it", id="session.act"),
    Binding("y", "confirm", "Yes, do what was chosen", id="session.confirm"),
    Binding("tab,shift+tab", "next", "To the choice, or to the text", id="session.next_pane"),
)

RUNBOOK: Final = (
    Binding("v", "show", "Show the step whole before it runs", id="runbook.show"),
    Binding("x", "cancel", "End the step whose output is shown", id="runbook.cancel"),
    Binding("right,right_square_bracket", "output(1)", "Next output", id="runbook.next_output"),
    Binding(
        "left,left_square_bracket", "output(-1)", "Previous output", id="runbook.previous_output"
    ),
    Binding("n", "match(1)", "Next match", id="runbook.next_match"),
    Binding("N", "match(-1)", "Previous match", id="runbook.previous_match"),
)

STEP: Final = (
    Binding("y", "confirm", "Yes, run it", id="step.confirm"),
    Binding("enter", "run", "Run it, where it is safe", id="step.run"),
    Binding("pagedown", "page(1)", "Scroll on", id="step.page_down"),
    Binding("pageup", "page(-1)", "Scroll back", id="step.page_up"),
)

ACKNOWLEDGE: Final = (
    Binding("a", "take_back", "Leave it to others again", id="handling.take_back"),
)

SILENCE: Final = (
    Binding("enter", "silence", "Silence what it matches", id="handling.silence"),
    Binding("space", "mark", "Go by this label, or not", id="handling.toggle"),
    Binding("tab", "next(1)", "Next field", id="handling.next"),
    Binding("shift+tab", "next(-1)", "Previous field", id="handling.previous"),
)

FIELD: Final = (Binding("enter", "submit", "Do what the box is for", id="field.submit"),)

CHOICE: Final = (
    Binding("up", "choose(1)", "Longer", id="field.longer"),
    Binding("down", "choose(-1)", "Shorter", id="field.shorter"),
)

SILENCES: Final = (
    Binding("x", "expire", "End the silence", id="handling.expire"),
    Binding("plus,equals_sign", "prolong", "An hour longer", id="handling.prolong"),
)

LEAVING: Final = (Binding("y,q,ctrl+c", "confirm", "Yes, quit", id="leaving.confirm"),)

LISTS: Final = (
    Binding("o", "sort", "Sort the rows by something else", id="lists.sort"),
    Binding("g", "group", "Group the rows by something else, or not at all", id="lists.group"),
    Binding("space", "fold", "Fold the group, or unfold it", id="lists.fold"),
    Binding("z", "fold_all", "Fold all groups, or unfold them", id="lists.fold_all"),
    Binding("n", "ill(1)", "Next row that is not ok", id="lists.next"),
    Binding("N", "ill(-1)", "Previous row that is not ok", id="lists.previous"),
    Binding("d", "details", "Details of the row's check", id="lists.details"),
)

DETAILS: Final = (
    Binding("right,c", "chart(1)", "Next chart", id="details.next_chart"),
    Binding("left", "chart(-1)", "Previous chart", id="details.previous_chart"),
)

ALERT: Final = (Binding("d", "check", "Details of the check it is of", id="alert.check"),)

TIMELINE: Final = (
    Binding("e", "report", "Write the report of the incident", id="timeline.report"),
    Binding("v", "kinds", "Show other kinds of entries", id="timeline.kinds"),
)

LOGS: Final = (
    Binding("G", "follow", "Newest line, and along with what comes", id="logs.follow"),
    Binding("v", "level", "Show other levels: all, info, warning, error", id="logs.level"),
    Binding("o", "source", "Show the next log alone, or all", id="logs.source"),
    Binding("n", "grave(1)", "Next line that warns, or a pattern matches", id="logs.next"),
    Binding("N", "grave(-1)", "Previous such line", id="logs.previous"),
    Binding("d", "details", "Details of the line's check", id="logs.details"),
)

RECORD: Final = (
    Binding("f", "only", "Show the lines alone that have this value", id="record.only"),
    Binding("x", "without", "Show no line that has this value", id="record.without"),
    Binding("y", "copy", "Copy the whole record", id="record.copy"),
)

NOTE: Final = (Binding("tab,shift+tab", "next", "To the other line", id="writing.next"),)

ENTRY: Final = (Binding("y", "copy", "Copy the entry", id="entry.copy"),)

QUERY: Final = (
    Binding("e,i", "edit", "Edit the expression", id="query.edit"),
    Binding("o", "sort", "Sort the series by something else", id="query.sort"),
)

PROMPT: Final = (
    Binding("tab", "complete(1)", "Complete the name, or the next one", id="prompt.complete"),
    Binding("shift+tab", "complete(-1)", "The candidate before", id="prompt.complete_back"),
    Binding("up", "earlier(-1)", "What was asked before", id="prompt.earlier"),
    Binding("down", "earlier(1)", "What was asked after that", id="prompt.later"),
    Binding("escape", "leave", "Leave the line", id="prompt.leave"),
)

HELP: Final = (Binding("escape,q,question_mark,f1", "close", "Close", id="help.close"),)

_EVERYWHERE: Final = "app"
APART: Final = {
    "entry",
    "record",
    "writing",
    "help",
    "filter",
    "prompt",
    "session",
    "step",
    "leaving",
    "handling",
    "field",
    "options",
    "panel",
}
"""Scopes whose keys go before all others while they are open."""
_SHOWN: Final = {
    "question_mark": "?",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "tilde": "~",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "backspace": "Backspace",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """``keymap`` is what Textual is told: binding id to keys; ``refused`` says by id why a
    wish is not granted and what stays instead.
    """

    keymap: Mapping[str, str]
    refused: Mapping[str, str]

    @property
    def notices(self) -> tuple[str, ...]:
        """The refusals as sentences that stand alone."""
        return tuple(f"keybindings: {name}: {text}" for name, text in self.refused.items())


def plan(wanted: Mapping[str, str], bindings: Iterable[Binding]) -> KeyPlan:
    """What to do about ``wanted`` (binding id to keys, separated by commas).

    A wish that cannot be granted leaves the binding's own keys in force.
    """
    known = {binding.id: binding for binding in bindings if binding.id}
    refused = {name: text for name, keys in wanted.items() if (text := _wrong(name, keys, known))}
    keymap = {name: ",".join(split(keys)) for name, keys in wanted.items() if name not in refused}
    for name, clash in _clashes(keymap, known):
        refused[name] = clash
        keymap.pop(name, None)
    return KeyPlan(keymap, refused)


def key_name(key: str) -> str:
    """``key`` as people write it: ``ctrl+l`` is ``Ctrl-L``, ``question_mark`` is ``?``."""
    if key in _SHOWN:
        return _SHOWN[key]
    *modifiers, last = key.split("+")
    if len(last) > 1 and not last.startswith("f"):
        last = _SHOWN.get(last, last.replace("_", " "))
    elif modifiers or last.startswith("f"):
        last = last.upper() if modifiers or len(last) > 1 else last
    return "-".join([*(modifier.capitalize() for modifier in modifiers), last])


def _wrong(name: str, keys: str, known: Mapping[str, Binding]) -> str:
    """Why the wish of ``keys`` for ``name`` can never be granted; empty where it can."""
    if name not in known:
        near = _near(name, known)
        return f"no such key binding{f', did you mean {near}?' if near else '; see docs/keys.md'}"
    wrong = [f"{_SHOWN.get(key, key)} {why}" for key in split(keys) if (why := why_not(key))]
    if not keys:
        wrong = ["names no key"]
    return f"{', and '.join(wrong)}; {_own(known[name])}" if wrong else ""


def _near(name: str, known: Iterable[str]) -> str:
    """The id that ``name`` may be meant for; empty where none is like it.

    What a key does is remembered better than where: ``alerts.ack`` is ``screen.acknowledge``,
    though more letters are those of ``alert.check``.
    """
    word = _action(name)
    same = [one for one in known if len(word) >= 3 and _action(one).startswith(word)]
    near = difflib.get_close_matches(name, same or known, n=1, cutoff=0.0 if same else 0.6)
    return near[0] if near else ""


def _action(name: str) -> str:
    """What the binding ``name`` does, without where."""
    return name.rpartition(".")[2]


def _own(binding: Binding) -> str:
    keys = " and ".join(key_name(key) for key in split(binding.key))
    return f"{keys} {'stay as they were' if ',' in binding.key else 'stays as it was'}"


def _clashes(keymap: Mapping[str, str], known: Mapping[str, Binding]) -> list[tuple[str, str]]:
    """The wishes for a key that another binding of the same scope has, and the sentence."""
    found = []
    for name, keys in keymap.items():
        for other, binding in known.items():
            taken = set(split(keymap.get(other, binding.key)))
            common = sorted(taken & set(split(keys)))
            if other != name and common and _meet(name, other):
                text = f"{key_name(common[0])} is taken by {other}; {_own(known[name])}"
                found.append((name, text))
                break
    return found


def _meet(one: str, other: str) -> bool:
    """Whether two bindings can be active at the same time."""
    scopes = {one.partition(".")[0], other.partition(".")[0]}
    if len(scopes) == 1:
        return True
    return not scopes & APART and bool(scopes & {_EVERYWHERE, "screen", "pane"})
