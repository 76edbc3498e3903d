"""Hunting by hypothesis: as many inputs as there is time for, the failing ones made small."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import HypothesisWarning

from tests.fuzz.grammar import inputs
from tests.fuzz.target import Target

__all__ = ["Hunted", "hunt"]

_A_ROUND = 400


@dataclass(slots=True)
class Hunted:
    """How many inputs were tried, and the smallest that failed, with its error."""

    tried: int = 0
    failing: bytes | None = None
    error: BaseException | None = None

    def fails(self, data: bytes, error: BaseException) -> None:
        if self.failing is None or len(data) < len(self.failing):
            self.failing, self.error = data, error


def hunt(target: Target, seconds: float, *, swollen: bool = True) -> Hunted:
    """Try inputs for ``seconds``, those of a megabyte first; ends with the first that fails."""
    found = Hunted()
    deadline = time.monotonic() + seconds
    if swollen:
        _swollen(target, found, time.monotonic() + seconds / 3)
    while time.monotonic() < deadline and found.failing is None:
        _round(target, found, deadline)
    return found


def _swollen(target: Target, found: Hunted, deadline: float) -> None:
    for data in target.swollen():
        if time.monotonic() > deadline or found.failing is not None:
            return
        _try(target, data, found)


def _try(target: Target, data: bytes, found: Hunted) -> None:
    found.tried += 1
    try:
        target.check(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        found.fails(data, error)


def _round(target: Target, found: Hunted, deadline: float) -> None:
    @settings(
        max_examples=_A_ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(inputs(target))
    def property_(data: bytes) -> None:
        if time.monotonic() > deadline:
            return
        found.tried += 1
        try:
            target.check(data)
        except Exception as error:
            found.fails(data, error)
            raise

    try:
        with warnings.catch_warnings():
            # That the failing input is large; it is kept as a file.
            warnings.simplefilter("ignore", HypothesisWarning)
            property_()
    except Exception:
        # Also what hypothesis says where time ran out while it made the input smaller.
        if found.failing is None:
            raise
