"""The reviewed list of the cases of Prometheus' suite that are skipped, and why.

``python -m tests.checks.promqltest.skipped`` writes it anew; look at the difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

from checks.promqltest.reader import read_script
from checks.promqltest.report import Report
from checks.promqltest.runner import run_script

__all__ = ["LIST", "OWN", "SUITE", "reports", "written"]

ROOT = Path(__file__).parents[3]
SUITE = ROOT.parent / "shared" / "promqltest"
"""Scripts of Prometheus, beside the project."""
OWN = ROOT / "tests" / "promql"
LIST = OWN / "skipped.txt"

_HEAD = """\
# Cases of Prometheus' suite that are skipped, with their reasons: native histograms, experimental
# functions and experimental syntax. Written by: python -m tests.checks.promqltest.skipped
"""


def reports(folder: Path, *, delayed_name_removal: bool = True) -> list[Report]:
    """What the scripts in ``folder`` come to."""
    return [
        run_script(
            read_script(path.read_text(), path.name), delayed_name_removal=delayed_name_removal
        )
        for path in sorted(folder.glob("*.test"))
    ]


def written(of: list[Report]) -> str:
    """The list, a line a case."""
    lines = [
        f"{report.name}:{skipped.line} {skipped.reason}"
        for report in of
        for skipped in report.skipped
    ]
    return _HEAD + "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    found = reports(SUITE)
    if any(report.failed for report in found):
        sys.exit("cases fail, which is no reason to skip them: onwatch promqltest says which")
    LIST.write_text(written(found))
