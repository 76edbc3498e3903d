"""How an SQLite check is described in the configuration."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from checks.bounds import Rising
from checks.model import Status
from checks.queries import UserQuery
from checks.requests.config import RequestLog
from checks.settings import Duration, KindConfig, Size

__all__ = ["SizeBounds", "SqliteConfig"]


class SizeBounds(Rising):
    """Bounds of a size."""

    warning: Size | None = None
    """WARNING from this size on."""
    critical: Size | None = None
    """CRITICAL from this size on."""

    def judge(self, size: int) -> Status:
        """The status of ``size`` bytes."""
        if self.critical is not None and size >= self.critical:
            return Status.CRITICAL
        if self.warning is not None and size >= self.warning:
            return Status.WARNING
        return Status.OK


class SqliteConfig(KindConfig):
    """An SQLite database file."""

    shorthand: ClassVar[str] = "path"

    path: str = Field(min_length=1)
    """Path of the database file; it is opened read-only and never created."""
    size: SizeBounds = SizeBounds()
    """Bounds of the database's size, with what is still in its write-ahead log alone."""
    wal_size: SizeBounds = SizeBounds()
    """Bounds of its write-ahead log's size: a large one means that nothing checkpoints it."""
    integrity_check: Duration | None = None
    """How often `PRAGMA quick_check` reads the whole file; never unless given."""
    queries: list[UserQuery] = Field(default_factory=list)
    """Queries of your own that become samples."""
    request_log: RequestLog | None = None
    """A table with a row for each request."""

    def instance(self) -> str:
        return self.path
