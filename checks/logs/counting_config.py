"""How metrics made of records are described in the configuration."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checks.logs.filters import Filter
from checks.logs.patterns_config import Regex
from checks.logs.patterns_regex import regex
from checks.settings import LabelName, MetricName, Model, misplaced

__all__ = ["UNITS", "RecordMetric", "ValueOf", "is_unbounded"]

UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Seconds of a unit of time."""
_UNBOUNDED: Final = frozenset({
    "id", "uuid", "guid", "user", "userid", "uid", "username", "login", "email", "session",
    "sessionid", "sid", "request", "requestid", "correlationid", "trace", "traceid", "spanid",
    "span", "token", "ip", "ipaddress", "remoteaddr", "clientip", "clientaddr", "addr", "address",
    "url", "uri", "path", "query", "referer", "referrer", "useragent", "agent", "message", "msg",
    "text", "line", "timestamp", "time", "exception", "stack", "order", "orderid", "accountid",
    "account", "jobid", "job", "documentid",
})  # fmt: skip
"""Names of fields, without what joins their words, that have as many values as there are people,
requests or addresses."""
DEFAULT_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Prometheus clients' own, for seconds."""


def is_unbounded(field: str) -> bool:
    """Whether ``field`` sounds as if its values were ever new: they make no label."""
    last = field.rpartition(".")[2].lower()
    return last.replace("_", "").replace("-", "") in _UNBOUNDED or last.endswith(("_id", "_uuid"))


def _ascending(values: list[float]) -> list[float]:
    finite = [value for value in values if math.isfinite(value)]
    if not finite or any(low >= high for low, high in pairwise(finite)):
        raise ValueError("give the buckets' upper bounds in ascending order: [0.1, 0.5, 1]")
    return finite


def _labels(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        return {str(field).rpartition(".")[2].replace("-", "_"): field for field in value}
    return value


FieldLabels = Annotated[
    dict[LabelName, str],
    BeforeValidator(_labels),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "array", "items": {"type": "string"}},
                {"type": "string"},
            ]
        }
    ),
]
"""Labels, and the fields that they are of."""


class ValueOf(Model):
    """A number that a record holds; a plain text is its field's name."""

    field: str = ""
    """Name of the field."""
    match: Regex | None = None
    """Or a regular expression whose group is the number: `took (\\d+)ms`."""
    unit: Literal["s", "ms", "us", "ns"] | None = None
    """Unit of a time, which becomes seconds."""
    scale: float = 1.0
    """What the number is multiplied by, where it is no time."""

    @model_validator(mode="before")
    @classmethod
    def _of_a_field(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_one(self) -> ValueOf:
        if bool(self.field) == bool(self.match):
            raise ValueError("give exactly one of field, match")
        if self.match is not None and regex(self.match).groups != 1:
            raise misplaced(r"match wants exactly one group, the number: took (\d+)ms", "match")
        return self

    @property
    def factor(self) -> float:
        """What the number is multiplied by."""
        return self.scale * (UNITS[self.unit] if self.unit is not None else 1.0)


class RecordMetric(Model):
    """A metric that records are counted into."""

    metric: MetricName
    """Name of the metric: `chat_messages_total`, `document_processing_seconds`."""
    type: Literal["counter", "gauge", "histogram"] = "counter"
    """`counter` counts records, or adds up their value; `gauge` is the newest value; `histogram`
    counts values by size."""
    where: Filter | None = None
    """A filter: only these records."""
    pattern: str = ""
    """Name of a pattern of the check: only what it matches."""
    value: ValueOf | None = None
    """The number: a field's name, `{field, unit}`, or `{match, unit}`."""
    labels: FieldLabels = Field(default_factory=dict, max_length=6)
    """Fields that become labels: a list of them, or `{label: field}`. Fifty values each are kept,
    the rest is `other`."""
    buckets: Annotated[list[float], AfterValidator(_ascending), Field(max_length=40)] = Field(
        default_factory=lambda: list(DEFAULT_BUCKETS)
    )
    """Upper bounds of a histogram's buckets."""
    help: Annotated[str, Field(max_length=200)] = ""
    """What it is, in a few words."""

    @model_validator(mode="after")
    def _has_a_value(self) -> RecordMetric:
        if self.type != "counter" and self.value is None:
            raise ValueError(f"a {self.type} wants a value: the name of a field")
        if "le" in self.labels:
            raise ValueError("le is the label of a histogram's own buckets")
        return self
