"""``onwatch dashboard list``: which dashboards there are, by name."""

from __future__ import annotations

import argparse
import json
import sys

from rich.cells import cell_len

from checks.dashboards.model import Dashboard
from checks.model import clean
from tui.config import load
from widgets.text import left

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print a line for each dashboard of the configuration."""
    found = load(args.config).engine.dashboards
    if args.json:
        rows = [_as_json(one) for one in found]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    if not found:
        sys.stderr.write("no dashboards: add some under dashboards: in the configuration\n")
        return 0
    width = max(cell_len(one.name) for one in found)
    for one in found:
        count = f"{len(one.panels)} panel{'' if len(one.panels) == 1 else 's'}"
        print(clean(f"{left(one.name, width)}  {one.title}  ({count}; {one.place})", 500))
    return 0


def _as_json(one: Dashboard) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title,
        "place": one.place,
        "panels": len(one.panels),
        "variables": [variable.name for variable in one.variables],
        "notes": list(one.notes),
    }
