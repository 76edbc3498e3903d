"""``onwatch promqltest``: runs scripts in Prometheus' language for tests of PromQL."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.numerics import import_numpy

if TYPE_CHECKING:
    from checks.promqltest.report import Report
    from checks.promqltest.script import Script

__all__ = ["read_scripts", "run"]

MOST_BYTES: Final = 32 * 1024 * 1024
"""Of a script."""
_WIDE: Final = 2_000


def run(args: argparse.Namespace) -> int:
    """Print what every case came to that did not pass, and counts; 1 where one failed.

    A script that cannot be read is a ConfigError, which ends the program with 2.
    """
    import_numpy()
    from checks.promqltest.runner import run_script  # noqa: PLC0415 - imports numpy

    delayed = args.delayed_name_removal == "on"
    reports: list[Report] = []
    for script in read_scripts(args.files):
        report = run_script(script, delayed_name_removal=delayed)
        reports.append(report)
        for line in _told(report):
            sys.stdout.write(f"{clean(line, _WIDE)}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{_total(reports, args.delayed_name_removal)}\n")
    return 1 if any(report.failed for report in reports) else 0


def read_scripts(names: list[str]) -> list[Script]:
    """The scripts in these files. Raises ConfigError with the first mistake of each."""
    from checks.promqltest.reader import read_script  # noqa: PLC0415 - imports numpy

    scripts: list[Script] = []
    mistakes: list[ConfigProblem] = []
    for name in names:
        try:
            scripts.append(read_script(_text(name), name))
        except ConfigError as error:
            mistakes += error.problems
    if mistakes:
        raise ConfigError(mistakes)
    return scripts


def _text(name: str) -> str:
    """What the file says. Raises ConfigError where it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError([ConfigProblem(name, 0, "", error.strerror or str(error))]) from None
    if len(content) > MOST_BYTES:
        raise ConfigError([ConfigProblem(name, 0, "", "the file is larger than 32 MB")])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([ConfigProblem(name, line, "", "this is no UTF-8 text")]) from None


def _told(report: Report) -> Iterator[str]:
    """The lines about one file: what was skipped and what failed, then the counts."""
    lines = [
        (skipped.line, [f"{report.name}:{skipped.line}: skipped, {skipped.reason}: {skipped.text}"])
        for skipped in report.skipped
    ]
    for failed in report.failed:
        head = f"{report.name}:{failed.line}: failed: {failed.text}"
        lines.append((failed.line, [head, *(f"    {problem}" for problem in failed.problems)]))
    for _, told in sorted(lines):
        yield from told
    yield str(report)


def _total(reports: list[Report], delayed: str) -> str:
    counts = (
        f"{sum(report.passed for report in reports)} passed, "
        f"{sum(len(report.failed) for report in reports)} failed, "
        f"{sum(len(report.skipped) for report in reports)} skipped"
    )
    files = "1 file" if len(reports) == 1 else f"{len(reports)} files"
    return f"{files}: {counts} (delayed name removal {delayed})"
