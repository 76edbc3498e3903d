"""Filters of records: ``level >= warning and message ~ "slow query"``.

The language is told in ``docs/checks/log.md``; :mod:`checks.logs.filters_syntax` reads it, and
here it becomes a function of a record.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from checks.logs.filters_syntax import (
    Both,
    Compare,
    Either,
    Exists,
    FilterError,
    Literal,
    Node,
    Not,
    Search,
    Word,
    parse,
)
from checks.logs.levels import level_of
from checks.logs.model import Level, Record, Value
from checks.logs.patterns_regex import BadPatternError, octets, regex

__all__ = [
    "EarlyFilter",
    "Filter",
    "FilterError",
    "Fits",
    "Get",
    "as_text",
    "compiled",
    "getter",
    "is_own",
    "numeric",
]

Fits = Callable[[Record], bool]
Get = Callable[[Record], Value]

_ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_ORDERS: Final[dict[str, Callable[[str, str], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled(text: str) -> Fits:
    """Whether a record fits ``text``.

    Raises:
        FilterError: it is no filter.
    """
    return _made(parse(text))


def _checked(text: str) -> str:
    compiled(text)
    return text


def _asks_for_patterns(node: Node) -> Word | None:
    """Where a filter asks which patterns a record matches; None where it does not."""
    if isinstance(node, Both | Either):
        return next(filter(None, map(_asks_for_patterns, node.of)), None)
    if isinstance(node, Not):
        return _asks_for_patterns(node.of)
    field = node.field if isinstance(node, Compare | Exists) else None
    return field if field is not None and field.name == "pattern" else None


def _checked_early(text: str) -> str:
    word = _asks_for_patterns(parse(text))
    if word is not None:
        raise FilterError(word.column, "which patterns match is not known yet here")
    return _checked(text)


Filter = Annotated[str, Field(min_length=1), AfterValidator(_checked)]
"""A filter in a configuration."""
EarlyFilter = Annotated[str, Field(min_length=1), AfterValidator(_checked_early)]
"""One of records of which it is not known yet which patterns they match."""


def numeric(value: Value) -> float | None:
    """``value`` as a number where it is one, or text that is one."""
    if value.__class__ is float:
        return value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return None


def as_text(value: Value) -> str:
    """``value`` as it stands in a log: numbers without a needless ``.0``."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}"


def getter(name: str) -> Get:
    """What a record says under ``name``: one of its fields, or of what every record has."""
    if name.startswith("fields."):
        own = name.removeprefix("fields.")
        return lambda record: record.fields.get(own)
    special = _SPECIAL.get(name)
    return special if special is not None else lambda record: record.fields.get(name)


def is_own(name: str) -> bool:
    """Whether ``name`` is that of a field, and of nothing that every record has."""
    return name not in _SPECIAL and not name.startswith("fields.")


def _level_name(record: Record) -> Value:
    return record.level.name.lower() if record.level is not None else None


_SPECIAL: Final[dict[str, Get]] = {
    "level": _level_name,
    "message": lambda record: record.message,
    "source": lambda record: record.source,
    "text": lambda record: record.text or record.message,
    "time": lambda record: record.time,
}


def _made(node: Node) -> Fits:
    if isinstance(node, Both):
        return _both([_made(one) for one in node.of])
    if isinstance(node, Either):
        return _either([_made(one) for one in node.of])
    if isinstance(node, Not):
        inner = _made(node.of)
        return lambda record: not inner(record)
    if isinstance(node, Search):
        return _search(node.text)
    if isinstance(node, Exists):
        return _exists(node.field.name)
    return _compare(node)


def _both(tests: list[Fits]) -> Fits:
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) and second(record)
    return lambda record: all(test(record) for test in tests)


def _either(tests: list[Fits]) -> Fits:
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) or second(record)
    return lambda record: any(test(record) for test in tests)


def _exists(name: str) -> Fits:
    if name == "pattern":
        return lambda record: bool(record.patterns)
    get = getter(name)
    return lambda record: get(record) is not None


def _search(text: str) -> Fits:
    wanted = text.lower()
    return lambda record: any(wanted in part for part in _parts(record))


def _parts(record: Record) -> Iterator[str]:
    yield record.message.lower()
    if record.text:
        yield record.text.lower()
    for value in record.fields.values():
        yield as_text(value).lower()
    yield record.source.lower()


def _compare(node: Compare) -> Fits:
    name = node.field.name
    if name == "level":
        return _of_level(node)
    if name == "pattern":
        return _of_pattern(node)
    get, how = getter(name), node.operator
    if how == "in":
        return _in(get, node.values)
    return _with_one(get, how, node.values[0])


