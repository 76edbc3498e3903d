"""``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``: Go compares like with like alone."""

from __future__ import annotations

from checks.templates.errors import CallError
from checks.templates.formatting import go_printf
from checks.templates.values import Octet, type_name

__all__ = ["eq", "ge", "gt", "le", "lt", "ne"]

_MIXED = "incompatible types for comparison"
_UNORDERED = "invalid type for comparison"


def _kind(value: object) -> str:
    """The kind that is compared: empty for what has no order."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else ""


def eq(first: object, *others: object) -> bool:
    """Whether ``first`` equals one of ``others``."""
    if not others:
        raise CallError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: object, other: object) -> bool:
    if first is None or other is None:
        return first is other
    if _kind(first) != _kind(other):
        raise CallError(_MIXED)
    if _kind(first):
        return first == other
    types = type_name(first), type_name(other)
    if _shape(first) is not _shape(other):
        form = "non-comparable types %s: %v, %s: %v"
        raise CallError(go_printf(form, (first, *types, other)))
    if isinstance(first, (dict, list)):
        raise CallError(go_printf("non-comparable type %s: %v", (other, types[1])))
    return first is other


def _shape(value: object) -> type:
    """What Go calls a kind: maps are of one, slices, and pointers to anything."""
    return dict if isinstance(value, dict) else list if isinstance(value, list) else object


def ne(first: object, other: object) -> bool:
    return not eq(first, other)


def lt(first: object, other: object) -> bool:
    kind = _kind(first)
    if not kind or not _kind(other):
        raise CallError(_UNORDERED)
    if kind != _kind(other):
        raise CallError(_MIXED)
    if kind == "bool":
        raise CallError(_UNORDERED)
    if isinstance(first, str) and isinstance(other, str):
        return first.encode("utf-8", "replace") < other.encode("utf-8", "replace")
    assert isinstance(first, (int, float, Octet))  # noqa: S101 - for the types' sake
    assert isinstance(other, (int, float, Octet))  # noqa: S101
    return first < other


def le(first: object, other: object) -> bool:
    return lt(first, other) or eq(first, other)


def gt(first: object, other: object) -> bool:
    """Not ``le``: so a NaN is greater than any number, as in Go's templates."""
    return not le(first, other)


def ge(first: object, other: object) -> bool:
    return not lt(first, other)
