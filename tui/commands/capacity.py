"""``onwatch capacity``: what fills or grows, as the running monitor saw it, and where to."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.capacity.model import Capacity
    from checks.capacity.views import CapacityView

__all__ = ["run"]

_MONTHS: Final = re.compile(r"(\d+)\s*(?:months?|mo)", re.I)
_YEARS: Final = re.compile(r"(\d+)\s*years?", re.I)


def run(args: argparse.Namespace) -> int:
    """Print a line for each series; the exit code is of the worst."""
    import_numpy()
    from tui.commands.slo import nothing  # noqa: PLC0415 - with its imports
    from tui.config import load  # noqa: PLC0415 - imports pydantic
    from tui.output.longterm import capacity_data, capacity_table, worst_of  # noqa: PLC0415

    now = time.time()
    at = _until(args.at, now) if args.at else None
    items = _chosen(load(args.config).engine.capacity, args.name)
    views = _seen(args.config, items, now)
    if not views:
        return nothing("nothing has been followed yet: onwatch follows while it runs", args.json)
    if args.json:
        data = [capacity_data(one, at) for one in views]
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        when = f"{datetime.fromtimestamp(now + at).astimezone():%Y-%m-%d}" if at else ""
        print(capacity_table(views, at, when))
    return worst_of(one.status for one in views).exit_code


def _until(text: str, now: float) -> float:
    """Seconds from ``now`` until what ``text`` names. ArgumentError for what is no time to come."""
    try:
        seconds = _span(text.strip(), now)
        datetime.fromtimestamp(now + seconds).astimezone()  # no year is beyond 9999
    except (ValueError, OverflowError):
        why = f'"{text}" is no time: write 6months, 90d, or a date such as 2027-05-01'
        raise ArgumentError("--at", why) from None
    if seconds <= 0:
        raise ArgumentError("--at", f"{text} is over")
    return seconds


def _span(text: str, now: float) -> float:
    """The same. ValueError or OverflowError for what is no time."""
    from checks.capacity.views import MONTH  # noqa: PLC0415 - see above
    from checks.settings import parse_duration  # noqa: PLC0415

    if found := _MONTHS.fullmatch(text):
        return int(found[1]) * MONTH
    if found := _YEARS.fullmatch(text):
        return int(found[1]) * 12 * MONTH
    try:
        return parse_duration(text)
    except ValueError:
        return datetime.fromisoformat(text).astimezone().timestamp() - now


def _chosen(configured: Sequence[Capacity], names: Sequence[str]) -> list[Capacity]:
    from checks.capacity.built_in import built_in  # noqa: PLC0415 - imports numpy

    every = (*configured, *built_in())
    known = dict.fromkeys(one.name for one in every)
    for name in names:
        if name not in known:
            said = f'nothing is called "{name}"; there are {", ".join(known)}'
            raise ArgumentError("", said)
    return [one for one in every if not names or one.name in names]


def _seen(config: str | None, items: Sequence[Capacity], now: float) -> list[CapacityView]:
    from checks.capacity.remembered import remembered, unseen  # noqa: PLC0415 - imports numpy
    from tui.commands.report import opened  # noqa: PLC0415 - imports sqlite3

    found: list[CapacityView] = []
    with opened(config) as journal:
        if journal is not None:
            wanted = tuple(f"capacity/{one.name}/" for one in items)
            about = journal.tallied().items()
            tallied = {series: said for series, said in about if series.startswith(wanted)}
            found = remembered(items, tallied, journal.tallies(tallied), now)
    seen = {view.name for view in found if not view.built_in}
    missing = [one for one in items if not one.built_in and one.name not in seen]
    return [*(unseen(one, now) for one in missing), *found]
