"""``onwatch init``: a commented configuration from what discovery found."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from checks.errors import OnwatchError
from checks.swapping import swap_in
from tui.config import files

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from checks.discovery.finder import Discovery

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Look at what runs here and write it down, to a file or to standard output."""
    # Before anything is looked for: a file that is in the way is the first thing to know.
    named = args.output or args.config or os.environ.get(files.VARIABLE)
    target = None if args.stdout else _target(named)
    if target is not None and os.path.lexists(target) and not args.force:
        raise OnwatchError(
            f"{target} is there already: --force overwrites it, "
            "--stdout shows what would be written"
        )
    if target is not None and named:
        _look_at_folder(target)
    if target is not None and files.irreplaceable(target):
        raise OnwatchError(f"{target} is no file that could be overwritten; name another with -o")
    text, config, notes = asyncio.run(_found())
    for sentence in notes:
        sys.stderr.write(f"note: {sentence}\n")
    if target is None:
        sys.stdout.write(text)
        return 0
    try:
        swap_in(target, text)
    except OSError as error:
        raise OnwatchError(
            f"{target} cannot be written: {error.strerror}; name another with -o"
        ) from None
    print(_said(target, config))
    return 0


def _look_at_folder(target: Path) -> None:
    """Refuse a folder that is not there. The user's own for configurations is made."""
    try:
        homeless = files.homeless(target)
    except OSError:
        return  # writing it will say what is wrong
    if homeless and not os.path.lexists(target.parent):
        make = f"mkdir -p {shlex.quote(str(target.parent))}"
        raise OnwatchError(f"{homeless}; make it ({make}), or name another with -o")


def _target(named: str | None) -> Path:
    """Where it goes: where it was told to, or where onwatch will look for it."""
    if named:
        return files.expanded(named)
    # The user's own folder: it is found from wherever onwatch is started.
    return list(files.searched())[1]


async def _found() -> tuple[str, EngineConfig, tuple[str, ...]]:
    """The file's text, the checks in it, and what could not be seen."""
    from tui.config.discovered import this_machine  # noqa: PLC0415 - imports pydantic
    from tui.output.as_config import as_config  # noqa: PLC0415 - imports yaml

    base, finder = this_machine(os.environ)
    config = await _settled(base, finder)
    notes = (*config.warnings, *config.remarks[len(base.remarks) :])
    transient = {one.spec.name: one.service.transient for one in finder.transient}
    if transient:
        named = ", ".join(f"{name} ({place})" for name, place in transient.items())
        notes += (f"left out, since a temporary folder is no place to stay: {named}",)
    kept = [one for one in finder.planned if one.spec.name not in transient]
    config = replace(
        config, checks=tuple(one for one in config.checks if one.name not in transient)
    )
    return as_config(kept, base.checks), config, notes


async def _settled(config: EngineConfig, finder: Discovery) -> EngineConfig:
    """What is found with all the time it takes: nobody waits for a first picture."""
    config = await finder.look(config)
    for _ in range(2):
        if finder.settled:
            break
        config = await finder.look(config)
    return config


def _said(target: Path, config: EngineConfig) -> str:
    """What was written, and what to do with it."""
    from tui.commands.validate import listed  # noqa: PLC0415 - a line of it

    lines = [f"wrote {target}: {listed(config.checks)}"]
    used = files.find(None)
    there = used is not None and not files.unusable(used, str(used))
    if used is None or not there or not target.samefile(used):
        lines.append(f"run it with: onwatch -c {shlex.quote(str(target))}")
        if there:
            lines.append(f"(without -c, {used} is read)")
        return "\n".join(lines)
    lines.append("look through it and ask `onwatch validate`; `onwatch` watches what it says")
    return "\n".join(lines)
