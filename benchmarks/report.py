"""What benchmarks have found: as text for a terminal, and as docs/performance.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness import peer

__all__ = [
    "HEADER",
    "REFERENCE",
    "Budget",
    "Section",
    "as_markdown",
    "as_text",
    "machine",
    "pace_of",
]

REFERENCE = 0.184
"""Seconds from exec to the first frame of a minimal Textual app on the machine of the budgets."""
_TOLERATED = 1.25
"""A budget missed by more than a quarter is a defect."""
_OF_PACE = frozenset({"ns", "ms", "s", "%"})
"""Units of what a slower machine takes more of."""
HEADER = ("what", "measured", "at the reference's pace", "budget", "beside its peers", "")
"""What :meth:`Budget.cells` are."""
_PACKAGES = ("onwatch", "textual", "glances", "dolphie", "prometheus_client")
_PROGRAMS = (
    ("prometheus", "--version"),
    ("prometheus-blackbox-exporter", "--version"),
    ("mariadbd", "--version"),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """A figure that has a budget, both in ``unit``; ``least`` where more is better.

    ``beside`` says how it compares with a peer in the same run.
    """

    what: str
    measured: float
    allowed: float
    unit: str
    beside: str = ""
    least: bool = False

    def at(self, pace: float) -> Budget:
        """What it would be on the machine of the budgets, which this one takes ``pace`` times as
        long as; the same where speed has no part in it.
        """
        return replace(self, measured=self.measured / pace) if self.unit in _OF_PACE else self

    @property
    def used(self) -> float:
        """The share of the budget that is used; above 1 it is missed."""
        used, allowed = self.measured, self.allowed
        return allowed / used if self.least else used / allowed

    @property
    def verdict(self) -> str:
        if self.used <= 1.0:
            return "kept"
        word = "missed" if self.used <= _TOLERATED else "MISSED"
        return f"{word}: {self.used:.2f}x of it"

    def cells(self, pace: float = 1.0) -> tuple[str, ...]:
        """What, the figure, what it would be at the reference's pace, its budget, the comparison
        and the verdict."""
        sign, fair = "at least " if self.least else "", self.at(pace)
        allowed = f"{sign}{_figure(self.allowed)} {self.unit}"
        measured, there = (f"{_figure(one.measured)} {self.unit}".strip() for one in (self, fair))
        there = there if self.unit in _OF_PACE else ""
        return self.what, measured, there, allowed.strip(), self.beside, fair.verdict


@dataclass(frozen=True, slots=True)
class Section:
    """The table of one benchmark; ``notes`` are sentences below it.

    ``pace`` is how many times as long as the machine of the budgets this one takes, where that
    was measured.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()
    pace: float | None = None


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if value < 10 else f"{value:.1f}"


def as_text(section: Section) -> str:
    """The section in aligned columns."""
    table = [section.header, *section.rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(section.header))]
    lines = ["", section.title]
    for row in table:
        first, *rest = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  " + "  ".join((first, *rest)).rstrip())
    return "\n".join([*lines, *(f"  {note}" for note in section.notes)])


def pace_of(sections: Iterable[Section]) -> float:
    """How many times as long as the machine of the budgets this one takes; 1 where unknown."""
    return next((one.pace for one in sections if one.pace is not None), 1.0)


def as_markdown(sections: Sequence[Section], today: dt.date) -> str:
    """A page of all sections, the budgets first."""
    pace = pace_of(sections)
    budgets = [budget.cells(pace) for section in sections for budget in section.budgets]
    parts = [
        "# Speed and weight",
        "This page is written by `make bench`, which measures onwatch and its peers side by side"
        " in one run. On another machine only the ratios hold.",
        f"{today:%-d %B %Y}, {machine()}. {_versions()}.",
        "## Budgets",
        "The budgets in seconds and in percent of a core are of a machine on which a minimal"
        f" Textual app paints after {REFERENCE * 1000:.0f} ms. Here it took {pace:.2f} times as"
        " long: beside such figures stands what they come to at the reference's pace, which is"
        " held against the budget.",
        _table(HEADER, budgets),
    ]
    for section in sections:
        parts += [f"## {section.title[0].upper()}{section.title[1:]}"]
        parts += [_table(section.header, section.rows)]
        parts += ["\n".join(f"- {note}" for note in section.notes)] if section.notes else []
    return "\n\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def machine() -> str:
    """The machine in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{cores} cores ({_processor()}), {memory:.0f} GiB,"
        f" {platform.system()} {platform.release().partition('-')[0]}, {python}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _versions() -> str:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    for program, option in _PROGRAMS:
        path = peer(program)
        if path is None:
            found.append(f"{program} not installed")
            continue
        asked = subprocess.run([path, option], capture_output=True, text=True, check=False)
        words = (asked.stdout or asked.stderr).split()
        number = next((word for word in words if word[0].isdigit()), "of unknown version")
        found.append(f"{program} {number}")
    return ", ".join(found)
