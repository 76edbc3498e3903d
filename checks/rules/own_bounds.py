"""Where a check has a bound of its own, the built-in alerts on the same figure give way to it.

Who writes that a queue may be 5,000 long is not to be called for 1,001, which is what is much
where nobody says anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from checks.probe import CheckSpec
from checks.registry import kind
from checks.rules.model import AlertRule, Rule, RuleGroup

__all__ = ["OwnBound", "giving_way", "own_bounds"]

_BACKLOG: Final = "QueueBacklog"


@dataclass(frozen=True, slots=True)
class OwnBound:
    """The built-in alert called ``alert`` gives way to the check ``check`` where it would have all
    of ``labels``.
    """

    alert: str
    check: str
    labels: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        queue = dict(self.labels).get("queue", "")
        return f"queue {queue} of {self.check}" if queue else self.check


def own_bounds(specs: Iterable[CheckSpec], external: Mapping[str, str]) -> tuple[OwnBound, ...]:
    """The bounds that are written for ``specs``; ``external`` are the labels of all samples."""
    return tuple(
        OwnBound(alert, spec.name, frozenset(labels.items()))
        for spec in specs
        for alert, labels in _of_check(spec, spec.target_labels(external))
    )


def _of_check(spec: CheckSpec, target: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    where = {name: target[name] for name in ("job", "instance")}
    made = kind(spec.kind)
    for key, alerts in made.bounds.items():
        if _is_written(spec.config, key.split(".")):
            yield from ((alert, where) for alert in alerts)
    for queue in made.expects(spec.config).queue_traits:
        if queue.warning is not None or queue.critical is not None:
            one = where | ({"queue": queue.name} if queue.name else {})
            yield _BACKLOG, one


def _is_written(model: object, keys: list[str]) -> bool:
    """Whether somebody wrote it: what is as it is by default is nobody's bound."""
    for key in keys:
        if not isinstance(model, BaseModel) or key not in model.model_fields_set:
            return False
        model = getattr(model, key)
    return True


def giving_way(groups: Iterable[RuleGroup], bounds: Collection[OwnBound]) -> list[RuleGroup]:
    """``groups``, which are built-in, with alerts that say nothing where there are ``bounds``."""
    by_alert: dict[str, list[OwnBound]] = {}
    for bound in bounds:
        by_alert.setdefault(bound.alert, []).append(bound)
    return [
        replace(group, rules=tuple(_giving_way(rule, by_alert) for rule in group.rules))
        if any(rule.name in by_alert for rule in group.rules)
        else group
        for group in groups
    ]


def _giving_way(rule: Rule, bounds: Mapping[str, list[OwnBound]]) -> Rule:
    if isinstance(rule, AlertRule) and rule.name in bounds:
        return replace(rule, gives_way=tuple(bounds[rule.name]))
    return rule
