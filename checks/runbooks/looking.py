"""Reading runbooks for whoever looks at one: which there are, where links lead, steps as offered.

Everything here blocks, and is called in a lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from checks.config import RunbooksConfig
from checks.runbooks.linking import first_known
from checks.runbooks.links import Link, built_in_names
from checks.runbooks.views import Offer, Subject

if TYPE_CHECKING:
    from checks.runbooks.library import Library
    from checks.runbooks.model import Runbook
    from checks.runbooks.offering import Offered, Situation

__all__ = ["Looked", "Opened", "Reader"]


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a look in the lane brings."""

    names: frozenset[str]
    offers: tuple[Offer, ...]
    problems: tuple[str, ...]
    runbook: Runbook | None = None
    offered: Mapping[str, Offered] = field(default_factory=dict)
    step: str = ""
    """The one that the link to it names, where it names one."""
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What somebody looks at: a name, empty for where the subject leads, and the subject.

    ``value`` is the alert's when it was opened: what is shown is what runs, while it goes on
    changing.
    """

    name: str
    subject: Subject
    value: float | None = None
    linked: str = ""
    """Where what ails the subject leads, as it was then."""


class Reader:
    """Reads the runbooks of ``config``."""

    def __init__(self, config: RunbooksConfig, *, read_only: bool) -> None:
        self._config = config
        self._read_only = read_only
        self._library: Library | None = None
        self._told_of: Library | None = None

    def read(
        self, opened: Opened | None, situation: Situation | None, before: Looked | None
    ) -> Looked:
        """Called in the lane: what there is, and the steps for ``situation`` as they would run.

        Where nobody looks and there is none of the user's, no file is read, nor what reads it
        imported.
        """
        library = self._library
        if library is None and opened is None and not self._config.patterns:
            return before or _built_in()
        from checks.runbooks.library import Library  # noqa: PLC0415 - after the first picture

        if library is None:
            library = self._library = Library(self._config)
        changed = library.refresh()
        if before is None or changed or library is not self._told_of:
            self._told_of = library
            problems = tuple(map(str, library.problems))
            looked = Looked(frozenset(library.names), _offers(library), problems)
        else:
            looked = Looked(before.names, before.offers, before.problems)
        if opened is not None and situation is not None:
            shown = before.offered if before is not None else {}
            looked = self._opened(library, looked, opened, situation, shown)
        return before if before is not None and _same(looked, before) else looked

    def _opened(
        self,
        library: Library,
        looked: Looked,
        opened: Opened,
        situation: Situation,
        before: Mapping[str, Offered],
    ) -> Looked:
        """``looked`` with the runbook that was opened, or the one that is linked where that has no
        name."""
        from checks.runbooks.offering import offered  # noqa: PLC0415 - after the first picture

        name = opened.name
        if not name:
            link = _leads(situation, looked.names, opened.linked)
            if link is None:
                return replace(looked, problem=_unlinked(situation))
            name, looked = link.name, replace(looked, step=link.step)
        runbook = library.get(name)
        if runbook is None:
            return replace(looked, problem=library.missing(name))
        file = library.file_of(name)
        looked = replace(looked, offers=_with_steps(looked.offers, runbook))
        steps = offered(runbook, situation, before, read_only=self._read_only, file=file)
        return replace(looked, runbook=runbook, offered=steps)


def _leads(situation: Situation, known: frozenset[str], ails: str) -> Link | None:
    alert, check = situation.alert, situation.check
    own = check.runbook if check is not None else ""
    if alert is None:
        return first_known(known, own, ails)
    return first_known(known, alert.runbook, own, "" if alert.rule else ails)


def _same(one: Looked, other: Looked) -> bool:
    """Whether both say the same, of steps that are the same objects."""
    if one.offered.keys() != other.offered.keys():
        return False
    if any(one.offered[name] is not other.offered[name] for name in one.offered):
        return False
    rest = [field.name for field in fields(one) if field.name != "offered"]
    return all(getattr(one, name) == getattr(other, name) for name in rest)


def _with_steps(offers: tuple[Offer, ...], runbook: Runbook) -> tuple[Offer, ...]:
    """``offers`` with the steps of ``runbook``, which has been read; the same where they are
    there.
    """
    made = _offer(runbook)
    if any(one == made for one in offers):
        return offers
    return tuple(made if one.name == made.name else one for one in offers)


def _offer(runbook: Runbook) -> Offer:
    steps = tuple((step.name, step.title) for step in runbook.steps)
    return Offer(runbook.name, runbook.title, runbook.path, steps)


def _built_in() -> Looked:
    """Those that came with onwatch, by their names alone."""
    names = built_in_names()
    offers = tuple(Offer(name, "", "built-in", ()) for name in names)
    return Looked(frozenset(names), offers, ())


def _offers(library: Library) -> tuple[Offer, ...]:
    """All there are, with the steps of the user's; others are read when somebody wants them."""
    own = {one.name: _offer(one) for one in library.own}
    return tuple(own.get(name) or Offer(name, "", "built-in", ()) for name in library.names)


def _unlinked(situation: Situation) -> str:
    """Why there is no runbook."""
    alert = situation.alert
    if alert is not None and alert.runbook:
        return (
            f"the runbook that {alert.name} names is none of those that there are: {alert.runbook}"
        )
    what = alert.name if alert is not None else situation.check.name if situation.check else "this"
    return f"{what} has no runbook"
