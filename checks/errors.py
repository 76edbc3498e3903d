"""Every error onwatch raises on purpose, drawn as one tree.

::

    OnwatchError                 a sentence for the user; exit code 3 unless said otherwise
    ├── ConfigError              a file the user wrote is wrong (exit code 2)
    ├── SecretError              a credential's source gave none (no such file, command failed)
    └── TargetError              a target did not do what was asked; carries a reason
        └── NoThreadsError       it was not asked, since there are no threads left

A probe returns a :class:`checks.model.Result` for everything a target may do; these
exceptions stay inside the probe that raises them or end a command with one sentence.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "NONE_LEFT",
    "NO_DESCRIPTORS",
    "NO_THREADS",
    "ConfigError",
    "ConfigProblem",
    "NoThreadsError",
    "OnwatchError",
    "SecretError",
    "TargetError",
]


NONE_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE})
"""What the system says where it has no file descriptors left for us."""
NO_DESCRIPTORS: Final = (
    "onwatch has no file descriptors left; raise its limit of open files (ulimit -n)"
)
NO_THREADS: Final = (
    "the system gives onwatch no more threads; see what runs so many, or raise the limit "
    "(ulimit -u, or pids.max of its container or service)"
)


class OnwatchError(Exception):
    """Base of all. ``str()`` is a sentence that says what, where and what to do."""

    exit_code: int = 3


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in one place of a configuration file.

    ``line`` counts from 1; 0 where the file as a whole is meant. ``key`` is the dotted
    path within the file, empty for the file as a whole.
    """

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class ConfigError(OnwatchError):
    """A configuration that cannot be used, with every problem found in it.

    ``files`` are those that were read for it: a change of one of them may mend it. ``warnings``
    are sentences on what is probably not meant in them, which may be why something is wrong.
    """

    exit_code = 2

    def __init__(
        self,
        problems: list[ConfigProblem] | tuple[ConfigProblem, ...],
        files: Iterable[Path] = (),
        warnings: Iterable[str] = (),
    ) -> None:
        self.problems = tuple(problems)
        self.files = tuple(files)
        self.warnings = tuple(warnings)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SecretError(OnwatchError):
    """A credential could not be read from where the configuration says it is."""


class TargetError(OnwatchError):
    """A target failed in a way a probe has a name and a sentence for.

    ``reason`` is one of :data:`checks.model.REASONS`.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        self.reason = reason
        super().__init__(sentence)


class NoThreadsError(TargetError):
    """What may block has a thread of its own, and no more are to be had."""

    def __init__(self) -> None:
        super().__init__("limit", f"not asked: {NO_THREADS}")
