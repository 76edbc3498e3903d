"""Metrics that dashboards ask for and no check of a configuration brings, told before any ran."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Final

from checks.dashboards.emptiness import not_brought
from checks.dashboards.probing import tree_of
from checks.model import clean
from checks.promql.ast import Selector
from checks.registry import KINDS, kind
from checks.rules.dead import ALWAYS_KNOWN, empty_selectors, nearest_name
from checks.rules.packs import names_in

if TYPE_CHECKING:
    from checks.config import EngineConfig
    from checks.dashboards.model import Dashboard
    from checks.probe import CheckSpec

__all__ = ["misnamed"]

_OF_EVERY_CHECK: Final = frozenset({"up", "probe_success", "scrape_duration_seconds"})
_OWN: Final = ("onwatch_", "slo_", "capacity_")
"""How names begin of what onwatch tells by itself."""
_OPEN: Final = frozenset({"metrics"})
"""Kinds that bring what a page elsewhere has: nobody knows before it is read."""
_PARTS: Final = ("_bucket", "_sum", "_count")


def misnamed(config: EngineConfig) -> Callable[[Dashboard], Iterator[str]]:
    """What tells of a dashboard a sentence for each expression that has nothing to read, since no
    check of ``config`` brings such a metric, while the name of one that they bring is near.

    Nothing is told where a check brings what its page has.
    """
    if any(one.kind in _OPEN or one.kind not in KINDS for one in config.checks):
        return lambda _: iter(())
    brought = _OF_EVERY_CHECK.union(*map(_brought_by, config.checks))
    # A kind that is not watched may be on the dashboard for later.
    there = brought.union(ALWAYS_KNOWN, _recorded(config), *map(_declared, KINDS))
    return lambda dashboard: _misnamed(dashboard, there, brought)


def _misnamed(
    dashboard: Dashboard, there: Collection[str], brought: Collection[str]
) -> Iterator[str]:
    def exists(selector: Selector) -> bool:
        name = selector.name
        return not name or name in there or name.startswith(_OWN)

    for panel in dashboard.panels:
        for query in panel.queries:
            root = tree_of(query.expr, dashboard.variables) if query.expr else None
            absent = empty_selectors(root, exists) if root is not None else ()
            # A name that a variable is part of is not known yet.
            name = next((one.name for one in absent if one.name in query.expr), "")
            near = nearest_name(name, brought)
            if near:
                said = f"{not_brought(name)}; the nearest metric is {near}"
                yield f"panel {panel.title or '(untitled)'}: {said}, in {clean(query.expr, 200)}"


def _brought_by(spec: CheckSpec) -> frozenset[str]:
    """The metrics that ``spec`` may bring: its kind's, and those that it names itself."""
    own = frozenset(_metrics_named_in(spec.config.model_dump()))
    return _declared(spec.kind) | own | {name + part for name in own for part in _PARTS}


def _declared(name: str) -> frozenset[str]:
    """The metrics of every check of a kind, histograms by their parts too."""
    every = kind(name).metrics
    parts = (one.name + part for one in every if one.type == "histogram" for part in _PARTS)
    return frozenset({one.name for one in every}.union(parts))


def _metrics_named_in(given: object) -> Iterator[str]:
    """What the configuration of a check calls the metrics that it makes."""
    match given:
        case dict():
            if isinstance(named := given.get("metric"), str):
                yield named
            for value in given.values():
                yield from _metrics_named_in(value)
        case list() | tuple():
            for value in given:
                yield from _metrics_named_in(value)


def _recorded(config: EngineConfig) -> Collection[str]:
    """What rules record; the names of alerts among them are no metrics, and do no harm."""
    if config.rules is None:
        return ()
    own = {rule.name for group in config.rules.groups for rule in group.rules}
    return own | names_in(config.rules.packs)
