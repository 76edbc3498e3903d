"""How a pattern is described in the configuration: what is counted, and how much is too much."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from checks.logs.filters import EarlyFilter
from checks.logs.levels import level_of
from checks.logs.patterns_bounds import Limit
from checks.logs.patterns_ready import READY
from checks.logs.patterns_regex import groups, regex
from checks.model import clean
from checks.settings import Model, misplaced

__all__ = ["Pattern", "Patterns"]

_MOST: Final = 60


def _regex(pattern: str) -> str:
    regex(pattern)
    return pattern


def _level(name: object) -> object:
    level = level_of(name) if isinstance(name, str) else None
    if level is None:
        raise ValueError(
            f"{name!r} is no level; write trace, debug, info, notice, warning, error or critical"
        )
    return level.name.lower()


def _line(text: str) -> str:
    if clean(text, 80) != text or text.strip() != text:
        raise ValueError("expected one line of at most 80 printable characters")
    return text


Regex = Annotated[str, Field(min_length=1), AfterValidator(_regex)]
"""A regular expression on lines."""
LevelName = Annotated[str, BeforeValidator(_level)]
"""A level; whatever frameworks call it."""


class Pattern(Model):
    """Records that are counted under a name; a plain text is the name of a ready-made one."""

    use: str = ""
    """Name of a ready-made pattern; what else is given here replaces what it says."""
    name: Annotated[str, Field(max_length=80), AfterValidator(_line)] = ""
    """What it is called; no two of a check share a name. That of the ready-made one if none."""
    match: Regex | None = None
    """A regular expression (RE2) that a line of the record matches anywhere."""
    where: EarlyFilter | None = None
    """A filter that the record fits: `context.duration > 1000`."""
    level: LevelName | None = None
    """The record is at least so grave."""
    warning: Limit | None = None
    """`5/10m`: a WARNING where there are more than 5 in 10 minutes. `0/5m`: any."""
    critical: Limit | None = None
    """The same for CRITICAL."""
    mask: bool | str = False
    """Whether what `match` found is made unreadable before the record is kept or shown: `true`,
    or the name of a group of it."""
    by: str = ""
    """A field whose most frequent values are shown: `ip_address`. It becomes no label."""

    @model_validator(mode="before")
    @classmethod
    def _of_ready(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"use": value}
        if not isinstance(value, dict) or not value.get("use"):
            return value
        ready = READY.get(str(value["use"]))
        if ready is None:
            raise misplaced(
                f"there is no ready-made pattern {value['use']!r}; there are {', '.join(READY)}",
                "use",
            )
        given = {
            "name": value["use"],
            "warning": ready.warning,
            "critical": ready.critical,
            "mask": ready.mask,
        }
        if not value.get("match"):
            given["match"] = ready.match
        return {**given, **value}

    @model_validator(mode="after")
    def _is_told(self) -> Pattern:
        if not self.name:
            raise ValueError("a pattern wants a name, or use: and a ready-made one")
        if not (self.match or self.where or self.level):
            raise ValueError("say what it matches: match, where or level")
        if self.mask is not False and self.match is None:
            raise misplaced("only what match finds can be masked", "mask")
        known = groups(regex(self.match)) if self.match is not None else {}
        if isinstance(self.mask, str) and self.mask not in known:
            text = f"match has no group called {self.mask}: write (?P<{self.mask}>…)"
            raise misplaced(text, "mask")
        return self


def _distinct(patterns: list[Pattern]) -> list[Pattern]:
    names: set[str] = set()
    for place, pattern in enumerate(patterns):
        if pattern.name in names:
            raise misplaced(f"two patterns are called {pattern.name}", place, "name")
        names.add(pattern.name)
    return patterns


Patterns = Annotated[list[Pattern], Field(max_length=_MOST), AfterValidator(_distinct)]
"""The patterns of a check."""
