"""What can be configured of a `host` check."""

from __future__ import annotations

import socket

from pydantic import Field, model_validator

from checks.bounds import Falling, Rising
from checks.settings import Duration, KindConfig
from checks.shares import Percent, parse_percent

__all__ = [
    "Bounds",
    "CpuBounds",
    "FillBounds",
    "HostConfig",
    "LoadBounds",
    "Percent",
    "parse_percent",
]


class Bounds(Rising):
    """Shares at which a resource is worth a warning, or is as good as used up."""

    warning: Percent | None = None
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = None
    """From here on it is CRITICAL; null for never."""


class CpuBounds(Bounds):
    """Bounds of the mean CPU use."""

    warning: Percent | None = 90.0
    """From here on it is a WARNING; null for never."""
    window: Duration = Field(default=300.0, ge=60.0)
    """Length of the mean: a minute at least, so that a spike pages nobody."""


class MemoryBounds(Bounds):
    """Bounds of the memory that could not be had back at once."""

    warning: Percent | None = 90.0
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = 97.0
    """From here on it is CRITICAL; null for never."""


class SwapBounds(Bounds):
    """Bounds of the swap space in use."""

    warning: Percent | None = 80.0
    """From here on it is a WARNING; null for never."""


class SpaceBounds(Bounds):
    """Bounds of the space in use of a filesystem, as `df` reckons it."""

    warning: Percent | None = 85.0
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = 95.0
    """From here on it is CRITICAL; null for never."""


class InodeBounds(Bounds):
    """Bounds of the inodes in use of a filesystem."""

    warning: Percent | None = 90.0
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = 97.0
    """From here on it is CRITICAL; null for never."""


class FillBounds(Falling):
    """Bounds of the time until a filesystem is full, if it goes on as in the last hour.

    Judged once half an hour is known, and only where ``above`` is in use already.
    """

    warning: Duration | None = 14_400.0
    """Full sooner than this is a WARNING; null for never."""
    critical: Duration | None = None
    """The same for CRITICAL; null for never."""
    above: Percent = 60.0
    """A filesystem with less than this in use is not judged."""


class LoadBounds(Rising):
    """Bounds of the load average for each CPU of the machine."""

    warning: float | None = Field(default=2.0, gt=0)
    """Load for each CPU, over one and over five minutes, that is a WARNING; null for never."""
    critical: float | None = Field(default=None, gt=0)
    """The same for CRITICAL; null for never."""


class HostConfig(KindConfig):
    """This machine, or the container that onwatch runs in."""

    filesystems: list[str] = Field(default_factory=list)
    """Paths whose filesystems are watched; every real one where the list is empty."""
    cpu: CpuBounds = CpuBounds()
    """Bounds of the CPU use, over all cores that may be used."""
    load: LoadBounds = LoadBounds()
    """Bounds of the load average."""
    memory: MemoryBounds = MemoryBounds()
    """Bounds of the memory that could not be had back at once."""
    swap: SwapBounds = SwapBounds()
    """Bounds of the swap space in use."""
    space: SpaceBounds = SpaceBounds()
    """Bounds of the space in use of each filesystem, as `df` reckons it."""
    inodes: InodeBounds = InodeBounds()
    """Bounds of the inodes in use of each filesystem."""
    full_in: FillBounds = FillBounds()
    """Bounds of the time until a filesystem is full."""
    oom_hold: Duration = 300.0
    """How long a process killed for want of memory keeps the check at WARNING."""
    processes: int = Field(default=15, ge=0, le=100)
    """How many processes the table shows; 0 for no scan."""
    process_interval: Duration = Field(default=10.0, ge=1.0)
    """Time between two scans of the processes."""

    @model_validator(mode="after")
    def _absolute(self) -> HostConfig:
        for path in self.filesystems:
            if not path.startswith("/"):
                raise ValueError(f"filesystems: {path!r} is not an absolute path")
        return self

    def instance(self) -> str:
        return socket.gethostname()
