"""A panel's series as a table: a row for each set of labels, a column for each query."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from checks.dashboards.figures import NO_VALUE, figure
from checks.dashboards.judging import worded
from checks.dashboards.measuring import Measured
from checks.dashboards.model import Column, Panel, Query
from checks.model import Table
from checks.promql.values import NAME

__all__ = ["table_of"]

_VALUE = "Value"


def table_of(panel: Panel, answers: Sequence[tuple[Query, Measured]]) -> Table:
    """The answers side by side. Columns are called as Grafana calls them before the panel's own
    renaming: by their label, ``Value``, and with several queries ``Value #A``."""
    names = _value_names([query for query, _ in answers])
    rows: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    for name, (_, measured) in zip(names, answers, strict=True):
        for row in measured.rows:
            key = tuple(pair for pair in row.labels if pair[0] != NAME)
            rows.setdefault(key, {})[name] = row.value
    labels = sorted({name for key in rows for name, _ in key})
    known = {column.name: column for column in panel.columns}
    columns = _ordered([*labels, *names], known)
    titles = _titles(columns, known, answers, names)
    numeric = frozenset(titles[name] for name in columns if name in names)
    cells = []
    for key, values in rows.items():
        pairs = dict(key)
        cells.append(
            tuple(
                _cell(panel, known.get(name), values.get(name, math.nan))
                if name in names
                else pairs.get(name, "")
                for name in columns
            )
        )
    return Table(panel.title, tuple(titles[name] for name in columns), tuple(cells), numeric)


def _value_names(queries: Sequence[Query]) -> list[str]:
    if len(queries) == 1:
        return [_VALUE]
    return [f"{_VALUE} #{one.name or chr(65 + at % 26)}" for at, one in enumerate(queries)]


def _ordered(names: Sequence[str], known: Mapping[str, Column]) -> list[str]:
    """Those that are shown; first the ones that have a place, then as they come."""
    kept = [name for name in names if not known.get(name, Column(name)).hidden]
    last = len(kept)

    def place(name: str) -> tuple[int, int]:
        given = known.get(name, Column(name)).place
        return (given if given is not None else last, kept.index(name))

    return sorted(kept, key=place)


def _titles(
    columns: Sequence[str],
    known: Mapping[str, Column],
    answers: Sequence[tuple[Query, Measured]],
    names: Sequence[str],
) -> dict[str, str]:
    """What columns are called: renamed, by the legend of their query, or as they are."""
    legends = {
        name: query.legend
        for name, (query, _) in zip(names, answers, strict=True)
        if query.legend and "{{" not in query.legend and query.legend != "__auto"
    }
    return {
        name: known.get(name, Column(name)).title or legends.get(name, "") or name
        for name in columns
    }


def _cell(panel: Panel, column: Column | None, value: float) -> str:
    said = worded(value, panel.words)
    if said:
        return said
    if math.isnan(value):
        return NO_VALUE
    if column is not None and (column.unit or column.decimals is not None):
        decimals = column.decimals if column.decimals is not None else panel.decimals
        # The panel's own factor is in the value already.
        return figure(value / panel.scale * column.scale, column.unit, decimals)
    return figure(value, panel.unit, panel.decimals)
