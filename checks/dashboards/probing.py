"""Whether expressions with variables in them are PromQL, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from checks.dashboards.interpolate import Value, Values, references
from checks.dashboards.model import Dashboard, Variable
from checks.promql.errors import PromQLError
from checks.promql.syntax import parse

__all__ = ["doubts_about", "mistake_in"]

_STAND_INS: Final = ("x", "1", "5m")
"""What a variable may stand for that has no value yet: a name, a number, a duration."""


def mistake_in(expr: str, variables: Sequence[Variable]) -> str:
    """Why ``expr`` is no expression whatever ``variables`` stand for; empty where it is one."""
    used = references(expr)
    known = {one.name: one for one in variables}
    for name in sorted(used - known.keys()):
        if not Values().knows(name):
            return f"there is no variable ${name}"
    first = ""
    for values in _guesses([known[name] for name in sorted(used & known.keys())]):
        try:
            parse(values.promql(expr))
        except PromQLError as wrong:
            first = first or wrong.message
        else:
            return ""
    return first


def _guesses(variables: Sequence[Variable]) -> Iterator[Values]:
    """What ``variables`` may stand for, all of the same sort first."""
    given = {one.name: (*one.default, *one.options)[:1] for one in variables}
    open_ones = [name for name, texts in given.items() if not texts]
    settled = {name: Value(texts) for name, texts in given.items() if texts}
    for texts in product(_STAND_INS, repeat=min(len(open_ones), 3)):
        rest = [texts[-1] if texts else "x"] * len(open_ones)
        filled = [*texts, *rest][: len(open_ones)]
        pairs = zip(open_ones, filled, strict=True)
        yield Values({**settled, **{name: Value((text,)) for name, text in pairs}})
    for text in _STAND_INS:
        # What was chosen when it was saved may be a word for something else, such as "All".
        yield Values({name: Value((text,)) for name in given})


def doubts_about(dashboard: Dashboard) -> Iterable[str]:
    """A sentence for each expression of ``dashboard`` that is none."""
    for panel in dashboard.panels:
        for query in panel.queries:
            mistake = mistake_in(query.expr, dashboard.variables) if query.expr else ""
            if mistake:
                yield f"panel {panel.title or '(untitled)'}: {mistake}, in {query.expr[:200]}"