def _with_one(get: Get, how: str, value: Literal | Word) -> Fits:
    if how in ("~", "!~"):
        return _regex(get, value, negated=how == "!~")
    if how == "contains":
        return _contains(get, value)
    if how in ("=", "!="):
        equal = _equal(get, value)
        return equal if how == "=" else lambda record: not equal(record)
    return _ordered(get, how, value)


def _text_of(value: Literal | Word) -> str:
    return as_text(value.value) if isinstance(value, Literal) else value.name


def _of_level(node: Compare) -> Fits:
    """Levels are ordered, and have many names."""
    how = node.operator
    if how in ("~", "!~", "contains"):
        raise FilterError(node.field.column, "levels are compared with =, !=, in, <, <=, > and >=")
    levels = [_level_of(value) for value in node.values]
    if how in ("in", "=", "!="):
        wanted = frozenset(levels)
        if how == "!=":
            return lambda record: record.level not in wanted
        return lambda record: record.level in wanted
    (least,) = levels
    if least is None:
        raise FilterError(node.values[0].column, "none is less or more than no level")
    order, bound = _ORDERS[how], int(least)
    return lambda record: record.level is not None and order(record.level, bound)


def _level_of(value: Literal | Word) -> Level | None:
    name = _text_of(value)
    level = level_of(name)
    if level is None and name.lower() not in ("none", ""):
        known = "trace, debug, info, notice, warning, error, critical or none"
        raise FilterError(value.column, f"{name[:40]} is no level; write {known}")
    return level


def _of_pattern(node: Compare) -> Fits:
    """A record may match several patterns."""
    if node.operator not in ("=", "!=", "in"):
        raise FilterError(node.field.column, "names of patterns are compared with =, != and in")
    wanted = frozenset(map(_text_of, node.values))
    if node.operator == "!=":
        return lambda record: wanted.isdisjoint(record.patterns)
    return lambda record: not wanted.isdisjoint(record.patterns)


def _regex(get: Get, value: Literal | Word, *, negated: bool) -> Fits:
    try:
        search = regex(_text_of(value)).search
    except BadPatternError as error:
        raise FilterError(value.column, str(error)) from None
    if negated:
        return lambda record: search(octets(as_text(get(record)))) is None

    def matches(record: Record) -> bool:
        found = get(record)
        return found is not None and search(octets(as_text(found))) is not None

    return matches


def _contains(get: Get, value: Literal | Word) -> Fits:
    wanted = _text_of(value).lower()

    def contains(record: Record) -> bool:
        found = get(record)
        return found is not None and wanted in as_text(found).lower()

    return contains


def _in(get: Get, values: tuple[Literal | Word, ...]) -> Fits:
    texts = frozenset(map(_text_of, values))

    def among(record: Record) -> bool:
        found = get(record)
        return found is not None and as_text(found) in texts

    return among


def _right(value: Literal | Word) -> Get:
    """What stands at the right: a value, or a field, whose name it is itself where it is none."""
    if isinstance(value, Literal):
        constant = value.value
        return lambda _: constant
    get, name = getter(value.name), value.name

    def field_or_name(record: Record) -> Value:
        found = get(record)
        return name if found is None else found

    return field_or_name


def _equal(get: Get, value: Literal | Word) -> Fits:
    if isinstance(value, Literal) and isinstance(value.value, str | None):
        text = value.value
        if text is None or numeric(text) is None:
            return lambda record: get(record) == text
    right = _right(value)
    return lambda record: _same(get(record), right(record))


def _same(left: Value, right: Value) -> bool:
    """Whether they are equal, text that is a number taken as one."""
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    if left.__class__ is right.__class__ or left is None or right is None:
        return _equal_numbers(left, right) if isinstance(left, str) else False
    if isinstance(left, bool) or isinstance(right, bool):
        return as_text(left).lower() == as_text(right).lower()
    return _equal_numbers(left, right)


def _equal_numbers(left: Value, right: Value) -> bool:
    number = numeric(left)
    return number is not None and number == numeric(right)


def _ordered(get: Get, how: str, value: Literal | Word) -> Fits:
    order = _ORDERS[how]
    if isinstance(value, Literal):
        bound = numeric(value.value)
        if bound is not None:
            return _beyond(get, order, bound)
    right, of_texts = _right(value), _TEXT_ORDERS[how]

    def ordered(record: Record) -> bool:
        one, other = get(record), right(record)
        first, second = numeric(one), numeric(other)
        if first is not None and second is not None:
            return order(first, second)
        both = isinstance(one, str) and isinstance(other, str) and first is second is None
        return both and of_texts(as_text(one), as_text(other))

    return ordered


def _beyond(get: Get, order: Callable[[float, float], bool], bound: float) -> Fits:
    def beyond(record: Record) -> bool:
        found = get(record)
        if found.__class__ is float:
            return order(found, bound)
        number = numeric(found)
        return number is not None and order(number, bound)

    return beyond
