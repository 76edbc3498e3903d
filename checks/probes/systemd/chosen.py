"""Which units of an answer are watched, and what is expected of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from checks.probes.systemd.config import (
    EVERYTHING,
    SystemdConfig,
    UnitConfig,
    full_name,
    is_pattern,
)
from checks.probes.systemd.judge import Wanted
from checks.probes.systemd.model import Unit

__all__ = ["Chosen", "asked_for", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The watched units with what is wanted of each, in the order of the configuration.

    ``empty`` are the patterns that no unit matches, ``left_out`` how many that are ignored have
    failed.
    """

    units: tuple[tuple[Unit, Wanted], ...]
    empty: tuple[str, ...] = ()
    left_out: int = 0


def asked_for(config: SystemdConfig) -> tuple[str, ...]:
    """The names and patterns to ask systemd for."""
    return tuple(one.unit for one in config.units) or EVERYTHING


def choose(config: SystemdConfig, answer: Iterable[Unit]) -> Chosen:
    """Those of ``answer`` that the configuration means."""
    ignored = [full_name(name) for name in config.ignore]
    units, left_out = [], 0
    for unit in answer:
        if any(fnmatchcase(unit.name, pattern) for pattern in ignored):
            left_out += unit.active == "failed"
        else:
            units.append(unit)
    if config.everything:
        found = [(one, Wanted("any", named=False)) for one in units if _is_there(one)]
        found.sort(key=lambda one: one[0].name)
        return Chosen(tuple(found), (), left_out)
    taken: dict[str, tuple[Unit, Wanted]] = {}
    empty = []
    # A unit that is named and also matched by a pattern is what its name says.
    for one in sorted(config.units, key=lambda each: is_pattern(each.name)):
        matched = [unit for unit in units if _means(one, unit)]
        if not matched and is_pattern(one.name):
            empty.append(one.unit)
        for unit in matched:
            taken.setdefault(unit.name, (unit, _wanted(config, one)))
    return Chosen(tuple(taken.values()), tuple(empty), left_out)


def _is_there(unit: Unit) -> bool:
    """Whether a unit is more than a name that another one mentions."""
    return unit.load != "not-found" or unit.active == "active"


def _means(one: UnitConfig, unit: Unit) -> bool:
    if is_pattern(one.name):
        names = unit.names or (unit.name,)
        return _is_there(unit) and any(fnmatchcase(name, one.unit) for name in names)
    return one.unit == unit.name or one.unit in unit.names


def _wanted(config: SystemdConfig, one: UnitConfig) -> Wanted:
    return Wanted(one.expect or config.expect, named=not is_pattern(one.name), within=one.within)
