"""What the demo's operators switch, what incidents do to it, and when they are mended."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tui.demo import shopctl
from tui.demo.children import DemoError
from tui.demo.incidents import INCIDENTS
from tui.demo.operations import Operations

CHILDREN = ("service", "workers", "redis", "postgres", "shop", "mariadb", "gateway")
WORKING = Operations().faults()

MENDS = {
    "slow-service": ("rollback", "api", ""),
    "provider-errors": ("flag", "provider-borealis", "off"),
    "queue-backlog": ("stop", "import", ""),
    "service-down": ("start", "api", ""),
    "connections-used-up": ("stop", "export", ""),
    "backup-cut-off": ("flag", "backup-quota", "off"),
    "database-down": ("start", "postgres", ""),
    "mysql-down": ("start", "mariadb", ""),
}
TOLD = {"redis-full", "lock-pile-up", "slow-query", "mysql-locks"}
"""Those whose end the programs see."""


def state(operations: Operations) -> tuple[object, ...]:
    return operations.faults(), operations.down


def test_each_incident_changes_something_and_its_end_puts_it_right() -> None:
    assert {*MENDS, *TOLD} == {known.name for known in INCIDENTS}
    for known in INCIDENTS:
        operations = Operations()
        operations.begin(known.name)
        assert state(operations) != (WORKING, frozenset()), known.name
        assert operations.mended() == ()
        operations.end(known.name)
        assert state(operations) == (WORKING, frozenset()), known.name


@pytest.mark.parametrize("incident", sorted(MENDS))
def test_what_caused_it_put_right_is_its_end(incident: str) -> None:
    operations = Operations()
    operations.begin(incident)
    assert operations.do(*MENDS[incident])
    assert operations.mended() == (incident,)
    operations.end(incident)
    assert operations.mended() == ()
    faults = operations.faults()
    assert {name: on for name, on in faults.items() if on != WORKING[name]} in (
        {},
        {"detour": True},
    ), "what somebody has switched stays so"
    operations.begin(incident)
    assert operations.mended() == (), "another time it happens again"


@pytest.mark.parametrize(
    ("incident", "act"),
    [("slow-query", ("stop", "report")), ("redis-full", ("flag", "remember-me", "off"))],
)
def test_what_leaves_something_behind_is_not_over_yet(incident: str, act: tuple[str, ...]) -> None:
    operations = Operations()
    operations.begin(incident)
    operations.do(*act)
    assert operations.mended() == ()


def test_a_service_can_be_stopped_and_restarted_and_workers_scaled() -> None:
    operations = Operations()
    operations.do("stop", "redis")
    assert operations.down == {"redis"}
    assert operations.do("restart", "redis") == "redis: started"
    assert (operations.down, operations.restarted()) == (frozenset(), ())
    operations.do("restart", "api")
    assert operations.restarted() == ("service",)
    assert operations.restarted() == ()
    operations.do("scale", "indexer", "12")
    assert operations.faults()["indexers"] == 12


def test_what_was_done_is_kept_with_who_has() -> None:
    now = 1000.0
    operations = Operations(lambda: now)
    operations.begin("slow-service")
    operations.do("rollback", "api")
    told = [(event.at, event.name, event.text) for event in operations.history]
    assert told == [
        (1000.0, "api", "release 2.5.0 in place of 2.4.1 (by the release train)"),
        (1000.0, "api", "rolled back from 2.5.0 to 2.4.1 (by you)"),
    ]
    rows = {row["name"]: row for row in operations.rows(CHILDREN)}
    assert rows["api"]["about"] == "release 2.4.1"
    assert rows["report"]["state"] == "running"
    assert "mariadb" not in {row["name"] for row in operations.rows(["service"])}


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (("start", "apy"), "there is no apy; there are api, workers"),
        (("restart", "import"), "there is no service import"),
        (("rollback", "shop"), "releases of shop are not kept"),
        (("scale", "indexer", "500"), "from 1 to 12"),
        (("scale", "api", "2"), "there is nothing to scale called api"),
        (("flag", "remember-me", "maybe"), "a flag is on or off"),
        (("flag", "dark-mode", "on"), "there is no flag dark-mode"),
        (("explode", "api"), "cannot explode"),
    ],
)
def test_what_makes_no_sense_is_refused(act: tuple[str, ...], says: str) -> None:
    with pytest.raises(DemoError, match=says):
        Operations().do(*act)


def test_shopctl_says_that_redis_has_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    control = tmp_path / "control"
    with socket.create_server(("127.0.0.1", 0)) as redis, socket.socket(socket.AF_UNIX) as asked:
        asked.bind(str(control))
        asked.listen()

        def answer() -> None:
            link, _ = asked.accept()
            link.recv(1000)
            link.sendall(json.dumps({"redis_port": redis.getsockname()[1]}).encode() + b"\n")
            link.close()
            gone, _ = redis.accept()
            gone.recv(1000)
            gone.close()

        supervisor = threading.Thread(target=answer)
        supervisor.start()
        assert shopctl.main([str(control), "keys"]) == 1
        supervisor.join(PATIENCE)
    assert capsys.readouterr().err == "shopctl: Redis has ended the connection\n"
