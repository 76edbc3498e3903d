"""Which versions a page tells of by its ``…_build_info``, and that one is another now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from checks.model import Labels, Series

__all__ = ["Versions", "changes", "versions_of"]

Versions: TypeAlias = Mapping[tuple[str, Labels], str]
"""By the series without what tells the build."""

_ENDS: Final = "_build_info"
_OF_BUILDS: Final = frozenset(
    {"version", "revision", "branch", "goversion", "goarch", "goos", "tags", "commit", "build_date"}
)
"""Labels that change from build to build."""
_MOST: Final = 3
"""Changes that are told at once."""


def versions_of(series: Iterable[Series]) -> Versions:
    """The version of each thing that has one; of what has several at once none."""
    found: dict[tuple[str, Labels], set[str]] = {}
    for one in series:
        version = one.label("version") if one.name.endswith(_ENDS) else ""
        if version:
            rest = tuple(pair for pair in one.labels if pair[0] not in _OF_BUILDS)
            found.setdefault((one.name, rest), set()).add(version)
    return {key: next(iter(known)) for key, known in found.items() if len(known) == 1}


def changes(before: Versions, after: Versions) -> tuple[str, ...]:
    """A sentence for each version that is another now."""
    other = [
        (name, before[name, rest], version)
        for (name, rest), version in after.items()
        if before.get((name, rest), version) != version
    ]
    return tuple(
        f"version changed from {old} to {new}{_named(name) if len(other) > 1 else ''}"
        for name, old, new in other[:_MOST]
    )


def _named(name: str) -> str:
    return f" ({name.removesuffix(_ENDS)})"
