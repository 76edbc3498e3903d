"""What the engine is given to work on: the outcome of reading a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from checks.probe import CheckSpec

__all__ = ["EngineConfig", "Finder"]


@dataclass(frozen=True, slots=True, eq=False)
class EngineConfig:
    """Checks and what they share.

    ``base_dir`` is what relative paths are relative to; ``path`` names the file it came
    from, empty where there is none; ``files`` are all that it was read from, and the patterns
    that further ones may come to match, watched for changes; ``warnings`` are sentences for
    the user, ``remarks`` such as are worth saying once. ``read_only`` leaves the actions out.
    ``finder`` looks for more checks while they run.
    """

    checks: tuple[CheckSpec, ...]
    external_labels: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = field(default_factory=Path.cwd)
    path: str = ""
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    read_only: bool = False
    remarks: tuple[str, ...] = ()
    finder: Finder | None = None


class Finder(Protocol):
    """Something that looks for what there is to check, again and again."""

    async def look(self, config: EngineConfig) -> EngineConfig:
        """``config`` with all that is known now; the same object while nothing is new.

        A check that did not change is the same :class:`~checks.probe.CheckSpec` as before.
        """

    async def rest(self) -> None:
        """Wait until it is worth looking again."""

    def forget(self, name: str) -> None:
        """Look for what the check ``name`` is of no more, from the next look on, which is soon.

        Later sessions do not miss it either, until it is found running again.
        """
