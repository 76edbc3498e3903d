"""What is probably wrong with runbooks that can be read: warnings, with file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from checks.documents.keys import nearest
from checks.errors import ConfigProblem
from checks.runbooks.facts import KNOWN, LABELS
from checks.runbooks.http_text import http_parts
from checks.runbooks.model import Language, Marking, Runbook, Step
from checks.runbooks.variables import uses
from checks.runbooks.words import changing_word, prompt_in, terminal_program

__all__ = ["doubts"]

_DATABASES: Final = ("mysql", "postgres", "sqlite")


def doubts(
    runbook: Runbook, kinds: Mapping[str, str], labels: Collection[str] = ()
) -> tuple[ConfigProblem, ...]:
    """Sentences on the steps of ``runbook``.

    ``kinds`` are the kinds of all checks by their name; ``labels`` variables that alerts have
    beyond the usual ones.
    """
    known = {*KNOWN, *LABELS, *labels, *runbook.patterns, *runbook.defaults}
    known |= {step.capture for step in runbook.steps if step.capture}
    found = []
    for step in runbook.steps:
        texts = [
            *_variables(step, runbook, known),
            *_target(step, kinds),
            *_marking(step),
            *_text(step),
        ]
        found += [
            ConfigProblem(runbook.path, step.line, "", f"step {step.name}: {text}")
            for text in texts
        ]
    return tuple(found)


def _variables(step: Step, runbook: Runbook, known: Collection[str]) -> Iterator[str]:
    for name in uses(step).needed:
        if name not in known:
            near = nearest(name.lower(), (each.lower() for each in known)).upper()
            hint = f"did you mean ${near}?" if near else "name it in the head of the file, under "
            hint += "" if near else "variables:, if an alert of yours has it as a label"
            yield f"${name} is known nowhere; {hint}"
    later = _found_later(step, runbook)
    if later:
        yield f"${later[0]} is found out by the step {later[1]}, which stands below"


def _found_later(step: Step, runbook: Runbook) -> tuple[str, str] | None:
    """A variable that only a later step sets."""
    at = runbook.steps.index(step)
    before = {each.capture for each in runbook.steps[:at]}
    for name in uses(step).needed:
        source = next((each for each in runbook.steps[at:] if each.capture == name), None)
        if source is not None and name not in {*before, *KNOWN, *LABELS, *runbook.defaults}:
            return name, source.name
    return None


def _target(step: Step, kinds: Mapping[str, str]) -> Iterator[str]:
    if not step.target:
        return
    if step.target not in kinds:
        near = nearest(step.target, kinds)
        hint = f'; did you mean "{near}"?' if near else ""
        yield f'target: no check is called "{step.target}"{hint}'
    elif step.language is Language.SQL and kinds[step.target] not in _DATABASES:
        kind = kinds[step.target]
        yield f'target: "{step.target}" is a check of kind {kind}, which takes no SQL'
    elif step.login and kinds[step.target] != "redis":
        kind = kinds[step.target]
        yield f'target: "{step.target}" is a check of kind {kind}; login is for those of redis'


def _marking(step: Step) -> Iterator[str]:
    word = changing_word(step)
    if not word:
        return
    if step.marking is Marking.SAFE:
        yield f'is marked safe, so that it runs unasked, and holds "{word}"'
    elif not step.marked:
        yield f'is not marked and holds "{word}"; mark it danger, or asks where that is enough'


def _text(step: Step) -> Iterator[str]:
    if step.language is Language.HTTP and (problem := http_parts(step.text).problem):
        yield problem
    if prompt_in(step):
        yield 'a line begins with "$ ", which is a prompt and no command'
    program = terminal_program(step)
    if program:
        yield f'"{program}" goes on until somebody types; mark it interactive, or have it end'
