"""What can be configured of where a log comes from: files or the journal, and their format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from checks.logs.expressions import compiled
from checks.logs.times import UNITS, zone_of
from checks.settings import Model, misplaced

__all__ = ["FORMATS", "JournalInput", "LogInput", "RegexFormat", "TimeInput", "Words"]

FORMATS: Final = (
    "auto", "json", "logfmt", "nginx", "apache", "common", "combined", "laravel", "syslog", "plain",
)  # fmt: skip
"""Names of formats."""
_FormatName = Literal[
    "auto", "json", "logfmt", "nginx", "apache", "common", "combined", "laravel", "syslog", "plain"
]


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _some(values: list[str]) -> list[str]:
    if not all(value.strip() for value in values):
        raise ValueError("an empty text stands among them")
    return values


def _expression(pattern: str) -> str:
    compiled(pattern)
    return pattern


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _time_format(pattern: str) -> str:
    if pattern and pattern not in UNITS:
        now = datetime.now(UTC)
        try:
            datetime.strptime(now.strftime(pattern), pattern)  # noqa: DTZ007 - only tried
        except ValueError as error:
            known = ", ".join(UNITS)
            raise ValueError(
                f"{error}; write a format of strptime such as '%d.%m.%Y %H:%M:%S', or {known}"
            ) from None
    return pattern


Words = Annotated[list[str], BeforeValidator(_one_or_many), AfterValidator(_some)]
"""One text, or a list of them."""
Expression = Annotated[str, AfterValidator(_expression)]
"""A regular expression of RE2's, which none can make slow."""


class JournalInput(Model):
    """What is read of systemd's journal; records that fit all that is given."""

    units: Words = Field(default_factory=list)
    """Units, as ``journalctl --unit`` takes them: ``nginx.service``, ``php*-fpm``; of all where
    none is named."""
    identifiers: Words = Field(default_factory=list)
    """Names of programs as they call themselves (``SYSLOG_IDENTIFIER``): ``sshd``, ``cron``."""
    matches: Words = Field(default_factory=list)
    """Fields and their values as ``journalctl`` takes them: ``_UID=33``, ``_TRANSPORT=kernel``."""
    priority: str = ""
    """Only what is so grave, as ``journalctl --priority`` takes it: ``warning``, ``err``."""
    user: bool = False
    """The journal of onwatch's own user, not that of the system."""

    @model_validator(mode="before")
    @classmethod
    def _of_units(cls, value: Any) -> Any:
        if isinstance(value, str | list):
            return {"units": value}
        return {} if value is None else value

    @model_validator(mode="after")
    def _are_no_options(self) -> JournalInput:
        for match in self.matches:
            name, sign, _ = match.partition("=")
            if not sign or not name.replace("_", "").isalnum() or name != name.upper():
                raise ValueError(
                    f"{match!r} is no match of the journal; write _UID=33 or PRIORITY=3"
                )
        for name in (*self.units, *self.identifiers, self.priority):
            if name.startswith("-"):
                raise ValueError(f"{name!r} begins with a dash, as no name here does")
        return self


class RegexFormat(Model):
    """A format of one's own."""

    regex: Expression
    """A regular expression of RE2's with named groups, found anywhere in a record's first line.
    The groups are the record's fields; those called ``time``, ``level`` and ``message`` are what
    they say."""

    @model_validator(mode="after")
    def _names_groups(self) -> RegexFormat:
        if not compiled(self.regex).groupindex:
            raise misplaced("the regex has no named groups; write (?P<message>.*)", "regex")
        return self


class TimeInput(Model):
    """Where a record says when it was written."""

    field: str = ""
    """Name of the field; the usual ones where empty."""
    format: Annotated[str, AfterValidator(_time_format)] = ""
    """As ``strptime`` has it (``%d.%m.%Y %H:%M:%S``), or ``unix``, ``unix_ms``, ``unix_us``,
    ``unix_ns``; the usual formats where empty."""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Of times that name none: ``UTC``, ``local`` or a name such as ``Europe/Berlin``."""

    @model_validator(mode="before")
    @classmethod
    def _of_a_field(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value


class LogInput(Model):
    """Where records come from."""

    files: Words = Field(default_factory=list)
    """Paths, which may be patterns (``/var/log/app/*.log``, ``**`` for folders within folders):
    one or a list. ``~`` is a home; others are relative to the configuration's folder."""
    journal: JournalInput | None = None
    """systemd's journal instead of files: a unit, a list of units, or more."""
    format: RegexFormat | _FormatName = "auto"
    """How a record is written: ``auto`` (found out line by line), ``json``, ``logfmt``, ``nginx``
    and ``apache`` (their access and error logs), ``common``, ``combined``, ``laravel``,
    ``syslog``, ``plain`` (the times and levels that are usual), or ``{regex: …}``."""
    multiline: Expression = ""
    """A regular expression that a record's first line matches, and no other; lines that do not
    are the rest of the record before. Without it stack traces and indented lines are."""
    time: TimeInput = TimeInput()
    """Where a record says when it was written."""
    level: Words = Field(default_factory=list)
    """Names of the field that says how grave a record is; the usual ones where empty."""
    message: Words = Field(default_factory=list)
    """Names of the field that holds the message; the usual ones where empty."""
    start: Literal["end", "beginning"] = "end"
    """Whether what is there already when onwatch starts is read and counted (``beginning``), or
    only its newest lines are shown."""

    @model_validator(mode="after")
    def _one_source(self) -> LogInput:
        if bool(self.files) == (self.journal is not None):
            raise ValueError("give exactly one of files, journal")
        if self.journal is not None and self.multiline:
            text = "multiline is for files: a record of the journal is whole"
            raise misplaced(text, "multiline")
        return self
