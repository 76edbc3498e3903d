"""`python -m benchmarks [name …]`: all of them, or those named."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("first_frame", "store", "many_targets", "steady", "database_cost", "request_log")


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    for name in chosen:
        if name not in NAMES:
            sys.exit(f"no benchmark {name!r}; there are: {', '.join(NAMES)}")
        import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main()
