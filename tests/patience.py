"""How long tests wait for what should come at once, and what they make of a busy machine."""

from __future__ import annotations

import functools
import inspect
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

__all__ = ["PATIENCE", "tried_again"]

PATIENCE: Final = 45.0
"""Seconds, whatever else the machine has to do: what comes sooner is waited for no longer, and a
test that fails for a busy machine says nothing of the code."""


_T = TypeVar("_T")
_LATE: Final = (AssertionError, subprocess.TimeoutExpired)


def tried_again(test: Callable[..., _T]) -> Callable[..., _T]:
    """Have ``test`` run again where it fails, twice at most, each time in another folder where it
    has a ``tmp_path``.

    For what is judged by its times alone: a machine that stood still for a second fails it once
    or twice, code that holds up what it should not fails it each time.
    """

    def elsewhere(fixtures: dict[str, Any]) -> dict[str, Any]:
        last: Path | None = fixtures.get("tmp_path")
        if last is None:
            return fixtures
        # Beside it, under as short a name: what tells of files there cuts long ones.
        fresh = last.with_name(f"{last.name}b")
        fresh.mkdir()
        return fixtures | {"tmp_path": fresh}

    @functools.wraps(test)
    def judged(**fixtures: Any) -> _T:
        for _ in range(2):
            try:
                return test(**fixtures)
            except _LATE:
                fixtures = elsewhere(fixtures)
        return test(**fixtures)

    @functools.wraps(test)
    async def judged_async(**fixtures: Any) -> Any:
        for _ in range(2):
            try:
                return await test(**fixtures)  # type: ignore[misc]
            except _LATE:
                fixtures = elsewhere(fixtures)
        return await test(**fixtures)  # type: ignore[misc]

    return judged_async if inspect.iscoroutinefunction(test) else judged  # type: ignore[return-value]
