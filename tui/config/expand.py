"""``${NAME}`` and ``${NAME:-default}`` in the strings of a configuration; ``$$`` is a ``$``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from checks.documents.document import Path

__all__ = ["expand", "holds_variable"]

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)"
    r"|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^${}]*))?\}"
    r"|(?P<broken>\{))"
)


def holds_variable(text: str) -> bool:
    """Whether a variable is replaced in ``text``."""
    return any(found["name"] for found in _VARIABLE.finditer(text))


def expand(
    value: Any, environ: Mapping[str, str], report: Callable[[Path, str], None], path: Path = ()
) -> Any:
    """``value`` with the variables in its strings, never in its keys, replaced.

    ``report`` is told the path and a sentence for a variable that is not set and for a
    ``${`` that is none; what it stands in is then left as it was.
    """
    if isinstance(value, dict):
        return {k: expand(v, environ, report, (*path, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [expand(v, environ, report, (*path, i)) for i, v in enumerate(value)]
    if isinstance(value, str) and "$" in value:
        problems: list[str] = []
        expanded = _VARIABLE.sub(lambda found: _replace(found, environ, problems), value)
        # Of several in one string only the first is shown.
        for problem in problems[:1]:
            report(path, problem)
        return expanded
    return value


def _replace(found: re.Match[str], environ: Mapping[str, str], problems: list[str]) -> str:
    name, default = found["name"], found["default"]
    if found["dollar"]:
        return "$"
    if found["broken"]:
        problems.append("`${` begins no variable; write ${NAME}, ${NAME:-default}, or $$ for a $")
        return found.group()
    if default is not None:
        return environ.get(name) or default
    if name not in environ:
        problems.append(f"the variable {name} is not set; export it or write ${{{name}:-default}}")
        return found.group()
    return environ[name]
