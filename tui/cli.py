"""``onwatch``: reads the command line, runs the command, turns its outcome into an exit code.

Nothing heavy is imported here: the time to the first frame begins with this file.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

from tui.arguments import parse

if TYPE_CHECKING:
    import argparse

__all__ = ["main"]

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
INTERNAL: Final = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``onwatch`` with ``argv`` (the process's own by default); the exit code."""
    _replace_closed()
    args = parse(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        _flush_errors()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the rim: a sentence and a code of our own
        return _explain(error, args.verbose)
    return code


def _run(args: argparse.Namespace) -> int:
    interactive = not args.command or (args.command == "demo" and not args.headless)
    problem = _screen_problem(args) if interactive else ""
    if problem:
        _say(problem)
        return 2
    if not interactive:
        from tui.logs import configure  # noqa: PLC0415 - the monitor owns the terminal

        configure(args.verbose)
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
    module = import_module(f"tui.commands.{args.command or 'monitor'}")
    code: int = module.run(args)
    return code


def _screen_problem(args: argparse.Namespace) -> str:
    """Why the monitor cannot be shown as it is asked for; empty where it can."""
    if args.theme:
        from tui.themes import theme_problem  # noqa: PLC0415 - imports the terminal library

        problem = theme_problem(args.theme)
        if problem:
            return f"onwatch: {problem}"
    return _terminal_problem(args.command)


def _terminal_problem(command: str) -> str:
    """Why there is no terminal that the monitor could be shown on; empty where there is."""
    from tui.terminal import judge  # noqa: PLC0415 - not needed for --help

    reason = judge().problem
    if not reason:
        return ""
    instead = "onwatch demo --headless" if command == "demo" else "onwatch check"
    return f"onwatch: the monitor needs a terminal, and {reason}; without one, run: {instead}"


def _explain(error: Exception, verbose: int) -> int:
    """Print what went wrong, without a traceback where the user can do something about it."""
    from checks.errors import OnwatchError  # noqa: PLC0415 - for mistakes alone
    from tui.refusal import refusal  # noqa: PLC0415

    if isinstance(error, OnwatchError):
        _say(refusal(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
        _drop_output()
        _say(f"onwatch: the output cannot be written: {error.strerror}")
        return INTERNAL
    import traceback  # noqa: PLC0415 - for errors of our own alone

    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119 - only a name
    _say(
        f"onwatch: an error of its own, {type(error).__name__} in {where}; "
        "please report it with what -v prints"
    )
    return INTERNAL


def _replace_closed() -> None:
    """Print to nowhere what was started with ``>&-``: the exit code is wanted all the same, and
    the next file that is opened must not become the output.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - until the end


def _drop_output() -> None:
    """Nobody reads any more, and the interpreter would flush once more and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flush_errors() -> None:
    """A log that cannot be written costs no exit code: the interpreter would make it 120."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
