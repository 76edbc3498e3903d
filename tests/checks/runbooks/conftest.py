"""Fixtures of the tests of running steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from checks.runbooks.audit import Audit
from tests.checks.runbooks.running_kit import Place, place_at


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A folder to run steps in, without an audit log."""
    async with place_at(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Place]:
    """The same with one."""
    async with place_at(tmp_path) as made:
        made.audit = Audit(tmp_path / "state" / "steps.jsonl", made.env.masker, made.env.clock)
        yield made
