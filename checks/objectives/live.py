"""The objectives of a configuration beside its checks. Used from the engine's loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from checks.longterm.ring import Buckets
from checks.model import Sampler, Samples
from checks.objectives.budget import judged
from checks.objectives.model import Condition, Objective, Ratio
from checks.objectives.sources import Reader, reader_of
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.objectives.views import Burn, ObjectiveView
    from checks.probe import CheckSpec
    from checks.store.matching import Matcher

__all__ = ["BLOCK", "EVERY", "LiveObjectives"]

BLOCK: Final = "onwatch/objectives"
"""The name of their block in the store, which no check can have."""
EVERY: Final = 15.0
"""Seconds between two looks at what happened."""


class _Followed:
    """One objective at work."""

    def __init__(self, objective: Objective, reader: Reader, sampler: Sampler) -> None:
        self.objective = objective
        self.buckets = Buckets(objective.key)
        self._reader = reader
        self._sampler = sampler

    def look(self, store: Store, now: float) -> ObjectiveView:
        for one in self._reader.read(store, round(now * 1000)):
            self.buckets.add(one.at, one.good, one.total, one.known)
        return judged(self.objective, self.buckets, now, self._reader.note, self._reader.check)

    def samples(self, view: ObjectiveView) -> Samples:
        """Its series. What is not known is not there."""
        builder = self._sampler.builder()
        builder.add("slo_objective_ratio", view.target)
        builder.add("slo_window_seconds", view.window)
        builder.add("slo_known_ratio", view.covered)
        builder.add("slo_sli_ratio", view.sli)
        builder.add("slo_error_budget_remaining_ratio", view.remaining)
        for burn in view.burns:
            if burn.rate is not None:
                labels = {"window": _window(burn)}
                builder.add("slo_burn_rate", burn.rate, labels)
                builder.add("slo_low_traffic", float(burn.few), labels)
        return builder.build()


def _window(burn: Burn) -> str:
    for unit, seconds in (("d", 86_400), ("h", 3600)):
        if burn.window % seconds == 0:
            return f"{burn.window / seconds:.0f}{unit}"
    return f"{burn.window / 60:.0f}m"


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
        since = round(now * 1000)
        self._followed = [
            _Followed(
                one,
                reader_of(one.source, specs, since),
                Sampler({**external, **one.labels, **_place(one, specs), "slo": one.name}),
            )
            for one in objectives
        ]
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


def _place(objective: Objective, specs: Mapping[str, CheckSpec]) -> dict[str, str]:
    """``job`` and ``instance`` of what it is of, so that its alerts are that check's."""
    source = objective.source
    if isinstance(source, Ratio):
        return _named(source.total.matchers)
    if isinstance(source, Condition):
        selectors = source.expression.selectors
        return _named(selectors[0].matchers) if selectors else {}
    spec = specs.get(source.check)
    if spec is None:
        return {}
    return {"job": spec.job or spec.name, "instance": spec.config.instance()}


def _named(matchers: Iterable[Matcher]) -> dict[str, str]:
    """The job and the instance that ``matchers`` name."""
    wanted = ("job", "instance")
    return {one.label: one.value for one in matchers if one.op == "=" and one.label in wanted}
