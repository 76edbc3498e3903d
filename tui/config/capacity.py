"""What a configuration watches for where it is going."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.capacity.model import Capacity
    from checks.promql.api import Expression
    from tui.config.models import File
    from tui.config.objectives_models import CapacityItem
    from tui.config.problems import Report

__all__ = ["read_capacity"]

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_SIZE: Final = re.compile(r"\d+(?:\.\d+)?\s*[kKMGTP]i?[bB]?")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:e\d+)?")
_UNITS: Final = (
    ("_per_second", "1/s"),
    ("_bytes", "bytes"),
    ("_seconds", "s"),
    ("_ratio", "ratio"),
)


def read_capacity(report: Report, head: File) -> tuple[Capacity, ...]:
    """What ``head`` says of it; reports expressions that are none."""
    found: dict[str, Capacity] = {}
    for index, item in enumerate(head.capacity):
        if item.name in found:
            report.add(("capacity", index, "name"), f'another one is called "{item.name}"')
            continue
        made = _capacity(report, index, item)
        if made is not None:
            found[item.name] = made
    return tuple(found.values())


def _capacity(report: Report, index: int, item: CapacityItem) -> Capacity | None:
    from checks.capacity.model import Capacity  # noqa: PLC0415 - few have any

    before = len(report.problems)
    expr = _expression(report, index, "expr", item.expr)
    limit = _limit(report, index, item.limit)
    if expr is None or len(report.problems) > before:
        return None
    return Capacity(
        item.name,
        expr,
        limit,
        item.over,
        warning=item.warning,
        critical=item.critical,
        falling=item.falling,
        unit=_unit(expr) if item.unit is None else item.unit,
        expected=item.expected,
    )


def _limit(report: Report, index: int, given: object) -> float | Expression | None:
    if given is None:
        return None
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if not isinstance(given, str):
        report.add(("capacity", index, "limit"), "expected a number, 80%, a size, or PromQL")
        return None
    number = _number(given.strip())
    return _expression(report, index, "limit", given) if number is None else number


def _number(text: str) -> float | None:
    """The number, the part or the size that ``text`` is; None where it is none."""
    if found := _PERCENT.fullmatch(text):
        return round(float(found[1]) / 100, 12)
    if _SIZE.fullmatch(text):
        from checks.settings import parse_size  # noqa: PLC0415 - for sizes alone

        return float(parse_size(text))
    return float(text) if _NUMBER.fullmatch(text) else None


def _expression(report: Report, index: int, key: str, text: str) -> Expression | None:
    from checks.numerics import import_numpy  # noqa: PLC0415 - few have any

    import_numpy()
    from checks.promql.api import Engine  # noqa: PLC0415
    from checks.promql.ast import Kind  # noqa: PLC0415
    from checks.promql.errors import PromQLError  # noqa: PLC0415

    try:
        made = Engine().parse(text)
    except PromQLError as error:
        report.add(("capacity", index, key), str(error))
        return None
    if made.type not in (Kind.VECTOR, Kind.SCALAR):
        report.add(
            ("capacity", index, key), "has no single value: apply a function, such as rate()"
        )
        return None
    return made


def _unit(expr: Expression) -> str:
    """What the name of its first metric says; nothing where a function makes something else."""
    if expr.text.lstrip().startswith(("rate(", "increase(", "irate(")):
        return ""
    name = expr.selectors[0].name if expr.selectors else ""
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")
