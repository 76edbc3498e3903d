"""Write docs/keys.md from the bindings themselves: ``python tools/keys.py``."""

from __future__ import annotations

from pathlib import Path

from tui.bindings import keys_page

PAGE = Path(__file__).parents[1] / "docs" / "keys.md"


def main() -> None:
    PAGE.write_text(keys_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
