"""What can be configured of a `files` check."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checks.bounds import Between, Count, Rising
from checks.settings import Duration, KindConfig, Model, Size
from checks.shares import Percent

__all__ = [
    "AgeBounds",
    "CountBounds",
    "Due",
    "FilesConfig",
    "Readable",
    "ShrinkBounds",
    "SizeBounds",
    "TotalBounds",
]


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _schedule(text: str) -> str:
    from checks.story.cron import Cron  # noqa: PLC0415 - only who has a schedule pays for it

    Cron.of(text)
    return text


def _zone(name: str) -> str:
    from checks.story.calendar import zone  # noqa: PLC0415 - as above

    zone(name)
    return name


class AgeBounds(Rising):
    """Bounds of an age, which is told by the time of the last change."""

    warning: Duration | None = None
    """Older than this is a WARNING."""
    critical: Duration | None = None
    """Older than this is CRITICAL."""


class SizeBounds(Between):
    """Bounds of the newest file's size."""

    warning: Size | None = None
    """WARNING from this size on."""
    critical: Size | None = None
    """CRITICAL from this size on."""
    warning_below: Size | None = None
    """Smaller than this is a WARNING."""
    critical_below: Size | None = None
    """Smaller than this is CRITICAL."""


class TotalBounds(Rising):
    """Bounds of the size of all files together."""

    warning: Size | None = None
    """WARNING from this size on."""
    critical: Size | None = None
    """CRITICAL from this size on."""


class ShrinkBounds(Rising):
    """Bounds of how much smaller the newest file is than the one before."""

    warning: Percent | None = None
    """Smaller by more than this is a WARNING."""
    critical: Percent | None = None
    """Smaller by more than this is CRITICAL."""


class CountBounds(Count):
    """How many files there must be; a plain number is both."""

    min: int = Field(default=1, ge=0)
    """Fewer than this is CRITICAL; 0 where there need be none."""
    max: int | None = Field(default=None, ge=0)
    """More than this is a WARNING: what should delete them does not."""


class Due(Model):
    """When a new file is due."""

    schedule: Annotated[str, AfterValidator(_schedule)]
    """Five fields as in a crontab: `0 2 * * *` for two o'clock each night, `0 */6 * * *` for every
    six hours; the schedule of the job that writes the file."""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The zone of these times, such as `Europe/Berlin`; empty for this machine's own."""
    grace: Duration = 3600.0
    """How long after that the file may take. One that is not there by then is CRITICAL."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"schedule": value} if isinstance(value, str) else value


class Readable(Model):
    """Whether the newest file is whole; `true` is enough."""

    budget: Size = 256_000_000
    """Bytes of a compressed file that are read, and ten times as many of what is in it; of a larger
    one the rest is not looked at. A new file is read once."""

    @model_validator(mode="before")
    @classmethod
    def _from_truth(cls, value: Any) -> Any:
        return {} if value is True else value


def _wanted(value: object) -> object:
    return None if value is False else value


ReadableText = Annotated[
    Readable | None,
    BeforeValidator(_wanted),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "properties": {"budget": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class FilesConfig(KindConfig):
    """Files of this machine: backups, dumps, folders that must not grow."""

    shorthand: ClassVar[str] = "path"

    path: Annotated[list[str], BeforeValidator(_one_or_many)] = Field(min_length=1)
    """A path or a list of them; `*`, `?`, `[…]` match as in a shell, `**` folders within folders.
    A folder that is named stands for all files in it; one that a pattern matches is one item with
    all that is in it. Files are told apart by when they were changed, not by their names."""
    exclude: Annotated[list[str], BeforeValidator(_one_or_many)] = Field(default_factory=list)
    """Patterns of names that do not count: `*.tmp`."""
    age: AgeBounds = AgeBounds()
    """Bounds of the newest one's age."""
    oldest: AgeBounds = AgeBounds()
    """Bounds of the oldest one's age: what should delete it does not."""
    due: Due | None = None
    """When a new one is due: a schedule as in a crontab."""
    count: CountBounds = CountBounds()
    """How many there must be."""
    size: SizeBounds = SizeBounds()
    """Bounds of the newest one's size."""
    shrinks: ShrinkBounds = ShrinkBounds()
    """Bounds of how much smaller the newest is than the one before."""
    total: TotalBounds = TotalBounds()
    """Bounds of the size of all of them together."""
    readable: ReadableText = None
    """Whether the newest one is read, to see that it is whole: `true`, or `{budget: 1GB}`."""
    settle: Duration = 60.0
    """A file that was changed within this time is still being written: its size and content are
    not judged, those of the one before are."""

    def instance(self) -> str:
        return self.path[0]

    def address(self) -> str:
        more = f" and {len(self.path) - 1} more" if len(self.path) > 1 else ""
        return f"{self.path[0]}{more}"
