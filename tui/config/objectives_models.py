"""The models of what a configuration promises, and of what it watches for where it is going."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checks.model import clean
from checks.settings import Duration, LabelName, Model

__all__ = ["CapacityItem", "LatencyBound", "ObjectiveItem", "Ratio"]

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_RATIO_SCHEMA: Final = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"},
        {"type": "number", "exclusiveMinimum": 0},
    ]
}


def _part(value: object) -> float:
    """The ratio that ``99.9%``, or 0.999, is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("expected a part such as 99.9% or 0.999")
    return round(float(found[1]) / 100, 12)


def _target(value: object) -> float:
    part = _part(value)
    if part >= 1 and isinstance(value, int | float):
        raise ValueError(f"write {value:g}% with its sign, or {value / 100:g}")
    if not 0.5 <= part < 1:
        raise ValueError("expected a part from 50% up to, and without, 100%")
    return part


def _line(text: str) -> str:
    if not text.strip() or clean(text, 100) != text or text.strip() != text:
        raise ValueError("expected one line of at most 100 printable characters")
    return text


def _label_value(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _free_label(name: str) -> str:
    if name.startswith("__") or name in ("slo", "window", "job", "instance"):
        raise ValueError("the labels slo, window, job and instance are its own, as are __names")
    return name


Name = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=100)]
Part = Annotated[float, BeforeValidator(_part), WithJsonSchema(_RATIO_SCHEMA)]
Target = Annotated[float, BeforeValidator(_target), WithJsonSchema(_RATIO_SCHEMA)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Ratio(Model):
    """Counters: those that went well, or badly, of all."""

    good: Text | None = None
    """Counter of what went well, such as `http_requests_total{job="shop", status!~"5.."}`."""
    bad: Text | None = None
    """Counter of what did not, instead of `good`."""
    total: Text
    """Counter of everything."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Ratio:
        if (self.good is None) == (self.bad is None):
            raise ValueError("give either good or bad, and total")
        return self


class LatencyBound(Model):
    """How long a request may take to count as a good one."""

    below: Annotated[Duration, Field(gt=0, le=3600)]
    """The most that it may take."""


class ObjectiveItem(Model):
    """A service level objective: what part of what happens is to go well, over which time."""

    name: Name
    """What it is called; the label `slo` of its series and alerts."""
    objective: Target
    """The part that is to go well: `99.9%`."""
    window: Annotated[Duration, Field(ge=3600, le=90 * 86_400)] = 30 * 86_400.0
    """The time over which, up to now: an hour to 90 days."""
    requests: Annotated[str, Field(max_length=100)] = ""
    """The check whose requests count: those that did not fail, or that were quick enough."""
    latency: LatencyBound | None = None
    """With `requests`: how long one may take. Then failed ones count as any other."""
    probe: Annotated[str, Field(max_length=100)] = ""
    """The check whose time counts: seconds in which it was OK (`probe_success`)."""
    up: Annotated[str, Field(max_length=100)] = ""
    """The check whose time counts: seconds in which its target answered (`up`)."""
    ratio: Ratio | None = None
    """Any counters, chosen in PromQL."""
    condition: Annotated[str, Field(max_length=4000)] = ""
    """Any condition in PromQL, such as `time() - backup_timestamp_seconds < 3600`: seconds in which
    it holds for every series that it reads."""
    least: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """Events that a window needs for an alert: of few a single one would be an outage."""
    labels: dict[
        Annotated[LabelName, AfterValidator(_free_label)],
        Annotated[
            str, BeforeValidator(_label_value), WithJsonSchema({"type": ["string", "integer"]})
        ],
    ] = Field(default_factory=dict)
    """Labels of its series and alerts."""

    @model_validator(mode="after")
    def _one_source(self) -> ObjectiveItem:
        sources = ("requests", "probe", "up", "ratio", "condition")
        given = [name for name in sources if getattr(self, name)]
        if len(given) != 1:
            said = f"has {' and '.join(given)}; " if given else ""
            raise ValueError(f"{said}give exactly one of {', '.join(sources)}")
        if self.latency is not None and not self.requests:
            raise ValueError("latency goes with requests")
        return self


def _growth(value: object) -> float:
    part = _part(value)
    if not 0 <= part <= 10:
        raise ValueError("expected a growth a month such as 10%")
    return part


class CapacityItem(Model):
    """What is watched for where it is going."""

    name: Name
    """What it is called; the label `capacity` of its series and alerts."""
    expr: Text
    """What is watched, in PromQL; each series that it returns for itself."""
    limit: Annotated[Any, WithJsonSchema({"type": ["number", "string"]})] = None
    """Where it must not get to: a number, `80%`, a size such as `2TB`, or PromQL, whose series
    belong to those of `expr` with the same labels. Without it only the trend is told."""
    over: Annotated[Duration, Field(ge=3600, le=90 * 86_400)] = 6 * 3600.0
    """The time that the trend is taken over: an hour to 90 days."""
    warning: Annotated[Duration, Field(gt=0)] | None = None
    """Time before the limit from which it is a warning."""
    critical: Annotated[Duration, Field(gt=0)] | None = None
    """Time before the limit from which it is critical."""
    falling: bool = False
    """Whether what lies below the limit is ill, as with free space."""
    unit: Literal["bytes", "ratio", "s", "1/s", ""] | None = None
    """Its unit; else what the metric's name says."""
    expected: Annotated[float, BeforeValidator(_growth), WithJsonSchema(_RATIO_SCHEMA)] | None = (
        None
    )
    """The growth a month that was planned for: `10%`."""

    @model_validator(mode="after")
    def _bounds_need_a_limit(self) -> CapacityItem:
        if self.limit is None and (self.warning is not None or self.critical is not None):
            raise ValueError("warning and critical need a limit")
        warning, critical = self.warning, self.critical
        if warning is not None and critical is not None and warning < critical:
            raise ValueError("warning must not be below critical: it comes first")
        return self
