"""What the engine is given to work on: the outcome of reading a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checks.probe import CheckSpec

__all__ = ["EngineConfig"]


@dataclass(frozen=True, slots=True, eq=False)
class EngineConfig:
    """Checks and what they share.

    ``base_dir`` is what relative paths are relative to; ``path`` names the file it came
    from, empty where there is none; ``files`` are all that it was read from, watched for
    changes; ``warnings`` are sentences for the user. ``read_only`` leaves the actions out.
    """

    checks: tuple[CheckSpec, ...]
    external_labels: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = field(default_factory=Path.cwd)
    path: str = ""
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    read_only: bool = False
