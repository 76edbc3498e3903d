"""How a request log's table is described in the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from checks.settings import Duration, Model

__all__ = ["DurationColumn", "RequestLog", "TimeColumn", "TimeFormat"]

TimeFormat = Literal["auto", "datetime", "s", "ms", "us"]

_Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Column(Model):
    """A column with a unit; a plain string is the column's name."""

    column: _Name
    """Name of the column."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class TimeColumn(_Column):
    """When the request was: a date and time, or a number since 1970."""

    zone: str = "server"
    """Zone of a date without one: `server`, `utc`, `local` (this machine's), or a name such
    as `Europe/Berlin`. Numbers since 1970 have none."""
    format: TimeFormat = "auto"
    """`datetime` for dates and ISO 8601 text, `s`, `ms` or `us` for numbers since 1970;
    `auto` looks at the newest row."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value.lower() in ("server", "utc", "local"):
            return value.lower()
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"{value!r} is no time zone; write server, utc, local or Europe/Berlin"
            ) from None
        return value


class DurationColumn(_Column):
    """How long the request took."""

    unit: Literal["s", "ms", "us"] = "ms"
    """Unit of the column's numbers."""

    @property
    def seconds(self) -> float:
        """Seconds of one unit."""
        return {"s": 1.0, "ms": 1e-3, "us": 1e-6}[self.unit]


class RequestLog(Model):
    """A table that holds a row for each request; it is read incrementally."""

    table: _Name
    """Name of the table, with its schema where it needs one (`app.request_logs`)."""
    id: _Name = "id"
    """Integer column with an index that grows with every row: the primary key."""
    time: TimeColumn
    """When the request was: a column's name, or `{column, zone, format}`."""
    status: _Name | None = None
    """Column of the HTTP status code."""
    duration: DurationColumn | None = None
    """How long the request took: a column's name (milliseconds), or `{column, unit}`."""
    labels: list[_Name] = Field(default_factory=list, max_length=4)
    """Columns to break the figures down by. Twenty values each are kept, the rest is `other`."""
    error: _Name | None = None
    """Column of an error's text or flag; a row in which it is neither NULL, empty, 0 nor
    false is an error, whatever its status."""
    errors_from: Annotated[int, Field(ge=100, le=600)] = 400
    """A status from here on is an error: 400 counts the clients' mistakes too, 500 does not."""
    where: str | None = None
    """An SQL condition that rows must meet, used as it is written (`method <> 'OPTIONS'`)."""
    late: Duration = 300.0
    """How long after its neighbours a row may still be committed and be counted."""
    backfill: bool = True
    """Whether the last hour is read at the start, by aggregates."""

    @field_validator("labels")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("a column is listed twice")
        return value
