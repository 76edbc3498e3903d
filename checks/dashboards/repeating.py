"""Panels and groups that stand there once for each value of a variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from checks.dashboards.interpolate import Value, Values
from checks.dashboards.model import Panel

__all__ = ["Placed", "spread_out"]

MOST: Final = 12
"""Times that a panel is repeated."""
PANELS: Final = 200
"""Panels that a dashboard has at most once repeated."""
_WIDTH: Final = 24
_ABREAST: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A panel with the values that it has of its own."""

    panel: Panel
    values: Values


def spread_out(
    panels: Sequence[Panel], values: Values, options: Mapping[str, Sequence[str]]
) -> tuple[tuple[Placed, ...], tuple[str, ...]]:
    """The panels with those repeated that are to be, and what is left out of them.

    ``options`` are all values of a variable, which are meant where "All" is chosen.
    """
    made: list[Placed] = []
    notes: list[str] = []
    down = 0
    for group, members in groupby(panels, key=lambda one: (one.group, one.repeat_group)):
        of_group = list(members)
        for number, own in enumerate(_each(group[1], values, options, notes)):
            height = _height(of_group)
            down += height if number else 0
            for one, more in _repeated(of_group, own, options, notes):
                if len(made) == PANELS:
                    # Not made to be counted: of groups and panels that are repeated there may be
                    # a hundred times as many.
                    notes.append(f"the first {PANELS} panels are shown; there are more")
                    return tuple(made), tuple(dict.fromkeys(notes))
                made.append(Placed(_moved(one.panel, down), one.values))
                down += more
    return tuple(made), tuple(dict.fromkeys(notes))


def _repeated(
    panels: Iterable[Panel],
    values: Values,
    options: Mapping[str, Sequence[str]],
    notes: list[str],
) -> Iterator[tuple[Placed, int]]:
    """Each panel, and by how much what comes after it moves down."""
    for panel in panels:
        every = _each(panel.repeat, values, options, notes)
        if len(every) == 1:
            yield Placed(panel, every[0]), 0
            continue
        across = min(len(every), _ABREAST)
        for number, own in enumerate(every):
            last_of_line = number % across == across - 1 and number + 1 < len(every)
            one = replace(panel, place=_abreast(panel, number % across, across))
            yield Placed(one, own), (panel.place[3] if panel.place and last_of_line else 0)


def _each(
    name: str, values: Values, options: Mapping[str, Sequence[str]], notes: list[str]
) -> list[Values]:
    """The values with the variable ``name`` fixed to each that it has; once where it has none."""
    value = values.variables.get(name) if name else None
    if value is None:
        return [values]
    texts = tuple(options.get(name, ())) if value.raw else value.texts
    if len(texts) > MOST:
        notes.append(f"for ${name} the first {MOST} of {len(texts)} values are shown")
    return [
        replace(values, variables={**values.variables, name: Value((text,), value.several)})
        for text in texts[:MOST]
    ] or [values]


def _abreast(panel: Panel, column: int, columns: int) -> tuple[int, int, int, int] | None:
    if panel.place is None:
        return None
    width = _WIDTH // columns
    return column * width, panel.place[1], width, panel.place[3]


def _height(panels: Iterable[Panel]) -> int:
    places = [one.place for one in panels if one.place is not None]
    if not places:
        return 0
    return max(y + height for _, y, _, height in places) - min(y for _, y, _, _ in places)


def _moved(panel: Panel, down: int) -> Panel:
    if panel.place is None or not down:
        return panel
    x, y, width, height = panel.place
    return replace(panel, place=(x, y + down, width, height))
