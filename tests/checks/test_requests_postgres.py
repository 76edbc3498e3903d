"""Request logs on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.checks.remote_logs import PostgresLog
from tests.checks.request_log_cases import RequestLogCases
from tests.checks.request_log_races import RequestLogRaces
from tests.servers.postgres import PostgresDatabase


@pytest_asyncio.fixture
async def log_database(postgres_server: PostgresDatabase) -> AsyncIterator[PostgresLog]:
    database = PostgresLog(postgres_server)
    yield database
    await database.close()


class TestPostgres(RequestLogCases, RequestLogRaces):
    """What is asked of every kind of server."""
