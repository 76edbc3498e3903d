"""A dashboard as it is configured or imported, before anything is measured."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.model import Status

__all__ = ["Dashboard", "Panel", "PanelKind", "Query", "Threshold", "Variable"]


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
    """

    expr: str = ""
    sql: str = ""
    check: str = ""
    legend: str = ""
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` on (below it where ``falling``) a figure is ``status``."""

    value: float
    status: Status
    falling: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One panel.

    ``unit`` is one of ours (``s``, ``B``, ``B/s``, ``%``, ``ratio``, ``/s``, empty) or a text to
    put behind numbers. ``place`` is ``(x, y, width, height)`` in Grafana's grid of 24 columns;
    None lets it flow. ``unshown`` says why it cannot be shown at all, empty where it can.
    ``group`` is the title of the row that it stands under.
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


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A template variable: its values are ``options``, or asked for with ``query``
    (``label_values(up, job)``). ``multi`` lets several be chosen; ``all_value`` is what "All"
    stands for, None where it is not offered.
    """

    name: str
    label: str = ""
    query: str = ""
    options: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    multi: bool = False
    all_value: str | None = None
    hidden: bool = False


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
