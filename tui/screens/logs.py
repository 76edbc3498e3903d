"""The lines of all logs as they come, what is looked for in them, and what is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.binding import BindingType
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from checks.logs.views import LogsWanted
from tui import keymap
from tui.screens.filter import FilterLine
from tui.screens.hinting import HintSource
from tui.screens.logs_places import LogPanes
from tui.screens.logs_record import RecordScreen
from tui.screens.opened import NumberedScreen
from tui.screens.picture import NO_ROW
from tui.screens.standing import Standing
from widgets.lines import LinePane
from widgets.logs.narrowing import narrowed
from widgets.logs.patterns import PatternsPane
from widgets.logs.sources import SourcesPane
from widgets.logs.tail import TailPane
from widgets.logs.words import LEVELS, origin
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from tui.screens.logs_about import LogsAbout

__all__ = ["LogsScreen"]

_MOST: Final = 500
_AT_MOST: Final = 8_000
"""Lines, the newest that fit: as many at first, and as many once somebody has gone up."""
_SAYS: Final = 'any text, or level >= error and user_id = "7"'
_SAID: Final = 3.0
_TYPING: Final = 0.2
"""Seconds without a key after which a filter that is being typed is taken."""


class LogsScreen(NumberedScreen):
    """Live tail of all log checks; Enter on a line shows the whole record, on a pattern or a log
    its lines alone.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.LOGS]
    AUTO_FOCUS = "TailPane"
    TITLE = "Logs"
    QUESTION = (
        "What do the logs say, all of them in one order of time; what is looked for in them, how "
        "often was it found, and is anything not read?"
    )
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("screen.back",), "back"),
        (("pane.open",), "whole"),
        (("logs.follow",), "newest"),
        (("logs.level",), "level"),
        (("screen.filter",), "filter"),
        (("logs.next", "logs.previous"), "warning"),
        (("logs.source",), "log"),
        (("screen.next_pane",), "next pane"),
        (("screen.copy",), "copy"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    _typing: Timer | None = None

    wanted_lines: reactive[LogsWanted] = reactive(LogsWanted, repaint=False)
    """Which lines are shown."""
    about: reactive[str] = reactive("", repaint=False)
    """Around what they are; empty where they are not around anything."""

    def header(self) -> Widget:
        bound = (LogsScreen.snapshot, LogsScreen.frozen, LogsScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        shown = (LogsScreen.snapshot, LogsScreen.use_ascii)
        wanted = LogsScreen.wanted_lines
        tail = TailPane(id="tail").data_bind(
            *shown, LogsScreen.about, LogsScreen.frozen, wanted=wanted
        )
        patterns = PatternsPane(id="patterns").data_bind(*shown, wanted=wanted)
        sources = SourcesPane(id="sources").data_bind(*shown, wanted=wanted)
        return LogPanes(tail, patterns, sources)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(FilterLine).placeholder = _SAYS

    # What is wanted

    @property
    def follows(self) -> LogsWanted:
        return self.wanted_lines

    def look_at(self, about: LogsAbout | None) -> None:
        """Show the lines of ``about``; all of them where it is None."""
        wanted = LogsWanted(most=_MOST) if about is None else replace(about.wanted, most=_MOST)
        title = "" if about is None else about.title
        if not self._composed:
            self.set_reactive(LogsScreen.wanted_lines, wanted)
            self.set_reactive(LogsScreen.about, title)
            return
        self.be_whole()
        self.about, self.wanted_lines = title, wanted
        self.query_one(TailPane).follow()
        self.set_focus(self.query_one(TailPane))

    def come_back(self, wanted: Sequence[str], standing: Standing) -> None:
        super().come_back(wanted, standing)
        self.look_at(None)

    @on(FilterLine.Typed)
    def _typed(self, event: FilterLine.Typed) -> None:
        if event.done:
            self._stop_waiting()
            self._want(replace(self.wanted_lines, text=event.text))

    def _stop_waiting(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None

    def watch_filter_text(self) -> None:
        self._stop_waiting()
        if self._composed and self.query_one(FilterLine).is_open:
            # All that is held is looked through anew: once somebody has typed, not at each key.
            self._typing = self.set_timer(_TYPING, self._filter_lines)
        else:
            self._filter_lines()

    def _filter_lines(self) -> None:
        self._want(replace(self.wanted_lines, text=self.filter_text))

    def watch_snapshot(self) -> None:
        # Once the panes know it, too.
        self.soon(self._settle)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._settle()

    def _settle(self) -> None:
        if self._composed and self.snapshot is not None:
            self.query_one(LogPanes).fit()

    def _want(self, wanted: LogsWanted) -> None:
        if wanted != self.wanted_lines:
            self.wanted_lines = wanted
            self.post_message(self.Attends())

    @property
    def bare(self) -> bool:
        return self.snapshot is not None and not (self._reads_logs or self._checks)

    @property
    def _checks(self) -> tuple[str, ...]:
        """The logs that are read."""
        view = self.snapshot.logs if self.snapshot is not None else None
        return tuple(one.check for one in view.sources) if view is not None else ()

    @on(TailPane.Followed)
    def _followed(self, event: TailPane.Followed) -> None:
        event.stop()
        if event.following and self.wanted_lines.most > _MOST:
            self._want(replace(self.wanted_lines, most=_MOST))
        self.refresh_bindings()

    @on(TailPane.Older)
    def _older(self, event: TailPane.Older) -> None:
        event.stop()
        most = min(_AT_MOST, self.wanted_lines.most * 4)
        self._want(replace(self.wanted_lines, most=most))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "follow":
            return self._composed and not self.query_one(TailPane).following
        if action == "source":
            return len(self._checks) > 1
        if action in ("level", "grave", "details") and self.bare:
            return False
        if action == "back":
            return True
        return super().check_action(action, parameters)

    def action_follow(self) -> None:
        tail = self.query_one(TailPane)
        tail.follow()
        self.set_focus(tail)

    def action_level(self) -> None:
        levels = list(LEVELS)
        at = levels.index(self.wanted_lines.level) if self.wanted_lines.level in levels else 0
        self._want(replace(self.wanted_lines, level=levels[(at + 1) % len(levels)]))

    def action_source(self) -> None:
        """The lines of the next log alone; after the last one those of all."""
        names, chosen = self._checks, self.wanted_lines.checks
        if not names:
            return
        at = names.index(chosen[0]) if len(chosen) == 1 and chosen[0] in names else -1
        self._show_checks(names[at + 1 : at + 2])

    def _show_checks(self, checks: tuple[str, ...]) -> None:
        self._want(replace(self.wanted_lines, checks=checks, pattern=""))

    def action_grave(self, step: int) -> None:
        if not self.query_one(TailPane).go_grave(step):
            self.mention("no line warns, and no pattern matches any", _SAID)

    def action_details(self) -> None:
        if self.chosen:
            self.post_message(self.Deeper(self.chosen))

    def action_copy_row(self) -> None:
        pane = self.focused
        if isinstance(pane, TailPane) and (one := pane.line_at(pane.selected)) is not None:
            text = f"{origin(one)}: {one.record.text or pane.text_of(one.key)}"
            self.post_message(self.Copied(text, "the line"))
        elif isinstance(pane, LinePane) and pane.selected is not None:
            self.post_message(self.Copied(pane.text_of(pane.selected), "the row"))
        else:
            self.mention(NO_ROW)

    @on(LinePane.Opened)
    def _open(self, event: LinePane.Opened) -> None:
        event.stop()
        pane = event.pane
        if isinstance(pane, TailPane):
            self._open_record(pane, event.key)
        elif isinstance(pane, PatternsPane):
            self._show_pattern(pane, event.key)
        else:
            alone = self.wanted_lines.checks == (event.check,)
            self._show_checks(() if alone else (event.check,))

    def _open_record(self, pane: TailPane, key: str) -> None:
        one = pane.line_at(key)
        if one is None:
            return
        # Whoever reads a line looks for it where it was when they are back.
        pane.pause()
        made = partial(RecordScreen, one, self.narrow, ascii_only=self.use_ascii)
        self.post_message(self.Opens(made))

    def _show_pattern(self, pane: PatternsPane, key: str) -> None:
        found = pane.pattern(key)
        if found is None:
            return
        alone = replace(self.wanted_lines, checks=(found.check,), pattern=found.name)
        shown = self.wanted_lines == alone
        self._want(replace(alone, checks=(), pattern="") if shown else alone)

    def narrow(self, condition: str) -> None:
        """Show those of the lines alone that meet ``condition``, too."""
        line = self.query_one(FilterLine)
        line.set_text(narrowed(self.filter_text, condition))

    def action_back(self) -> None:
        """Smaller pane, no filter, all logs and levels, then back."""
        plain = replace(self.wanted_lines, level=None, checks=(), pattern="")
        if self.maximized or self.filter_text or self.about or plain == self.wanted_lines:
            super().action_back()
        else:
            self._want(plain)
