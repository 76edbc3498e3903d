"""What can be configured of a `process` check."""

from __future__ import annotations

import re
import socket
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from checks.bounds import Count, Rising
from checks.expectations import LatencyBounds, Pattern, Texts
from checks.probes.host.config import Bounds as ShareBounds
from checks.probes.host.config import Percent
from checks.settings import Duration, KindConfig, Size

__all__ = [
    "AgeBounds",
    "CountBounds",
    "CpuBounds",
    "DescriptorBounds",
    "MemoryBounds",
    "NumberBounds",
    "ProcessConfig",
    "RestartBounds",
]

_CORES = re.compile(r"(\d+(?:\.\d+)?)\s*%?")


def _parse_cores(value: object) -> float:
    """Percent of one core: ``150%`` or 150 is one and a half."""
    found = None if isinstance(value, bool) else _CORES.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(
            f"{value!r} is no share of a core; write 80% or 80, 150% for one and a half"
        )
    return float(found.group(1))


Cores = Annotated[
    float,
    BeforeValidator(_parse_cores),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%?$"},
                {"type": "number", "minimum": 0},
            ],
            "description": "a share of one core: 80% or 80; 150% is one and a half cores",
        }
    ),
]
"""Percent of one core, which may be more than 100."""


class CountBounds(Count):
    """How many processes there must be; a plain number is both."""

    min: int = Field(default=1, ge=0)
    """Fewer than this is CRITICAL."""
    max: int | None = Field(default=None, ge=0)
    """More than this is CRITICAL; 0 for a process that must not run."""


class CpuBounds(Rising):
    """Bounds of the CPU use of all of them together, as a share of one core."""

    warning: Cores | None = None
    """From here on it is a WARNING: `80%` of one core, `150%` for one and a half."""
    critical: Cores | None = None
    """From here on it is CRITICAL."""
    window: Duration = Field(default=60.0, ge=1.0)
    """Length of the mean that is judged, so that a spike pages nobody."""


class MemoryBounds(Rising):
    """Bounds of the resident memory of all of them together."""

    warning: Size | None = None
    """WARNING from this size on."""
    critical: Size | None = None
    """CRITICAL from this size on."""


class DescriptorBounds(ShareBounds):
    """Bounds of open descriptors, as a share of the limit; the worst process counts."""

    warning: Percent | None = 80.0
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = 95.0
    """From here on it is CRITICAL; null for never."""


class AgeBounds(LatencyBounds):
    """Bounds of how long the oldest has been running."""

    warning: Duration | None = None
    """Running for longer than this is a WARNING: a job that hangs."""
    critical: Duration | None = None
    """The same for CRITICAL."""


class NumberBounds(Rising):
    """Bounds of a number."""

    warning: int | None = Field(default=None, ge=1)
    """From this number on it is a WARNING; null for never."""
    critical: int | None = Field(default=None, ge=1)
    """From this number on it is CRITICAL; null for never."""


class RestartBounds(NumberBounds):
    """Bounds of how often they were started anew."""

    warning: int | None = Field(default=3, ge=1)
    """So many restarts within the window are a WARNING; null for never."""
    window: Duration = Field(default=600.0, ge=1.0)
    """How far back restarts count."""


class ZombieBounds(NumberBounds):
    """Bounds of those that have ended and that their parent does not collect."""

    warning: int | None = Field(default=1, ge=1)
    """So many, seen in two runs one after the other, are a WARNING; null for never."""


class ProcessConfig(KindConfig):
    """Processes of this machine, chosen by name, pid file, command line or user.

    What is given of these must all hold; a plain string is the name.
    """

    shorthand: ClassVar[str] = "name"

    name: Texts = ()
    """Name of the program (`nginx`), or a list; shell patterns such as `php-fpm*` may be used."""
    command: Pattern | None = None
    """Regular expression that is searched for in the command line."""
    pid_file: str | None = None
    """File that holds the id of the process."""
    user: str | None = None
    """Name or number of the user that they run as."""
    group: str = ""
    """Their `groupname` label; without it the name, or the check's name."""
    children: bool = False
    """Whether the processes that they started count as theirs."""
    count: CountBounds = CountBounds()
    """How many there must be."""
    cpu: CpuBounds = CpuBounds()
    """Bounds of the CPU use of all of them together."""
    memory: MemoryBounds = MemoryBounds()
    """Bounds of the resident memory of all of them together."""
    descriptors: DescriptorBounds = DescriptorBounds()
    """Bounds of open descriptors, as a share of the limit; the worst process counts."""
    threads: NumberBounds = NumberBounds()
    """Bounds of the threads of all of them together."""
    age: AgeBounds = AgeBounds()
    """Bounds of how long the oldest has been running."""
    restarts: RestartBounds = RestartBounds()
    """Bounds of how often they were started anew."""
    zombies: ZombieBounds = ZombieBounds()
    """Bounds of those that have ended and that their parent does not collect."""
    stuck: Duration | None = 60.0
    """Waiting for a disk (state D) for so long without a pause is a WARNING; null for never."""

    @model_validator(mode="after")
    def _selects(self) -> ProcessConfig:
        if not (any(self.name) or self.command or self.pid_file or self.user):
            raise ValueError("say which processes: give name, command, pid_file or user")
        if not all(self.name):
            raise ValueError("name: an empty name is no name")
        return self

    def instance(self) -> str:
        return socket.gethostname()

    def address(self) -> str:
        return self.described()

    def groupname(self) -> str:
        """What the label `groupname` says; empty where nothing here gives a name."""
        if self.group or len(self.name) != 1:
            return self.group
        return self.name[0] if not set(self.name[0]) & set("*?[") else ""

    def described(self) -> str:
        """Who is meant, in words: ``nginx``, ``nginx of www-data``, ``/run/nginx.pid``."""
        said = " or ".join(self.name)
        if self.command:
            # Not its repr, which doubles every backslash.
            said = f"{said} with '{self.command}'" if said else f"command '{self.command}'"
        if self.pid_file:
            said = f"{said} ({self.pid_file})" if said else self.pid_file
        if self.user:
            said = f"{said} of {self.user}" if said else f"processes of {self.user}"
        return said
