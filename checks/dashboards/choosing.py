"""Which values the variables of a dashboard may have now, and which ones they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from checks.dashboards.emptiness import Sampled
from checks.dashboards.interpolate import Value, Values, references
from checks.dashboards.measuring import Measuring
from checks.dashboards.model import Variable
from checks.dashboards.patterns import pattern_of
from checks.dashboards.views import ALL, AUTO_INTERVAL, VariableView
from checks.errors import OnwatchError
from checks.model import clean
from checks.promql.answers import series_name
from checks.promql.ast import Selector
from checks.promql.literals import format_float
from checks.promql.values import LabelSet
from checks.store.matching import Matcher

__all__ = ["Choice", "chosen_values"]

MOST: Final = 1_000
"""Values that a variable may have."""
_CALL: Final = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)
_VALUES: Final = re.compile(r"(?:(?P<of>.*\S)\s*,\s*)?(?P<label>[a-zA-Z_]\w*)\s*", re.DOTALL)


InSql: TypeAlias = Callable[[Variable, Values], tuple[tuple[str, ...], str]]
"""Says the values of a variable in SQL, and why it has none."""


class Choice:
    """A variable with the options that were found, and a complaint where none could be."""

    def __init__(self, variable: Variable, options: tuple[str, ...], error: str = "") -> None:
        self.variable = variable
        self.options = tuple(clean(one, 200) for one in options)
        self.error = error

    def view(self, chosen: tuple[str, ...]) -> VariableView:
        """As it is shown with these values."""
        own = self.variable
        return VariableView(
            own.name,
            clean(own.label or own.name, 60),
            self.options,
            tuple(clean(one, 200) for one in chosen),
            own.multi,
            own.all_value is not None,
            own.hidden,
            own.free,
        )


def chosen_values(
    variables: Sequence[Variable],
    wanted: Mapping[str, tuple[str, ...]],
    store: Sampled,
    measuring: Measuring,
    values: Values,
    *,
    in_sql: InSql | None = None,
) -> tuple[Values, tuple[VariableView, ...], tuple[str, ...]]:
    """``values`` with the variables', how they are shown, and what is wrong with some.

    ``in_sql`` tells the options of those in SQL. One after the other: the options of the later
    ones may hang on what the earlier ones are.
    """
    views, errors = [], []
    for variable in _in_order(variables):
        if variable.sql and in_sql is not None:
            choice = _choice(variable, *in_sql(variable, values), variable.sql)
        else:
            choice = _found(variable, store, measuring, values)
        chosen = _chosen(choice, wanted.get(variable.name))
        views.append(choice.view(chosen))
        value = _value(choice, chosen)
        values = replace(values, variables={**values.variables, variable.name: value})
        if choice.error:
            errors.append(f"${variable.name}: {choice.error}")
    order = [one.name for one in variables]
    views.sort(key=lambda one: order.index(one.name))
    return values, tuple(views), tuple(errors)


def _in_order(variables: Sequence[Variable]) -> Iterator[Variable]:
    """Each after those that its query names; a circle as it is written."""
    left = list(variables)
    while left:
        names = {one.name for one in left}
        ready = [one for one in left if not (_named_by(one) & names) - {one.name}]
        for one in ready or left[:1]:
            left.remove(one)
            yield one


def _named_by(variable: Variable) -> frozenset[str]:
    return references(variable.query) | references(variable.sql)


def _chosen(choice: Choice, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """What was wished for, as far as there is such a value; else the author's own; else the
    first."""
    variable, options = choice.variable, choice.options
    offers_all = variable.all_value is not None
    for given in (wanted, variable.default):
        if not given:
            continue
        if ALL in given and offers_all:
            return (ALL,)
        kept = given if variable.free else tuple(one for one in given if one in options)
        if kept:
            return kept if variable.multi else kept[:1]
    if offers_all:
        return (ALL,)
    return options[:1]


def _value(choice: Choice, chosen: tuple[str, ...]) -> Value:
    variable = choice.variable
    several = variable.multi or variable.all_value is not None
    if chosen == (ALL,) and variable.all_value is not None:
        if variable.all_value:
            return Value((variable.all_value,), several, raw=True)
        # Without any option everything is meant, not nothing.
        return Value(choice.options, several) if choice.options else Value((".*",), raw=True)
    if chosen == (AUTO_INTERVAL,):
        # It is for the windows of rates mostly, which want a few samples.
        return Value(chosen, own="__rate_interval")
    return Value(chosen or ("",), several)


def _found(variable: Variable, store: Sampled, measuring: Measuring, values: Values) -> Choice:
    """The options that there are now."""
    if not variable.query:
        return Choice(variable, variable.options)
    query = values.promql(variable.query)
    try:
        found = _asked(query, store, measuring, values)
    except (OnwatchError, ValueError) as wrong:
        return Choice(variable, variable.options, clean(f"{wrong}, in {query}", 300))
    return _choice(variable, found, "", query)


def _choice(variable: Variable, found: Iterable[str], error: str, asked: str) -> Choice:
    """The variable with what of ``found`` it may have."""
    try:
        kept = _kept(found, variable.pattern)
    except ValueError as wrong:
        kept, error = [], str(wrong)
    made = _sorted(kept, variable.sort)[:MOST]
    options = (*variable.options, *made)
    if not options and not error:
        error = f"there is nothing to choose: {asked} has no values"
    return Choice(variable, options, clean(error, 300))


def _asked(query: str, store: Sampled, measuring: Measuring, values: Values) -> Iterable[str]:
    """What Grafana's query for a variable comes to.

    https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/

    Raises:
        OnwatchError: an expression in it is wrong.
        ValueError: it is none of these.
    """
    called = _CALL.fullmatch(query)
    match (called[1], called[2]) if called else ("", ""):
        case ("label_values", inside):
            return _label_values(inside, store, measuring)
        case ("label_names", _):
            return sorted({name for labels in _series("", store, measuring) for name, _ in labels})
        case ("metrics", inside):
            pattern = pattern_of(inside.strip().strip("\"'"))
            return sorted(name for name in store.names if pattern.search(name))
        case ("query_result", inside):
            return _results(inside, store, measuring, values)
    if called is None and query.strip():
        return _results(query, store, measuring, values)
    raise ValueError("it is neither label_values(), metrics(), label_names() nor query_result()")


def _label_values(inside: str, store: Sampled, measuring: Measuring) -> Iterable[str]:
    found = _VALUES.fullmatch(inside.strip())
    if found is None:
        raise ValueError("label_values() wants a label: label_values(up, job)")
    label = found["label"]
    labels = _series(found["of"] or "", store, measuring)
    return sorted({value for one in labels for name, value in one if name == label})


def _series(selector: str, store: Sampled, measuring: Measuring) -> Iterator[LabelSet]:
    """The label sets of what ``selector`` selects; of all where it is empty."""
    name, matchers = "", tuple[Matcher, ...]()
    if selector.strip():
        root = measuring.expression(selector).root
        if not isinstance(root, Selector):
            raise ValueError("label_values() wants a metric, with or without matchers")
        name, matchers = root.name, root.matchers
    for group in store.groups(name, matchers):
        yield from group.labels


def _results(text: str, store: Sampled, measuring: Measuring, values: Values) -> list[str]:
    """Each sample as a text, as Grafana has it: ``name{label="value"} 3 1700000000000``."""
    at = round(values.end * 1000)
    outcome = measuring.engine.instant(store, measuring.expression(text), at)
    return [
        f"{series_name(labels)} {format_float(value)} {at}" for labels, value in outcome.samples()
    ]


def _kept(found: Iterable[str], written: str) -> list[str]:
    """Of ``found`` what the pattern ``written`` matches, and its group where it has one."""
    if not written:
        return list(dict.fromkeys(found))
    pattern, kept = pattern_of(written), []
    for one in found:
        match = pattern.search(one)
        if match is None:
            continue
        named = match.groupdict()
        taken = named.get("value") or next((g for g in match.groups() if g is not None), match[0])
        kept.append(taken)
    return list(dict.fromkeys(kept))


def _sorted(found: list[str], sort: str) -> list[str]:
    down = sort.startswith("-")
    match sort.removeprefix("-"):
        case "name":
            return sorted(found, key=str.lower, reverse=down)
        case "number":
            return sorted(found, key=_number, reverse=down)
        case _:
            return found


def _number(text: str) -> tuple[float, str]:
    digits = re.search(r"-?\d+(?:\.\d+)?", text)
    return (float(digits[0]) if digits else float("-inf")), text
