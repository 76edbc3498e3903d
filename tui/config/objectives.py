"""What a configuration promises: its objectives, checked against the checks that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.config.wording import meant

if TYPE_CHECKING:
    from checks.capacity.model import Capacity
    from checks.config import RulesConfig
    from checks.objectives.model import Condition, Objective, OfCheck, Picked, Source
    from tui.config.models import File
    from tui.config.objectives_models import ObjectiveItem, Ratio
    from tui.config.problems import Report

__all__ = ["read_objectives", "with_packs"]

_COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">="})


def read_objectives(
    report: Report, head: File, checks: Collection[str], *, complete: bool
) -> tuple[Objective, ...]:
    """The objectives of ``head``; reports what does not hold together.

    ``checks`` are the names of the checks; ``complete`` says that there are no others.
    """
    found: dict[str, Objective] = {}
    for index, item in enumerate(head.objectives):
        if item.name in found:
            report.add(("objectives", index, "name"), f'another one is called "{item.name}"')
            continue
        made = _objective(report, index, item)
        if complete:
            _know_check(report, index, item, checks)
        if made is not None:
            found[item.name] = made
    return tuple(found.values())


def with_packs(
    rules: RulesConfig, objectives: Sequence[Objective], capacity: Sequence[Capacity]
) -> RulesConfig:
    """``rules`` with the packs that objectives and thresholds of capacity are for: who promises
    something wants to hear of it, whatever other packs there are.
    """
    wanted = ["slo"] if objectives else []
    wanted += ["capacity"] if any(one.warning or one.critical for one in capacity) else []
    more = tuple(name for name in wanted if name not in rules.packs)
    return replace(rules, packs=(*rules.packs, *more)) if more else rules


def _objective(report: Report, index: int, item: ObjectiveItem) -> Objective | None:
    from checks.objectives.model import Objective  # noqa: PLC0415 - few have any
    from checks.objectives.model import Ratio as OfCounters  # noqa: PLC0415

    source: Source
    if item.condition:
        condition = _condition(report, index, item.condition)
        if condition is None:
            return None
        source = condition
    elif item.ratio is None:
        source = _of_check(item)
    else:
        key = "bad" if item.ratio.bad is not None else "good"
        part = _picked(report, index, item.ratio, key)
        total = _picked(report, index, item.ratio, "total")
        if part is None or total is None:
            return None
        source = OfCounters(part, total, bad=key == "bad")
    return Objective(item.name, item.objective, item.window, source, item.least, dict(item.labels))


def _of_check(item: ObjectiveItem) -> OfCheck:
    from checks.objectives.model import OfCheck  # noqa: PLC0415 - few have any

    if item.latency is not None:
        return OfCheck("latency", item.requests, item.latency.below)
    what = next(name for name in ("requests", "probe", "up") if getattr(item, name))
    return OfCheck(what, getattr(item, what))


def _picked(report: Report, index: int, ratio: Ratio, key: str) -> Picked | None:
    """The counters that ``ratio`` names under ``key``; None, reported, where it names none."""
    from checks.numerics import import_numpy  # noqa: PLC0415 - few have any

    import_numpy()
    from checks.objectives.model import Picked  # noqa: PLC0415
    from checks.promql.ast import Selector, unwrapped  # noqa: PLC0415
    from checks.promql.errors import PromQLError  # noqa: PLC0415
    from checks.promql.syntax import parse  # noqa: PLC0415

    text = getattr(ratio, key)
    where = ("objectives", index, "ratio", key)
    try:
        node = unwrapped(parse(text))
    except PromQLError as error:
        report.add(where, str(error))
        return None
    if not isinstance(node, Selector) or node.offset or node.at is not None or not node.name:
        report.add(where, 'expected a counter such as http_requests_total{job="shop"}, as it is')
        return None
    return Picked(text, node.name, node.matchers)


def _condition(report: Report, index: int, text: str) -> Condition | None:
    """The condition ``text``, whose comparison says 1 or 0; None, reported, where it is none."""
    from checks.numerics import import_numpy  # noqa: PLC0415 - few have any

    import_numpy()
    from checks.objectives.model import Condition  # noqa: PLC0415
    from checks.promql.api import Expression  # noqa: PLC0415
    from checks.promql.ast import Binary, Kind, unwrapped  # noqa: PLC0415
    from checks.promql.check import kind_of  # noqa: PLC0415
    from checks.promql.errors import PromQLError  # noqa: PLC0415
    from checks.promql.syntax import parse  # noqa: PLC0415

    where = ("objectives", index, "condition")
    try:
        node = unwrapped(parse(text))
    except PromQLError as error:
        report.add(where, str(error))
        return None
    if kind_of(node) is not Kind.VECTOR:
        report.add(where, "expected a condition such as up == 1, of something that is watched")
        return None
    if isinstance(node, Binary) and node.operator in _COMPARISONS:
        node = replace(node, bool_modifier=True)
    return Condition(Expression(text, node))


def _know_check(report: Report, index: int, item: ObjectiveItem, checks: Collection[str]) -> None:
    for key in ("requests", "probe", "up"):
        name = getattr(item, key)
        if name and name not in checks:
            text = f'no check is called "{name}"{meant(name, checks)}'
            report.add(("objectives", index, key), text)
