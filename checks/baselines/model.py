"""A baseline: figures of a good day, as they were measured. Frozen values; loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "Baseline", "Figure", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of figure: its ``unit`` is ``s``, ``ratio``, ``bytes`` or ``1/s``.

    ``more`` says that more of it is worse, else less is. ``least`` is the difference below which a
    change is none, however many per cent it is: of a thing that takes a millisecond, or is at 1 %.
    """

    unit: str
    more: bool = True
    least: float = 0.0


KINDS: Final = {
    "throughput": Measure("1/s", more=False, least=0.05),
    "p50": Measure("s", least=0.001),
    "p95": Measure("s", least=0.002),
    "p99": Measure("s", least=0.002),
    "error rate": Measure("ratio", least=0.001),
    "latency": Measure("s", least=0.002),
    "CPU": Measure("ratio", least=0.05),
    "memory": Measure("ratio", least=0.05),
}
"""Every kind of figure there is."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` of the ``kind`` (of :data:`KINDS`) of the check ``check``."""

    check: str
    kind: str
    value: float

    @property
    def key(self) -> tuple[str, str]:
        return self.check, self.kind


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """``figures`` measured over ``seconds`` up to ``saved`` (seconds since 1970).

    ``config`` is the file whose checks these are, absolute, empty where there was none; ``host``
    the machine that measured.
    """

    name: str
    saved: float
    seconds: float
    host: str
    config: str
    figures: tuple[Figure, ...]

    def value(self, check: str, kind: str) -> float | None:
        """The figure of that kind of the check; None where there is none."""
        found = (one.value for one in self.figures if one.key == (check, kind))
        return next(found, None)
