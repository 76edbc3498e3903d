"""The models of what a configuration says on dealing with alerts: maintenance, targets, hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from checks.model import clean
from checks.settings import Duration, Model

if TYPE_CHECKING:
    # What reads them is imported where there are any: the first picture does not wait for it.
    from checks.story.cron import Cron
    from checks.story.model import Matcher
    from checks.story.targets import Term

__all__ = [
    "BusinessHours",
    "Contact",
    "Maintenance",
    "Severities",
    "SeverityTarget",
    "Silences",
    "time_of_day",
    "weekdays",
]

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}


def _or_nothing(text: str) -> str:
    return _name(text) if text else text


def _name(text: str) -> str:
    if not text.strip() or clean(text, 100) != text:
        raise ValueError("expected one line of at most 100 printable characters")
    return text


def _zone(name: str) -> str:
    from checks.story.calendar import zone  # noqa: PLC0415 - see above

    zone(name)
    return name


def _cron(value: object) -> Cron:
    from checks.story.cron import Cron  # noqa: PLC0415 - see above

    if not isinstance(value, str):
        raise ValueError('expected text such as "0 2 * * sun"')  # noqa: TRY004 - what pydantic reports
    return Cron.of(value)


def _matchers(value: object) -> tuple[Matcher, ...]:
    """Labels with their values, or matchers as text, one or a list of them."""
    from checks.story.matchers import MatcherError, parse, refusal  # noqa: PLC0415 - see above
    from checks.story.model import Matcher  # noqa: PLC0415

    made: tuple[Matcher, ...]
    if isinstance(value, Mapping):
        made = tuple(Matcher(str(name), "=", _value(each)) for name, each in value.items())
    elif isinstance(value, str):
        made = parse(value)
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        made = tuple(one for each in value for one in parse(each, whole=False))
    else:
        raise ValueError('expected labels such as {job: backup}, or text such as job=~"web.*"')
    if problem := refusal(made):
        raise MatcherError(problem)
    return made


def _term(value: object) -> Term:
    from checks.story.targets import Term  # noqa: PLC0415 - see above

    return Term.of(value)


def _value(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("the value of a label is text")  # noqa: TRY004 - what pydantic reports
    return str(value)


def time_of_day(text: str) -> time:
    """The time that ``text`` is: ``09:00``; ``24:00`` is midnight."""
    try:
        found = time.fromisoformat("00:00" if text == "24:00" else text)
    except ValueError:
        raise ValueError(f'"{text}" is no time of day; write "09:00"') from None
    if found.tzinfo is not None:
        raise ValueError(f'"{text}" has a zone, which goes into `timezone`; write "{found:%H:%M}"')
    return found


def weekdays(texts: Iterable[str]) -> frozenset[int]:
    """The days from Monday, which is 0, that days and ranges such as ``mon-fri`` are."""
    found: set[int] = set()
    for part in (part for text in texts for part in text.split(",")):
        begin, dash, end = part.strip().lower().partition("-")
        first, last = _weekday(begin), _weekday(end if dash else begin)
        found |= {day % 7 for day in range(first, last + 1 + 7 * (last < first))}
    return frozenset(found)


def _weekday(text: str) -> int:
    from checks.story.calendar import WEEKDAYS  # noqa: PLC0415 - see above

    name = text.strip()
    if name[:3] not in WEEKDAYS:
        raise ValueError(f'"{name}" is no day; write mon-fri, or a list such as [mon, wed]')
    return WEEKDAYS.index(name[:3])


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _time(text: str) -> str:
    time_of_day(text)
    return text


def _days(texts: list[str]) -> list[str]:
    weekdays(texts)
    return texts


def _date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no date; write 2026-12-25') from None
    return text


Name = Annotated[str, AfterValidator(_name), Field(max_length=100)]
Zone = Annotated[str, AfterValidator(_zone), Field(max_length=60)]
Schedule = Annotated[Any, PlainValidator(_cron), WithJsonSchema(_TEXT)]
Matchers = Annotated[
    Any,
    PlainValidator(_matchers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
                *_TEXTS["anyOf"],
            ]
        }
    ),
]
Terms = Annotated[
    Any,
    PlainValidator(_term),
    WithJsonSchema(
        {
            "anyOf": [_TEXT, {"type": "number", "minimum": 0}],
            "description": "15m, 4h, at once, next business day, 2 business days",
        }
    ),
]
TimeOfDay = Annotated[str, AfterValidator(_time)]
Days = Annotated[list[str], BeforeValidator(_listed), AfterValidator(_days), WithJsonSchema(_TEXTS)]
Day = Annotated[str, AfterValidator(_date)]
Contact = Annotated[str, AfterValidator(_or_nothing), Field(max_length=100)]


class Maintenance(Model):
    """A maintenance window: alerts that it matches are silenced while it lasts."""

    name: Name
    """What it is called; no two windows share a name."""
    matchers: Matchers
    """Which alerts: labels `{job: backup}`, or matchers such as `job=~"web.*"`."""
    schedule: Schedule | None = None
    """When it begins, again and again: five fields as in a crontab, `0 2 * * sun`."""
    duration: Duration | None = None
    """How long it lasts each time, or from `from`."""
    from_: str = Field("", alias="from")
    """When it begins, once: `2026-11-30T22:00`."""
    to: str = ""
    """When it ends, once: `2026-12-01T02:00`."""
    timezone: Zone = ""
    """The time zone of its times, such as `Europe/Berlin`; the machine's where not given."""
    comment: Annotated[str, Field(max_length=500)] = ""
    """Why, for whoever looks at it."""


class SeverityTarget(Model):
    """By when alerts of a severity are to be acted upon, from when they fire."""

    acknowledge: Terms | None = None
    """Time to acknowledge: `15m`, `at once`, `next business day`, `2 business days`."""
    escalate: Terms | None = None
    """Time after which one that nobody has acknowledged goes further up."""
    hours: Literal["always", "business"] = "always"
    """Which time counts: all of it, or `business` hours alone."""
    escalate_to: Contact = ""
    """Who it goes up to; see `escalate_to` of the file."""


class BusinessHours(Model):
    """When people are at work: what targets in business hours and days go by."""

    days: Days = Field(default_factory=lambda: ["mon-fri"])
    """Days of the week: `mon-fri`, or a list of them."""
    from_: TimeOfDay = Field("09:00", alias="from")
    """When work begins."""
    to: TimeOfDay = "17:00"
    """When work ends; the next day where that is before `from`."""
    timezone: Zone = ""
    """The time zone of these hours; the machine's where not given."""
    holidays: Annotated[list[Day], Field(max_length=400)] = Field(default_factory=list)
    """Dates that are no business days: `2026-12-25`."""


Severities = dict[Annotated[str, Field(min_length=1, max_length=40)], SeverityTarget]
Silences = list[Maintenance]
