"""Whether expressions with variables in them are PromQL, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from checks.dashboards.interpolate import Value, Values, references
from checks.dashboards.model import Dashboard, Panel, Variable
from checks.model import clean
from checks.promql.ast import Node
from checks.promql.errors import PromQLError
from checks.promql.syntax import parse
from checks.rules.meant import hardly_meant

__all__ = ["cannot_be_shown", "doubts_about", "mistake_in", "tree_of"]

_STAND_INS: Final = ("x", "1", "5m")
"""What a variable may stand for that has no value yet: a name, a number, a duration."""


def mistake_in(expr: str, variables: Sequence[Variable]) -> str:
    """Why ``expr`` is no expression whatever ``variables`` stand for; empty where it is one."""
    used = references(expr)
    known = {one.name: one for one in variables}
    for name in sorted(used - known.keys()):
        if not Values().knows(name):
            return f"there is no variable ${name}"
    parsed = _parsed(expr, [known[name] for name in sorted(used & known.keys())])
    return parsed if isinstance(parsed, str) else ""


def _parsed(expr: str, variables: Sequence[Variable]) -> Node | str:
    """``expr`` with something for its variables; or the first mistake, where nothing fits."""
    first = ""
    for values in _guesses(variables):
        try:
            return parse(values.promql(expr))
        except PromQLError as wrong:
            first = first or wrong.message
    return first


def tree_of(expr: str, variables: Sequence[Variable]) -> Node | None:
    """``expr`` with something for its variables; None where it is no expression whatever they
    stand for."""
    parsed = _parsed(expr, [one for one in variables if one.name in references(expr)])
    return None if isinstance(parsed, str) else parsed


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
    """A sentence for each expression of ``dashboard`` that is none, or hardly meant so."""
    for panel in dashboard.panels:
        for query in panel.queries:
            said = _doubt(query.expr, dashboard.variables) if query.expr else ""
            if said:
                yield f"panel {panel.title or '(untitled)'}: {said}, in {clean(query.expr, 200)}"


def cannot_be_shown(panel: Panel, variables: Sequence[Variable]) -> bool:
    """Whether there is no way to show ``panel``, or none of one of its expressions."""
    wrong = (mistake_in(query.expr, variables) for query in panel.queries if query.expr)
    return bool(panel.unshown) or any(wrong)


def _doubt(expr: str, variables: Sequence[Variable]) -> str:
    mistake = mistake_in(expr, variables)
    if mistake:
        return mistake
    root = tree_of(expr, variables)
    if root is not None and any(hardly_meant(root)):
        return "it is of all since the application's start, not of late: rate() is missing"
    return ""
