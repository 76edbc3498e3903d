"""The incidents of the demo's databases, seen and mended through the monitor's own checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import psutil
import pytest

from checks.databases.model import DatabaseFacts, SessionRow
from checks.live import EngineSource
from checks.model import Status
from checks.views import CheckView, RequestView, Snapshot
from tests.patience import PATIENCE
from tests.tui.demo_helpers import MARIADB, settled, until
from tui.config import load
from tui.demo.stack import Stack

GATEWAY = ("gateway",) if MARIADB else ()
Found = TypeVar("Found")


class Monitor:
    """The engine of a monitor on a demo's configuration, with shorter intervals."""

    def __init__(self, stack: Stack) -> None:
        text = stack.endpoints.config.read_text()
        quick = stack.endpoints.config.with_name("quick.yaml")
        quick.write_text(text.replace("interval: 2s", "interval: 1s"))
        self._source = EngineSource(lambda: load(str(quick)).engine)
        self._newest: Snapshot | None = None
        self._source.start()

    def sees(self, what: Callable[[Snapshot], Found | None], seconds: float = PATIENCE) -> Found:
        """What ``what`` finds, once it finds something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self._source.failure() is None
            self._newest = self._source.latest() or self._newest
            found = what(self._newest) if self._newest is not None else None
            if found:
                return found
            time.sleep(0.02)
        checks = self._newest.checks if self._newest is not None else ()
        pytest.fail(f"not seen; there is {[(c.name, c.status, c.message) for c in checks]}")

    def watch(self, check: str) -> None:
        """Look at it: its sessions follow."""
        self._source.focus(check)

    def act(self, action: str, check: str, session: SessionRow) -> None:
        self._source.act(check, action, session.id)

    def close(self) -> None:
        self._source.close()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start("--no-incidents", "--seed", "3") as running:
        yield settled(running)


@pytest.fixture(autouse=True)
def _calm_afterwards(stack: Stack) -> Iterator[None]:
    yield
    stack.control.stop()


@pytest.fixture(scope="module")
def monitor(stack: Stack) -> Iterator[Monitor]:
    watching = Monitor(stack)
    yield watching
    watching.close()


def check(snapshot: Snapshot, name: str) -> CheckView:
    found = snapshot.check(name)
    assert found is not None
    return found


def facts(snapshot: Snapshot, name: str) -> DatabaseFacts | None:
    return next((view.facts for view in snapshot.databases if view.check == name), None)


def is_ok(name: str) -> Callable[[Snapshot], bool]:
    return lambda snapshot: check(snapshot, name).status is Status.OK


def says(name: str, status: Status, words: str) -> Callable[[Snapshot], bool]:
    """Whether the check is ``status``, in sentences with ``words``."""

    def look(snapshot: Snapshot) -> bool:
        found = check(snapshot, name)
        return found.status is status and words in str((found.message, found.parts))

    return look


def culprit(name: str, depth: int) -> Callable[[Snapshot], SessionRow | None]:
    """The session that waits for nobody at the top of a blocking tree of that depth."""

    def look(snapshot: Snapshot) -> SessionRow | None:
        known = facts(snapshot, name)
        rows = known.longest if known else ()
        tops = [row for row in rows if not row.blocked_by]
        return next((top for top in tops if _depth(top, rows) >= depth), None)

    return look


def _depth(top: SessionRow, rows: tuple[SessionRow, ...]) -> int:
    below = [row for row in rows if top.id in row.blocked_by]
    return max((1 + _depth(row, rows) for row in below), default=0)


def test_calm_is_green(monitor: Monitor) -> None:
    for name in ("shop", "api-parts", *GATEWAY):
        monitor.sees(is_ok(name))
    stock = monitor.sees(lambda snapshot: facts(snapshot, "shop"))
    assert stock.product == "PostgreSQL"
    assert stock.connection_limit is not None
    assert not [row for row in stock.longest if row.blocked_by]


def test_locks_are_gone_with_the_session_that_holds_them(stack: Stack, monitor: Monitor) -> None:
    begin(stack, "lock-pile-up", "mysql-locks")
    top = monitor.sees(culprit("shop", depth=2))
    assert (top.application, top.user, top.state) == ("billing", "billing", "idle in transaction")
    assert "UPDATE orders" in top.query
    monitor.sees(says("shop", Status.WARNING, "billing@shop idle in transaction"))
    monitor.sees(says("api-parts", Status.WARNING, 'shop is "degraded"'))
    monitor.act("terminate", "shop", top)
    if MARIADB:
        holder = monitor.sees(culprit("gateway", depth=1))
        assert (holder.user, holder.idle) == ("quota", False)
        monitor.sees(says("gateway", Status.WARNING, "quota"))
        monitor.act("terminate", "gateway", holder)
    assert until(lambda: stack.control.status() == ())
    for name in ("shop", "api-parts", *GATEWAY):
        monitor.sees(is_ok(name))


def begin(stack: Stack, incident: str, of_mariadb: str = "") -> None:
    """Have it happen until it is ended, with the other one where there is a MariaDB."""
    stack.control.start(incident, hold=True)
    if MARIADB and of_mariadb:
        stack.control.start(of_mariadb, hold=True)


def test_a_slow_query_and_those_who_use_up_connections(stack: Stack, monitor: Monitor) -> None:
    begin(stack, "slow-query")
    begin(stack, "connections-used-up")
    slow = monitor.sees(report)
    monitor.sees(lambda snapshot: "reporting@shop: SELECT p.category" in parts(snapshot, "shop"))
    monitor.act("cancel", "shop", slow)
    monitor.sees(lambda snapshot: report(snapshot) is None)

    monitor.sees(says("shop", Status.CRITICAL, "% of connections used"))
    assert until(lambda: "connection slots" in product(stack).json().get("error", ""))
    # The monitor's own sessions stay, and it may still look.
    monitor.watch("shop")
    sessions = monitor.sees(lambda snapshot: (facts(snapshot, "shop") or NOTHING).sessions)
    leaked = [row for row in sessions if row.application == "shop-export"]
    assert len(leaked) > len(sessions) / 2
    assert [row for row in sessions if row.own]
    # What is cancelled is tried again, what leaks goes on: both last until they are ended.
    assert len(stack.control.status()) == 2
    stack.control.stop()
    assert until(lambda: product(stack).status_code == 200)
    monitor.sees(is_ok("shop"))


NOTHING = DatabaseFacts("PostgreSQL")


def report(snapshot: Snapshot) -> SessionRow | None:
    """The report that takes long."""
    known = facts(snapshot, "shop")
    rows = known.longest if known else ()
    return next((row for row in rows if row.application == "reporting"), None)


def parts(snapshot: Snapshot, name: str) -> str:
    """What the check's child rows say."""
    return " ".join(part.message for part in check(snapshot, name).parts)


