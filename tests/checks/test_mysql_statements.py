"""Whose statements they are that a server counts: those of onwatch are no load of others."""

from __future__ import annotations

import pytest

from checks.model import Result
from tests.servers.mariadb import MariadbDatabase, MariadbServers, MysqlWatch


def others(result: Result) -> float:
    value = result.samples.get("mysql_statements_total")
    assert value is not None
    return value


def said(result: Result) -> str:
    return result.message.rpartition(", ")[2]


@pytest.fixture
def quiet(mariadb_servers: MariadbServers) -> MariadbDatabase:
    """A server that nobody asks but the test."""
    return mariadb_servers.start()


async def test_what_onwatch_asks_is_no_load(
    quiet: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """Logins, the slow tier, a look at the sessions: nothing of it is told as the server's."""
    probe = mysql_watch.probe(quiet)
    assert others(await probe.run()) == 0

    second = await mysql_watch.again(probe, 1.0)
    assert (said(second), others(second)) == ("0 statements/s", 0)

    probe.attend(True)
    attended = await mysql_watch.again(probe, 1.0)
    assert (said(attended), others(attended)) == ("0 statements/s", 0)

    after_a_minute = await mysql_watch.again(probe, 70.0)
    assert others(after_a_minute) == others(await mysql_watch.again(probe)) == 0


async def test_a_login_anew_is_ours_as_well(
    quiet: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """Without a privilege there is one each minute, and a good-bye."""
    quiet.execute("REVOKE BINLOG MONITOR, SLAVE MONITOR ON *.* FROM onwatch@'%'")
    probe = mysql_watch.probe(quiet)
    await probe.run()

    results = [await mysql_watch.again(probe, 61.0) for _ in range(3)]

    # A good-bye may be counted just after we looked: one each time at the most.
    assert others(results[-1]) <= 3


async def test_what_others_ask_is_told(quiet: MariadbDatabase, mysql_watch: MysqlWatch) -> None:
    probe = mysql_watch.probe(quiet)
    await probe.run()
    before = others(await mysql_watch.again(probe))
    client = quiet.connect()
    with client.cursor() as cursor:
        asked = quiet.status("Questions")
        for _ in range(40):
            cursor.execute("DO 1")
        after = quiet.status("Questions")

    result = await mysql_watch.again(probe, 1.0)

    # Besides the forty there are logins, and the figures that the test itself looked at.
    assert 40 <= after - asked <= others(result) - before <= after - asked + 12
