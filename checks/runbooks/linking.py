"""Which runbook an alert or a check leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from checks.runbooks.ailments import ANYWAY, of_ailment
from checks.runbooks.links import Link, link_of

if TYPE_CHECKING:
    from checks.views import AlertView, CheckView

__all__ = ["first_known", "links"]


def first_known(known: Collection[str], *texts: str) -> Link | None:
    """Where the first of ``texts`` leads that is among the names ``known``."""
    found = (link_of(text) for text in texts if text)
    return next((link for link in found if link.name in known), None)


def links(
    alerts: Iterable[AlertView], checks: Iterable[CheckView], known: Collection[str]
) -> dict[str, str]:
    """The names of runbooks by the ids of alerts and the names of checks that lead to them.

    An alert leads where its rule says, else where its check does; a check's own alert, and the
    check while it has one, else to what is done about what ails it.
    """
    views = {check.name: check for check in checks}
    of_checks = {name: check.runbook for name, check in views.items() if check.runbook}
    found: dict[str, str] = {}
    for name, text in of_checks.items():
        link = first_known(known, text)
        if link is not None:
            found[name] = link.name
    for alert in alerts:
        texts = [alert.runbook, of_checks.get(alert.check, "")]
        if not alert.rule:
            ill = views.get(alert.check)
            texts.append(of_ailment(ill) if ill is not None else ANYWAY)
        link = first_known(known, *texts)
        if link is not None:
            found[alert.id] = link.name
            if not alert.rule:
                found.setdefault(alert.check, link.name)
    return found