def product(stack: Stack) -> httpx.Response:
    return httpx.get(f"{stack.endpoints.http}/api/products/3")


def test_databases_that_are_down_come_back_as_they_were(stack: Stack, monitor: Monitor) -> None:
    before = monitor.sees(logged) if MARIADB else None
    begin(stack, "database-down", "mysql-down")
    for name in ("shop", *GATEWAY):
        monitor.sees(says(name, Status.CRITICAL, "refused"))
    monitor.sees(says("api-parts", Status.WARNING, 'shop is "unhealthy"'))
    stack.control.stop()
    assert until(lambda: product(stack).status_code == 200)
    for name in ("shop", "api-parts", *GATEWAY):
        monitor.sees(is_ok(name))
    assert not MARIADB or monitor.sees(logged) is not before


def logged(snapshot: Snapshot) -> RequestView | None:
    """The gateway's requests, once some were seen and while they can be."""
    found = next((view for view in snapshot.requests if view.check == "gateway"), None)
    return (
        found if found is not None and found.silent_since is None and found.window.count else None
    )


def test_databases_listen_on_loopback_alone(stack: Stack) -> None:
    pids = stack.control.processes()
    servers = ("postgres", "mariadb") if MARIADB else ("postgres",)
    addresses = {
        connection.laddr.ip
        for name in servers
        for connection in psutil.Process(pids[name]).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_nobody_else_reads_the_passwords(stack: Stack) -> None:
    places = [stack.endpoints.password, *stack.endpoints.password.parent.iterdir()]
    assert {place.stat().st_mode & 0o777 for place in places} == {0o600}
    assert stack.endpoints.password.parent.stat().st_mode & 0o777 == 0o700
