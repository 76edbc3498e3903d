"""The built-in rule packs: ordinary rule files beside this program, each by its stem's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.rules.model import RuleFile

__all__ = ["PREFIX", "names_in", "pack_names", "read_pack"]

FOLDER: Final = Path(__file__).parents[1] / "alerts" / "packs"
PREFIX: Final = "pack "
"""What the name of a pack's rules' file begins with where people read it."""
_NAMED: Final = re.compile(
    r"^\s*(?:-\s+)?(?:(?:alert|record):\s*(['\"]?)([\w:]+)\1|labels:.*\bseverity:\s*(\w+).*)\s*(?:#.*)?$",
    re.M,
)


def pack_names() -> tuple[str, ...]:
    """Every pack there is."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yml")))


@cache
def read_pack(name: str) -> RuleFile:
    """The rules of the pack ``name``, parsed once. Takes some milliseconds."""
    from checks.promql.api import Engine  # noqa: PLC0415 - imports numpy
    from checks.rules.language import PrometheusLanguage  # noqa: PLC0415
    from checks.rules.reading import read_rule_file  # noqa: PLC0415

    # Whoever can write where the program itself lies needs no rule file to change what it does.
    # That its templates are right is for the tests to say.
    language = PrometheusLanguage(Engine(), templates=False)
    return read_rule_file(FOLDER / f"{name}.yml", language, trusted=True, shown=f"{PREFIX}{name}")


def names_in(packs: Iterable[str]) -> set[str]:
    """What switches off the rules in ``packs`` (``called``), without parsing them."""
    names = set()
    for pack in packs:
        name = ""
        for found in _NAMED.finditer((FOLDER / f"{pack}.yml").read_text(encoding="utf-8")):
            name = found[2] or name
            names.add(name if found[2] else f"{name}/{found[3]}")
    return names
