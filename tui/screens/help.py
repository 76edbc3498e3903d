"""Help: what the screen it was opened from is for, the keys that work there, and its signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from checks.model import Status
from tui import keymap
from tui.keymap import key_name
from tui.numbered import NUMBERED
from tui.screens.drawn import StyledScreen
from tui.screens.hinted import HintedScreen
from tui.screens.modal import PictureModal
from tui.screens.overlay import Overlay
from widgets.glyphs import WORDS, Glyphs, glyphs_for
from widgets.lines import LinePane

__all__ = ["HelpScreen", "KeyHelp", "keys_of", "legend", "signs"]


_LATER: Final = ("tabs", "pane", "screen", "app")
"""Scopes of keys that are not one screen's own, in the order in which they are listed."""
_GROUPS: Final = {"pane": "In the pane", "screen": "Panes and rows", "app": "Everywhere"}
"""What stands above the keys of a scope that are not the screen's own."""
_TOGETHER: Final = (
    ("pane.up", "pane.down"),
    ("pane.home", "pane.end"),
    ("pane.pageup", "pane.pagedown"),
    ("tabs.next", "tabs.previous"),
    ("dashboards.right", "dashboards.left"),
    ("dashboards.next_ill", "dashboards.previous_ill"),
    ("dashboards.next", "dashboards.previous"),
    ("panel.next", "panel.previous"),
    ("panel.longer", "panel.shorter"),
    ("details.next_chart", "details.previous_chart"),
    ("screen.next_pane", "screen.previous_pane"),
    ("app.overview", *(f"app.{each.name}" for each in NUMBERED if each.key.isdecimal())),
    ("app.window_longer", "app.window_shorter"),
)
"""Ids of bindings that share a line, as they do much the same."""
_LINES: Final = {name: ids[0] for ids in _TOGETHER for name in ids}
_COLOURS: Final = {
    Status.CRITICAL: "bold $text-error",
    Status.UNKNOWN: "bold $text-secondary",
    Status.WARNING: "$text-warning",
    Status.STALE: "$text-warning",
    Status.WAITING: "$text-muted",
    Status.OK: "$text-success",
}
"""Statuses, the worst first."""
_MEANINGS: Final = {
    Status.CRITICAL: "refused, timed out, or not as expected",
    Status.UNKNOWN: "cannot be judged: credential, permission, configuration",
    Status.WARNING: "degraded, or past a warning bound",
    Status.STALE: "no result for two intervals: what is shown is old",
    Status.WAITING: "no first result yet",
    Status.OK: "as expected",
}


class KeyHelp(Static):
    """What is to be read; one widget for all of it: each more would cost a millisecond to open."""


class HelpScreen(ModalScreen[None], Overlay, StyledScreen, inherit_bindings=False):
    """What the screen answers, what can be pressed there, what its signs mean.

    It is composed once and turns to another screen by :meth:`turn_to`.
    """

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: transparent;
        & > VerticalScroll {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 94%;
            padding: 1 2;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
        }
        & KeyHelp { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.HELP]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        self._box = VerticalScroll()
        self._text = KeyHelp()
        self._said: tuple[object, ...] = ()
        self.turn_to(screen)

    def turn_to(self, screen: Screen[object]) -> None:
        """Help with ``screen``, from the beginning."""
        self._question = str(getattr(screen, "QUESTION", ""))
        self._glyphs = glyphs_for(bool(getattr(screen, "use_ascii", False)))
        self._keys = keys_of(_working(screen))
        title = f"{screen.title}: keys" if screen.title else "Keys"
        said = (title, self._question, self._glyphs, self._keys)
        if said != self._said:
            # What it said before is laid out and drawn already; a title that is set has the whole
            # box drawn anew, also where it is the same.
            self._said = said
            self._box.border_title = title
            self._text.update(Content("\n").join(self._lines()))
        self._box.scroll_home(animate=False)

    def compose(self) -> ComposeResult:
        with self._box:
            yield self._text

    def _lines(self) -> Iterator[Content]:
        if self._question:
            yield Content.styled(self._question, "$foreground")
        yield legend(self._glyphs)
        width = max((len(keys) for _, keys, _ in self._keys), default=0)
        group = None
        for scope, keys, description in self._keys:
            if scope != group:
                yield Content("")
                if title := _GROUPS.get(scope, ""):
                    yield Content.styled(title, "$text-muted")
            group = scope
            yield Content.assemble((f"{keys:<{width}}", "bold $text-accent"), f"  {description}")
        yield Content("")
        yield Content.styled("Signs", "$text-muted")
        yield from signs(self._glyphs)

    def action_close(self) -> None:
        self.dismiss()


