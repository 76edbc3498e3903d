"""A JSON object a line, as most frameworks can write it; nested ones are joined by dots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from checks.logs.formats.base import (
    FIELD_LENGTH,
    FIELDS,
    TEXT_LENGTH,
    Maker,
    is_tidy,
    text_of,
    tidied,
)
from checks.logs.model import Record, Value
from checks.model import clean_lines

__all__ = ["DOCKER", "Json", "decoded", "flat"]

DOCKER: Final = '{"log":"'
"""What Docker begins each line with: see :mod:`checks.logs.formats.containers`."""

_EXACT: Final = 15
"""Digits that a float keeps exactly; a longer number is an id, and stays a text."""
_DEPTH: Final = 8
"""Objects within objects that are taken apart; what is deeper stays JSON."""


def _whole(digits: str) -> float | str:
    return float(digits) if len(digits) <= _EXACT else digits


# Of PHP's and others' loggers some leave line breaks within a string as they are.
_DECODER: Final = json.JSONDecoder(parse_int=_whole, parse_constant=str, strict=False)


def decoded(text: str, begin: int = 0) -> tuple[dict[str, Any], int] | None:
    """The object that begins at ``begin``, and where it ends; None where none does."""
    try:
        found, end = _DECODER.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None
    return (found, end) if isinstance(found, dict) else None


def flat(
    found: Mapping[str, Any], prefix: str = "", depth: int = 0, most: int = FIELDS
) -> dict[str, Value]:
    """Its fields, at most ``most``: names of nested ones follow a dot."""
    fields: dict[str, Value] = {}
    for name, value in found.items():
        if value is None or isinstance(value, _SCALARS):
            fields[prefix + name] = value
        elif isinstance(value, dict) and value and depth < _DEPTH:
            fields.update(flat(value, f"{prefix}{name}.", depth + 1, most - len(fields)))
        else:
            fields[prefix + name] = _listed(value)
        if len(fields) >= most:
            break
    return fields


_SCALARS: Final = (str, float, bool)


def _listed(value: object) -> str:
    """A list's values with commas where they are simple; else JSON."""
    if isinstance(value, list) and all(isinstance(one, str | float) for one in value):
        return ", ".join(
            f"{one:g}" if isinstance(one, float) else str(one) for one in value[:FIELDS]
        )[:FIELD_LENGTH]
    try:
        return json.dumps(value, ensure_ascii=False)[:FIELD_LENGTH]
    except (ValueError, RecursionError):
        return "…"


class Json:
    """Lines that are JSON objects."""

    name = "json"
    alone = True

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        if line.startswith(DOCKER) and '","stream":"std' in line:
            return None
        if line[:1] != "{":
            line = line.lstrip()
            if not line.startswith("{"):
                return None
        whole = "\n".join((line, *more)) if more else line
        found = decoded(whole)
        if found is None or whole[found[1] :].strip():
            return None
        fields = flat(found[0])
        if not more and "\\" not in line and is_tidy(line):
            # Then none of its texts holds anything that is not on this line as it stands.
            return to.of_fields(fields, line)
        return to.of_fields(tidied(fields), text_of(line, ()), _unfolded(line, more, fields))


def _unfolded(line: str, more: Sequence[str], fields: Mapping[str, Value]) -> str:
    """The lines as they stood, and beneath them what has line breaks within it: tracebacks."""
    text = text_of(line, more)
    longer = [
        f"\n{clean_lines(f'{name}:')}\n{clean_lines(value.rstrip(), TEXT_LENGTH)}"
        for name, value in fields.items()
        if isinstance(value, str) and "\n" in value
    ]
    return text if not longer else (text + "".join(longer))[:TEXT_LENGTH]
