"""How requests are found in records: what the configuration may say of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from checks.logs.filters import Filter
from checks.logs.inputs import Words
from checks.settings import Model

__all__ = ["DURATIONS", "STATUSES", "DurationField", "RecordRequests"]

STATUSES: Final = (
    "status", "status_code", "http_status", "statusCode", "response_status", "http.status_code",
    "http.response.status_code", "response.status", "response.status_code", "res.statusCode",
    "context.status", "context.status_code", "code",
)  # fmt: skip
"""Fields that the status is usually in."""
DURATIONS: Final = {
    "request_time": "s", "duration_ms": "ms", "latency_ms": "ms", "response_time_ms": "ms",
    "elapsed_ms": "ms", "took_ms": "ms", "duration_seconds": "s", "response_time_seconds": "s",
    "latency_seconds": "s", "elapsed_seconds": "s", "context.duration_ms": "ms",
    "responseTime": "ms", "upstream_time": "s", "upstream_response_time": "s", "duration_s": "s",
    "duration_us": "us",
}  # fmt: skip
"""Fields that the duration is usually in, and its unit: those alone whose name tells it, or of
which it is known."""


class DurationField(Model):
    """A field with a unit; a plain text is the field's name."""

    field: Annotated[str, Field(min_length=1)]
    """Name of the field."""
    unit: Literal["s", "ms", "us"] = "ms"
    """Unit of its numbers."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"field": value, "unit": DURATIONS.get(value, "ms")}
        return value


class RecordRequests(Model):
    """Records that tell of a request each."""

    where: Filter | None = None
    """A filter: these records alone; else all that have a status or a duration."""
    status: str = ""
    """Field of the HTTP status code; the usual ones where not given."""
    duration: DurationField | None = None
    """Field of how long it took: its name (milliseconds), or `{field, unit}`; the usual ones
    where not given."""
    labels: Annotated[Words, Field(max_length=4)] = Field(default_factory=lambda: ["route"])
    """Fields to break the figures down by. `route` is the path with numbers and identifiers as
    `N`. Twenty values each are kept, the rest is `other`."""
    error: str = ""
    """Field of an error's text; a record in which it says something is an error, whatever its
    status."""
    errors_from: Annotated[int, Field(ge=100, le=600)] = 400
    """A status from here on is an error: 400 counts the clients' mistakes too, 500 does not."""
