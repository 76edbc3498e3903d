"""The models of `dashboards:`, imported where a configuration has any."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from checks.settings import Duration, LabelName, MetricName, Model

__all__ = ["DashboardColumn", "DashboardEntry", "DashboardPanel", "DashboardVariable", "PanelQuery"]

Name = Annotated[str, Field(max_length=100)]
Title = Annotated[str, Field(max_length=120)]
Text = Annotated[str, Field(max_length=20_000)]


def _query(value: object) -> object:
    return {"expr": value} if isinstance(value, str) else value


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _keys(value: object) -> object:
    """Keys that are numbers are texts, too."""
    return {str(key): text for key, text in value.items()} if isinstance(value, dict) else value


Texts = Annotated[list[str], BeforeValidator(_texts)]


class PanelQuery(Model):
    """One of several expressions of a panel."""

    expr: Annotated[str, Field(min_length=1, max_length=20_000)]
    """PromQL; `$__interval`, `$__rate_interval`, `$__range` and the dashboard's variables may stand
    in it."""
    legend: Name = ""
    """What its series are called: `{{job}} on {{instance}}`."""
    instant: bool = False
    """Whether it is asked for now alone, without a course."""
    negative: bool = False
    """Whether it is drawn downwards."""


class DashboardColumn(Model):
    """How a column of a table is shown."""

    title: Name = ""
    """What it is called instead."""
    unit: Name = ""
    """The unit of its numbers."""
    decimals: Annotated[int, Field(ge=0, le=12)] | None = None
    """Digits after the point."""
    hidden: bool = False
    """Whether it is left out."""
    place: Annotated[int, Field(ge=0)] | None = None
    """Its place among those that have one, from the left."""


class DashboardPanel(Model):
    """A panel: one of `expr`, `exprs`, `sql`, `value` or `text`."""

    title: Title = ""
    """What stands above it; variables may stand in it."""
    show: Literal["chart", "number", "gauge", "table", "bars", "text"] | None = None
    """How it is shown; as a chart where not given, a text where it is one."""
    expr: Text = ""
    """PromQL; `$__interval`, `$__rate_interval`, `$__range` and the dashboard's variables may stand
    in it."""
    legend: Name = ""
    """What its series are called: `{{job}} on {{instance}}`; the labels in which they differ where
    not given."""
    instant: bool = False
    """Whether it is asked for now alone, without a course."""
    exprs: Annotated[list[Annotated[PanelQuery, BeforeValidator(_query)]], Field(max_length=30)] = (
        Field(default_factory=list)
    )
    """Several expressions, each with its legend."""
    sql: Text = ""
    """A statement that reads, put to `check` while somebody looks. A column `time` makes a
    time series, `metric` names them; Grafana's macros may stand in it: `$__timeFilter(column)`."""
    value: MetricName | None = None
    """A metric of `check`."""
    check: Name = ""
    """The check that `sql` or `value` is of; for SQL the only database where not given."""
    text: Text = ""
    """Lines to show."""
    unit: Annotated[str, Field(max_length=40)] = ""
    """Of its figures: `s`, `ms`, `B`, `B/s`, `%`, `ratio` (0 to 1), `/s`, one of Grafana's names
    (`decbytes`, `reqps`), or a text to put behind them."""
    decimals: Annotated[int, Field(ge=0, le=12)] | None = None
    """Digits after the point."""
    min: float | None = None
    """The least that a gauge or a chart shows."""
    max: float | None = None
    """The most that a gauge or a chart shows."""
    warning: float | None = None
    """From here on a figure is a warning, below it where `falling`."""
    critical: float | None = None
    """From here on a figure is critical, below it where `falling`."""
    falling: bool | None = None
    """Whether figures are ill below their thresholds; so where `critical` lies below `warning`."""
    calc: Literal["last", "mean", "min", "max", "sum", "first", "range", "delta", "count"] = "last"
    """What a course is brought down to, for figures."""
    words: Annotated[dict[str, Name], BeforeValidator(_keys), Field(max_length=50)] = Field(
        default_factory=dict
    )
    """Texts for values: `1: up`, `2..5: degraded`, `none: no data`."""
    columns: Annotated[dict[str, DashboardColumn], Field(max_length=60)] = Field(
        default_factory=dict
    )
    """How the columns of a table are shown."""
    negative: Texts = Field(default_factory=list)
    """Patterns for names of series that are drawn downwards."""
    width: Annotated[int, Field(ge=1, le=24)] | None = None
    """How wide it is, of 24; half of it where not given, as it fits where no panel has a size."""
    height: Annotated[int, Field(ge=1, le=100)] | None = None
    """How high it is; 8 where not given, 4 for numbers."""
    group: Title = ""
    """The title of the group of panels that it stands in."""
    repeat: Name = ""
    """A variable for each of whose values it is shown once."""
    repeat_group: Name = ""
    """A variable for each of whose values its group is shown once."""


class DashboardVariable(Model):
    """A variable, `$name` in expressions, statements and titles."""

    name: LabelName
    """What it is called."""
    label: Name = ""
    """What people read instead of its name."""
    query: Annotated[str, Field(max_length=2_000)] = ""
    """Where its values come from: `label_values(up, instance)`, `label_values(job)`,
    `metrics(node_.*)` or `query_result(EXPR)`."""
    sql: Text = ""
    """Or a statement that gives its values, in its first column, put to `check`."""
    check: Name = ""
    """The database that `sql` goes to; the only one where not given."""
    regex: Annotated[str, Field(max_length=500)] = ""
    """Values that it matches are kept, or its first group of them."""
    options: Texts = Field(default_factory=list)
    """Its values, where they are not asked for."""
    default: Texts = Field(default_factory=list)
    """What is chosen at first; `All`, or the first where not given."""
    multi: bool = False
    """Whether several can be chosen."""
    all: bool | str = False
    """Whether all can be chosen at once, or what then stands for it: `.+`."""
    free: bool = False
    """Whether any text can be given."""
    hidden: bool = False
    """Whether it is not for choosing."""
    sort: Literal["", "name", "-name", "number", "-number"] = ""
    """In which order its values are."""


class DashboardEntry(Model):
    """A dashboard: `panels` of its own, or a `file` of Grafana's."""

    name: Name = ""
    """What it is called on the command line; its title or its file's name where not given."""
    title: Title = ""
    """What stands above it."""
    file: Annotated[str, Field(max_length=1_000)] = ""
    """Dashboards of Grafana's, as JSON: a file, or a pattern (`grafana/*.json`)."""
    check: Name = ""
    """The database that the file's statements in SQL go to."""
    span: Annotated[Duration, Field(ge=60, le=86_400)] | None = None
    """How far back it looks; 1 h where not given, or what its file says."""
    variables: Annotated[list[DashboardVariable], Field(max_length=50)] = Field(
        default_factory=list
    )
    """Its variables."""
    panels: Annotated[list[DashboardPanel], Field(max_length=200)] = Field(default_factory=list)
    """What it shows."""
