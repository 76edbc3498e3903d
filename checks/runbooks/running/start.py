"""A step from its beginning to its end: written down, run in its language, written down again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from checks.errors import OnwatchError
from checks.lanes import LaneBusyError
from checks.model import clean
from checks.runbooks.model import Language
from checks.runbooks.running.model import Around, Ended, Job, NotRunError
from checks.runbooks.running.output import Output
from checks.runbooks.views import RunState

__all__ = ["Run", "changed_since", "run"]

WRITING: Final = 5.0
"""Seconds after which a disk that takes no line is given up."""
_FILE: Final = 4_000_000
"""Bytes of a runbook's file that are looked at; none that was read has as many."""


class Way(Protocol):
    """How steps of a language are run."""

    async def go(self) -> Ended:
        """Run it to its end; raises nothing but CancelledError."""

    def cancel(self, within: float | None = None) -> None:
        """Have it end, ``within`` so many seconds where that is said."""


class Run:
    """One run of a step. Its output grows while :meth:`go` runs."""

    def __init__(self, job: Job, output: Output, around: Around) -> None:
        self.job = job
        self.output = output
        self._around = around
        self._way: Way | None = None
        self._cancelled = False
        self._lane = f"audit {job.id}"

    async def go(self) -> Ended:
        """Run the step to its end, at most for its timeout. Raises nothing of its own.

        Cancelled, it ends at once what runs.
        """
        try:
            ended = await self._go()
        finally:
            self.output.close()
            self._around.env.lanes.drop(self._lane)
        return ended

    async def _go(self) -> Ended:
        try:
            await self._aside(lambda: changed_since(self.job))
            if self._around.audit is not None:
                audit, job = self._around.audit, self.job
                await self._aside(lambda: audit.started(job))
        except OnwatchError as error:
            return Ended(RunState.FAILED, None, f"not run: {error}")
        try:
            ended = await self._run()
        except asyncio.CancelledError:
            lost = Ended(RunState.CANCELLED, None, "cancelled: onwatch ended")
            self._note_at_once(lost)
            raise
        ended = self._masked(self._with_capture(ended))
        return await self._noted(ended)

    def cancel(self, within: float | None = None) -> None:
        """Have it end: INT, then TERM, then KILL to all that it has started.

        ``within`` so many seconds it is over, where that is said: onwatch ends.
        """
        self._cancelled = True
        if self._way is not None:
            self._way.cancel(within)

    def hurry(self, within: float) -> None:
        """As :meth:`cancel`, and have it over ``within`` so many seconds: onwatch ends."""
        self.cancel(within)

    async def _run(self) -> Ended:
        if self._cancelled:
            return Ended(RunState.CANCELLED, None, "cancelled before it began")
        self._way = way_of(self.job, self.output, self._around)
        return await self._way.go()

    async def _aside(self, call: Callable[[], None]) -> None:
        """``call()`` in a lane: a disk may hang. Raises OnwatchError."""
        try:
            async with asyncio.timeout(WRITING):
                await self._around.env.lanes.run(self._lane, call)
        except (TimeoutError, LaneBusyError):
            raise NotRunError("its file and the audit log are not reached: a disk hangs") from None

    def _with_capture(self, ended: Ended) -> Ended:
        """The last line of a shell's output; SQL and HTTP know better what they gave."""
        step = self.job.step
        name = step.capture
        if not name or step.language in (Language.SQL, Language.HTTP):
            return ended
        if ended.state is not RunState.DONE or ended.exit_code != 0:
            return ended
        value = self.output.last_line
        if not value:
            return replace(ended, said=f"{ended.said}; it wrote nothing to take ${name} from")
        return replace(ended, captured=(name, value))

    def _masked(self, ended: Ended) -> Ended:
        """What a database or a shell said of the end may hold a secret as any output does."""
        text = self._around.env.masker.text
        found = ended.captured
        captured = None if found is None else (found[0], text(found[1]))
        return replace(ended, said=text(ended.said), captured=captured)

    async def _noted(self, ended: Ended) -> Ended:
        audit, job = self._around.audit, self.job
        if audit is None:
            return ended
        try:
            await self._aside(lambda: audit.ended(job, ended))
        except OnwatchError as error:
            return replace(ended, said=f"{ended.said}; {error}")
        return ended

    def _note_at_once(self, ended: Ended) -> None:
        """On the way out, when nothing is waited for any more."""
        if self._around.audit is not None:
            try:
                self._around.audit.ended(self.job, ended)
            except OnwatchError:
                # The next session says that it was cut off.
                return


def way_of(job: Job, output: Output, around: Around) -> Way:
    """What runs ``job``'s language; each is imported when it is first asked for."""
    match job.step.language:
        case Language.SQL:
            from checks.runbooks.running.sql import Sql  # noqa: PLC0415 - imports drivers

            return Sql(job, output, around)
        case Language.HTTP:
            from checks.runbooks.running.http import Http  # noqa: PLC0415 - imports h11

            return Http(job, output, around)
        case _:
            from checks.runbooks.running.shell import Shell  # noqa: PLC0415 - for shells alone

            return Shell(job, output, around)


def changed_since(job: Job) -> None:
    """Nothing, where the runbook's file is still the one that was read. Blocks.

    Raises:
        NotRunError: it is another one now, or gone.
    """
    if job.file is None:
        return
    try:
        with Path(job.file).open("rb") as file:
            digest = hashlib.sha256(file.read(_FILE)).hexdigest()
    except OSError as error:
        text = f"the runbook {clean(job.file)} cannot be read any more: {error.strerror}"
        raise NotRunError(text) from None
    if digest != job.runbook.digest:
        raise NotRunError(
            f"the runbook {clean(job.file)} has changed since it was shown: look again"
        )


async def run(job: Job, output: Output, around: Around) -> Ended:
    """Run ``job``, where nobody will want to cancel it otherwise than by cancelling this."""
    return await Run(job, output, around).go()
