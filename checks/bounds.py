"""What holds for the bounds of a configuration, whatever they are of.

Models that have ``warning`` and ``critical`` derive from one of these, which sees to it that no
status is out of reach. A bound that is None is never passed.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from checks.settings import Model

__all__ = ["Between", "Count", "Falling", "Rising"]


def _above(model: Model, one: str, other: str) -> bool:
    """Whether the bound called ``one`` is above that called ``other``."""
    first, second = getattr(model, one, None), getattr(model, other, None)
    return first is not None and second is not None and first > second


class Rising(Model):
    """Bounds that are passed upwards."""

    @model_validator(mode="after")
    def _in_order(self) -> Rising:
        if _above(self, "warning", "critical"):
            raise ValueError("warning must not be above critical")
        return self


class Falling(Model):
    """Bounds of a time that remains, which are passed downwards."""

    @model_validator(mode="after")
    def _in_order(self) -> Falling:
        if _above(self, "critical", "warning"):
            raise ValueError("warning must not be below critical: it is the time that remains")
        return self


class Between(Rising):
    """Bounds on both sides: also ``warning_below`` and ``critical_below``."""

    @model_validator(mode="after")
    def _leave_room(self) -> Between:
        if _above(self, "critical_below", "warning_below"):
            raise ValueError("warning_below must not be below critical_below")
        if _above(self, "warning_below", "warning") or _above(self, "critical_below", "critical"):
            raise ValueError("no value is between what it must be above and what below")
        return self


class Count(Model):
    """How many there must be; a plain number is both, and a ``max`` of 0 wants no ``min``."""

    min: int = Field(default=1, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"min": value, "max": value}
        if isinstance(value, dict) and value.get("max") == 0 and "min" not in value:
            return {**value, "min": 0}
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self
