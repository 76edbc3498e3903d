"""Whether what a kind of another package hands over is what it should be.

Our own kinds are held to it by the type checker; of others one that is not must cost its own
row alone, and say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from checks.model import Part, Result, Samples, Series, Status, Table
from checks.probe import ChartSpec

__all__ = ["checked_charts", "unsound"]

_TEXTS: Final = ("message", "value", "raw")
_TUPLES: Final = ("facts", "phases", "events", "asked")


def unsound(result: object) -> str:
    """What is wrong with ``result``, the outcome of a run; empty where nothing is."""
    if not isinstance(result, Result):
        return f"run() returned {_shown(result)}, expected a checks.model.Result"
    if not isinstance(result.status, Status):
        return f"its status is {_shown(result.status)}, expected a checks.model.Status"
    if not isinstance(result.samples, Samples):
        return f"its samples are {_shown(result.samples)}, expected checks.model.Samples"
    return _unsound_samples(result.samples) or _unsound_texts(result) or _unsound_rows(result)


def _unsound_texts(result: Result) -> str:
    duration: object = result.duration
    if duration is not None and not _is_number(duration):
        return f"its duration is {_shown(duration)}, expected seconds or None"
    if not isinstance(result.up, bool):
        return f"its up is {_shown(result.up)}, expected True or False"
    for name in _TEXTS:
        if not isinstance(getattr(result, name), str):
            return f"its {name} is {_shown(getattr(result, name))}, expected text"
    for name in _TUPLES:
        if not isinstance(getattr(result, name), tuple):
            return f"its {name} are {_shown(getattr(result, name))}, expected a tuple"
    return ""


def _unsound_samples(samples: Samples) -> str:
    series: object = samples.series
    values: object = samples.values
    if not (isinstance(series, tuple) and all(isinstance(one, Series) for one in series)):
        return f"the series of its samples are {_shown(series)}, expected a tuple of Series"
    if not (isinstance(values, tuple) and all(map(_is_number, values))):
        return "the values of its samples are no tuple of numbers"
    if len(values) != len(series):
        return f"its samples have {len(series)} series and {len(values)} values"
    return ""


def _unsound_rows(result: Result) -> str:
    lists: tuple[tuple[str, object, type], ...] = (
        ("parts", result.parts, Part),
        ("tables", result.tables, Table),
    )
    for name, each, wanted in lists:
        if not isinstance(each, tuple) or not all(isinstance(one, wanted) for one in each):
            return f"its {name} are {_shown(each)}, expected a tuple of {wanted.__name__}"
    for part in result.parts:
        if not isinstance(part.status, Status):
            return f"the status of its part {part.name} is {_shown(part.status)}"
    phases: Iterable[object] = result.phases
    for phase in phases:
        if not (isinstance(phase, tuple) and len(phase) == 2 and _is_number(phase[1])):
            return f"a phase is {_shown(phase)}, expected a name and seconds"
    return ""


def checked_charts(specs: object) -> tuple[ChartSpec, ...]:
    """``specs``, of a kind.

    Raises:
        TypeError: one is no curve that could be drawn; says which.
    """
    if not isinstance(specs, Iterable):
        raise TypeError(f"expected a tuple of ChartSpec, not {_shown(specs)}")
    found = tuple(specs)
    for spec in found:
        if not isinstance(spec, ChartSpec):
            raise TypeError(f"expected a ChartSpec, not {_shown(spec)}")
        if not all(isinstance(text, str) for text in (spec.title, spec.metric, spec.unit)):
            raise TypeError(f"title, metric and unit are text, not those of {_shown(spec)}")
        if not all(each is None or _is_number(each) for each in (spec.warning, spec.critical)):
            raise TypeError(f"a bound of {spec.title!r} is no number")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _shown(value: object) -> str:
    return f"{value!r:.60}" if isinstance(value, str | int | float | None) else type(value).__name__
