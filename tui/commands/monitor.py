"""``onwatch``: the live monitor."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.errors import OnwatchError
from checks.source import SnapshotSource
from tui.ending import Ending
from tui.palette import PaletteCommand
from tui.terminal import Terminal, judge

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from tui.app import OnwatchApp

__all__ = ["run", "watch"]


def run(
    config: str | None = None,
    *,
    theme: str | None = None,
    ascii_only: bool = False,
    mouse: bool = True,
    commands: Sequence[PaletteCommand] = (),
) -> int:
    """Watch what the file ``config`` says, or this machine; the exit code.

    ``commands`` are offered in the palette besides the usual.
    """
    terminal = judge()
    if not terminal.interactive:
        print(
            "onwatch needs a terminal to draw on; `onwatch check` does without one", file=sys.stderr
        )
        return 3
    from checks.engine import EngineSource  # noqa: PLC0415 - not without a terminal
    from tui.app import OnwatchApp  # noqa: PLC0415

    def load() -> EngineConfig:
        # Called in the engine's thread, with the first frame on the screen already.
        from tui.config import load as read  # noqa: PLC0415

        loaded = read(config)
        ui = loaded.ui
        app.post_message(
            OnwatchApp.Preferences(
                loaded.keybindings, ui.theme, ascii_only=ui.ascii, mouse=ui.mouse
            )
        )
        return loaded.engine

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
        traceback.print_exception(error, file=sys.stderr)
        print("onwatch: the engine ended by an error of its own (above)", file=sys.stderr)
