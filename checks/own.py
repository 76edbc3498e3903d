"""What onwatch says of itself, under the names by which Prometheus and its exporters do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from checks.model import Sampler

if TYPE_CHECKING:
    from checks.store.store import Store

__all__ = ["BLOCK", "EVERY", "Own"]

BLOCK: Final = "onwatch/own"
"""The name of its block in the store, which no check can have."""
EVERY: Final = 15.0
"""Seconds between its samples, where nothing has changed."""
_RELOADED: Final = (
    "blackbox_exporter_config_last_reload_successful",
    "prometheus_config_last_reload_successful",
)


class Own:
    """The samples of the job ``onwatch``.

    ``reload_failed`` says that the configuration on disk is none, and an older one in force.
    """

    def __init__(self, instance: str, external: Mapping[str, str]) -> None:
        self.reload_failed = False
        self._sampler = Sampler({**external, "job": "onwatch", "instance": instance})
        self._due = 0.0
        self._told: bool | None = None

    def tell(self, store: Store, now: float) -> None:
        """Add its samples to ``store`` where they are due, or have changed."""
        if now < self._due and self._told is self.reload_failed:
            return
        self._due, self._told = now + EVERY, self.reload_failed
        builder = self._sampler.builder()
        for name in _RELOADED:
            builder.add(name, float(not self.reload_failed))
        store.append(BLOCK, EVERY, now, builder.build())
