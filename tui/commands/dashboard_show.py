"""``onwatch dashboard show``: what a dashboard shows, as text."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from checks.dashboards.single_look import Wanted
    from checks.dashboards.views import DashboardView

__all__ = ["run"]

BAD_INPUT = 2


def run(args: argparse.Namespace) -> int:
    """Print it; 2 where there is none of that name, or an option cannot be used."""
    import_numpy()
    from checks.dashboards.single_look import Wanted  # noqa: PLC0415 - imports numpy
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    given = Wanted(args.name, _seconds("--range", args.span), _chosen(args.var or []))
    seconds = _seconds("--for", args.seconds)
    config = load(args.config).engine
    wanted = replace(given, name=_name(config, args.name))
    view = (
        _of_file(config, wanted, args.samples) if args.samples else _live(config, wanted, seconds)
    )
    if view.error:
        sys.stderr.write(f"onwatch: {view.error}\n")
        return BAD_INPUT
    unknown = sorted(set(wanted.chosen) - {one.name for one in view.variables})
    if unknown:
        _refuse("--var", f"the dashboard has no variable {unknown[0]}")
    _print(args, view)
    return 0


def _name(config: EngineConfig, given: str) -> str:
    """The name of the dashboard that ``given`` is the name, or else the title of, in any case."""
    names = [one.name for one in config.dashboards]
    titled = [
        one.name
        for one in config.dashboards
        if given.casefold() in (one.name.casefold(), one.title.casefold())
    ]
    return titled[0] if given not in names and titled else given


def _live(config: EngineConfig, wanted: Wanted, seconds: float) -> DashboardView:
    from checks.dashboards.single_look import look  # noqa: PLC0415 - imports the engine
    from tui.commands.found import found_checks  # noqa: PLC0415

    if not any(one.name == wanted.name for one in config.dashboards):
        # Said at once; nothing need be collected for it.
        return _nothing(config, wanted)
    return asyncio.run(look(found_checks(config), wanted, seconds))


def _nothing(config: EngineConfig, wanted: Wanted) -> DashboardView:
    from checks.dashboards.live import missing  # noqa: PLC0415 - imports numpy

    return missing(config.dashboards, wanted.name, wanted.span)


def _of_file(config: EngineConfig, wanted: Wanted, name: str) -> DashboardView:
    from checks.dashboards.single_look import look_at_samples  # noqa: PLC0415 - imports the engine
    from checks.samples.openmetrics import read_openmetrics  # noqa: PLC0415
    from checks.samples.store import store_of  # noqa: PLC0415

    samples = read_openmetrics(name)
    return look_at_samples(config, wanted, store_of(samples), samples.last / 1000)


def _seconds(option: str, text: str | None) -> float:
    """A duration in seconds, 0 for none; ArgumentError where ``text`` is no duration."""
    if text is None:
        return 0.0
    from checks.samples.moments import parse_step  # noqa: PLC0415 - for this option

    try:
        return parse_step(text) / 1000
    except ValueError:
        _refuse(option, f'"{text}" is no duration such as 10s')
    return 0.0


def _chosen(given: list[str]) -> dict[str, tuple[str, ...]]:
    """The variables' values; ArgumentError where one is no ``NAME=VALUE``."""
    chosen: dict[str, tuple[str, ...]] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            _refuse("--var", f'"{one}" is no NAME=VALUE')
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _refuse(option: str, text: str) -> None:
    raise ArgumentError(option, text)


def _print(args: argparse.Namespace, view: DashboardView) -> None:
    if args.json:
        from tui.output.dashboards import as_json  # noqa: PLC0415 - one shape or the other

        made = json.dumps(as_json(view), ensure_ascii=False, indent=2, allow_nan=False)
        sys.stdout.write(f"{made}\n")
        return
    from tui.output.dashboards import as_text  # noqa: PLC0415
    from tui.terminal import judge  # noqa: PLC0415
    from widgets.glyphs import glyphs_for  # noqa: PLC0415

    plain = args.ascii or judge(encoding=sys.stdout.encoding).looks.characters != "unicode"
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    for line in as_text(view, glyphs_for(plain), max(width, 40)):
        sys.stdout.write(f"{line}\n")
