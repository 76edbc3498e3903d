"""`python -m benchmarks [--write FILE] [NAME …]`: all of them, or those named.

With ``--write`` the figures are put down as a page, which wants all of them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import traceback
from importlib import import_module
from pathlib import Path

from benchmarks.report import HEADER, Section, as_markdown, as_text, pace_of

NAMES = (
    "first_frame",
    "store",
    "expressions",
    "rules",
    "exposition",
    "many_targets",
    "steady",
    "keys",
    "slow_link",
    "stalled",
    "database_cost",
    "request_log",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put a page of all down here")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}")
    if arguments.write and arguments.names:
        parser.error("--write wants all benchmarks in one run")
    sections: list[Section] = []
    failed: list[str] = []
    for name in arguments.names or NAMES:
        try:
            for section in import_module(f"benchmarks.{name}").run():
                print(as_text(section), flush=True)
                sections.append(section)
        except Exception:  # noqa: BLE001 - told, and the others go on
            traceback.print_exc()
            failed.append(name)
    budgets = tuple(budget for section in sections for budget in section.budgets)
    rows = tuple(budget.cells(pace_of(sections)) for budget in budgets)
    print(as_text(Section("budgets", HEADER, rows)))
    if failed:
        sys.exit(f"failed, and no page is written: {', '.join(failed)}")
    if arguments.write:
        arguments.write.write_text(as_markdown(sections, dt.datetime.now(dt.UTC).date()))


if __name__ == "__main__":
    main()
