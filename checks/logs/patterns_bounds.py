"""How many matches in how long are too many: ``5/10m``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from checks.settings import parse_duration
from checks.wording import span

__all__ = ["Bound", "Limit", "counted"]

_BOUND = re.compile(r"\s*(\d+)\s*(?:/|\bin\b)\s*(.+?)\s*")
_LONGEST: Final = 86_400.0
_SHORTEST: Final = 1.0


@dataclass(frozen=True, slots=True)
class Bound:
    """More than ``count`` in ``window`` seconds."""

    count: int
    window: float

    @classmethod
    def parse(cls, value: object) -> Bound:
        """``5/10m``, ``0/5m``, ``1/m``. Raises ValueError for anything else."""
        if isinstance(value, Bound):
            return value
        found = _BOUND.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(
                f"{value!r} is no bound; write 5/10m for more than 5 in 10 minutes, 0/5m for any"
            )
        count, length = found.groups()
        window = parse_duration(length if length[0].isdigit() else f"1{length}")
        if not _SHORTEST <= window <= _LONGEST:
            raise ValueError(f"{value!r}: matches are counted over 1s to 1d")
        return cls(int(count), window)

    def __str__(self) -> str:
        return f"{counted(self.count)} in {span(self.window)}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema()
        )


def counted(count: int) -> str:
    """``more than 5``; of 0 ``any``."""
    return f"more than {count:,}" if count else "any"


Limit = Annotated[
    Bound,
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*(/|in)\s*(\d.*|[a-z]+)$"}),
]
"""A bound in a configuration."""
