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
from textual.keys import _character_to_key

__all__ = [
    "APP",
    "DETAILS",
    "HELP",
    "SCREEN",
    "KeyPlan",
    "key_name",
    "plan",
]

APP: Final = (
    Binding("question_mark,f1", "help", "Help for this screen", id="app.help"),
    Binding("colon,ctrl+p", "command_palette", "Find a command or a check", id="app.palette"),
    Binding("1", "overview", "Overview", id="app.overview"),
    Binding("p", "freeze", "Freeze the picture, or let it go on", id="app.freeze"),
    Binding("plus,equals_sign", "window(1)", "Longer window", id="app.window_longer"),
    Binding("minus", "window(-1)", "Shorter window", id="app.window_shorter"),
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
    Binding("y", "copy_row", "Copy the sentence of the selected row", id="screen.copy"),
    Binding("escape", "back", "Smaller pane, no filter, or back", id="screen.back"),
)

DETAILS: Final = (
    Binding("right,c", "chart(1)", "Next chart", id="details.next_chart"),
    Binding("left", "chart(-1)", "Previous chart", id="details.previous_chart"),
)

HELP: Final = (Binding("escape,q,question_mark,f1", "close", "Close", id="help.close"),)

_EVERYWHERE: Final = "app"
_APART: Final = {"help", "filter"}
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
    """``keymap`` is what Textual is told: binding id to keys; ``notices`` are sentences
    about the wishes that were refused.
    """

    keymap: Mapping[str, str]
    notices: tuple[str, ...]


def plan(wanted: Mapping[str, str], bindings: Iterable[Binding]) -> KeyPlan:
    """What to do about ``wanted`` (binding id to keys, separated by commas).

    Keys that a terminal cannot send were refused when the configuration was read. A wish
    that cannot be granted leaves the binding's own keys in force.
    """
    known = {binding.id: binding for binding in bindings if binding.id}
    keymap: dict[str, str] = {}
    notices: list[str] = []
    for name, keys in wanted.items():
        if name in known:
            keymap[name] = ",".join(_split(keys))
        else:
            notices.append(f"keybindings: {name}: {_unknown(name, known)}")
    for name, clash in _clashes(keymap, known):
        notices.append(f"keybindings: {name}: {clash}")
        keymap.pop(name, None)
    return KeyPlan(keymap, tuple(notices))


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


def _unknown(name: str, known: Mapping[str, Binding]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return "no such key binding" + (f", did you mean {near[0]}?" if near else "")


def _split(keys: str) -> list[str]:
    return [_normal(key) for key in (part.strip() for part in keys.split(",")) if key]


def _normal(key: str) -> str:
    """``key`` as Textual calls it: ``ctrl+[`` is ``ctrl+left_square_bracket``."""
    *modifiers, last = key.split("+") if len(key) > 1 else (key,)
    name = _character_to_key(last) if len(last) == 1 else last.lower()
    return "+".join([*(modifier.lower() for modifier in modifiers), name])


def _clashes(keymap: Mapping[str, str], known: Mapping[str, Binding]) -> list[tuple[str, str]]:
    """The wishes for a key that another binding of the same scope has, and the sentence."""
    found = []
    for name, keys in keymap.items():
        for other, binding in known.items():
            taken = set(_split(keymap.get(other, binding.key)))
            common = sorted(taken & set(_split(keys)))
            if other != name and common and _meet(name, other):
                own = key_name(_split(known[name].key)[0])
                found.append(
                    (name, f"{key_name(common[0])} is taken by {other}; {own} stays as it was")
                )
                break
    return found


def _meet(one: str, other: str) -> bool:
    """Whether two bindings can be active at the same time."""
    scopes = {one.partition(".")[0], other.partition(".")[0]}
    if len(scopes) == 1:
        return True
    return not scopes & _APART and bool(scopes & {_EVERYWHERE, "screen", "pane"})
