"""Write docs/incident-report.md, a report as ``onwatch report`` prints it.

It is of a night that is made up; ``tests/checks/story/test_report.py`` pins it to the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from checks.story.report.writing import report
from tests.checks.story.night import material

__all__ = ["page"]

_HEAD = """\
<!-- Written by `python -m tools.incidents`: a night that is made up, told by `onwatch report`.
What an incident is, and where all this comes from: incidents.md -->

"""


def page() -> str:
    """The whole page."""
    return _HEAD + report(material())


def main() -> None:
    file = Path(__file__).parents[1] / "docs" / "incident-report.md"
    file.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
