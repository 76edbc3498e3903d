"""Since when checks are ill, where the story knows that from before onwatch began."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import is_
from typing import Generic, TypeVar

from checks.story.tables import Lasting
from checks.story.things import rank_of, thing_of, thing_of_check
from checks.views import AlertView, CheckView, Snapshot

__all__ = ["Begins"]

View = TypeVar("View", AlertView, CheckView)


class Begins:
    """Checks and their alerts with their true begin; alerts keep their ids, which each session
    has of its own. From picture to picture the same objects, where nothing has changed.
    """

    def __init__(self) -> None:
        self._alerts = _Views[AlertView](lambda one: "" if one.rule else thing_of(one), rank_of)
        self._checks = _Views[CheckView](
            lambda one: thing_of_check(one.name), lambda one: one.status.severity
        )

    def into(self, picture: Snapshot, lasting: Mapping[str, Lasting], began: float) -> Snapshot:
        """``picture`` with what is as bad as by ``lasting`` since when that says, where that is
        from before this session ``began``: what came later its checks have seen themselves.
        """
        earlier = {thing: one for thing, one in lasting.items() if one[0] < began}
        if not earlier:
            return picture
        alerts = self._alerts.of(picture.alerts, earlier)
        checks = self._checks.of(picture.checks, earlier)
        if alerts is picture.alerts and checks is picture.checks:
            return picture
        return replace(picture, alerts=alerts, checks=checks)


class _Views(Generic[View]):
    """Views of one kind; ``thing`` says what one is of, ``rank`` how bad it is."""

    def __init__(self, thing: Callable[[View], str], rank: Callable[[View], int]) -> None:
        self._thing: Callable[[View], str] = thing
        self._rank: Callable[[View], int] = rank
        self._made: dict[str, tuple[View, View]] = {}
        self._told: tuple[View, ...] = ()

    def of(self, views: tuple[View, ...], earlier: Mapping[str, Lasting]) -> tuple[View, ...]:
        known, self._made = self._made, {}
        told = tuple(self._begun(view, earlier, known) for view in views)
        if len(told) != len(self._told) or not all(map(is_, told, self._told)):
            self._told = told
        return self._told if self._made else views

    def _begun(
        self,
        view: View,
        earlier: Mapping[str, Lasting],
        known: Mapping[str, tuple[View, View]],
    ) -> View:
        thing = self._thing(view)
        since, rank = earlier.get(thing, (view.since, 0))
        if since >= view.since or rank != self._rank(view):
            return view
        before = known.get(thing)
        if before is None or before[0] is not view or before[1].since != since:
            before = (view, replace(view, since=since))
        self._made[thing] = before
        return before[1]
