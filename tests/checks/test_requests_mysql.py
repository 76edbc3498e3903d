"""Request logs on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.checks.remote_logs import MariadbLog
from tests.checks.request_log_cases import RequestLogCases
from tests.checks.request_log_races import RequestLogRaces
from tests.servers.mariadb import MariadbDatabase


@pytest_asyncio.fixture
async def log_database(mariadb_server: MariadbDatabase) -> AsyncIterator[MariadbLog]:
    database = MariadbLog(mariadb_server)
    yield database
    await database.close()


class TestMariadb(RequestLogCases, RequestLogRaces):
    """What is asked of every kind of server."""
