"""Rules evaluated once, over what one pass of the checks has collected."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from checks.alerts.folding import CheckFinder
from checks.config import RulesConfig
from checks.promql.api import Engine
from checks.promql.options import Options
from checks.rules.evaluate import Circumstances
from checks.rules.ruleset import RuleSet
from checks.rules.showing import Showing
from checks.rules.views import RulesView
from checks.rules.work import groups_of
from checks.store.store import Store
from checks.views import CheckView

__all__ = ["single_look"]


def single_look(
    config: RulesConfig,
    store: Store,
    finder: CheckFinder,
    checks: Sequence[CheckView],
    *,
    since: float,
    now: float,
    external_labels: Mapping[str, str],
    whole: bool = True,
) -> RulesView:
    """What the rules say at ``now``, without their ``for``; recording began at ``since``.

    Seconds. What looks back further than that is not judged, and is said to be so. Unless the pass
    was ``whole`` no rule is dead: a check that was left out may give what it reads.
    """
    moment = round(now * 1000)
    about = Circumstances(
        Engine(Options(), time.thread_time),
        external_labels,
        interval=round(config.interval * 1000),
        at_once=True,
        since=round(since * 1000),
    )
    rules = RuleSet(groups_of(config), about, moment)
    showing = Showing(rules, store, config.problems, None)
    while (turn := rules.turn(moment)) is not None:
        for run, outcome in zip(turn.run.runs, turn.run.steps(store, turn.at), strict=True):
            showing.take(run, outcome, turn.at, judge=lambda: whole)
    return showing.view(checks, finder, 0, "")
