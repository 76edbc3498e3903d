"""What a metrics page says, and why one cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["ExpositionError", "Family", "Labels", "Page", "TooManySeriesError"]

Labels = tuple[tuple[str, str], ...]
"""Label names and values in the order of the page, escapes resolved."""

T = TypeVar("T")


class ExpositionError(ValueError):
    """The page is not what it should be; ``line`` counts from 1, the text is a clause."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {why}")


class TooManySeriesError(ExpositionError):
    """The page goes on past the bound on its series."""


@dataclass(slots=True)
class Family:
    """What a page says of a metric besides its samples; empty where it says nothing."""

    type: str = ""
    help: str = ""
    unit: str = ""


@dataclass(slots=True, eq=False)
class Page(Generic[T]):
    """A page that was read: ``values[i]`` is that of ``items[i]``.

    Attributes:
        items: what the reader made of each series, in the page's order.
        values: their values.
        timestamps: of the samples that carry one, by their place: seconds since 1970.
        lines: of the samples, counted from 1, as far as :meth:`line` needs them.
        families: by the name that the page gives them.
        left_out: samples that the reader was told to leave out.
        exemplars: samples that carry an exemplar, which is not read.
        fresh: series that the page before did not have.
    """

    items: list[T] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    timestamps: dict[int, float] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    left_out: int = 0
    exemplars: int = 0
    fresh: int = 0
