"""The `files` check; see `docs/checks/files.md`. All looking happens in lanes, as mounts hang."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from checks.findings import Finding
from checks.lanes import LaneBusyError
from checks.model import Result, Status, Table
from checks.probe import Target
from checks.probes.files.config import FilesConfig
from checks.probes.files.content import Content, Reading
from checks.probes.files.judge import Files, judge, name_of, worst_of
from checks.probes.files.metrics import emit
from checks.probes.files.scan import Item, Scan, scan
from checks.probes.files.schedule import Schedule
from checks.wording import size

__all__ = ["FilesProbe"]

_LISTED: Final = 50
_LAZY: Final = 20.0
"""A look that took a second is not taken again for so many seconds."""


class FilesProbe:
    """Looks at files. A new one is read apart from the runs, which may take minutes."""

    def __init__(self, config: FilesConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._lane = f"files {target.name}"
        self._paths = [str(target.env.path(path)) for path in config.path]
        self._schedule = Schedule(config.due) if config.due is not None else None
        readable = config.readable
        self._reading = Reading(target, readable.budget) if readable is not None else None
        self._last: tuple[float, Scan] | None = None

    async def run(self) -> Result:
        """Look once; what hangs is a sentence of its own."""
        loop = asyncio.get_running_loop()
        before = self._last[1] if self._last is not None else Scan()
        try:
            async with asyncio.timeout(self._target.timeout * 0.6):
                found = await self._found()
        except LaneBusyError as busy:
            return self._hung(loop.time() - busy.since)
        except TimeoutError:
            return self._hung(self._target.timeout * 0.6)
        files = Files(found, self._target.env.clock.wall(), self._config.settle)
        return self._result(files, await self._content(files), before)

    async def close(self) -> None:
        if self._reading is not None:
            await self._reading.close()
        self._target.env.lanes.drop(self._lane)

    async def _found(self) -> Scan:
        now = self._target.env.clock.now()
        if self._last is not None and 0 <= now - self._last[0] < _LAZY * self._last[1].took:
            return self._last[1]
        found = await self._target.env.lanes.run(
            self._lane, lambda: scan(self._paths, self._config.exclude)
        )
        self._last = (now, found)
        return found

    async def _content(self, files: Files) -> Content | None:
        """What came of reading the newest; waited for as long as a run may take."""
        item = files.settled
        if self._reading is None or item is None or item.folder:
            return None
        return await self._reading.of(item, self._target.timeout * 0.3)

    def _hung(self, seconds: float) -> Result:
        text = f"looking at {self._config.address()} has not come back for {seconds:.0f} s: "
        return Result.failed("timeout", text + "does its mount hang?")

    def _result(self, files: Files, content: Content | None, before: Scan) -> Result:
        findings = judge(self._config, files, self._schedule, content)
        worst = worst_of(findings)
        builder = self._target.sampler.builder()
        emit(files, self._schedule, content, builder)
        return Result(
            worst.part.status if worst else Status.OK,
            _message(files, findings, worst),
            reason=worst.reason if worst else "ok",
            up=files.newest is not None or worst is None,
            value=files.told_age(files.newest) if files.newest else "none",
            duration=files.found.took,
            samples=builder.build(),
            parts=tuple(one.part for one in findings),
            tables=tuple(_tables(files)),
            facts=tuple(_facts(files)),
            events=tuple(_events(before, files.newest)),
        )


def _events(before: Scan, newest: Item | None) -> Iterator[str]:
    """What is told of ``newest`` where another one was that ``before``."""
    if newest is None or not before.items or newest.path == before.items[0].path:
        return
    was = next((one for one in before.items if one.path == newest.path), None)
    if was is None or (was.key, was.size) != (newest.key, newest.size):
        yield f"a new file: {newest.path}"
    elif was.changed != newest.changed:
        # Its age is no longer that of what is in it.
        yield f"{newest.path} was touched: the same file, as large as before"


def _message(files: Files, findings: Sequence[Finding], worst: Finding | None) -> str:
    if worst is not None:
        bad = sum(1 for one in findings if one.part.status is not Status.OK)
        more = f" (and {bad - 1} more)" if bad > 1 else ""
        return f"{worst.part.message}{more}"
    newest = files.newest
    if newest is None:
        return "no files, as it may be"
    many = f"; {len(files.found.items):,} files, {size(files.found.total)} in all"
    age = (
        f"dated {files.told_age(newest)}"
        if files.ahead(newest)
        else f"{files.told_age(newest)} old"
    )
    text = f"{name_of(newest)}: {size(newest.size)}, {age}"
    return text + (many if len(files.found.items) > 1 else "")


def _facts(files: Files) -> Iterator[tuple[str, str]]:
    newest, settled = files.newest, files.settled
    if newest is not None:
        yield "newest", f"{newest.path}, {size(newest.size)}"
        if settled != newest:
            yield "being written", name_of(newest)
    if files.before is not None:
        yield "the one before", f"{files.before.path}, {size(files.before.size)}"
    yield "all together", f"{len(files.found.items):,} files, {size(files.found.total)}"


def _tables(files: Files) -> Iterator[Table]:
    rows = tuple(
        (
            str(Path(item.path).parent),
            name_of(item) + ("/" if item.folder else ""),
            files.told_age(item),
            size(item.size),
        )
        for item in files.found.items[:_LISTED]
    )
    if rows:
        yield Table("files", ("folder", "name", "age", "size"), rows, frozenset({"age", "size"}))
