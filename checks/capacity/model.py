"""What is to be watched for where it is going: frozen values, checked. Loads nothing heavy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.promql.api import Expression

__all__ = ["Capacity"]


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """``expr`` is going somewhere; ``limit`` is where it must not get to.

    Attributes:
        name: what it is called.
        expr: what is watched; each series that it returns for itself.
        limit: a number, or an expression that is matched by labels; None: only the trend.
        over: seconds that the trend is taken over.
        warning: seconds before the limit from which it is a warning; None for never.
        critical: as ``warning``.
        falling: whether what lies below the limit is ill.
        unit: ``bytes``, ``ratio``, ``s``, ``1/s`` or empty.
        expected: the growth a month that was planned for, 0.1 for 10 %; None where none was.
        built_in: whether no configuration says it.
    """

    name: str
    expr: Expression
    limit: float | Expression | None = None
    over: float = 6 * 3600.0
    warning: float | None = None
    critical: float | None = None
    falling: bool = False
    unit: str = ""
    expected: float | None = None
    built_in: bool = False

    def key(self, labels: tuple[tuple[str, str], ...]) -> str:
        """Under which the points of one of its series are kept."""
        told = "\0".join((self.expr.text, *(f"{name}\0{value}" for name, value in labels)))
        digest = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
        return f"capacity/{self.name}/{digest}"
