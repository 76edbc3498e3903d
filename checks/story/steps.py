"""Steps of runbooks as entries of the timeline: from this session's runs, and from the audit log.

The audit log has each begin on the disk before the step begins, so that it knows of runs that a
killed session's timeline never told. A report takes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.runbooks.model import Marking
from checks.runbooks.running.lines import as_recorded, command_as_recorded
from checks.story import telling
from checks.story.model import Entry, EntryKind

if TYPE_CHECKING:
    from checks.runbooks.audit import AuditEntry
    from checks.runbooks.runs import Begun

__all__ = ["entry_of", "with_audit"]

_OUTPUT: Final = 20
"""Lines of a step's output that are kept: the last ones."""
_ENDS: Final = frozenset({"ended", "cut off"})


def entry_of(begun: Begun, at: float, masked: Callable[[str], str]) -> Entry:
    """A run that has begun, or ended ``at``; ``masked`` takes known secrets out of a text."""
    job, ended = begun.job, begun.ended
    alert, check = job.subject.alert, job.subject.check
    if ended is None:
        values = [f"{name}={as_recorded(name, text)}" for name, text in job.variables.items()]
        command = command_as_recorded(job.step.text.rstrip())
        return telling.step_began(
            begun.began,
            job.id,
            job.runbook.name,
            job.step.name,
            alert=alert,
            check=check,
            who=str(job.who),
            command=masked("\n".join([command, *values])),
            safe=job.step.marking is Marking.SAFE,
        )
    return telling.step_ended(
        begun.ended_at or at,
        job.id,
        job.runbook.name,
        job.step.name,
        alert=alert,
        check=check,
        who=str(job.who),
        exit_code=ended.exit_code,
        said=_worth_saying(ended.said, ended.exit_code),
        output=_output(begun.output.lines[-_OUTPUT:], ended.captured),
    )


def _output(lines: Sequence[str], captured: tuple[str, str] | None) -> list[str]:
    """``lines`` without the password or the token that a step found out for others."""
    if captured is None:
        return [*lines]
    name, value = captured
    shown = as_recorded(name, value)
    return [line.replace(value, shown) for line in lines]


def with_audit(
    entries: Sequence[Entry], audit: Iterable[AuditEntry], incident: int = 0
) -> list[Entry]:
    """``entries`` with what the audit log alone knows of: steps of other programs, and begins and
    ends that a killed session did not come to write. These are of ``incident``.
    """
    known = {
        (dict(one.labels).get("run", ""), one.after == telling.STEP_BEGAN): one
        for one in entries
        if one.kind is EntryKind.STEP
    }
    incidents = {run: one.incident for (run, _), one in known.items()}
    found = list(entries)
    for line in audit:
        begins = line.event not in _ENDS
        if (line.run, begins) not in known:
            made = _began(line) if begins else _ended(line)
            found.append(replace(made, incident=incidents.get(line.run, incident)))
    return found


def _began(line: AuditEntry) -> Entry:
    values = [f"{name}={value}" for name, value in line.variables]
    return telling.step_began(
        line.at,
        line.run,
        line.runbook,
        line.step,
        alert=line.alert_id,
        check=line.check,
        who=_who(line),
        command="\n".join([line.text, *values] if line.text else values),
        safe=line.marking == Marking.SAFE.value,
    )


def _ended(line: AuditEntry) -> Entry:
    made = telling.step_ended(
        line.at,
        line.run,
        line.runbook,
        line.step,
        alert=line.alert_id,
        check=line.check,
        who=_who(line),
        exit_code=line.exit_code,
        said=_worth_saying(line.said, line.exit_code),
    )
    return replace(made, after=telling.CUT_OFF) if line.event == "cut off" else made


def _who(line: AuditEntry) -> str:
    return f"{line.user} ({line.sudo_user})" if line.sudo_user else line.user


def _worth_saying(said: str, code: int | None) -> str:
    """What was said of the end, where it says more than the exit code."""
    if code is None:
        return said
    plain = said.lower().strip(" .")
    known = f"exit code {code}" in plain or (code == 0 and plain.startswith("done"))
    return "" if not plain or known else said
