"""Shares of a whole in a configuration: ``85%``."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

__all__ = ["Percent", "parse_percent"]

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%?")


def parse_percent(value: object) -> float:
    """Percent of ``85%``, ``"85 %"`` or of a plain number.

    Raises ValueError for anything else, and for more than 100.
    """
    found = None if isinstance(value, bool) else _PERCENT.fullmatch(str(value).strip())
    if found is None or float(found.group(1)) > 100:
        raise ValueError(f"{value!r} is not a share; write 85% or 85, at most 100")
    return float(found.group(1))


Percent = Annotated[
    float,
    BeforeValidator(parse_percent),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%?$"},
                {"type": "number", "minimum": 0, "maximum": 100},
            ],
            "description": "a share: 85% or 85",
        }
    ),
]
"""Percent, from 0 to 100; written as ``85%`` or 85."""
