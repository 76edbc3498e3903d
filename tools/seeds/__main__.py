"""``python -m tools.seeds [--measure [TEST …]] [--items CHECKLIST]``: writes docs/seeds.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.examples.kit_measure import FILE
from tools.seeds.page import MEASURED, PAGE, measured, page
from tools.seeds.rows import FOLDER, ROOT, checklist


def main() -> int:
    """Write the page; what is asked for besides comes first."""
    arguments = argparse.ArgumentParser(prog="python -m tools.seeds", description=__doc__)
    arguments.add_argument(
        "--measure",
        nargs="*",
        metavar="TEST",
        help="run the examples' tests before, or these alone",
    )
    arguments.add_argument("--items", type=Path, help="take the guides' wording from this file")
    chosen = arguments.parse_args()
    if chosen.items:
        _take(chosen.items)
    if chosen.measure is not None and (code := _measure(chosen.measure or ["tests/examples"])):
        return code
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


def _take(file: Path) -> None:
    words = {key: text for key, (text, _, _) in checklist(file).items()}
    text = yaml.safe_dump(words, allow_unicode=True, width=10_000, sort_keys=False)
    (FOLDER / "items.yaml").write_text(text, encoding="utf-8")


def _measure(tests: Sequence[str]) -> int:
    """Run ``tests``; what they measured of a system takes the place of what was known of it."""
    fresh = MEASURED.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *tests],
        cwd=ROOT,
        env={**os.environ, FILE: str(fresh)},
        check=False,
    )
    if ran.returncode == 0 and fresh.exists():
        found = [json.loads(line) for line in fresh.read_text(encoding="utf-8").splitlines()]
        systems = {one["system"] for one in found}
        kept = [one for one in measured() if one["system"] not in systems]
        lines = {json.dumps(one, ensure_ascii=False) for one in (*kept, *found)}
        MEASURED.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")
    fresh.unlink(missing_ok=True)
    return ran.returncode


if __name__ == "__main__":
    raise SystemExit(main())
