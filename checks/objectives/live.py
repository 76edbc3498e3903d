"""The objectives of a configuration beside its checks. Used from the engine's loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from checks.longterm.ring import Buckets
from checks.model import Samples
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.objectives.followed import Followed
    from checks.objectives.model import Objective
    from checks.objectives.views import ObjectiveView
    from checks.probe import CheckSpec

__all__ = ["BLOCK", "EVERY", "LiveObjectives"]

BLOCK: Final = "onwatch/objectives"
"""The name of their block in the store, which no check can have."""
EVERY: Final = 15.0
"""Seconds between two looks at what happened."""


class LiveObjectives:
    """``objectives`` over what is in ``store``; ``specs`` are the checks by name."""

    def __init__(
        self,
        objectives: Sequence[Objective],
        store: Store,
        specs: Mapping[str, CheckSpec],
        external: Mapping[str, str],
        now: float,
    ) -> None:
        self._store = store
        self._followed: list[Followed] = []
        if objectives:
            from checks.objectives.followed import Followed  # noqa: PLC0415 - for these alone

            since = round(now * 1000)
            self._followed = [Followed(one, specs, external, since) for one in objectives]
        self.views: tuple[ObjectiveView, ...] = ()

    @property
    def buckets(self) -> list[Buckets]:
        """Of all of them."""
        return [one.buckets for one in self._followed]

    def follow(self, old: LiveObjectives) -> None:
        """Go on with what ``old`` counted of the same."""
        held = {one.series: one for one in old.buckets}
        for one in self._followed:
            one.buckets = held.get(one.objective.key, one.buckets)

    def look(self, now: float) -> None:
        """Count what happened, judge it, and put the series into the store."""
        self.views = tuple(one.look(self._store, now) for one in self._followed)
        samples = Samples()
        for one, view in zip(self._followed, self.views, strict=True):
            samples += one.samples(view)
        if self._followed:
            self._store.append(BLOCK, EVERY, now, samples)
