"""One objective at work: what happened, counted; what that means for its budget, as series.

Loaded where a configuration has objectives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from checks.longterm.ring import Buckets
from checks.model import Sampler, Samples
from checks.objectives.budget import judged
from checks.objectives.model import Condition, Objective, Ratio
from checks.objectives.sources import reader_of
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.objectives.views import Burn, ObjectiveView
    from checks.probe import CheckSpec
    from checks.store.matching import Matcher

__all__ = ["Followed"]


class Followed:
    """``objective`` over what happens from ``since`` (milliseconds) on; ``specs`` are the checks
    by name, and its series have the labels ``external`` as well.
    """

    def __init__(
        self,
        objective: Objective,
        specs: Mapping[str, CheckSpec],
        external: Mapping[str, str],
        since: int,
    ) -> None:
        self.objective = objective
        self.buckets = Buckets(objective.key)
        self._reader = reader_of(objective.source, specs, since)
        place = _place(objective, specs)
        self._sampler = Sampler({**external, **objective.labels, **place, "slo": objective.name})

    def look(self, store: Store, now: float) -> ObjectiveView:
        """Count what happened, and judge it."""
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
