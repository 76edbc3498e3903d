"""Kinds of check that other packages bring, by the entry-point group ``onwatch.checks``.

Looking through what is installed takes longer than all else at start-up, so it is done only
where a name is none of the built-in kinds', or where all kinds are asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from checks.databases.model import Action, FigureSpec
from checks.errors import OnwatchError
from checks.probe import Kind, Metric, Question
from checks.settings import KindConfig

__all__ = ["GROUP", "KindError", "ThirdParty"]

GROUP: Final = "onwatch.checks"
_NAME = re.compile(r"[a-z][a-z0-9_]*")

log = logging.getLogger("onwatch.kinds")


class KindError(OnwatchError):
    """A kind of check that another package brings cannot be used."""


class ThirdParty:
    """What the packages installed here offer beside the kinds in ``taken``."""

    def __init__(self, taken: Iterable[str], offers: Iterable[EntryPoint] | None = None) -> None:
        taken = frozenset(taken)
        self._offers: dict[str, list[EntryPoint]] = {}
        self.complaints: list[str] = []
        """A sentence for each offer that cannot be taken, whatever is in the configuration."""
        for point in entry_points(group=GROUP) if offers is None else offers:
            if point.name in taken:
                self.complaints.append(
                    f"{_package(point)} offers the kind {point.name}, which onwatch has itself; "
                    "onwatch's own is used"
                )
            elif not _NAME.fullmatch(point.name):
                self.complaints.append(
                    f"{_package(point)} offers the kind {point.name!r}, which is no name for one: "
                    "small letters, digits and _, a letter first"
                )
            else:
                self._offers.setdefault(point.name, []).append(point)

    def names(self) -> list[str]:
        """The names of the kinds on offer, sorted."""
        return sorted(self._offers)

    def package(self, name: str) -> str:
        """``the package NAME VERSION`` that offers the kind ``name``."""
        offers = self._offers.get(name)
        return _package(offers[0]) if offers else "an unknown package"

    def load(self, name: str) -> Kind:
        """The kind called ``name``.

        Raises:
            KeyError: nobody offers it.
            KindError: it cannot be used; says which package is to blame.
        """
        point, *others = self._offers[name]
        if any(other.value != point.value for other in others):
            packages = " and ".join(_package(each) for each in (point, *others))
            raise KindError(f"{packages} offer the kind {name}; uninstall all but one of them")
        return _usable(point, _imported(point))


def _imported(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        # The rim: what somebody else's module does when it is imported is not ours to foresee.
        log.debug("importing %s failed", point.value, exc_info=error)
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise KindError(
            f"the kind {point.name} of {_package(point)} cannot be imported: {said}"
        ) from error


def _usable(point: EntryPoint, found: object) -> Kind:
    whose = f"the kind {point.name} of {_package(point)}"
    if not isinstance(found, Kind):
        raise KindError(
            f"{whose} is no kind of check: {point.value} is of the type {type(found).__name__}, "
            "expected a checks.probe.Kind"
        )
    if found.name != point.name:
        raise KindError(f"{whose} calls itself {found.name}; both names must be the same")
    config: object = found.config
    if not (isinstance(config, type) and issubclass(config, KindConfig)):
        raise KindError(f"{whose} has a configuration that is no checks.settings.KindConfig")
    if not callable(found.probe):
        raise KindError(f"{whose} has no probe that could be called")
    for name, each, wanted in _lists(found):
        if not isinstance(each, tuple) or not all(isinstance(one, wanted) for one in each):
            raise KindError(f"{whose} has {name} that are no tuple of {wanted.__name__}")
    return found


def _lists(found: Kind) -> Iterable[tuple[str, object, type]]:
    """What a kind lists, and what each of that has to be."""
    return (
        ("metrics", found.metrics, Metric),
        ("questions", found.questions, Question),
        ("figures", found.figures, FigureSpec),
        ("actions", found.actions, Action),
        ("drivers", found.drivers, str),
    )


def _package(point: EntryPoint) -> str:
    """``the package NAME VERSION``."""
    found = point.dist
    return f"the package {found.name} {found.version}" if found else "an unnamed package"
