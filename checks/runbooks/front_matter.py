"""What stands between two ``---`` at the head of a runbook: its title, and its variables.

::

    ---
    title: CPU high
    variables:
      SERVICE: {pattern: "[a-z0-9.-]+", default: php8.2-fpm}
      QUEUE: "[a-z:]+"
    ---

Keys that others use there (``tags``, ``owner``) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from checks.documents.document import Document, Path, parse
from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.runbooks.variables import PatternError, is_reserved, objection, read_pattern

__all__ = ["Front", "read_front_matter"]

_FENCE: Final = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_MEANT: Final = re.compile(r"^(?:variables|title)[ \t]*:", re.MULTILINE)
"""What else stands between two lines of dashes at the head of a text is a part of it."""
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_KNOWN: Final = ("pattern", "default", "description")
_MOST: Final = 100
"""Variables of a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """``body`` is the rest of the text, which begins after ``lines`` lines."""

    body: str
    lines: int = 0
    title: str = ""
    patterns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def read_front_matter(path: str, text: str) -> Front:
    """The head of ``text`` and the rest of it.

    Raises:
        ConfigError: with each thing wrong in the head; ``path`` is what they name.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _FENCE.match(text)
    if found is None or not (found[1] or "").strip():
        return Front(text[found.end() :] if found else text, found[0].count("\n") if found else 0)
    try:
        # A line in the place of the fence: problems name the lines of the file.
        document = parse(path, f"\n{found[1]}", needs="`title` or `variables`")
    except ConfigError:
        if _MEANT.search(found[1]):
            raise
        return Front(text)
    problems: list[ConfigProblem] = []
    patterns, defaults = _variables(document, problems)
    title = document.data.get("title", "")
    if not isinstance(title, str):
        problems.append(document.problem(("title",), "expected text"))
    if problems:
        raise ConfigError(problems)
    body, lines = text[found.end() :], found[0].count("\n")
    return Front(body, lines, clean(title, 100), patterns, defaults)


def _variables(
    document: Document, problems: list[ConfigProblem]
) -> tuple[dict[str, str], dict[str, str]]:
    given = document.data.get("variables")
    patterns: dict[str, str] = {}
    defaults: dict[str, str] = {}
    if given is None:
        return patterns, defaults
    if not isinstance(given, dict) or len(given) > _MOST:
        text = f"expected names with patterns, {_MOST} at most: {{NAME: regular expression}}"
        problems.append(document.problem(("variables",), text))
        return patterns, defaults
    for name, value in given.items():
        where: Path = ("variables", str(name))
        try:
            pattern, default = _variable(str(name), value)
        except PatternError as error:
            problems.append(document.problem(where, str(error)))
            continue
        if pattern:
            patterns[name] = pattern
        if default:
            defaults[name] = default
    for name, value in defaults.items():
        if wrong := objection(name, value, patterns):
            problems.append(document.problem(("variables", name), f"its default: {wrong}"))
    return patterns, defaults


def _variable(name: str, value: Any) -> tuple[str, str]:
    """The pattern and the default of a variable. Raises PatternError."""
    if _VARIABLE.fullmatch(name) is None:
        raise PatternError("names of variables are upper case: letters, digits and _")
    if is_reserved(name):
        raise PatternError("the shell has this name for itself; take another")
    if value is None:
        return "", ""
    if isinstance(value, dict):
        odd = next((key for key in value if key not in _KNOWN), None)
        if odd is not None:
            raise PatternError(f'unknown key "{clean(odd, 40)}"; known are {", ".join(_KNOWN)}')
        pattern, default = value.get("pattern", ""), value.get("default", "")
    else:
        pattern, default = value, ""
    if not isinstance(pattern, str) or not isinstance(default, str | int | float):
        raise PatternError("expected a regular expression as text, or {pattern: …, default: …}")
    return read_pattern(pattern) if pattern else "", str(default)
