"""The values that templates work on, and what Go calls their types.

Go's strings, booleans, ints and float64s are Python's own; a ``map[string]string`` is a dict, nil
(and what a missing entry of ``args`` comes to) is None. The classes below are the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from checks.templates.times import Duration, Instant

__all__ = ["Arguments", "Data", "Html", "Octet", "Sample", "Samples", "is_true", "type_name"]


class Html(str):
    """What ``safeHtml`` returns: text, yet no ``string`` to a function that wants one."""

    __slots__ = ()


class Octet(int):
    """A byte of a string."""


class Arguments(dict[str, object]):
    """What ``args`` returns; they may hold each other, so how much that is is counted."""

    @cached_property
    def weight(self) -> int:
        """Characters and entries in all, each counted as often as it would be written."""
        return sum(map(_weight, self.values())) + len(self)

    @cached_property
    def depth(self) -> int:
        held = (value.depth for value in self.values() if isinstance(value, Arguments))
        return max(held, default=0) + 1


def _weight(value: object) -> int:
    if isinstance(value, Arguments):
        return value.weight
    if isinstance(value, Mapping):
        return sum(len(key) + len(text) for key, text in value.items())
    if isinstance(value, Samples):
        return sum(_weight(sample.labels) + 1 for sample in value)
    return len(value) if isinstance(value, str) else 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a query's result."""

    labels: dict[str, str]
    value: float


class Samples(list[Sample]):
    """What ``query`` returns."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What an alert's template is executed on: the first value of ``.`` and ``$``."""

    labels: dict[str, str]
    value: float
    external_labels: dict[str, str]
    external_url: str


_NAMES: Final[dict[type, str]] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    dict: "map[string]string",
    Html: "template.HTML",
    Octet: "uint8",
    Arguments: "map[string]interface {}",
    Sample: "*template.sample",
    Samples: "template.queryResult",
    Instant: "*time.Time",
    Duration: "*time.Duration",
    Data: (
        "struct { Labels map[string]string; ExternalLabels map[string]string; "
        "ExternalURL string; Value float64 }"
    ),
    type(None): "<nil>",
}


def type_name(value: object) -> str:
    """The Go type of ``value``."""
    return _NAMES[type(value)]


def is_true(value: object) -> bool:
    """Go's truth: not the zero of its type, not nil, not empty; a struct is always true."""
    if isinstance(value, (Sample, Data, Instant, Duration)):
        return True
    return bool(value)
