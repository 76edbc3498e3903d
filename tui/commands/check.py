"""``onwatch check``: one pass over every check, without a screen."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from checks.errors import OnwatchError
from checks.model import Status
from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from checks.triage import Triage

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print what every check came to; the exit code is that of the worst."""
    try:
        triage = _triage(args)
    except OnwatchError as error:
        if args.format != "nagios":
            raise
        # A Nagios server shows standard output alone, and takes 2 for "critical".
        from tui.output.nagios import unknown  # noqa: PLC0415 - one of three formats

        _write(unknown(str(error)))
        return Status.UNKNOWN.exit_code
    _write(_formatted(triage, args), encoding="utf-8" if args.format == "json" else None)
    if not triage.checks:
        sys.stderr.write("onwatch: there is nothing to check: no check is enabled\n")
    return triage.status.exit_code


def _triage(args: argparse.Namespace) -> Triage:
    import_numpy()
    from checks.triage import triage  # noqa: PLC0415 - imports the engine
    from tui.commands.found import found_checks  # noqa: PLC0415 - imports numpy
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    engine = found_checks(load(args.config).engine)
    for remark in engine.remarks:
        sys.stderr.write(f"note: {remark}\n")
    only = _only(args.only, engine)
    return _run(triage(engine, only=only, timeout=_timeout(args.timeout)))


def _run(work: Coroutine[Any, Any, Triage]) -> Triage:
    """``work`` to its end; Ctrl-C cancels it between two callbacks of the loop.

    So do SIGTERM and SIGHUP, of which the process then dies: programs that checks run have
    sessions of their own and would be left behind.

    The handler that asyncio sets cancels within whatever callback is running, which then
    complains on standard error that its future is done.
    """

    ended_by: list[int] = []

    async def interruptible() -> Triage:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, task.cancel)

        def end(number: int) -> None:
            ended_by.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                loop.add_signal_handler(number, end, number)
        return await task

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        for number in ended_by:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise KeyboardInterrupt from None


def _only(names: list[str] | None, engine: EngineConfig) -> frozenset[str] | None:
    """The names asked for; ArgumentError for one that no enabled check has."""
    if names is None:
        return None
    from checks.documents.keys import nearest  # noqa: PLC0415 - for mistakes alone

    known = [check.name for check in engine.checks]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            hint = f'did you mean "{near}"?' if near else f"there are {', '.join(known)}"
            text = f'no enabled check is called "{name}"; {hint}'
            raise ArgumentError("--only", text)
    return frozenset(names)


def _timeout(text: str | None) -> float | None:
    """Seconds; ArgumentError where ``text`` is no duration."""
    if text is None:
        return None
    from checks.settings import parse_duration  # noqa: PLC0415 - imports pydantic

    try:
        seconds = parse_duration(float(text) if text.replace(".", "", 1).isdecimal() else text)
    except ValueError as error:
        raise ArgumentError("--timeout", str(error)) from None
    if seconds < 0.01:
        raise ArgumentError("--timeout", "must be at least 10ms")
    return seconds


def _formatted(triage: Triage, args: argparse.Namespace) -> str:
    if args.format == "json":
        from importlib.metadata import version  # noqa: PLC0415 - one of three formats

        from tui.output.as_json import as_json  # noqa: PLC0415

        return as_json(triage, socket.gethostname(), version("onwatch"))
    if args.format == "nagios":
        from tui.output.nagios import nagios  # noqa: PLC0415

        return nagios(triage)
    from tui.output.alerts import rule_notes  # noqa: PLC0415
    from tui.output.table import Style, table  # noqa: PLC0415
    from tui.terminal import judge  # noqa: PLC0415
    from widgets.glyphs import glyphs_for  # noqa: PLC0415

    terminal = judge(encoding=sys.stdout.encoding)
    to_terminal = sys.stdout.isatty()
    style = Style(
        glyphs_for(args.ascii or terminal.looks.characters != "unicode"),
        shutil.get_terminal_size().columns if to_terminal else None,
        to_terminal and terminal.looks.colours > 0 and os.environ.get("TERM") != "dumb",
    )
    notes = [style.glyphs.text(note) for note in rule_notes(triage.rules)]
    return table(triage.checks, triage.duration, style, triage.alerts, notes)


def _write(text: str, *, encoding: str | None = None) -> None:
    """To standard output, in ``encoding`` where the reader expects one."""
    if encoding is None:
        sys.stdout.write(text)
    else:
        sys.stdout.buffer.write(text.encode(encoding))
