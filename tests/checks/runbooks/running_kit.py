"""What the tests of running steps share: a place for them, and runs of one step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.clock import Clock, SystemClock
from checks.lanes import Lanes
from checks.probe import CheckSpec, ProbeEnv
from checks.registry import kind
from checks.resolver import Resolver
from checks.runbooks.audit import Audit
from checks.runbooks.model import Language, Runbook, Step
from checks.runbooks.running.model import Around, Ended, Job, Who
from checks.runbooks.running.output import Output
from checks.runbooks.running.start import Run
from checks.secrets import Masker
from tests.checks.command_kit import until

__all__ = ["Place", "Ran", "place_at", "target_of"]


@dataclass(slots=True)
class Ran:
    """A run that has ended, and its output."""

    ended: Ended
    output: Output

    @property
    def text(self) -> str:
        return "\n".join(self.output.lines)


@dataclass(slots=True)
class Place:
    """Where steps run: a folder, an environment, and an audit log where there is one."""

    folder: Path
    env: ProbeEnv
    audit: Audit | None = None
    _numbers: list[int] = field(default_factory=list)

    def made(
        self,
        text: str,
        variables: Mapping[str, str] | None = None,
        *,
        language: Language = Language.BASH,
        target: CheckSpec | None = None,
        file: Path | None = None,
        digest: str = "",
        **step: Any,
    ) -> Run:
        """A run of a step with this text, not begun yet."""
        self._numbers.append(1)
        made = Step("look", "look", language, text, **{"timeout": 20.0, **step})
        book = Runbook("book", "Book", "book.md", digest, (made,), ())
        job = Job(
            f"run{len(self._numbers)}",
            book,
            made,
            variables or {},
            Who("ann"),
            target=target,
            file=file,
        )
        return Run(job, Output(self.env.masker), Around(self.env, self.audit))

    async def run(
        self,
        text: str,
        variables: Mapping[str, str] | None = None,
        *,
        cancel_once: Callable[[], bool] | None = None,
        **more: Any,
    ) -> Ran:
        """A step, run to its end, or cancelled once something is true."""
        run = self.made(text, variables, **more)
        going = asyncio.create_task(run.go())
        if cancel_once is not None:
            await until(cancel_once)
            run.cancel()
        return Ran(await going, run.output)


@contextlib.asynccontextmanager
async def place_at(folder: Path, clock: Clock | None = None) -> AsyncIterator[Place]:
    clock, lanes = clock or SystemClock(), Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), folder)
    try:
        yield Place(folder, env)
    finally:
        await env.resolver.close()
        lanes.close()


def target_of(kind_name: str, config: object, name: str = "shop") -> CheckSpec:
    """A check as a configuration has it."""
    model = kind(kind_name).config.model_validate(config)
    return CheckSpec(name, kind_name, model)
