"""The app: takes pictures from a source and hands them to the screen on top."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.console import RenderableType
from textual import events, on
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from checks.garbage import collect_seldom
from checks.source import SnapshotSource
from tui import keymap
from tui.ahead import Ahead
from tui.annotations import AnnotatingApp
from tui.economy import Mirror, Mirrored
from tui.notices import Notices
from tui.pace import Pace
from tui.palette import CommandProvider, Commands, PaletteCommand
from tui.screens.modal import PictureModal
from tui.screens.overview import OverviewScreen
from tui.screens.picture import PictureScreen
from tui.screens.standing import Board, Query, Standing
from tui.terminal import Looks
from tui.turns import Turns, is_typed
from tui.upkeep import GIVES_WAY, Upkeep
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.logs.views import LogsWanted
    from checks.views import Snapshot
    from tui.first_start import FirstStart

__all__ = ["OnwatchApp"]

_LOOK: Final = 1.0
"""Seconds between looks at whether the source still lives."""
_SILENCE: Final = 5.0
"""Seconds without a picture after which the screen says so."""
_AGAIN: Final = 2.0
"""Seconds within which a second Ctrl-C quits."""


class OnwatchApp(AnnotatingApp, inherit_bindings=False):
    """The monitor. ``run()`` returns the exit code; :attr:`ended_by` is the error, if any.

    Nothing of ``source`` is touched before the first frame is on the screen. ``opens`` names the
    screen that is opened then, where it is not the overview.
    """

    TITLE = "onwatch"
    CSS_PATH = Path(__file__).with_name("onwatch.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.APP]
    COMMANDS: ClassVar = {CommandProvider}
    ESCAPE_TO_MINIMIZE = False
    alt_is_bound: bool = False
    """Whether the user has bound a key together with Alt."""

    class News(Message):
        """The source has something new; may be posted from any thread."""

    class Welcome(Message):
        """This is the user's first start; from any thread."""

    class Keybindings(Message):
        """Binding ids with the keys a user wants for them, and keys with the runbook and the step
        that they open; may be posted from any thread.
        """

        def __init__(
            self, wanted: Mapping[str, str], steps: Mapping[str, tuple[str, str]] | None = None
        ) -> None:
            self.wanted = wanted
            self.steps = steps or {}
            super().__init__()

    def __init__(
        self,
        source: SnapshotSource,
        *,
        commands: Commands = (),
        theme: str | None = None,
        ascii_only: bool = False,
        looks: Looks | None = None,
        low_bandwidth: bool = False,
        first_start: FirstStart | None = None,
        opens: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        plain = Looks(characters="ascii" if ascii_only else "unicode")
        super().__init__(looks or plain, theme, curves=not low_bandwidth)
        self.source = source
        self.ended_by: BaseException | None = None
        self._pace = Pace(low=low_bandwidth)
        self._notices = Notices()
        self._commands = commands
        self._mirror = Mirror()
        self._turns = Turns(self, super().on_event)
        self._upkeep = Upkeep(self.let_go)
        self._ahead = Ahead()
        self._clock = clock
        self._newest: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._news_at = 0.0
        self._frozen = False
        self._asked: dict[str, float] = {}
        self._window = 0.0
        self._first_start = first_start
        self._opens = opens
        self._welcoming: PictureScreen | None = None
        self._interrupted_at = -_AGAIN
        self._waits = False
        self.leaving: Callable[[int], None] | None = None

    def get_default_screen(self) -> Screen[None]:
        return OverviewScreen(ascii_only=self.ascii_only)

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, self._resumed)
        self.call_after_refresh(self._begin)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self._held_back():
            return
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            # Rendered by its own method alone, as every update of Textual's compositor.
            opens = self.drawn is not screen
            renderable = cast("RenderableType", Mirrored(renderable, self._mirror, opens=opens))
        if renderable is not None:
            self.drawn = None if self._batch_count else screen
        super()._display(screen, renderable)

    def _held_back(self) -> bool:
        """Whether the terminal takes less than it is sent. Until it has caught up nothing is
        drawn: then the newest picture is, instead of all that have passed.
        """
        behind = getattr(self._driver, "behind", None)
        if not self._waits and behind is not None:
            self._waits = behind(lambda: self.call_later(self._caught_up))
        return self._waits

    def _caught_up(self) -> None:
        self._waits = False
        self._renew()
        self.show()
        self._redraw()

    def _resumed(self, _: object) -> None:
        """Draw on the terminal that has been somebody else's meanwhile."""
        self._news_at = self._clock()
        self.action_repaint()

    def _begin(self) -> None:
        """Start the engine, now that the first frame is painted."""
        collect_seldom()
        sys.setswitchinterval(GIVES_WAY)
        self._news_at = self._clock()
        self._pace.expect(self._news_at)
        self.source.subscribe(self._wake)
        self.source.start()
        self.set_interval(_LOOK, self._look, name="look at the source")
        if self._opens:
            self.go_to(self._opens)
        if self._first_start is not None:
            self._first_start.look(lambda: self.post_message(self.Welcome()))

    @on(Welcome)
    def _welcome(self) -> None:
        if isinstance(self.screen, PictureScreen):
            self._welcoming = self.screen
            self._welcoming.welcome()

    async def on_event(self, event: events.Event) -> None:
        if self._welcoming is not None and isinstance(event, events.Key | events.MouseDown):
            self._welcoming.welcomed()
            self._welcoming = None
        if is_typed(event):
            self._upkeep.typed(self._clock())
            self._ahead.typed()
        await (self._turns.take(event) if is_typed(event) else super().on_event(event))

    def _wake(self) -> None:
        self.post_message(self.News())

    @on(News)
    def _take(self) -> None:
        failure = self.source.failure()
        if failure is not None:
            self.ended_by = failure
            self.exit(getattr(failure, "exit_code", 3))
            return
        snapshot = self.source.latest()
        if snapshot is None:
            return
        self._newest = snapshot
        self._news_at = self._clock()
        self._tell_answers(snapshot)
        self.call_for(snapshot)
        if not self._waits and self._pace.due(self._news_at):
            self._renew()
            self.show()
            self.holding.came(self._shown)

    def _renew(self) -> None:
        """Show the newest picture from now on, unless it is frozen."""
        if self._newest and not self._frozen:
            self._shown = self._notices.fitted(self._pace.fitted(self._newest, self._clock()))

    @on(VerdictLine.PutAway)
    def _put_away(self) -> None:
        """Show the engine's word about itself no longer, until it has another."""
        if self._shown is not None:
            self._shown = self._notices.put_away(self._shown)
            self.show()

    def _look(self) -> None:
        if self.source.failure() is not None:
            self._take()
        elif self.silence:
            self.show()
        self._upkeep.look(self._clock())

    @property
    def silence(self) -> float:
        """Seconds since the last picture, 0 while they come as they should."""
        quiet = self._clock() - self._news_at
        return quiet if quiet >= _SILENCE else 0.0

    def show(self) -> None:
        """Hand the picture to the screen on top; a covered one takes it when uncovered, and
        until then only the lines above its panes go on.
        """
        if not self.screen_stack:
            # It ends: the screens are closed already, and timers are not yet.
            return
        standing = self.standing()
        if isinstance(self.screen, PictureScreen | PictureModal):
            self.screen.take(standing)
        covered = self.picture_screen
        if covered is not None and covered is not self.screen:
            covered.glance(standing)

    def standing(self) -> Standing:
        """The picture as it is to be shown now."""
        told = self._notices.outdated
        return Standing(self._shown, self._newest, self._frozen, self.silence, told)

    @on(Keybindings)
    def _rebind(self, message: Keybindings) -> None:
        from tui.bindings import all_bindings  # noqa: PLC0415 - needed by few

        made = keymap.plan(message.wanted, all_bindings())
        self.set_keymap(dict(made.keymap))
        notices = [*made.notices, *self.bind_steps(message.steps, made.keymap, all_bindings())]
        self.alt_is_bound = any("alt+" in keys for keys in (*made.keymap.values(), *message.steps))
        if notices:
            self.say("\n".join(notices), "warning", seconds=15)

    def say(
        self,
        text: str,
        severity: SeverityLevel = "information",
        seconds: float = 2,
        *,
        over: bool = True,
    ) -> None:
        """Show a sentence for a few seconds, as it is, instead of the one before.

        ``over`` says that it may lie over the panes of a large screen.
        """
        self.clear_notifications()
        screen = self.screen
        if isinstance(screen, PictureScreen) and not screen.is_composed:
            screen.call_later(self.say, text, severity, seconds, over=over)
        elif not (isinstance(screen, PictureScreen) and screen.say(text, seconds, over=over)):
            self.notify(text, severity=severity, timeout=seconds, markup=False)

    def get_key_display(self, binding: object) -> str:
        return keymap.key_name(getattr(binding, "key", ""))

    def action_freeze(self) -> None:
        self._frozen = not self._frozen
        self._renew()
        self.show()

    def action_low_bandwidth(self) -> None:
        """A picture every five seconds without curves, or every second with them."""
        self._pace.low = not self._pace.low
        self.draw_curves(not self._pace.low)
        self._renew()
        self.show()
        now = "a picture every 5 s, without curves" if self._pace.low else "a picture every second"
        self.say(now)

    def action_window(self, step: int) -> None:
        """Compute figures over the next longer (1) or shorter (-1) window."""
        from checks.requests.stats import WINDOWS  # noqa: PLC0415 - not for the first frame

        if isinstance(self.screen, PictureScreen) and self.screen.widen(step):
            return
        now = self._window or (self._newest.window if self._newest else WINDOWS[0])
        nearest = min(range(len(WINDOWS)), key=lambda i: abs(WINDOWS[i] - now))
        self.set_window(WINDOWS[max(0, min(len(WINDOWS) - 1, nearest + step))])

    def set_window(self, seconds: float) -> None:
        """Compute figures over the last ``seconds``."""
        self._window = seconds
        self._pace.expect(self._clock())
        self.source.set_window(seconds)
        self.say(f"figures over the last {seconds / 60:.0f} min")

    def action_poll(self) -> None:
        self._pace.expect(self._clock())
        self.source.poll_now()
        self.say("running every check now")

    def on_resize(self) -> None:
        # Terminals move lines about when they become narrower or wider.
        self._mirror.forget()

    def action_repaint(self) -> None:
        self._mirror.forget()
        if not self._waits:
            self._redraw()

    def _redraw(self) -> None:
        """Have all that the terminal does not show yet sent to it."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def expect(self) -> None:
        self._pace.expect(self._clock())

    def look_closely(self, check: str | None) -> None:
        self.expect()
        self.source.focus(check)

    def evaluate(self, query: Query | None) -> None:
        self._pace.expect(self._clock())
        if query is None:
            self.source.query(None)
        else:
            self.source.query(*query)

    def follow(self, wanted: LogsWanted | None) -> None:
        self.expect()
        self.source.logs(wanted)

    def measure(self, board: Board | None) -> None:
        self._pace.expect(self._clock())
        if board is None:
            self.source.dashboard(None)
        else:
            self.source.dashboard(*board)

    @on(PictureModal.Confirmed)
    def _act_on(self, event: PictureModal.Confirmed) -> None:
        """Do what a user has confirmed; what came of it is told when it comes."""
        self.await_answer(event.check)
        self.source.act(event.check, event.action, event.subject)
        self.say(f"{event.title}: asked {event.check}")

    @on(PictureModal.Inspects)
    def _inspect(self, event: PictureModal.Inspects) -> None:
        self.source.inspect(event.check, event.subject)

    @on(PictureScreen.Copied)
    def _copy(self, event: PictureScreen.Copied) -> None:
        self.copy(event.text, event.what)

    def action_copy_or_quit(self) -> None:
        selection = self.screen.get_selected_text()
        if selection:
            self.copy(selection, "the selection")
        elif isinstance(self.screen, PictureScreen) and self.screen.interrupt():
            # Only once nothing runs any more that it could have been meant for.
            self._interrupted_at = -_AGAIN
        elif self._clock() - self._interrupted_at < _AGAIN:
            self.quit_or_ask()
        else:
            self._interrupted_at = self._clock()
            self.say("Ctrl-C again to quit", seconds=_AGAIN)

    def exit(
        self,
        result: int | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """End soon; :attr:`leaving` is told, since the last that is written may not be read."""
        if self.leaving is not None:
            self.leaving(result or 0)
        super().exit(result, return_code, message)

    async def action_quit(self) -> None:
        self.quit_or_ask()

    def ask(self, check: str, question: str, title: str) -> None:
        """Put a question to ``check``; the answer is told when it comes."""
        self.await_answer(check)
        self.source.ask(check, question)
        self.say(f"{title}: asked {check}")

    def forget(self, check: str) -> str:
        """Miss ``check``, which was discovered, no longer; what to say of it."""
        self.source.forget(check)
        return f"{check} is forgotten until it runs again"

    def await_answer(self, check: str) -> None:
        self._pace.expect(self._clock())
        self._asked.setdefault(check, self._newest.time if self._newest else 0.0)

    def _tell_answers(self, snapshot: Snapshot) -> None:
        news = [
            event
            for event in (snapshot.events if self._asked else ())
            if event.answer and event.time > self._asked.get(event.check, math.inf)
        ]
        for event in news:
            self._asked[event.check] = event.time
        if news:
            said = (f"{event.check}: {event.text}".removeprefix(": ") for event in news)
            self.say("\n".join(said), seconds=15)

    def leave(self, code: int = 0) -> None:
        """End with ``code``; may be called from any thread."""
        self.call_later(self.exit, code)

    def act(self, action: str, node: DOMNode) -> None:
        """Do what a key of ``node`` does, soon."""
        self.call_later(self.run_action, action, node)

    def run_command(self, command: PaletteCommand) -> None:
        said = command.run()
        if said:
            self.say(said, seconds=4)

    def palette_commands(self, screen: Screen[object]) -> Iterable[PaletteCommand]:
        from tui.offers import offers  # noqa: PLC0415 - only when the palette opens

        given = self._commands() if callable(self._commands) else self._commands
        yield from offers(self, screen, self._newest, given)
