"""The part of the app that opens runbooks, has their steps run, and asks before it leaves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from textual import on
from textual.binding import Binding

from tui.navigation import NavigatingApp
from tui.steps import (
    CancelsRun,
    GivesValue,
    Leaves,
    OpensRunbook,
    Reads,
    RunsStep,
    TakesTerminal,
    running_steps,
)

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.source import SnapshotSource
    from checks.views import Snapshot
    from tui.screens.runbook import RunbookScreen
    from tui.terminal import Looks

__all__ = ["RunbookApp"]

_SAID: Final = 4.0
"""Seconds for which is said what was asked for."""


class RunbookApp(NavigatingApp, inherit_bindings=False):
    """Everything about runbooks; subclasses have the ``source``."""

    source: SnapshotSource

    def __init__(self, looks: Looks, theme: str | None, *, curves: bool = True) -> None:
        super().__init__(looks, theme, curves=curves)
        self._runbook: RunbookScreen | None = None
        self._step_keys: list[str] = []

    def expect(self) -> None:
        """The user has asked for something: the next pictures are shown as they come."""
        raise NotImplementedError

    def await_answer(self, check: str) -> None:
        """Tell what ``check`` answers from now on, or, where that is empty, the engine."""
        raise NotImplementedError

    @property
    def newest(self) -> Snapshot | None:
        """The newest picture."""
        return self.standing().newest

    def let_go(self) -> None:
        super().let_go()
        if self._runbook is not None and self._runbook not in self.screen_stack:
            self._runbook.let_go()

    # Opening

    def open_runbook(self, subject: Subject, name: str = "", step: str = "") -> None:
        """Open the runbook of ``subject``, or the one called ``name``, on whatever is shown."""
        from tui.screens.runbook import RunbookScreen  # noqa: PLC0415 - after the first frame

        if self._runbook is None:
            self._runbook = RunbookScreen(ascii_only=self.ascii_only)
            self.install_screen(self._runbook, "runbook")
        self._runbook.turn_to(subject, name, step)
        if self._runbook in self.screen_stack:
            self._uncover(self.screen_stack.index(self._runbook) + 1)
            self.show()
        else:
            self._runbook.begin(self.standing())
            self.push_screen(self._runbook)
        # The source would take the interpreter away from what is being drawn.
        self.call_after_refresh(self._attend)

    @on(OpensRunbook)
    def _open_runbook(self, event: OpensRunbook) -> None:
        self.open_runbook(event.subject, event.name, event.step)

    def action_step(self, runbook: str, step: str) -> None:
        """Open ``runbook`` at its step ``step`` for what the cursor is on: it shows what would run
        and asks, also where it is safe.
        """
        from checks.runbooks.views import Subject  # noqa: PLC0415 - after the first frame

        top = self.picture_screen
        reads = top.reads if top is not None else None
        concerned = reads.subject if reads else top.concerned() if top else None
        self.open_runbook(concerned or Subject(), runbook, step)

    def bind_steps(
        self,
        steps: Mapping[str, tuple[str, str]],
        keymap: Mapping[str, str],
        bindings: Sequence[Binding],
    ) -> list[str]:
        """Have the keys of ``steps`` open these from now on, and no others; why some do not.

        ``keymap`` are the keys that the user gave to other actions, of which ``bindings`` are all.
        """
        from checks.runbooks.links import link_of  # noqa: PLC0415 - needed by few
        from tui.keynames import normal  # noqa: PLC0415
        from tui.step_keys import refused_step_keys  # noqa: PLC0415

        bound = self._bindings.key_to_bindings
        for key in self._step_keys:
            bound.pop(key, None)
        refused = refused_step_keys(steps, keymap, bindings)
        self._step_keys = []
        for written, (runbook, step) in steps.items():
            if written not in refused:
                key = normal(written)
                told = f"Runbook {runbook}{f', step {step}' if step else ''}"
                action = f"step({link_of(runbook).name!r}, {step!r})"
                bound[key] = [Binding(key, action, told, id=f"steps.{key}")]
                self._step_keys.append(key)
        self.screen.refresh_bindings()
        return [f"keybindings: {key}: {why}" for key, why in refused.items()]

    def read(self, reads: Reads | None) -> None:
        self.expect()
        if reads is None:
            self.source.runbook(None)
        else:
            self.source.runbook(reads.name, reads.subject)

    # Running

    @on(RunsStep)
    def _run_step(self, event: RunsStep) -> None:
        self.await_answer("")
        gives = event.offer.interactive and not self.is_headless and not self.is_web
        in_front = self._give_terminal if gives else None
        self.source.run_step(event.offer.token, event.typed, in_front)

    def _give_terminal(self, run: Callable[[], str]) -> None:
        self.post_message(TakesTerminal(run))

    @on(TakesTerminal)
    def _suspended(self, event: TakesTerminal) -> None:
        """Leave the terminal to a step until that has ended and what it put out has been read;
        pictures wait meanwhile.
        """
        from tui.suspension import wait_for_enter  # noqa: PLC0415 - seldom needed

        with self.suspend():
            wait_for_enter(event.run())

    @on(GivesValue)
    def _give_value(self, event: GivesValue) -> None:
        self.expect()
        self.source.give_value(event.variable, event.value)

    @on(CancelsRun)
    def _cancel_run(self, event: CancelsRun) -> None:
        self.expect()
        self.source.cancel_run(event.run.id)
        self.say(f"{event.run.step}: asked to end", seconds=_SAID)

    # Leaving

    def quit_or_ask(self) -> None:
        """End; where steps run, ask first, and do not ask again."""
        running = running_steps(self.newest)
        if not running:
            self.exit(0)
            return
        from tui.screens.leaving import LeavingScreen  # noqa: PLC0415 - seldom needed

        if isinstance(self.screen, LeavingScreen):
            self.exit(0)
        else:
            self.push_screen(LeavingScreen(running, ascii_only=self.ascii_only))

    @on(Leaves)
    def _leave_steps(self) -> None:
        self.exit(0)
