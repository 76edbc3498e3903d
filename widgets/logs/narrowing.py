"""Filters made for somebody: what is filtered by already, and one condition more. Pure."""

from __future__ import annotations

import re
from typing import Final

from checks.logs.filters_syntax import Either, FilterError, Search, parse
from checks.logs.model import Value
from widgets.logs.words import value_text

__all__ = ["condition", "narrowed"]

_PLAIN: Final = re.compile(r"(?:[^\W\d]|[@$])(?:[\w.@$/-]*[\w@$])?")
"""A field's name that needs no quotes."""
_KEYWORDS: Final = frozenset({"and", "or", "not", "in", "exists", "contains"})


def condition(field: str, value: Value, *, exclude: bool = False) -> str:
    """``user_id = "7"``, or that it is not so: then a record without the field is kept, too."""
    plain = _PLAIN.fullmatch(field) is not None and field.lower() not in _KEYWORDS
    name = field if plain else f"`{field.replace('`', '')}`"
    told = value_text(value) if not isinstance(value, str) else _quoted(value)
    return f"{'not ' if exclude else ''}{name} = {told}"


def narrowed(text: str, more: str) -> str:
    """The filter ``text`` and the condition ``more``; one that is no filter is left out."""
    text = text.strip()
    if not text:
        return more
    try:
        node = parse(text)
    except FilterError:
        return more
    if isinstance(node, Search) and not text.startswith(('"', "'", "(")):
        text = _quoted(text)
    elif isinstance(node, Either):
        text = f"({text})"
    return text if more in text.split(" and ") else f"{text} and {more}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