def legend(glyphs: Glyphs) -> Content:
    """Each status' glyph and word, in a line."""
    return Content("   ").join(
        Content.styled(f"{glyphs.status(status)} {WORDS[status]}", colour)
        for status, colour in _COLOURS.items()
    )


def signs(glyphs: Glyphs) -> Iterator[Content]:
    """What each status means, and the other signs, in a line each."""
    for status, meaning in _MEANINGS.items():
        named = f"{glyphs.status(status)} {WORDS[status]:<8}"
        yield Content.assemble((named, _COLOURS[status]), f"  {meaning}")
    low, middle, high = glyphs.blocks[0], glyphs.blocks[len(glyphs.blocks) // 2], glyphs.blocks[-1]
    others = (
        (f"{low}{middle}{high}", "its course, the newest right; blank: nothing known"),
        (glyphs.cursor, "the row that Enter opens"),
        (glyphs.dash, "not known: never a nought"),
        ("ack in 5 m", "until then somebody is to acknowledge the alert"),
        (f"{glyphs.live} live", "the picture is the newest; how old it is where it is not"),
    )
    for sign, meaning in others:
        yield Content.assemble((f"{sign:<10}", "bold"), f"  {meaning}")


def _working(screen: Screen[object]) -> Iterator[ActiveBinding]:
    """What a key does now on ``screen``; nothing is opened where the pane has no rows."""
    pane = screen.focused
    opens = not isinstance(pane, LinePane) or pane.selected is not None
    told = screen.opens() if isinstance(screen, HintedScreen | PictureModal) else ""
    for each in screen.active_bindings.values():
        if each.binding.id != "pane.open":
            yield each
        elif opens:
            said = replace(each.binding, description=told) if told else each.binding
            yield each._replace(binding=said)


def keys_of(active: Iterable[ActiveBinding]) -> list[tuple[str, str, str]]:
    """The scope, the keys and the description of each action: first those that only this screen
    has (of no scope), then what moves within it, what many screens have, and what works
    everywhere.
    """
    found: dict[str, tuple[list[str], list[Binding]]] = {}
    for each in sorted(active, key=_rank):
        binding = each.binding
        if each.enabled and binding.description:
            keys, bindings = found.setdefault(
                _LINES.get(str(binding.id), binding.description), ([], [])
            )
            name = key_name(binding.key)
            if name not in keys:
                keys.append(name)
            if all(one.description != binding.description for one in bindings):
                bindings.append(binding)
    return [
        (_group(bindings[0]), " ".join(keys), _told(bindings)) for keys, bindings in found.values()
    ]


def _told(bindings: list[Binding]) -> str:
    """What the keys of a line do: ``Next pane, previous pane``."""
    first, *rest = (binding.description for binding in bindings)
    named = bindings[0].id == "app.overview"
    return ", ".join([first, *(one if named else one[:1].lower() + one[1:] for one in rest)])


def _scope(binding: Binding) -> str:
    return (binding.id or "").partition(".")[0]


def _group(binding: Binding) -> str:
    scope = _scope(binding)
    return scope if scope in _GROUPS else ""


def _rank(each: ActiveBinding) -> int:
    scope = _scope(each.binding)
    return _LATER.index(scope) + 1 if scope in _LATER else 0
