"""``onwatch runbook show NAME``: a runbook to read, or one of its steps."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from checks.model import clean_lines
from checks.runbooks.library import Library
from checks.runbooks.model import Block, Marking, Runbook, Step
from checks.runbooks.variables import uses
from tui.commands.runbook_list import library
from tui.config.wording import meant
from tui.refusal import ArgumentError

__all__ = ["run"]

_WIDTH: Final = 100
_MARKS: Final = {
    Marking.SAFE: "safe: runs at once",
    Marking.ASKS: "asks before it runs",
    Marking.DANGER: "danger: wants its target typed",
}


def run(args: argparse.Namespace) -> int:
    """Print the runbook ``args.name``, or its step ``args.step``.

    Raises:
        ConfigError: there is none of that name.
    """
    runbook = _runbook(library(args), args.name)
    steps = [_step(runbook, args.step)] if args.step else list(runbook.steps)
    if args.json:
        shown = _as_json(runbook, steps)
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return 0
    lines = _of_step(steps[0]) if args.step else _whole(runbook)
    print(clean_lines("\n".join(lines), 1_000_000))
    return 0


def _runbook(books: Library, name: str) -> Runbook:
    found = books.get(name)
    if found is None:
        raise ArgumentError("", books.missing(name))
    return found


def _step(runbook: Runbook, name: str) -> Step:
    found = runbook.step(name)
    if found is None:
        hint = meant(name, [step.name for step in runbook.steps])
        text = f'{runbook.name} has no step "{name}"{hint}'
        raise ArgumentError("--step", text)
    return found


def _whole(runbook: Runbook) -> Iterator[str]:
    yield f"{runbook.name} ({runbook.path})"
    for block in runbook.blocks:
        yield ""
        yield from _of_block(runbook, block)


def _of_block(runbook: Runbook, block: Block) -> Iterator[str]:
    step = runbook.step(block.text) if block.kind == "step" else None
    if step is not None:
        yield from _of_step(step)
    elif block.kind == "heading":
        yield f"{'#' * block.level} {block.text}"
    elif block.kind == "code":
        yield textwrap.indent(block.text, "    ")
    else:
        first = "  " * (block.level - 1) + "- " if block.kind == "item" else ""
        later = " " * len(first)
        yield textwrap.fill(block.text, _WIDTH, initial_indent=first, subsequent_indent=later)


def _of_step(step: Step) -> Iterator[str]:
    asked = uses(step)
    about = [step.language.value, _MARKS[step.marking], f"at most {step.timeout:g} s"]
    about += ["takes the terminal"] if step.interactive else []
    about += ["logs in as its check does"] if step.login else []
    about += [f"on {step.target}"] if step.target else []
    about += [f"sets ${step.capture}"] if step.capture else []
    about += [f"needs {' '.join(f'${name}' for name in asked.needed)}"] if asked.needed else []
    yield f"[{step.name}] {', '.join(about)}"
    yield textwrap.indent(step.text, "    ")


def _as_json(runbook: Runbook, steps: list[Step]) -> dict[str, Any]:
    return {
        "name": runbook.name,
        "title": runbook.title,
        "path": runbook.path,
        "sha256": runbook.digest,
        "variables": {
            name: {"pattern": runbook.patterns.get(name), "default": runbook.defaults.get(name)}
            for name in sorted({*runbook.patterns, *runbook.defaults})
        },
        "steps": [_step_as_json(step) for step in steps],
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    asked = uses(step)
    return {
        "name": step.name,
        "title": step.title,
        "line": step.line,
        "language": step.language.value,
        "marking": step.marking.value,
        "timeout": step.timeout,
        "target": step.target or None,
        "capture": step.capture or None,
        "interactive": step.interactive,
        "login": step.login,
        "needs": list(asked.needed),
        "may_use": list(asked.optional),
        "description": step.description,
        "text": step.text,
    }
