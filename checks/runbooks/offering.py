"""The steps of a runbook as they would run now: values, targets, and why one cannot run.

Called in a lane: it compiles patterns.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from checks.model import clean, clean_lines
from checks.runbooks.facts import WHERE, of_alert, of_check
from checks.runbooks.model import Language, Marking, Runbook, Step, Variables
from checks.runbooks.variables import bind, uses
from checks.runbooks.views import StepOffer, Subject

if TYPE_CHECKING:
    from pathlib import Path

    from checks.probe import CheckSpec
    from checks.views import AlertView

__all__ = ["DATABASES", "Offered", "Situation", "offered"]

LONGEST: Final = 64 * 1024
"""Characters of a step: nothing of what runs is cut where it is shown."""
DATABASES: Final = frozenset({"mysql", "postgres", "sqlite"})
"""Kinds of checks that SQL can be put to."""


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What a runbook is looked at for.

    Attributes:
        alert: as it was when it was there last; its value as it was when the runbook was opened.
        check: that it is of, or that the runbook was opened for.
        specs: all checks, by name.
        captured: values that earlier steps have found out.
        machine: the name of this machine.
    """

    subject: Subject
    alert: AlertView | None
    check: CheckSpec | None
    specs: Mapping[str, CheckSpec]
    captured: Variables = field(default_factory=dict)
    machine: str = ""

    def same(self, other: Situation) -> bool:
        """Whether steps would get the same values, and go to the same targets."""
        mine, theirs = self.alert, other.alert
        alike = (mine.labels if mine else None) == (theirs.labels if theirs else None)
        targets = self.check is other.check and all(
            other.specs.get(name) is spec for name, spec in self.specs.items()
        )
        return (
            self.subject == other.subject
            and alike
            and targets
            and len(self.specs) == len(other.specs)
            and self.captured == other.captured
        )


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """A step that was shown, with all that it takes to run it as it was shown.

    ``file`` is that of the runbook, None of a built-in one.
    """

    view: StepOffer
    runbook: Runbook
    step: Step
    target: CheckSpec | None
    situation: Situation
    file: Path | None = None

    def same(self, other: Offered) -> bool:
        """Whether it would run as ``other`` would; both under the same name."""
        one, two = self.view, other.view
        return (
            self.runbook.digest == other.runbook.digest
            and self.runbook.name == other.runbook.name
            and self.step == other.step
            and one.variables == two.variables
            and (one.target, one.refused) == (two.target, two.refused)
            and self.target is other.target
            and self.file == other.file
            and self.situation.subject == other.situation.subject
        )


def offered(
    runbook: Runbook,
    situation: Situation,
    before: Mapping[str, Offered],
    *,
    read_only: bool,
    file: Path | None = None,
) -> dict[str, Offered]:
    """The steps of ``runbook``, which was read from ``file``, by name in its order.

    One that would run as it would have in ``before`` is the same object, with the same token.
    """
    found: dict[str, Offered] = {}
    for step in runbook.steps:
        made = replace(_offered(runbook, step, situation, read_only=read_only), file=file)
        known = before.get(step.name)
        found[step.name] = known if known is not None and known.same(made) else made
    return found


def _offered(runbook: Runbook, step: Step, situation: Situation, *, read_only: bool) -> Offered:
    target = situation.specs.get(step.target) if step.target else situation.check
    alert = situation.alert
    of_it = of_alert(alert.labels, alert.value, alert.name) if alert is not None else {}
    own = of_check(target) if target is not None else {}
    # What is configured says where it goes, before the labels of whatever was scraped.
    sure = own if step.target else {name: own[name] for name in WHERE & own.keys()}
    bound = bind(step, runbook, situation.captured, sure, of_it, own)
    refused = "--read-only: no step runs" if read_only else _no_target(step, target)
    view = StepOffer(
        name=step.name,
        title=clean(step.title, 200),
        language=step.language,
        marking=step.marking,
        text=clean_lines(step.text, LONGEST, LONGEST),
        description=clean(step.description, 2_000),
        variables=bound.values,
        target=_named(step, target, situation.machine),
        missing=tuple(name for name in uses(step).needed if name not in dict(bound.values)),
        refused="; ".join(text for text in (refused, bound.refused) if text),
        interactive=step.interactive,
        login=target.name if step.login and target is not None and target.kind == "redis" else "",
        timeout=step.timeout,
        token=secrets.token_urlsafe(12),
    )
    return Offered(view, runbook, step, target, situation)


def _no_target(step: Step, target: CheckSpec | None) -> str:
    """Why there is nothing that the step could be put to; empty where there is something."""
    if step.target and target is None:
        return f'there is no check "{step.target}", which is its target'
    if step.language is not Language.SQL:
        return ""
    if target is None:
        return "SQL needs a database, and no check is concerned here: name one with {target=…}"
    if target.kind not in DATABASES:
        return f"SQL needs a database, and {target.name} is a {target.kind} check: {{target=…}}"
    return ""


def _named(step: Step, target: CheckSpec | None, machine: str) -> str:
    """What it is done to: the check; of a dangerous step in a shell the check that it is about, or
    this machine.
    """
    in_shell = step.language in (Language.BASH, Language.SH)
    if target is not None and (not in_shell or step.target):
        return target.name
    if step.marking is Marking.DANGER:
        return target.name if target is not None else machine or "this machine"
    return ""
