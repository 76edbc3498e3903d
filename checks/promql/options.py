"""How an engine evaluates, and how much an evaluation may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["METADATA_LABELS", "Options"]

METADATA_LABELS: Final = frozenset({"__name__", "__type__", "__unit__"})
"""What goes where a name goes."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an engine.

    Attributes:
        lookback: milliseconds an instant looks back for a sample; None: as the block says.
        delayed_name_removal: Prometheus' feature of that name; its default is off.
        type_and_unit_labels: Prometheus' feature of that name: ``rate`` knows counters by their
            label ``__type__`` instead of their name.
        subquery_step: the default step of subqueries, in milliseconds.
        max_cells: how many values an evaluation may hold in one place.
        max_points: how many steps beyond the first a range query may have, as in Prometheus.
        max_steps: how many steps a subquery may have.
        deadline: seconds that an evaluation may take.
        left_first: where the left side of an operator has nothing, so that there is nothing to
            come of it, the right one is not evaluated; what Prometheus would remark of it, or
            refuse there, is not said then.
    """

    lookback: int | None = None
    delayed_name_removal: bool = False
    type_and_unit_labels: bool = False
    subquery_step: int = 60_000
    max_cells: int = 10_000_000
    max_points: int = 11_000
    max_steps: int = 100_000
    deadline: float = 30.0
    left_first: bool = False
