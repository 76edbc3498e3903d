"""``onwatch``: the live monitor."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.errors import OnwatchError
from checks.source import SnapshotSource
from tui.ending import Ending
from tui.first_start import FirstStart
from tui.query_history import QueryHistory, state_file
from tui.terminal import Terminal, judge

if TYPE_CHECKING:
    from checks.config import EngineConfig, RulesConfig, RunbooksConfig, StoryConfig
    from tui.app import OnwatchApp
    from tui.config import Loaded
    from tui.config.following import Following
    from tui.palette import Commands

__all__ = ["open_monitor", "run", "watch"]


def run(args: argparse.Namespace) -> int:
    """Watch what ``args.config`` says, or this machine; the exit code."""
    return open_monitor(
        args.config,
        theme=args.theme,
        ascii_only=args.ascii,
        mouse=args.mouse,
        low_bandwidth=args.low_bandwidth,
        wall=args.wall,
        read_only=args.read_only,
        annotate=args.annotate,
    )


def open_monitor(
    config: str | None = None,
    *,
    theme: str | None = None,
    ascii_only: bool = False,
    mouse: bool = True,
    low_bandwidth: bool = False,
    wall: bool = False,
    read_only: bool = False,
    remember: bool = True,
    annotate: bool = True,
    commands: Commands = (),
) -> int:
    """Run the monitor on the file ``config``; the exit code.

    ``wall`` begins with the wall instead of the overview.
    ``read_only`` leaves out what changes a target, without ``annotate`` nobody acknowledges,
    silences or notes anything; ``remember`` keeps the state of alerts, and what was done about
    them, over a restart. ``commands`` are offered in the palette besides the usual; a function
    is asked each time.
    """
    # Nothing that start-up makes is garbage; the app switches collections on again.
    gc.disable()
    from checks.live import EngineSource  # noqa: PLC0415 - a test of watch() needs none
    from tui.app import OnwatchApp  # noqa: PLC0415

    terminal = judge()
    looks = replace(terminal.looks, characters="ascii") if ascii_only else terminal.looks
    # The library would believe these even when the terminal has another size by now.
    for variable in ("COLUMNS", "LINES"):
        os.environ.pop(variable, None)
    configured = _Configured(
        config, read_only=read_only, remember=remember, annotate=annotate, themed=bool(theme)
    )
    # Called in the engine's thread, with the first frame on the screen already.
    source = EngineSource(lambda: configured.load(app))
    app = OnwatchApp(
        source,
        commands=commands,
        theme=theme,
        looks=looks,
        low_bandwidth=low_bandwidth,
        # Its hints are about the overview.
        first_start=None if wall else FirstStart(),
        opens="wall" if wall else "",
    )
    app.queries = QueryHistory(state_file if remember else None)
    return watch(app, source, terminal=terminal, mouse=mouse)


class _Configured:
    """What the configuration says, at first and at each reload; ``themed`` is whether the theme
    was chosen on the command line.
    """

    def __init__(
        self, config: str | None, *, read_only: bool, remember: bool, annotate: bool, themed: bool
    ) -> None:
        self._config = config
        self._read_only = read_only
        self._remember = remember
        self._annotate = annotate
        self._themed = themed
        self._wishes = _Wishes()
        self._following: Following | None = None

    def load(self, app: OnwatchApp) -> EngineConfig:
        """What the engine does; ``app`` is told what is wanted of the screen."""
        from tui.config.following import Following  # noqa: PLC0415 - not before the first frame

        if self._following is None:
            self._following = Following(self._config)
        loaded = self._following.load()
        theme = "" if self._themed else loaded.theme
        self._wishes.tell(app, loaded.keybindings, loaded.step_keys, theme)
        self._wishes.call(app, loaded.attention)
        engine = _engine(loaded, remember=self._remember, annotate=self._annotate)
        return replace(engine, read_only=True) if self._read_only else engine


def _engine(loaded: Loaded, *, remember: bool, annotate: bool) -> EngineConfig:
    """What the engine does as the configuration says, with the files in which it remembers."""
    engine = replace(
        loaded.engine,
        rules=_remembered(loaded) if remember else loaded.engine.rules,
        story=_story(loaded, remember=remember, annotate=annotate),
        runbooks=_written_down(loaded),
    )
    return _with_baseline(engine, loaded) if remember else engine


def _written_down(loaded: Loaded) -> RunbooksConfig:
    """The runbooks, with the file in which it is written down who ran which step."""
    from checks.runbooks.audit import audit_file  # noqa: PLC0415 - in the engine's thread

    file = audit_file(socket.gethostname())
    return replace(loaded.engine.runbooks, audit=file, config=_path_of(loaded))


def _path_of(loaded: Loaded) -> str:
    """The configuration, by which what is remembered of it is found; empty where there is none."""
    from tui.config.files import identity  # noqa: PLC0415 - in the engine's thread

    return identity(loaded.path)


def _remembered(loaded: Loaded) -> RulesConfig | None:
    """The rules, with the file that keeps the state of their alerts."""
    from checks.alerts.memory import state_file  # noqa: PLC0415 - in the engine's thread

    path = _path_of(loaded)
    rules = loaded.engine.rules
    return rules and replace(rules, memory=state_file(socket.gethostname(), path))


def _story(loaded: Loaded, *, remember: bool, annotate: bool) -> StoryConfig:
    """What is done about alerts, with the file that keeps it."""
    from checks.config import StoryConfig  # noqa: PLC0415 - in the engine's thread
    from checks.story.place import story_file  # noqa: PLC0415

    path = _path_of(loaded)
    file = story_file(socket.gethostname(), path) if remember else None
    return replace(loaded.engine.story or StoryConfig(), memory=file, annotates=annotate)


def _with_baseline(engine: EngineConfig, loaded: Loaded) -> EngineConfig:
    """With the saved baseline that the configuration names, or the newest one of it.

    One that cannot be read is a warning: nobody is kept from looking by a comparison.
    """
    from checks.baselines.files import BaselineError, newest, read  # noqa: PLC0415 - see above

    path = _path_of(loaded)
    try:
        found = read(loaded.baseline) if loaded.baseline else newest(path)
    except BaselineError as error:
        return replace(engine, warnings=(*engine.warnings, f"baseline: {error}"))
    return replace(engine, baseline=found)


class _Wishes:
    """What the configuration wants of the screen; the app is told what has changed."""

    def __init__(self) -> None:
        self._keys: Mapping[str, str] = {}
        self._steps: Mapping[str, tuple[str, str]] = {}
        self._theme = ""
        self._attention = True

    def call(self, app: OnwatchApp, attention: bool) -> None:
        """Whether somebody is to be called when something critical begins."""
        if attention != self._attention:
            self._attention = attention
            app.post_message(app.Attentive(attention))

    def tell(
        self,
        app: OnwatchApp,
        keys: Mapping[str, str],
        steps: Mapping[str, tuple[str, str]],
        theme: str,
    ) -> None:
        """A reload that takes the last wish away reaches the app as well."""
        if (keys, steps) != (self._keys, self._steps):
            self._keys, self._steps = keys, steps
            app.post_message(app.Keybindings(keys, steps))
        if theme != self._theme:
            self._theme = theme
            app.post_message(app.Themed(theme))


def watch(
    app: OnwatchApp,
    source: SnapshotSource,
    *,
    terminal: Terminal | None = None,
    mouse: bool = True,
) -> int:
    """Run ``app`` until it ends, whatever ends it; the exit code.

    Once this has returned, the process is gone within two seconds: nothing that hangs in
    the engine keeps the shell waiting. Where the terminal has gone before it began, it never
    begins: the parent may have gone as well, and then nothing would ever end it.
    """
    descriptor = (terminal or judge()).descriptor
    if descriptor is None:
        return 128 + signal.SIGHUP
    with Ending(source.close, terminal=descriptor) as ending:
        ending.ask(app.leave)
        app.leaving = ending.expect
        code = app.run(mouse=mouse)
        if code is None:
            code = app.return_code or 0
        ending.over(code)
    if ending.code is not None:
        return ending.code
    if app.ended_by is not None:
        _explain(app.ended_by)
    return code


def _explain(error: BaseException) -> None:
    """Say on stderr why the engine ended."""
    if isinstance(error, OnwatchError):
        from tui.refusal import refusal  # noqa: PLC0415 - for mistakes alone

        print(refusal(error), file=sys.stderr)
    else:
        import traceback  # noqa: PLC0415 - for errors of our own alone

        traceback.print_exception(error, file=sys.stderr)
        print("onwatch: the engine ended by an error of its own (above)", file=sys.stderr)
