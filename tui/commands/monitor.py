"""``onwatch``: the live monitor."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.errors import OnwatchError
from checks.source import SnapshotSource
from tui.ending import Ending
from tui.terminal import Terminal, judge

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from tui.app import OnwatchApp
    from tui.palette import PaletteCommand

__all__ = ["open_monitor", "run", "watch"]


def run(args: argparse.Namespace) -> int:
    """Watch what ``args.config`` says, or this machine; the exit code."""
    return open_monitor(
        args.config,
        theme=args.theme,
        ascii_only=args.ascii,
        mouse=args.mouse,
        read_only=args.read_only,
    )


def open_monitor(
    config: str | None = None,
    *,
    theme: str | None = None,
    ascii_only: bool = False,
    mouse: bool = True,
    read_only: bool = False,
    commands: Sequence[PaletteCommand] = (),
) -> int:
    """Run the monitor on the file ``config``; the exit code.

    ``read_only`` leaves out what changes a target. ``commands`` are offered in the palette
    besides the usual.
    """
    # Nothing that start-up makes is garbage; the app switches collections on again.
    gc.disable()
    from checks.live import EngineSource  # noqa: PLC0415 - a test of watch() needs none
    from tui.app import OnwatchApp  # noqa: PLC0415

    terminal = judge()
    bound: Mapping[str, str] = {}

    def load() -> EngineConfig:
        # Called in the engine's thread, with the first frame on the screen already.
        from tui.config import load as read  # noqa: PLC0415

        loaded = read(config)
        # A reload that takes the last wish away must reach the app as well.
        nonlocal bound
        if loaded.keybindings != bound:
            bound = loaded.keybindings
            app.post_message(OnwatchApp.Keybindings(bound))
        return replace(loaded.engine, read_only=True) if read_only else loaded.engine

    source = EngineSource(load)
    app = OnwatchApp(
        source,
        commands=commands,
        theme=theme,
        ascii_only=ascii_only or terminal.ascii_only,
        colour=terminal.colour,
    )
    return watch(app, source, terminal=terminal, mouse=mouse)


def watch(
    app: OnwatchApp,
    source: SnapshotSource,
    *,
    terminal: Terminal | None = None,
    mouse: bool = True,
) -> int:
    """Run ``app`` until it ends, whatever ends it; the exit code.

    Once this has returned, the process is gone within two seconds: nothing that hangs in
    the engine keeps the shell waiting.
    """
    descriptor = (terminal or judge()).descriptor
    with Ending(source.close, terminal=descriptor) as ending:
        ending.ask(app.leave)
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
        print(error, file=sys.stderr)
    else:
        import traceback  # noqa: PLC0415 - for errors of our own alone

        traceback.print_exception(error, file=sys.stderr)
        print("onwatch: the engine ended by an error of its own (above)", file=sys.stderr)
