"""The request log as a check of a database has it: one class for every kind of server."""

from __future__ import annotations

from typing import Any, Protocol

from checks.model import Result, Status
from checks.requests.stats import RequestStats
from tests.checks.remote_logs import LogDatabase, Request, insertion
from tests.checks.request_log_cases import INSTANT
from tests.checks.request_logs import LOG


class LogCheck(Protocol):
    """A check of ``database`` and the time by its clock."""

    @property
    def now(self) -> float: ...

    def configure(self, database: LogDatabase, request_log: dict[str, Any]) -> None: ...

    async def run(self, seconds: float = 5.0) -> Result:
        """Let that long pass and run the check."""


def counted(result: Result) -> float:
    pairs = zip(result.samples.series, result.samples.values, strict=True)
    return sum(value for series, value in pairs if series.name == "http_requests_total")


class RequestLogChecks:
    """Through the check's own connections."""

    async def test_a_check_tells_of_requests(
        self, log_database: LogDatabase, log_check: LogCheck
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        log_check.configure(log_database, {**LOG, "where": "provider_id LIKE 'op%' OR 1 = 0"})
        rows: list[Request] = [(log_check.now - 1, "openai", 200, 5.0, None)] * 1000
        for _ in range(6):
            await log_database.run(insertion(rows, INSTANT))
        first = await log_check.run(0)
        assert isinstance(first.requests, RequestStats), first.message
        assert counted(first) == 0
        for number in range(1, 4):
            rows = [
                (log_check.now, "openai", 500, 7.0, "refresh failed: ünknown %s"),
                (log_check.now, "other", 200, 5.0, None),
            ] * 10
            await log_database.run(insertion(rows, INSTANT))
            result = await log_check.run()
            assert isinstance(result.requests, RequestStats), result.message
            window = result.requests.windows[0]
            assert (window.count, window.errors) == (6000 + 10 * number, 10 * number)
            assert counted(result) == 10 * number
            assert window.newest_errors[0].error == "refresh failed: ünknown %s"

    async def test_what_may_not_be_read_costs_its_own_figures(
        self, log_database: LogDatabase, log_check: LogCheck
    ) -> None:
        await log_database.run(
            log_database.schema(INSTANT), log_database.schema(INSTANT, "nothing")
        )
        stranger = await log_database.stranger()
        log_check.configure(stranger, LOG)
        result = await log_check.run()
        assert result.requests is None
        (part,) = (part for part in result.parts if part.name == "request log")
        assert part.status is Status.UNKNOWN
        said, _, grant = part.message.partition(": GRANT ")
        assert said == "request_log: may not read table request_logs"
        assert result.up
        await log_database.run(f"GRANT {grant}")
        assert (await log_check.run()).requests is not None
        await log_database.run(f"REVOKE {grant.replace(' TO ', ' FROM ')}")
        await stranger.close()

    async def test_connections_that_are_killed_between_runs(
        self, log_database: LogDatabase, log_check: LogCheck
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        log_check.configure(log_database, LOG)
        await log_check.run()
        seen = 0
        for number in range(1, 5):
            await log_database.run(insertion([(log_check.now, "a", 200, 5.0, None)] * 3, INSTANT))
            seen += await log_database.kill_all()
            result = await log_check.run()
            if result.requests is not None:
                assert counted(result) == 3 * number
        assert seen >= 4
        assert counted(await log_check.run()) == 12
