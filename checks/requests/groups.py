"""Numbers for the values of breakdown labels, a bounded number of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.model import clean

__all__ = ["CLASSES", "OTHER", "VALUES_A_LABEL", "Groups", "classes_of"]

CLASSES: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx", "other")
"""Classes of status; their groups are 0 to 6. ``none`` is a request without a status."""
OTHER: Final = "other"
VALUES_A_LABEL: Final = 20

Ints = NDArray[np.int64]


def classes_of(statuses: Ints) -> Ints:
    """The group of each status's class."""
    return np.minimum(statuses // 100, len(CLASSES) - 1)


class Groups:
    """Gives every value of every label a group number; values past the cap share one."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        self._others = tuple(len(CLASSES) + index for index in range(len(labels)))
        self._known: tuple[dict[str, int], ...] = tuple({} for _ in labels)
        self.size = len(CLASSES) + len(labels)
        """Groups there are."""

    def codes(self, labels: Sequence[Sequence[str]], in_use: NDArray[np.bool_]) -> list[Ints]:
        """The group of every row's value, for each label.

        ``in_use`` says of each group whether the longest window holds a request of it;
        when a label is full, a new value takes the place of one that has gone.
        """
        return [
            np.array([groups[value] for value in values], dtype=np.int64)
            for index, values in enumerate(labels)
            for groups in (self._assign(index, values, in_use),)
        ]

    def dimensions(self) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        """Each label with its values and their groups, ``other`` among them."""
        for label, known, other in zip(self._labels, self._known, self._others, strict=True):
            yield clean(label, 80), [*known.items(), (OTHER, other)]

    def _assign(
        self, index: int, values: Sequence[str], in_use: NDArray[np.bool_]
    ) -> dict[str, int]:
        known = self._known[index]
        present = dict.fromkeys(values)
        groups: dict[str, int] = {}
        for value in present:
            group = known.get(value)
            if group is None and value != OTHER:
                group = self._place(known, present, in_use)
                if group is not None:
                    known[value] = group
            groups[value] = self._others[index] if group is None else group
        return groups

    def _place(
        self, known: dict[str, int], present: dict[str, None], in_use: NDArray[np.bool_]
    ) -> int | None:
        if len(known) < VALUES_A_LABEL:
            self.size += 1
            return self.size - 1
        for value, group in known.items():
            if value not in present and group < len(in_use) and not in_use[group]:
                del known[value]
                return group
        return None
