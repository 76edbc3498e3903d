"""No request is lost and none counted twice on a real server, whatever its writers and
operators do: one class for every kind of server.

Each test file derives from it with a fixture ``log_database``.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from checks.requests import memory, reader
from tests.checks.remote_logs import (
    LogDatabase,
    RemoteBench,
    ShiftedClock,
    TimeStyle,
    Writer,
    insertion,
)
from tests.checks.request_logs import NOW, log_config

INSTANT = TimeStyle("instant", "timestamptz", "TIMESTAMP(6) NULL")


async def table(database: LogDatabase, rows: int = 0, now: float = NOW) -> RemoteBench:
    """An empty request log with ``rows`` requests before ``now``, and who reads it."""
    await database.run(database.schema(INSTANT))
    await insert(database, rows, now - 60)
    bench = RemoteBench(database, log_config(), now=now)
    await bench.poll()
    return bench


async def insert(
    database: LogDatabase | Writer, rows: int, when: float, name: str = "request_logs"
) -> None:
    """That many requests, a millisecond apart."""
    for start in range(0, rows, 1000):
        requests = [
            (when + i / 1000, "a", 200, 5.0, None) for i in range(start, min(rows, start + 1000))
        ]
        await database.run(insertion(requests, INSTANT, name))


class RequestLogRaces:
    """Tests against a real server."""

    async def test_two_thousand_rows_a_second_from_several_sessions(
        self, log_database: LogDatabase
    ) -> None:
        """In real time: transactions overlap, some last, some are rolled back."""
        await log_database.run(log_database.schema(INSTANT))
        bench = RemoteBench(log_database, log_config(), clock=ShiftedClock())
        await bench.poll()
        writing = asyncio.gather(*(log_database.stream(seed, 10, 3.0) for seed in range(4)))
        polls = 0
        while not writing.done():
            await asyncio.sleep(0.15)
            stats = await bench.poll()
            polls += 1
        written = sum(await writing)
        ((rows,),) = await log_database.fetch("SELECT COUNT(*) FROM request_logs")
        assert rows == written > 4000
        assert polls > 10
        # What was committed late is found when its hole is looked into again.
        bench.clock.ahead += 2.0  # type: ignore[attr-defined]
        stats = await bench.poll()
        assert bench.counted() == written
        assert stats.windows[0].count == written

    @pytest.mark.parametrize("seed", range(3))
    async def test_rows_committed_late_and_out_of_order(
        self, log_database: LogDatabase, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Sessions take ids in order and commit in any; now and then a run is cut short by
        its time or by a connection that is lost."""
        monkeypatch.setattr(reader, "BATCH", 40)
        monkeypatch.setattr(memory, "_REMEMBERED", 64)
        dice = random.Random(seed)
        bench = await table(log_database, rows=30)
        writers = [await log_database.writer() for _ in range(6)]
        open_rows = [0] * len(writers)
        committed = 0
        for _ in range(60):
            for number, writer in enumerate(writers):
                if not open_rows[number]:
                    await writer.run("BEGIN")
                rows = dice.choice([0, 1, 2, 30])
                await insert(writer, rows, bench.now)
                open_rows[number] += rows
                if dice.random() < 0.4:
                    kept = dice.random() < 0.8
                    await writer.run("COMMIT" if kept else "ROLLBACK")
                    committed += open_rows[number] if kept else 0
                    open_rows[number] = 0
            if dice.random() < 0.1:
                bench.lose_connection_at = dice.randint(1, 4)
            await bench.attempt(dice.uniform(0.2, 4), spare=dice.choice([120.0, 0.0]))
        for number, writer in enumerate(writers):
            await writer.run("COMMIT")
            committed += open_rows[number]
        bench.lose_connection_at = 0
        for _ in range(30):
            await bench.poll(5)
        ((rows,),) = await log_database.fetch("SELECT COUNT(*) FROM request_logs")
        assert (bench.counted(), rows) == (committed, committed + 30)

    async def test_the_server_looks_at_what_is_new_and_no_more(
        self, log_database: LogDatabase
    ) -> None:
        """Whatever it plans for statements whose parameters it does not look at."""
        log_database.plan_blindly()
        await log_database.run(log_database.schema(INSTANT), *log_database.many(100_000, NOW))
        bench = RemoteBench(log_database, log_config(backfill=False), now=NOW)
        await bench.poll()
        before = await log_database.rows_read()
        for _ in range(12):
            writers = [await log_database.writer() for _ in range(2)]
            for writer in writers:
                await writer.run("BEGIN")
            for number in range(40):
                await insert(writers[number % 2], 1, bench.now)
            await writers[1].run("COMMIT")
            await bench.poll(1)
            await writers[0].run("ROLLBACK")
        assert bench.counted() == 240
        assert await log_database.rows_read() - before < 3000

    async def test_a_truncated_table(self, log_database: LogDatabase) -> None:
        bench = await table(log_database, rows=50)
        await insert(log_database, 20, NOW + 1)
        await bench.poll(5)
        await log_database.run("TRUNCATE TABLE request_logs")
        await insert(log_database, 90, NOW + 6)
        await bench.poll(5)
        assert bench.counted() == 110
        assert bench.log.events() == ("the request log request_logs was emptied or made anew",)

    async def test_a_table_dropped_and_created_anew(self, log_database: LogDatabase) -> None:
        bench = await table(log_database, rows=50)
        await insert(log_database, 20, NOW + 1)
        await bench.poll(5)
        await log_database.run("DROP TABLE request_logs")
        assert await bench.trouble() == ("config", "no such table: request_logs")
        await log_database.run(log_database.schema(INSTANT))
        await insert(log_database, 7, NOW + 6)
        await bench.poll(5)
        assert bench.counted() == 27

    async def test_a_rotated_table_is_read_to_its_end(
        self, log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows that came after the last run went away with it, one of them into a hole."""
        monkeypatch.setattr(reader, "BATCH", 40)
        bench = await table(log_database, rows=50)
        late = await log_database.writer()
        await late.run("BEGIN")
        await insert(late, 1, NOW + 1)
        await insert(log_database, 20, NOW + 1)
        await bench.poll(5)
        await insert(log_database, 100, NOW + 6)
        await late.run("COMMIT")
        await log_database.run(
            log_database.schema(INSTANT, "request_logs_new"),
            "ALTER TABLE request_logs RENAME TO request_logs_20231114",
            "ALTER TABLE request_logs_new RENAME TO request_logs",
        )
        await insert(log_database, 30, NOW + 7)
        counts = []
        for _ in range(6):
            await bench.poll(1, spare=0.0)
            counts.append(bench.counted())
        assert counts[0] < counts[-1] == 151
        assert bench.log.events() == ("the request log request_logs was emptied or made anew",)

    async def test_an_archive_of_another_log_is_left_alone(self, log_database: LogDatabase) -> None:
        bench = await table(log_database, rows=50)
        await log_database.run(log_database.schema(INSTANT, "request_logs_of_others"))
        await insert(log_database, 80, NOW + 1, "request_logs_of_others")
        await log_database.run("TRUNCATE TABLE request_logs")
        await insert(log_database, 5, NOW + 2)
        await bench.poll(5)
        assert bench.counted() == 5

    async def test_old_rows_that_are_purged_and_new_ones_that_are_deleted(
        self, log_database: LogDatabase
    ) -> None:
        bench = await table(log_database, rows=200)
        for number in range(10):
            await log_database.run(
                f"DELETE FROM request_logs WHERE id <= {10 * number + 10}"  # noqa: S608
            )
            await insert(log_database, 2, NOW + 5 * number)
            await bench.poll(5)
            await log_database.run(
                f"DELETE FROM request_logs WHERE id = {202 + 2 * number}"  # noqa: S608
            )
        assert bench.counted() == 20
        assert bench.log.events() == ()

    async def test_a_late_row_is_not_counted_again_when_the_newest_is_deleted(
        self, log_database: LogDatabase
    ) -> None:
        bench = await table(log_database, rows=20)
        late = await log_database.writer()
        await late.run("BEGIN")
        await insert(late, 1, NOW)
        await insert(log_database, 5, NOW + 1)
        await bench.poll(5)
        await late.run("COMMIT")
        await bench.poll(5)
        assert bench.counted() == 6
        await log_database.run("DELETE FROM request_logs WHERE id = 26")
        await bench.poll(5)
        assert bench.counted() == 6

    async def test_a_connection_killed_amid_a_statement(self, log_database: LogDatabase) -> None:
        await log_database.run(log_database.schema(INSTANT))
        slow = log_config(where=log_database.slow_condition(0.01))
        bench = RemoteBench(log_database, slow, now=NOW)
        await bench.poll()
        await insert(log_database, 60, NOW)
        reading = asyncio.create_task(bench.attempt(5))
        await log_database.kill_reader()
        (finding,) = await reading
        assert finding.reason == "protocol"
        assert (await bench.poll(5)).windows[0].count == 60
        assert bench.counted() == 60

    async def test_statements_that_the_server_gives_up_in_the_back_fill(
        self, log_database: LogDatabase
    ) -> None:
        """The next run asks for fewer rows; what comes meanwhile is read all the same."""
        await log_database.run(log_database.schema(INSTANT))
        await insert(log_database, 5500, NOW - 60)
        where = f"CASE WHEN id <= 400 THEN {log_database.slow_condition(0.002)} ELSE 1 = 1 END"
        log_database.limit(0.6)
        bench = RemoteBench(log_database, log_config(where=where), now=NOW)
        stats = await bench.poll()
        assert stats.note.startswith("reading the last hour: ")
        for number in range(50):
            if not stats.note:
                break
            await insert(log_database, 1, bench.now)
            stats = await bench.poll(1)
            assert bench.counted() == number + 1
        assert stats.note == ""
        assert stats.windows[-1].count == 5500 + bench.counted()

    async def test_a_server_that_cannot_read_a_batch_in_time_is_asked_for_less(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        log_database.limit(0.2)
        slow = log_config(where=log_database.slow_condition(0.001))
        bench = RemoteBench(log_database, slow, now=NOW)
        await bench.poll()
        await insert(log_database, 400, NOW)
        assert [finding.reason for finding in await bench.attempt(1)] == ["timeout"]
        for _ in range(50):
            if bench.counted() < 400:
                await bench.attempt(1)
        assert bench.counted() == 400
