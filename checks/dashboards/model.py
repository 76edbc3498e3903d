"""A dashboard as it is configured or imported, before anything is measured."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from checks.model import Status

__all__ = [
    "CALCULATIONS",
    "Column",
    "Dashboard",
    "Panel",
    "PanelKind",
    "Query",
    "Threshold",
    "Variable",
    "Words",
]

CALCULATIONS: Final = ("last", "mean", "min", "max", "sum", "first", "range", "delta", "count")
"""What a series' course is brought down to one figure by."""


class PanelKind(enum.StrEnum):
    """How a panel shows what its queries come to."""

    CHART = "chart"
    NUMBER = "number"
    GAUGE = "gauge"
    TABLE = "table"
    BARS = "bars"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks: one of PromQL, an SQL statement put to ``check``, or a check's value.

    ``legend`` is a template for a series' name, as Grafana's ``legendFormat`` (``{{job}}``).
    ``value`` is the metric of ``check`` that is asked for. An SQL statement without a ``check``
    goes to the only one of ``kind``. ``interval`` is how long a step takes at least (seconds).
    ``negative`` draws downwards. ``name`` is what a table's columns are told apart by (``A``).
    """

    expr: str = ""
    sql: str = ""
    check: str = ""
    legend: str = ""
    instant: bool = False
    value: str = ""
    kind: str = ""
    interval: float = 0.0
    negative: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` on (below it where ``falling``) a figure is ``status``."""

    value: float
    status: Status
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A ``text`` to show for the values from ``low`` to ``high``; for what is not known where
    both are NaN."""

    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """How the column ``name`` of a table is shown; ``place`` orders those that have one."""

    name: str
    title: str = ""
    unit: str = ""
    scale: float = 1.0
    decimals: int | None = None
    hidden: bool = False
    place: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One panel.

    ``unit`` is one of ours (``s``, ``B``, ``B/s``, ``%``, ``ratio``, ``/s``, empty) or a text to
    put behind numbers. ``place`` is ``(x, y, width, height)`` in Grafana's grid of 24 columns;
    None lets it flow. ``unshown`` says why it cannot be shown at all, empty where it can.
    ``group`` is the title of the row that it stands under.

    Values are multiplied by ``scale``; ``low``, ``high`` and the thresholds are of what that
    gives. ``calc`` is one of :data:`CALCULATIONS`. ``words`` are shown for values, ``columns``
    say how a table's look. A panel with ``repeat`` stands there once for each value that this
    variable has, a whole group for each of ``repeat_group``. ``negative`` are patterns for
    names of series that are drawn downwards. ``named`` shows the series' names in place of their
    values: of what has a value only to be there, such as a version. ``notes`` are sentences on
    what of it is shown otherwise than where it came from.
    """

    title: str
    kind: PanelKind
    queries: tuple[Query, ...] = ()
    unit: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    place: tuple[int, int, int, int] | None = None
    group: str = ""
    text: str = ""
    unshown: str = ""
    scale: float = 1.0
    calc: str = "last"
    words: tuple[Words, ...] = ()
    columns: tuple[Column, ...] = ()
    repeat: str = ""
    repeat_group: str = ""
    negative: tuple[str, ...] = ()
    named: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A template variable: its values are ``options``, or asked for with ``query``
    (``label_values(up, job)``). ``multi`` lets several be chosen; ``all_value`` is what "All"
    stands for (empty: every option), None where it is not offered. Of what is asked for, what
    ``pattern`` finds counts, in the order ``sort`` (``name``, ``number``, ``-name``, ``-number``).
    ``free`` takes any text. ``sql`` is a statement in place of a query, as a panel's.
    """

    name: str
    label: str = ""
    query: str = ""
    options: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    multi: bool = False
    all_value: str | None = None
    hidden: bool = False
    pattern: str = ""
    sort: str = ""
    free: bool = False
    sql: str = ""
    check: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dashboard:
    """A dashboard. ``name`` is what it is called by on the command line and unique;
    ``place`` is ``file:line`` or the file it was imported from; ``notes`` are sentences on what
    of it is not shown, or shown otherwise than where it came from.
    """

    name: str
    title: str
    panels: tuple[Panel, ...] = ()
    variables: tuple[Variable, ...] = ()
    span: float = 3600.0
    place: str = ""
    notes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
