"""The log of steps as a session uses it: opened when it is needed, and looked back into once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.errors import OnwatchError
from checks.lanes import LaneBusyError, Lanes
from checks.secrets import Masker

if TYPE_CHECKING:
    from checks.config import RunbooksConfig
    from checks.runbooks.audit import Audit, AuditEntry

__all__ = ["Trail"]

PATIENCE: Final = 5.0
"""Seconds that a disk has to give what was written before."""

log = logging.getLogger("onwatch.runbooks")


class Trail:
    """The log that ``books`` name; without one, in tests, nothing is written down."""

    def __init__(self, books: RunbooksConfig, masker: Masker, clock: Clock) -> None:
        self._path = path = books.audit
        self._config = books.config
        self._masker = masker
        self._clock = clock
        self._audit: Audit | None = None
        self._looked_back = path is None

    def follow(self, old: Trail) -> None:
        """Look back into the same file no more than ``old`` has. What is written from now on is
        masked by what is secret now: a reload may bring other passwords.
        """
        self._looked_back = self._looked_back or (self._path == old._path and old._looked_back)

    @property
    def audit(self) -> Audit | None:
        """The log; None where there is none."""
        if self._audit is None and self._path is not None:
            from checks.runbooks.audit import Audit  # noqa: PLC0415 - with a step to run

            self._audit = Audit(self._path, self._masker, self._clock, config=self._config)
        return self._audit

    async def look_back(self, lanes: Lanes) -> list[str]:
        """A sentence for each step that was cut off when its onwatch was killed; once a session."""
        if self._looked_back:
            return []
        self._looked_back = True
        try:
            async with asyncio.timeout(PATIENCE):
                return await lanes.run("audit", self._cut_off)
        except (OSError, OnwatchError, TimeoutError, LaneBusyError) as error:
            log.warning("what ran before could not be read: %s", error)
            return []

    def _cut_off(self) -> list[str]:
        """Called in the lane."""
        audit = self.audit if self._path is not None and self._path.exists() else None
        return [
            f"the step {one.step} of {one.runbook}{self._elsewhere(one)} was cut off when its "
            "onwatch was killed: how far it had come is not known"
            for one in (audit.cut_off() if audit is not None else ())
        ]

    def _elsewhere(self, entry: AuditEntry) -> str:
        """Which configuration a step was of that this one may not have."""
        return f" ({entry.config})" if entry.config and entry.config != self._config else ""
