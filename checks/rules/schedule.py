"""When a group is evaluated: always at the same offset within its interval.

As Prometheus does it: the offset comes from the group's file and name, so that a restart does not
change it and groups do not all run at once. Times are milliseconds since 1970.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

__all__ = ["Slots"]


@dataclass(frozen=True, slots=True)
class Slots:
    """The moments at which the group ``key`` is due, every ``interval``."""

    key: str
    interval: int
    offset: int = field(init=False)
    """Where in its interval a moment lies."""

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(self.key.encode(), digest_size=8).digest()
        object.__setattr__(self, "offset", int.from_bytes(digest, "big") % self.interval)

    def at_or_before(self, now: int) -> int:
        """The last moment that is not later than ``now``."""
        return now - (now - self.offset) % self.interval

    def after(self, now: int) -> int:
        """The first moment later than ``now``."""
        return self.at_or_before(now) + self.interval

    def missed(self, last: int, now: int) -> int:
        """How many moments between the evaluation at ``last`` and that at ``now`` had none."""
        return max(0, (now - last) // self.interval - 1)
