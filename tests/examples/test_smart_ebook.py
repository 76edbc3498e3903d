"""Smart Ebook Chat's example on its stack: health, queues, models, its rules P1 to P3, security."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from checks.config import EngineConfig
from checks.model import Status
from tests.examples.kit import Watch, configured, loaded, watching
from tests.examples.kit_machine import of_machine
from tests.examples.smart_ebook_stack import EbookStack
from tests.exporters.machine import Machine
from tests.servers.postgres import PostgresServers

SYSTEM = "smart-ebook-chat"


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_full_module_servers: PostgresServers
) -> Iterator[EbookStack]:
    made = EbookStack(tmp_path_factory.mktemp("ebook"), postgres_full_module_servers)
    made.start()
    yield made
    made.close()


def seldom(stack: EbookStack) -> EngineConfig:
    """The example at 30 s: long conditions pass in a third of the runs."""
    return configured(SYSTEM, {**stack.environ, "EBC_INTERVAL": "30s"})


@asynccontextmanager
async def at(stack: EbookStack, *checks: str, often: bool = False) -> AsyncIterator[Watch]:
    config = configured(SYSTEM, stack.environ) if often else seldom(stack)
    async with watching(config, *checks, system=SYSTEM) as watch:
        watch.step = 10.0 if often else 30.0
        yield watch


def test_the_example_is_right(stack: EbookStack) -> None:
    found = loaded(SYSTEM, stack.environ)
    assert found.engine.warnings == ()
    assert found.engine.rules is not None
    assert found.engine.rules.problems == ()


async def test_every_check_has_a_result(stack: EbookStack, tmp_path: Path) -> None:
    probes = {"machine": of_machine(Machine(tmp_path))}
    config = configured(SYSTEM, stack.environ)
    async with watching(config, system=SYSTEM, probes=probes) as watch:
        await watch.go_on(60)
        stands = {name: state.view.status for name, state in watch.engine.states.items()}
        assert set(stands.values()) == {Status.OK}, watch.talk()
        assert watch.values("ebc_documents") == {"indexed": 9, "indexing_failed": 1}
        assert watch.values("ebc_active_users") == {"day": 1, "month": 2}
        assert watch.values("ebc_revenue_monthly") == {"pro": 40, "free": 0}
        assert watch.values("ebc_ai_tokens_day") == {"gpt-4.1,openai": 3000}
        assert watch.values("celery_queue_length") == {"celery": 0, "documents": 0}
