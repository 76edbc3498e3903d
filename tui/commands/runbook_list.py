"""``onwatch runbook list``: which runbooks there are, by name."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.cells import cell_len

from checks.model import clean
from checks.runbooks.library import Library
from tui.config import load
from widgets.text import left

__all__ = ["library", "run"]


def run(args: argparse.Namespace) -> int:
    """Print a line for each runbook, the user's first; 1 where one of them cannot be used."""
    books = library(args)
    own = {each.name: each for each in books.own}
    rows = [(each.name, each.title, each.path) for each in own.values()]
    rows += [
        (name, books.built_in_title(name), "built-in") for name in books.names if name not in own
    ]
    if args.json:
        print(json.dumps([_as_json(*row) for row in rows], ensure_ascii=False, indent=2))
    else:
        width = max(cell_len(name) for name, _, _ in rows)
        for name, title, path in rows:
            place = "" if path == "built-in" else f"  ({path})"
            print(clean(f"{left(name, width)}  {title}{place}", 500))
    return 1 if books.problems else 0


def library(args: argparse.Namespace) -> Library:
    """The runbooks of the configuration; what is wrong with them is said at once."""
    books = Library(load(args.config).engine.runbooks)
    books.refresh()
    for problem in books.problems:
        sys.stderr.write(f"warning: {clean(problem, 500)}\n")
    return books


def _as_json(name: str, title: str, path: str) -> dict[str, Any]:
    return {"name": name, "title": title, "path": path, "built_in": path == "built-in"}
