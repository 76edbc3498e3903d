"""Whether what a row names is there: checks, rules, screens, commands, runbooks, tests."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import yaml

from checks.config import EngineConfig
from checks.rules.packs import pack_names, read_pack
from checks.runbooks.library import Library
from tools.seeds.rows import ROOT, Row
from tui.config import load
from tui.numbered import NUMBERED

__all__ = ["missing", "screens"]

STEP: Final = " › "
"""What stands between a runbook and its step."""


def missing(row: Row) -> list[str]:
    """A sentence for everything that ``row`` names and that is not there."""
    named = [(what, name) for what, name in row.places if not _KNOWS[what](row.system, name)]
    found = [f"{row.id}: there is no {what} {name}" for what, name in named]
    return found + [f"{row.id}: there is no test {test}" for test in row.tests if not _test(test)]


@cache
def _config(system: str) -> EngineConfig:
    """The example as it is without any variable set."""
    return load(str(ROOT / "examples" / system / "onwatch.yaml"), {"HOME": "/nonexistent"}).engine


@cache
def _checks(system: str) -> frozenset[str]:
    """Those that are switched off, too."""
    return frozenset(check["name"] for check in _written(system)["checks"])


def _written(system: str) -> dict[str, Any]:
    """The example's file as it stands."""
    text = (ROOT / "examples" / system / "onwatch.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def _rules(system: str) -> frozenset[str]:
    config = _config(system).rules
    groups = list(config.groups) if config is not None else []
    for name in pack_names():
        groups += read_pack(name).groups
    return frozenset(rule.name for group in groups for rule in group.rules)


@cache
def _library(system: str) -> Library:
    library = Library(_config(system).runbooks)
    library.refresh()
    return library


@cache
def _patterns(system: str) -> frozenset[str]:
    """The names of what the log checks look for."""
    return frozenset(_named(check.get("log") for check in _written(system)["checks"]))


def _named(values: Iterable[object]) -> Iterable[str]:
    """Every ``name:`` within ``values``; what is used under its own name has none."""
    for value in values:
        if isinstance(value, dict):
            name = value.get("name", value.get("use"))
            if isinstance(name, str):
                yield name
            yield from _named(value.values())
        elif isinstance(value, list):
            yield from _named(value)


def screens() -> frozenset[str]:
    """What screens are called."""
    pages = {page.stem.removesuffix("-screen") for page in ROOT.glob("docs/*-screen.md")}
    return frozenset({"overview", *(one.name for one in NUMBERED), *pages})


def _command(_system: str, name: str) -> bool:
    """Whether ``onwatch WORD`` is one, or ``onwatch WORD WORD``."""
    program, *words = name.split()
    stems = {"_".join(words[:2]), words[0]} if words else {"monitor"}
    return program == "onwatch" and any(
        (ROOT / "tui" / "commands" / f"{stem}.py").is_file() for stem in stems
    )


def _runbook(system: str, name: str) -> bool:
    book, _, step = name.partition(STEP)
    found = _library(system).get(book)
    return found is not None and (not step or found.step(step) is not None)


_KNOWS: Final[dict[str, Callable[[str, str], bool]]] = {
    "check": lambda system, name: name in _checks(system),
    "rule": lambda system, name: name in _rules(system),
    "screen": lambda _, name: name in screens(),
    "command": _command,
    "runbook": _runbook,
    "dashboard": lambda system, name: name in {one.name for one in _config(system).dashboards},
    "log": lambda system, name: name in _patterns(system),
}


@cache
def _tests(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def _test(node: str) -> bool:
    file, _, name = node.partition("::")
    return name.startswith("test_") and name in _tests(file)
