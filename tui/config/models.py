"""The models of a configuration file; the schema and the reference page come from them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from checks.model import clean
from checks.settings import Duration, LabelName, Model
from tui.config.objectives_models import CapacityItem, ObjectiveItem
from tui.config.story_models import BusinessHours, Contact, Severities, Silences

__all__ = [
    "LATER_KEYS",
    "Common",
    "Defaults",
    "File",
    "Included",
    "Rules",
    "StepKey",
]

LATER_KEYS: Final = ("history", "agent", "notify", "discovery")
"""Keys of the file that only later versions have."""


def _version(value: object) -> object:
    if value != 1 or isinstance(value, bool):
        raise ValueError("this onwatch reads version 1; write `version: 1`")
    return value


def _label_value(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _not_reserved(name: str) -> str:
    if name.startswith("__"):
        raise ValueError("label names that begin with __ are reserved")
    return name


def _one_or_many(value: object) -> object:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise ValueError("expected text or a list")  # noqa: TRY004 - what pydantic reports
    return value


def _binds(value: object) -> str:
    """What a binding is: keys of an action, or a step for a key."""
    return "[step]" if isinstance(value, dict | StepKey) else "[keys]"


def _line(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    text = text.replace("\ufe0f", "")  # the emoji's form of a sign, whose width is not certain
    if clean(text, 100) != text or text.strip() != text:
        raise ValueError("expected one line of at most 100 printable characters")
    return text


Line = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=100)]
Labels = dict[
    Annotated[LabelName, AfterValidator(_not_reserved)],
    Annotated[str, BeforeValidator(_label_value), WithJsonSchema({"type": ["string", "integer"]})],
]
_TEXTS_SCHEMA: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
}
Texts = Annotated[list[str], BeforeValidator(_one_or_many), WithJsonSchema(_TEXTS_SCHEMA)]
Interval = Annotated[Duration, Field(ge=0.1)]
Timeout = Annotated[Duration, Field(ge=0.01, le=3600)]


class StepKey(Model):
    """A step of a runbook for a key."""

    runbook: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the runbook."""
    step: Annotated[str, Field(max_length=100)] = ""
    """Name of its step; the first one where not given."""


Bound = Annotated[
    Annotated[StepKey, Tag("[step]")] | Annotated[Texts, Tag("[keys]")], Discriminator(_binds)
]


class Defaults(Model):
    """What checks take where they say nothing themselves."""

    interval: Interval = 5.0
    """Time from the start of one run to the start of the next."""
    timeout: Timeout = 3.0
    """How long one run may take; never longer than the interval unless a check says so."""
    labels: Labels = Field(default_factory=dict)
    """Labels that every check carries; a check's own win."""


class Common(Model):
    """What every check has, whatever its kind."""

    name: Line
    """What it is called; no two checks share a name."""
    labels: Labels = Field(default_factory=dict)
    """Labels that all its samples carry."""
    job: Annotated[str, Field(max_length=100)] = ""
    """The `job` label of its samples; its name where not given."""
    enabled: bool = True
    """Whether it runs at all."""
    interval: Interval | None = None
    """Time from the start of one run to the start of the next; see `defaults`."""
    timeout: Timeout | None = None
    """How long one run may take; see `defaults`."""
    depends_on: Texts = Field(default_factory=list)
    """Names of the checks it cannot work without: while one fails, this is its symptom."""
    runbook: Annotated[str, Field(max_length=200)] = ""
    """What to do when it fails: the name of a runbook, or the address of a page elsewhere."""


class Rules(Model):
    """Which rules run: built-in packs and rule files in Prometheus' format."""

    packs: Texts = Field(default_factory=lambda: ["all"])
    """Names of built-in packs, such as `host`; `all` of them where not given, `[]` for none."""
    files: Texts = Field(default_factory=list)
    """Rule files or patterns (`rules/*.yml`), relative to this file."""
    disable: Texts = Field(default_factory=list)
    """Names of alerts and recorded metrics that do not run; `Name/severity` is one threshold."""
    interval: Annotated[Duration, Field(ge=1)] = 60.0
    """Time between evaluations of groups of rules that say none themselves."""


class File(Model):
    """A configuration file."""

    version: Annotated[Any, BeforeValidator(_version), Field(json_schema_extra={"const": 1})]
    """The version of this format: 1."""
    external_labels: Labels = Field(default_factory=dict)
    """Labels that every sample carries, such as the name of a cluster."""
    defaults: Defaults = Defaults()
    """What checks take where they say nothing themselves."""
    include: Texts = Field(default_factory=list)
    """Files or patterns (`checks.d/*.yaml`) with further checks, relative to this file."""
    rules: Rules = Field(default_factory=Rules)
    """Alert rules; every built-in pack where not given."""
    runbooks: Texts = Field(default_factory=list)
    """Runbooks in Markdown, or patterns of them (`runbooks/*.md`), relative to this file."""
    silences: Annotated[Silences, Field(max_length=200)] = Field(default_factory=list)
    """Maintenance windows: planned times in which alerts are expected, and shown dimmed."""
    severities: Severities = Field(default_factory=dict)
    """By when alerts are to be acknowledged and go further up, by severity: `P1`, `critical`."""
    business_hours: BusinessHours = Field(default_factory=BusinessHours)
    """When people are at work, for targets in business hours or days."""
    escalate_to: Contact = ""
    """Who alerts go up to that nobody has acknowledged in time, such as `the team lead`."""
    objectives: Annotated[list[ObjectiveItem], Field(max_length=100)] = Field(default_factory=list)
    """Service level objectives: what part of what happens is to go well, over which time."""
    capacity: Annotated[list[CapacityItem], Field(max_length=100)] = Field(default_factory=list)
    """What is watched for where it is going, and when it meets its limit."""
    baseline: Annotated[str, Field(max_length=100)] = ""
    """Name of the saved baseline that the requests screen compares with; else the newest one of
    this configuration."""
    dashboards: list[Any] = Field(default_factory=list)
    """Dashboards: panels of its own, or files of Grafana's."""
    keybindings: dict[str, Bound] = Field(default_factory=dict)
    """Keys of the monitor by the action's id: `app.freeze: f`, or a list of keys; or by its key a
    step of a runbook: `ctrl+r: {runbook: high-cpu, step: restart}`."""
    theme: Annotated[str, Field(max_length=100)] = ""
    """Colours of the monitor where `--theme` names none, such as `onwatch-light`."""
    attention: bool = True
    """Whether bell, desktop notification and a flash of the top line tell of critical alerts."""
    checks: list[Any] = Field(default_factory=list)
    """What is watched: common keys and exactly one kind each."""


class Included(Model):
    """A file named by `include`."""

    version: Annotated[Any, BeforeValidator(_version), Field(json_schema_extra={"const": 1})] = 1
    """The version of this format: 1."""
    checks: list[Any] = Field(default_factory=list)
    """Further checks."""
