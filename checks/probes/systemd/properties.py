"""The properties of units that are asked for, and how ``systemctl show`` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

__all__ = ["MANAGER", "UNIT", "blocks", "moment", "number", "states", "timespan", "words"]

UNIT: Final = (
    "Id", "Names", "LoadState", "LoadError", "ActiveState", "SubState", "UnitFileState", "Type",
    "Result", "ExecMainCode", "ExecMainStatus", "MainPID", "NRestarts", "RestartUSec",
    "StateChangeTimestampMonotonic", "ActiveEnterTimestamp", "ActiveEnterTimestampMonotonic",
    "InactiveEnterTimestampMonotonic", "ExecMainExitTimestampMonotonic", "TriggeredBy",
    "ConditionResult", "ConditionTimestampMonotonic", "NeedDaemonReload", "MemoryCurrent",
    "TasksCurrent", "TasksMax", "CPUUsageNSec", "Unit", "NextElapseUSecRealtime",
    "NextElapseUSecMonotonic", "LastTriggerUSec", "NAccepted", "NConnections", "NRefused",
)  # fmt: skip
"""Properties of a unit; those that its type does not have are left out of the answer."""

MANAGER: Final = ("Version", "SystemState", "NFailedUnits", "NJobs")
"""Properties of systemd itself."""

_MOST_LINES: Final = 200_000
_SPAN: Final = re.compile(r"(?<![\d.])(\d{1,20}(?:\.\d{1,20})?)(y|month|w|d|h|min|ms|us|s)\b")
_SECONDS: Final = {
    "y": 31_557_600.0,
    "month": 2_629_800.0,
    "w": 604_800.0,
    "d": 86_400.0,
    "h": 3_600.0,
    "min": 60.0,
    "s": 1.0,
    "ms": 0.001,
    "us": 0.000_001,
}
_UNSET: Final = 2**64 - 1


def blocks(text: str) -> list[dict[str, str]]:
    """The answer as a mapping for each unit; an empty line stands between two."""
    found: list[dict[str, str]] = []
    current: dict[str, str] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        name, equals, value = line.partition("=")
        if not line.strip():
            if current:
                found.append(current)
                current = {}
        elif equals:
            current[name] = value
    if current:
        found.append(current)
    return found


def states(text: str) -> dict[str, tuple[str, str, str]]:
    """Load, active and sub state of each unit of a listing, by name."""
    found = {}
    for line in text.splitlines()[:_MOST_LINES]:
        columns = line.split(None, 4)
        if len(columns) >= 4:
            found[columns[0]] = (columns[1], columns[2], columns[3])
    return found


def words(block: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A property that is a list of names."""
    return tuple(block.get(name, "").split())


def number(block: Mapping[str, str], name: str) -> int | None:
    """A property that is a number; None where it is not set (``[not set]``, all bits set)."""
    text = block.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    value = int(text)
    return None if value == _UNSET else value


def moment(block: Mapping[str, str], name: str) -> float | None:
    """A time of day as ``Fri 2026-11-27 00:14:31 UTC``, in seconds since 1970; None for none.

    It is written in UTC because that is what ``TZ`` says where it is asked for.
    """
    parts = block.get(name, "").split()
    if len(parts) < 3:
        return None
    try:
        return datetime.fromisoformat(f"{parts[1]}T{parts[2]}+00:00").timestamp()
    except ValueError:
        return None


def timespan(block: Mapping[str, str], name: str) -> float | None:
    """A span such as ``1h 2min 3.5s`` in seconds; None for ``infinity`` and what is none."""
    text = block.get(name, "")
    if text == "0":
        return 0.0
    parts = _SPAN.findall(text)
    return sum(float(count) * _SECONDS[unit] for count, unit in parts) if parts else None


if __name__ == "__main__":
    # For tools/record-systemd, which asks what the check asks.
    print(",".join(UNIT))  # noqa: T201
