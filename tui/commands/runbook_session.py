"""Which steps of which runbook ``onwatch runbook run`` is to run, and with what: its command line,
held against the configuration and the runbook.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checks.documents.keys import nearest
from checks.model import clean
from checks.probe import CheckSpec
from checks.runbooks.library import Library
from checks.runbooks.model import Runbook
from checks.runbooks.offering import Offered, Situation, offered
from checks.runbooks.variables import uses
from checks.runbooks.views import Subject
from checks.secrets import Masker
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.config import EngineConfig

__all__ = ["Session", "session_of"]


@dataclass(slots=True)
class Session:
    """What is to be run, and what the steps so far have found out."""

    args: argparse.Namespace
    runbook: Runbook
    file: Path | None
    check: CheckSpec | None
    config: EngineConfig
    given: Mapping[str, str]
    timeout: float | None
    asks: bool
    """Whether there is somebody to ask."""
    captured: dict[str, str] = field(default_factory=dict)
    masker: Masker = field(default_factory=Masker)

    def offer(self, step: str) -> Offered:
        """The step as it would run now."""
        specs = {spec.name: spec for spec in self.config.checks}
        situation = Situation(
            subject=Subject(check=self.check.name if self.check is not None else ""),
            alert=None,
            check=self.check,
            specs=specs,
            captured={**self.captured, **self.given},
            machine=clean(socket.gethostname(), 64),
        )
        return offered(self.runbook, situation, {}, read_only=False)[step]


def session_of(args: argparse.Namespace, warn: Callable[[str], None]) -> Session:
    """What ``args`` says; ``warn`` is told what is wrong with the runbook's file.

    Raises ArgumentError where there is no such runbook, step, check or variable.
    """
    from checks.live import found  # noqa: PLC0415 - imports the engine
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    config = asyncio.run(found(load(args.config).engine))
    library = Library(config.runbooks)
    library.refresh()
    runbook = library.get(args.name)
    if runbook is None:
        raise _wrong("", library.missing(args.name))
    for problem in library.problems:
        if problem.file == runbook.path:
            warn(f"warning: {problem}")
    given = dict(_given(args.var or (), runbook))
    return Session(
        args,
        _with_step(runbook, args.step),
        library.file_of(runbook.name),
        _check(args.check, config.checks),
        config,
        given,
        _timeout(args.timeout),
        sys.stdin.isatty() and sys.stderr.isatty(),
    )


def _with_step(runbook: Runbook, step: str | None) -> Runbook:
    """``runbook``, where it has that step, or any."""
    if step and runbook.step(step) is None:
        names = [each.name for each in runbook.steps]
        text = f'{runbook.name} has no step "{step}"{_near(step, names)}'
        raise _wrong("--step", text)
    if not runbook.steps:
        raise _wrong("", f"{runbook.name} has no steps to run")
    return runbook


def _given(texts: Sequence[str], runbook: Runbook) -> Iterator[tuple[str, str]]:
    asked = {name for step in runbook.steps for name in _names(step.name, runbook)}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.upper()
        if not equals or not name:
            raise _wrong("--var", f'"{clean(text, 60)}" is not NAME=VALUE')
        if name not in asked:
            raise _wrong("--var", f"no step of {runbook.name} uses ${name}{_near(name, asked)}")
        yield name, value


def _names(step: str, runbook: Runbook) -> Iterator[str]:
    found = runbook.step(step)
    if found is not None:
        yield from uses(found).needed
        yield from uses(found).optional


def _check(name: str | None, specs: Sequence[CheckSpec]) -> CheckSpec | None:
    if name is None:
        return None
    found = next((spec for spec in specs if spec.name == name), None)
    if found is None:
        near = _near(name, [spec.name for spec in specs])
        raise _wrong("--check", f'there is no check "{clean(name, 60)}"{near}')
    return found


def _timeout(text: str | None) -> float | None:
    if text is None:
        return None
    from checks.settings import parse_duration  # noqa: PLC0415 - imports pydantic

    try:
        return parse_duration(text)
    except ValueError:
        raise _wrong("--timeout", f'"{clean(text, 60)}" is no duration such as 30s') from None


def _wrong(option: str, text: str) -> ArgumentError:
    return ArgumentError(option, text)


def _near(name: str, known: Sequence[str] | set[str]) -> str:
    found = nearest(name, sorted(known))
    return f"; did you mean {found}?" if found else ""
