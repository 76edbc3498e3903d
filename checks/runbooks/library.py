"""All runbooks by name: those that came with onwatch, and the user's, which go before them.

The user's are read when the library is refreshed, so that what is wrong with them is told; a
built-in one is read when somebody wants it. Nothing here is quick enough for the engine's loop:
call :meth:`Library.refresh` and :meth:`Library.get` in a lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from checks.config import RunbooksConfig
from checks.documents.keys import nearest
from checks.errors import ConfigProblem
from checks.runbooks.links import BUILT_IN, built_in_names
from checks.runbooks.model import Runbook
from checks.runbooks.reading import Reading, read_runbook

__all__ = ["Library"]

MAX_FILES: Final = 1_000

_Mark = tuple[int, int, int, int]
"""What changes when a file does: device, number, size, nanoseconds."""


class Library:
    """The runbooks that a configuration has.

    ``problems`` are what is wrong with files of the user's; a file with a mistake in one step is a
    runbook without this step.
    """

    def __init__(self, config: RunbooksConfig | None = None) -> None:
        self._config = config or RunbooksConfig()
        self._read: dict[Path, tuple[_Mark | None, Reading]] = {}
        self._own: dict[str, Path] = {}
        self._built_in: dict[str, Runbook] = {}
        self._names = built_in_names()
        self.problems: tuple[ConfigProblem, ...] = ()

    def refresh(self) -> bool:
        """Read what is new or has changed; whether anything has."""
        paths = list(_matching(self._config.patterns))
        before = self._read
        self._read = {path: self._again(path, before.get(path)) for path in paths[:MAX_FILES]}
        if before.keys() == self._read.keys() and all(
            self._read[path] is before[path] for path in before
        ):
            return False
        self._gather(too_many=len(paths) > MAX_FILES)
        return True

    def _again(
        self, path: Path, before: tuple[_Mark | None, Reading] | None
    ) -> tuple[_Mark | None, Reading]:
        mark = _mark(path)
        if before is not None and before[0] == mark:
            return before
        return mark, read_runbook(path, shown=str(self._shown(path)))

    def _gather(self, *, too_many: bool) -> None:
        self._own = {}
        problems: list[ConfigProblem] = []
        for path, (_, reading) in self._read.items():
            problems += reading.problems
            first = self._own.setdefault(path.stem, path)
            if first is not path:
                text = f'the name "{path.stem}" is taken by {self._shown(first)}; rename one'
                problems.append(ConfigProblem(str(self._shown(path)), 0, "", text))
        if too_many:
            text = f"there are more than {MAX_FILES} runbooks; the rest is left out"
            problems.append(ConfigProblem("runbooks", 0, "", text))
        self.problems = tuple(problems)

    def _shown(self, path: Path) -> Path:
        try:
            return self._config.shown_base / path.relative_to(self._config.base)
        except ValueError:
            return path

    @property
    def names(self) -> tuple[str, ...]:
        """All there are, sorted."""
        return tuple(sorted({*self._names, *self._own}))

    @property
    def unusable(self) -> tuple[ConfigProblem, ...]:
        """What is wrong with the files that are no runbook at all."""
        readings = (reading for _, reading in self._read.values() if reading.runbook is None)
        return tuple(problem for reading in readings for problem in reading.problems)

    def file_of(self, name: str) -> Path | None:
        """The file of the user's runbook ``name``; None for a built-in one."""
        return self._own.get(name)

    @property
    def own(self) -> tuple[Runbook, ...]:
        """The user's, in the order of their files."""
        found = (self._read[path][1].runbook for path in self._own.values())
        return tuple(each for each in found if each is not None)

    def get(self, name: str) -> Runbook | None:
        """The runbook ``name`` as it is on disk now; None where there is none that can be used.

        One of the user's that cannot be read is none: the built-in one of its name does not stand
        in for it, since it says something else.
        """
        path = self._own.get(name)
        if path is not None:
            now = self._again(path, self._read.get(path))
            if now is not self._read.get(path):
                self._read[path] = now
                self._gather(too_many=False)
            return now[1].runbook
        if name in self._names:
            if name not in self._built_in:
                reading = read_runbook(
                    BUILT_IN / f"{name}.md", shown=f"built-in {name}", built_in=True
                )
                if reading.runbook is None:
                    return None
                self._built_in[name] = reading.runbook
            return self._built_in[name]
        return None

    def built_in_title(self, name: str) -> str:
        """The title of a built-in runbook, without reading the rest of it."""
        try:
            lines = (BUILT_IN / f"{name}.md").read_text(encoding="utf-8").split("\n")
        except OSError:
            return name
        return next((line[2:] for line in lines if line.startswith("# ")), name)

    def missing(self, name: str) -> str:
        """The sentence for a runbook that there is not."""
        path = self._own.get(name)
        if path is not None:
            problems = self._read[path][1].problems
            return f"the runbook {name} cannot be used: {problems[0]}" if problems else ""
        near = nearest(name, self.names)
        hint = f'; did you mean "{near}"?' if near else ""
        return f'there is no runbook "{name}"{hint}'


def _matching(patterns: Sequence[str]) -> Iterator[Path]:
    import glob  # noqa: PLC0415 - with patterns alone

    found: Iterable[str] = (
        name
        for pattern in patterns
        for name in sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - any base
    )
    yield from dict.fromkeys(Path(name) for name in found)


def _mark(path: Path) -> _Mark | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
