"""``onwatch baseline``: the figures of a good day, saved, and those of now beside them."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Final

from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.baselines.comparing import Compared
    from checks.baselines.measuring import Measured
    from checks.baselines.model import Baseline

__all__ = ["run"]

WORSE: Final = 1
NO_DATA: Final = 3
_TOLERANCE: Final = re.compile(r"(?:(.+?)\s*=\s*)?(\d+(?:\.\d+)?)\s*%?")


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; the exit code."""
    actions = {"save": _save, "compare": _compare, "list": _list, "show": _show}
    return actions[args.action](args)


def _save(args: argparse.Namespace) -> int:
    from checks.baselines.files import path_of, write  # noqa: PLC0415 - for this command
    from checks.baselines.model import Baseline  # noqa: PLC0415

    name = args.name or f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    path_of(name)  # a name that is none is told before anything is measured
    measured, config = _measured(args)
    if not measured.figures:
        sys.stderr.write("onwatch: nothing was measured: no check answered\n")
        return NO_DATA
    made = Baseline(
        name, measured.ended, measured.seconds, socket.gethostname(), config, measured.figures
    )
    path = write(made)
    if args.json:
        print(json.dumps(asdict(made), indent=2, ensure_ascii=False))
    else:
        from tui.output.longterm import figures_table  # noqa: PLC0415 - for this command

        print(figures_table(made))
        count = len(made.figures)
        print(f"\n{count} figure{'s' if count != 1 else ''} saved as {name}: {path}")
    return 0


def _compare(args: argparse.Namespace) -> int:
    from checks.baselines.comparing import compare  # noqa: PLC0415 - for this command

    tolerances = _tolerances(args.tolerance)
    chosen = _chosen(args)
    if chosen is None:
        return _none_saved(args)
    measured, _ = _measured(args)
    found = compare(chosen, measured.figures, tolerances)
    _print_comparison(args, chosen, found)
    if any(one.verdict == "worse" for one in found):
        return WORSE
    return 0 if any(one.before is not None and one.now is not None for one in found) else NO_DATA


def _print_comparison(args: argparse.Namespace, chosen: Baseline, found: list[Compared]) -> None:
    from tui.output.longterm import comparison_data, comparison_table  # noqa: PLC0415 - see above

    if args.json:
        data = {"baseline": chosen.name, "saved": chosen.saved, "figures": comparison_data(found)}
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    saved = datetime.fromtimestamp(chosen.saved).astimezone()
    print(f"against {chosen.name}, saved {saved:%Y-%m-%d %H:%M}\n")
    print(comparison_table(found))
    worse = sum(one.verdict == "worse" for one in found)
    gone = sum(one.verdict == "gone" for one in found)
    said = f"{worse} worse beyond tolerance" if worse else "nothing is worse beyond tolerance"
    print(f"\n{said}" + (f"; {gone} not known now" if gone else ""))


def _list(args: argparse.Namespace) -> int:
    from checks.baselines.files import baselines  # noqa: PLC0415 - for this command

    found = baselines()
    if args.json:
        print(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    elif not found:
        print("no baseline is saved yet: onwatch baseline save NAME")
    else:
        from tui.output.longterm import baseline_table  # noqa: PLC0415 - for this command

        print(baseline_table(found, _config(args)))
    return 0


def _show(args: argparse.Namespace) -> int:
    chosen = _chosen(args)
    if chosen is None:
        return _none_saved(args)
    if args.json:
        print(json.dumps(asdict(chosen), indent=2, ensure_ascii=False))
        return 0
    from tui.output.longterm import figures_table  # noqa: PLC0415 - for this command

    saved = datetime.fromtimestamp(chosen.saved).astimezone()
    print(f"{chosen.name}, saved {saved:%Y-%m-%d %H:%M} on {chosen.host}\n")
    print(figures_table(chosen))
    return 0


def _none_saved(args: argparse.Namespace) -> int:
    if args.json:
        print("null")
    sys.stderr.write(
        "onwatch: no baseline of this configuration is saved yet: onwatch baseline save NAME\n"
    )
    return NO_DATA


def _chosen(args: argparse.Namespace) -> Baseline | None:
    """The one that is named, here or in the configuration, or the newest of it."""
    from checks.baselines.files import newest, read  # noqa: PLC0415 - for this command

    if args.name:
        return read(args.name)
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    named = load(args.config).baseline
    return read(named) if named else newest(_config(args))


def _config(args: argparse.Namespace) -> str:
    """The configuration's file, absolute; empty where there is none."""
    from tui.config.files import find, identity  # noqa: PLC0415 - for this command

    return identity(find(args.config))


def _measured(args: argparse.Namespace) -> tuple[Measured, str]:
    import_numpy()
    from checks.baselines.measuring import measure  # noqa: PLC0415 - imports the engine
    from tui.commands.found import found_checks  # noqa: PLC0415
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    seconds = _seconds(args.seconds)
    config = found_checks(load(args.config).engine)
    measured = asyncio.run(measure(config, seconds))
    for check, why in measured.silent:
        sys.stderr.write(f"nothing of {check}: {why}\n")
    return measured, _config(args)


def _seconds(text: str) -> float:
    from checks.settings import parse_duration  # noqa: PLC0415 - imports pydantic

    try:
        return parse_duration(text)
    except ValueError as error:
        raise ArgumentError("--for", str(error)) from None


def _tolerances(given: list[str]) -> dict[str, float]:
    """By kind of figure, that of all others under ""."""
    from checks.baselines.model import KINDS  # noqa: PLC0415 - for this command

    known = {name.lower(): name for name in KINDS}
    found: dict[str, float] = {}
    for text in given:
        parts = _TOLERANCE.fullmatch(text.strip())
        if parts is None:
            why = f'"{text}" is none: write 20% or p95=10%'
            raise ArgumentError("--tolerance", why)
        kind = (parts[1] or "").strip().lower().replace("_", " ")
        if kind and kind not in known:
            why = f'there is no figure "{parts[1]}"; there are {", ".join(KINDS)}'
            raise ArgumentError("--tolerance", why)
        found[known.get(kind, "")] = float(parts[2]) / 100
    return found
