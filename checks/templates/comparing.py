"""``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``: Go compares like with like alone."""

from __future__ import annotations

from checks.templates.errors import CallError
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
    if isinstance(first, (dict, list)):
        raise CallError(f"uncomparable type {type_name(first)}: {first}")
    if not others:
        raise CallError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: object, other: object) -> bool:
    if _kind(first) != _kind(other):
        if first is not None and other is not None:
            raise CallError(_MIXED)
        return False
    if isinstance(other, (dict, list)):
        raise CallError(f"non-comparable types {first}, {type_name(other)}: {other}")
    return first == other


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
