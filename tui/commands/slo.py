"""``onwatch slo``: how the service level objectives stand, as the running monitor counted."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.objectives.model import Objective
    from checks.objectives.views import ObjectiveView

__all__ = ["run"]

UNKNOWN = 3


def run(args: argparse.Namespace) -> int:
    """Print a line for each objective; the exit code is of the worst."""
    import_numpy()
    from tui.config import load  # noqa: PLC0415 - imports pydantic
    from tui.output.longterm import objective_data, objective_table, worst_of  # noqa: PLC0415

    objectives = chosen(load(args.config).engine.objectives, args.name)
    if not objectives:
        return nothing("the configuration has no objectives (docs/objectives.md)", args.json)
    views = _counted(args.config, objectives)
    if args.json:
        print(json.dumps([objective_data(one) for one in views], indent=2, ensure_ascii=False))
    else:
        print(objective_table(views))
    return worst_of(one.status for one in views).exit_code


def chosen(objectives: Sequence[Objective], names: Sequence[str]) -> list[Objective]:
    """Those called ``names``, all where none is named. ArgumentError for a name that none has."""
    known = {one.name: one for one in objectives}
    for name in names:
        if name not in known:
            said = f'no objective is called "{name}"; there are {", ".join(known) or "none"}'
            raise ArgumentError("", said)
    return [known[name] for name in names] if names else list(objectives)


def nothing(sentence: str, as_json: bool) -> int:
    """Say that there is nothing to tell of."""
    if as_json:
        print("[]")
    sys.stderr.write(f"onwatch: {sentence}\n")
    return UNKNOWN


def _counted(config: str | None, objectives: Sequence[Objective]) -> list[ObjectiveView]:
    from checks.longterm.ring import Buckets  # noqa: PLC0415 - imports numpy
    from checks.objectives.budget import judged  # noqa: PLC0415
    from tui.commands.report import opened  # noqa: PLC0415 - imports sqlite3

    buckets = {one.key: Buckets(one.key) for one in objectives}
    with opened(config) as journal:
        tallies = journal.tallies(buckets) if journal is not None else []
    for key, one in buckets.items():
        one.recall([tally for tally in tallies if tally.key.series == key])
    note = "" if tallies else "onwatch counts while it runs"
    now = time.time()
    return [judged(one, buckets[one.key], now, note) for one in objectives]
