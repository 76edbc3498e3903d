"""The demo's queues as keys in Redis, shared by the service and the workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CACHE_HITS", "CACHE_MISSES", "QUEUES", "Queue", "queue"]

CACHE_HITS: Final = "cache:hits"
CACHE_MISSES: Final = "cache:misses"


@dataclass(frozen=True, slots=True)
class Queue:
    """``workers`` take jobs side by side; a job takes ``duration`` seconds and may fail.

    ``worker`` is what they are called in the health document.
    """

    name: str
    worker: str
    workers: int
    duration: float
    failures: float

    @property
    def waiting(self) -> str:
        """The list of waiting jobs: pushed left, popped right."""
        return f"queues:{self.name}"

    @property
    def processing(self) -> str:
        """The list of jobs that a worker has taken."""
        return f"queues:{self.name}:processing"

    @property
    def failed(self) -> str:
        """The counter of failed jobs."""
        return f"queues:{self.name}:failed"

    @property
    def heartbeat(self) -> str:
        """A key that lives for as long as this queue's workers work."""
        return f"workers:{self.worker}:heartbeat"


QUEUES: Final = (
    Queue("default", "indexer", 3, 0.12, 0.002),
    Queue("emails", "mailer", 2, 0.30, 0.01),
    Queue("webhooks", "notifier", 2, 0.20, 0.03),
)


def queue(name: str) -> Queue:
    """The queue called ``name``. Raises KeyError where there is none."""
    for known in QUEUES:
        if known.name == name:
            return known
    raise KeyError(name)
