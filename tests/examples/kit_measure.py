"""What alerts took to fire, kept for the table in docs/seeds.md."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

__all__ = ["FILE", "Fired", "note"]

FILE: Final = "ONWATCH_SEEDS_MEASURED"
"""The variable that names the file which measurements are added to; none are without it."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that fired.

    Attributes:
        condition: what was the matter, in words.
        hold: seconds of its ``for``.
        interval: seconds between the evaluations of its group.
        seconds: from the condition until it fired, on the clock that the test moves.
        pretended: the metrics whose samples the test changed on their way, to bring it about.
    """

    system: str
    alert: str
    severity: str
    condition: str
    hold: float
    interval: float
    seconds: float
    pretended: tuple[str, ...] = ()

    @property
    def allowed(self) -> float:
        """Seconds within which it must have fired: ``for`` and two intervals."""
        return self.hold + 2 * self.interval


def note(fired: Fired, labels: Mapping[str, str], sentence: str) -> None:
    """Add it to the file that ``python -m tools.seeds --measure`` asks for."""
    where = os.environ.get(FILE)
    if not where:
        return
    hidden = {"alertname", "severity", "instance"}
    named = {name: value for name, value in labels.items() if name not in hidden}
    line = {**asdict(fired), "labels": named, "sentence": sentence}
    with Path(where).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
