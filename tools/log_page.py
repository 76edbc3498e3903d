"""Writes the table of ready-made patterns in docs/checks/log.md.

Run it as ``python -m tools.log_page`` after changing one; a test fails until then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from checks.logs.patterns_ready import READY, Ready

__all__ = ["PAGE", "page"]

PAGE: Final = Path(__file__).parent.parent / "docs" / "checks" / "log.md"
_BEGIN: Final = "<!-- Written by tools/log_page.py. -->\n"
_END: Final = "<!-- Up to here. -->\n"


def page() -> str:
    """The page, with the table as it should be."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_table()}\n{_END}{after}"


def _table() -> str:
    rows = [f"| `{name}` | {ready.about} | {_bounds(ready)} |" for name, ready in READY.items()]
    return "\n".join(["| name | finds | bounds |", "|---|---|---|", *rows]) + "\n"


def _bounds(ready: Ready) -> str:
    bounds = (("warning", ready.warning), ("critical", ready.critical))
    told = ", ".join(f"{name} `{bound}`" for name, bound in bounds if bound is not None)
    return told or "none unless given"


def main() -> None:
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
