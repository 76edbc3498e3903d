"""What befalls servers of a test's own, told alike of every kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from tests.checks.remote_logs import LogDatabase, RemoteBench
from tests.checks.request_log_races import insert, table
from tests.checks.request_logs import NOW, log_config

__all__ = ["a_replica_lags", "a_server_restarts"]


class Server(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


async def a_server_restarts(database: LogDatabase, server: Server) -> None:
    """Cleanly, by SIGKILL, which it recovers from, and cleanly again."""
    bench = await table(database, rows=20)
    for number in range(1, 4):
        await insert(database, 10, bench.now)
        server.kill() if number == 2 else server.stop()
        (finding,) = await bench.attempt(1)
        assert finding.reason == "protocol"
        server.start()
        await bench.poll(1)
        assert bench.counted() == 10 * number
    await database.close()


async def a_replica_lags(
    primary: LogDatabase,
    replica: LogDatabase,
    hold: Callable[[], Awaitable[object]],
    go_on: Callable[[], Awaitable[object]],
    caught_up: Callable[[], Awaitable[None]],
) -> None:
    """Read by itself, and behind an address that leads to it and its primary by turns."""
    alone = await table(primary, rows=6000)
    turns = RemoteBench(primary, log_config(), now=NOW)
    await caught_up()
    alone.database = replica
    await alone.poll()
    await turns.poll()
    for rows in (7, 6000):
        await hold()
        await insert(primary, rows, NOW + 1)
        await alone.poll(1)
        for place in (primary, replica, replica, primary, replica):
            turns.database = place
            await turns.poll(1)
        await go_on()
        await caught_up()
        await alone.poll(1)
        await turns.poll(1)
    assert (alone.counted(), turns.counted()) == (6007, 6007)
    assert alone.log.events() == turns.log.events() == ()
    await primary.close()
    await replica.close()
