"""The runbooks that come with onwatch: there is one for each alert, and their steps work."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from redis.connection import Connection

from checks.probe import CheckSpec
from checks.runbooks.checking import doubts
from checks.runbooks.links import BUILT_IN, built_in_names
from checks.runbooks.model import Language, Marking, Runbook, Step
from checks.runbooks.reading import read_runbook
from checks.runbooks.running.sql import refusal_of
from checks.runbooks.variables import bind
from checks.runbooks.views import RunState
from tests.checks.runbooks.running_kit import Place, Ran, target_of
from tests.patience import PATIENCE
from tests.servers.mariadb import MONITOR, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase
from tests.servers.redis import RedisServer, redis_cli

PACKS = Path(__file__).parents[3] / "checks" / "alerts" / "packs"
OF_CHECKS = {"files-not-as-expected", "log-not-as-expected"}
"""What no rule names: a check of such a kind leads there by itself."""
NOTHING_TO_MEND = {
    *OF_CHECKS,
    "host-traffic-far-from-usual",
    "request-latency-target",
    "requests-far-from-usual",
    "scrape-churn",
    "scrape-slow",
    "slo-budget-spent",
    "slo-burn-lasting",
    "target-availability-low",
}
"""What is not mended by a command at night."""
SHELLS = (Language.BASH, Language.SH)
SLOW = re.compile(
    r"\b(sleep|vmstat|top -|du -|find|dmesg|timeout|curl|openssl|mtr|getent|ss -|for pid)\b"
    r"|/proc/\["
)
"""Steps that measure for a while, or look at a whole machine: these were tried by hand."""


def linked() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in PACKS.glob("*.yml"))
    return {name for text in texts for name in re.findall(r"runbook_url: runbooks/(\S+)", text)}


@pytest.fixture(scope="module")
def books() -> dict[str, Runbook]:
    readings = {
        name: read_runbook(BUILT_IN / f"{name}.md", built_in=True) for name in built_in_names()
    }
    assert [problem for reading in readings.values() for problem in reading.problems] == []
    return {name: reading.runbook for name, reading in readings.items() if reading.runbook}


def of(books: dict[str, Runbook], *languages: Language) -> list[tuple[Runbook, Step]]:
    return [
        (book, step) for book in books.values() for step in book.steps if step.language in languages
    ]


def test_each_alert_of_the_packs_has_a_runbook_and_each_runbook_an_alert(
    books: dict[str, Runbook],
) -> None:
    assert set(books) == linked() | OF_CHECKS


def test_each_shows_how_to_look_and_how_to_mend(books: dict[str, Runbook]) -> None:
    for name, book in books.items():
        markings = [step.marking for step in book.steps]
        assert markings[0] is Marking.SAFE, name
        assert any(each is not Marking.SAFE for each in markings) or name in NOTHING_TO_MEND, name
        assert all(step.marked for step in book.steps), name


def test_nothing_in_them_is_doubtful(books: dict[str, Runbook]) -> None:
    """No variable is unknown, nothing that is marked safe changes anything."""
    assert [str(doubt) for book in books.values() for doubt in doubts(book, {})] == []


def test_the_shell_reads_all_their_steps(books: dict[str, Runbook]) -> None:
    text = "\n".join(f": {book.name} {step.name}\n{step.text}" for book, step in of(books, *SHELLS))
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


async def test_steps_that_look_end_well_whatever_is_missing_here(
    books: dict[str, Runbook], tmp_path: Path
) -> None:
    turns = asyncio.Semaphore(4)
    wanted = {
        step.text: (book, step)
        for book, step in of(books, *SHELLS)
        if step.marking is Marking.SAFE
        and not SLOW.search(step.text)
        and not book.name.startswith("redis-")
    }
    assert len(wanted) > 40

    async def one(book: Runbook, step: Step) -> str:
        facts = {"INSTANCE": os.uname().nodename, "JOB": "shop", "CHECK": "shop", "DEVICE": "lo"}
        facts |= {"MOUNTPOINT": str(tmp_path), "NAME": "no-such.service", "PID": str(os.getpid())}
        facts |= {"UNIT": "no-such.service", "URL": "http://127.0.0.1:9/", "QUEUE": "default"}
        bound = bind(step, book, facts)
        assert not bound.refused, (book.name, step.name, bound.refused)
        async with turns:
            made = await asyncio.create_subprocess_exec(
                step.language.value,
                "-c",
                step.text,
                env={"PATH": os.environ["PATH"], "TERM": "dumb", **dict(bound.values)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await made.communicate()
        text = said.decode(errors="replace")
        # As shells and tools begin a line with it; a list of processes may have it anywhere.
        wrong = re.search(
            r"^[\w./-]+: (line \d+: )?.*(command not found|syntax error|unbound|invalid option)"
            r"|^(awk|sed): ",
            text,
            re.MULTILINE,
        )
        return f"{book.name} {step.name}: {text}" if made.returncode or wrong else ""

    told = await asyncio.gather(*(one(book, step) for book, step in wanted.values()))
    assert [text for text in told if text] == []


@pytest.fixture(params=["redis-cli", "bash alone"])
def guarded(
    request: pytest.FixtureRequest,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> CheckSpec:
    """A check of a server with a password; and a ``PATH`` with one client of it, or none."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for each in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for program in Path(each).glob("*"):
            if not (programs / program.name).is_symlink() and not program.name.endswith("-cli"):
                (programs / program.name).symlink_to(program)
    if request.param == "redis-cli":
        (programs / "redis-cli").symlink_to(redis_cli())
    monkeypatch.setenv("PATH", str(programs))
    redis_server.set(requirepass="shop")
    redis_server.password = "shop"
    return target_of("redis", {"url": redis_server.url, "password": "shop"})


async def test_redis_is_looked_at_with_or_without_its_own_client(
    books: dict[str, Runbook], place: Place, redis_server: RedisServer, guarded: CheckSpec
) -> None:
    book = books["redis-memory-high"]
    redis_server.call("SET", "session:1", "x")
    redis_server.call("SET", "session:2", "x", "EX", "50")
    where = {"INSTANCE": f"127.0.0.1:{redis_server.port}"}

    async def run(name: str, more: dict[str, str] | None = None) -> str:
        step = book.step(name)
        assert step is not None
        bound = bind(step, book, where, more or {})
        assert not bound.refused
        ran = await place.run(
            step.text, dict(bound.values), capture=step.capture, login=step.login, target=guarded
        )
        assert ran.ended.exit_code == 0, ran.text
        return f"{ran.text}\n{ran.ended.captured}"

    assert "db0:keys=2,expires=1" in await run("memory")
    assert "('KIND', 'session:')" in await run("kind")
    assert "1 keys of session: end within the hour" in await run(
        "expire-kind", {"KIND": "session:"}
    )
    assert 3500 < redis_server.call("TTL", "session:1") <= 3600
    assert 0 < redis_server.call("TTL", "session:2") <= 50
    await run("evict-expiring")
    assert b"volatile-lru" in redis_server.call("CONFIG", "GET", "maxmemory-policy")


class Client:
    """An application's connection."""

    def __init__(self, server: RedisServer) -> None:
        self._link = Connection(port=server.port, password="shop")  # type: ignore[no-untyped-call]

    def ask(self, *command: str) -> object:
        self._link.send_command(*command)  # type: ignore[no-untyped-call]
        return self._link.read_response()

    def close(self) -> None:
        self._link.disconnect()  # type: ignore[no-untyped-call]


async def test_who_is_slow_is_found_in_the_slow_log_and_no_other(
    books: dict[str, Runbook], place: Place, redis_server: RedisServer, guarded: CheckSpec
) -> None:
    redis_server.set(slowlog_log_slower_than="5000")
    idle, slow = Client(redis_server), Client(redis_server)
    numbers = [idle.ask("CLIENT", "ID"), slow.ask("CLIENT", "ID")]
    idle.ask("PING")
    slow.ask("DEBUG", "SLEEP", "0.01")
    find, end = books["redis-slow"].step("busy-client"), books["redis-slow"].step("end-client")
    assert find is not None
    assert end is not None
    ran = await place.run(find.text, capture="CLIENT", login=True, target=guarded)
    assert ran.ended.captured == ("CLIENT", str(numbers[1])), ran.text
    ran = await place.run(end.text, {"CLIENT": str(numbers[1])}, login=True, target=guarded)
    assert ran.ended.exit_code == 0, ran.text
    told = redis_server.call("CLIENT", "LIST")
    assert f"id={numbers[0]} ".encode() in told
    assert f"id={numbers[1]} ".encode() not in told
    idle.close()
    slow.close()


async def test_a_backlog_gets_no_more_than_its_share(
    books: dict[str, Runbook], place: Place, redis_server: RedisServer, guarded: CheckSpec
) -> None:
    step = books["redis-replica-lost"].step("larger-backlog")
    assert step is not None
    for limit, size in (("24mb", 3 << 20), ("0", 256 << 20)):
        redis_server.set(maxmemory=limit)
        ran = await place.run(step.text, login=True, target=guarded)
        assert ran.ended.exit_code == 0, ran.text
        assert int(redis_server.call("CONFIG", "GET", "repl-backlog-size")[1]) == size
    redis_server.set(maxmemory="24mb")
    ran = await place.run(step.text, login=True, target=guarded)
    assert "It has 268435456 bytes already" in ran.text


async def test_redis_is_asked_by_each_step_with_the_password_of_its_check(
    books: dict[str, Runbook], place: Place, redis_server: RedisServer, guarded: CheckSpec
) -> None:
    redis_server.set(maxmemory="100mb", maxclients="500")
    redis_server.call("SET", "session:1", "x")
    seen = set[str]()
    for book, step in of(books, Language.BASH):
        if not step.login or step.marking is Marking.DANGER or "sleep" in step.text:
            continue
        if step.text in seen:
            continue
        if shutil.which("redis-cli") and book.name not in {"redis-slow", "redis-evictions"}:
            # What answers in a shape of its own is in these two.
            continue
        seen.add(step.text)
        bound = bind(step, book, {"INSTANCE": guarded.config.instance()})
        ran = await place.run(step.text, dict(bound.values), login=True, target=guarded)
        about = (book.name, step.name, ran.ended.said, ran.text)
        assert ran.ended.exit_code == 0, about
        assert ran.text, about
        wrong = "NOAUTH|NOPERM|command not found|line [0-9]+:|^awk|^ERR"
        assert not re.search(wrong, ran.text, re.MULTILINE), about
    assert len(seen) > (5 if shutil.which("redis-cli") else 25)


async def test_files_and_logs_are_looked_at_whatever_their_pattern_is(
    books: dict[str, Runbook], place: Place, tmp_path: Path
) -> None:
    for name in ("shop-1.sql", "shop 2.sql"):
        (tmp_path / name).write_text("4711 orders lost\n")

    async def run(book: str, name: str, instance: str) -> str:
        step = books[book].step(name)
        assert step is not None
        bound = bind(step, books[book], {"INSTANCE": instance})
        assert not bound.refused
        ran = await place.run(step.text, dict(bound.values))
        assert ran.ended.exit_code == 0, ran.text
        return ran.text

    every = f"{tmp_path}/**/*.sql"
    found = await run("files-not-as-expected", "files", every)
    assert "shop-1.sql" in found
    assert "shop 2.sql" in found
    assert "shop 2.sql" in await run("files-not-as-expected", "files", str(tmp_path))
    assert "Nothing here is called" in await run("files-not-as-expected", "files", f"{every}.gz")
    assert "Filesystem" in await run("files-not-as-expected", "room", every)
    logs = f"{tmp_path}/none.log,{every}"
    assert "4711 orders lost" in await run("log-not-as-expected", "lines", logs)
    assert "2 N orders lost" in await run("log-not-as-expected", "often", logs)
    assert "shop 2.sql" in await run("log-not-as-expected", "writer", logs)


def test_no_sql_of_theirs_is_refused_before_it_runs(books: dict[str, Runbook]) -> None:
    for book, step in of(books, Language.SQL):
        kind = "mysql" if book.name.startswith("mysql") else "postgres"
        assert refusal_of(step.text, kind) == "", (book.name, step.name)


FACTS = {"PID": "1", "APPLICATION": "none", "SLOT_NAME": "none", "VALUE": "1"}


async def test_what_looks_at_postgresql_works(
    books: dict[str, Runbook], place: Place, postgres_full: PostgresDatabase
) -> None:
    await look(books, place, "postgres", {"url": postgres_full.url})


async def test_what_looks_at_mariadb_works(
    books: dict[str, Runbook], place: Place, mariadb_server: MariadbDatabase
) -> None:
    config = {"url": mariadb_server.url_of(MONITOR), "password": PASSWORD, "option_files": False}
    await look(books, place, "mysql", config)


async def look(
    books: dict[str, Runbook], place: Place, kind: str, config: dict[str, object]
) -> None:
    """Run every safe statement for servers of ``kind``."""
    target, seen = target_of(kind, config), set[str]()
    for book, step in of(books, Language.SQL):
        if not book.name.startswith(kind) or step.marking is not Marking.SAFE:
            continue
        if step.text in seen or "pg_stat_statements" in step.text:
            continue
        seen.add(step.text)
        bound = bind(step, book, FACTS)
        ran = await place.run(
            step.text,
            dict(bound.values),
            language=Language.SQL,
            target=target,
            marking=Marking.SAFE,
        )
        about = (book.name, step.name, ran.ended.said, ran.text)
        assert ran.ended.state is RunState.DONE, about
        # The runbook says so: binary logs are not written here, and sys is MySQL's.
        assert ran.ended.exit_code == 0 or re.search(r"BINARY LOGS|sys\.", step.text), about
    assert len(seen) > 25


async def test_a_blocker_in_postgresql_is_found_and_ended(
    books: dict[str, Runbook], place: Place, postgres_server: PostgresDatabase
) -> None:
    await postgres_server.execute("CREATE TABLE orders AS SELECT 1 AS id")
    holder, waiter = await postgres_server.connect(), await postgres_server.connect()
    await holder.execute("BEGIN")
    await holder.execute("UPDATE orders SET id = 2")
    waiting = asyncio.ensure_future(waiter.execute("UPDATE orders SET id = 3"))
    target = target_of("postgres", {"url": postgres_server.url})

    async def run(name: str, values: dict[str, str]) -> Ran:
        return await sql_step(place, books["postgres-locks-waited"], name, target, values)

    pid = str(holder.get_server_pid())
    while (found := await run("blocker", {})).ended.captured != ("PID", pid):
        assert not waiting.done()
    assert "UPDATE orders SET id = 2" in found.text
    ended = await run("end-blocker", {"PID": pid})
    assert ended.ended.exit_code == 0, ended.text
    assert await asyncio.wait_for(waiting, PATIENCE) == "UPDATE 1"
    # Nobody waits for it any more: a session that has its number by now would be left alone.
    again = await run("end-blocker", {"PID": pid})
    assert "0 rows" in again.text


async def test_a_blocker_in_mariadb_is_found_and_ended(
    books: dict[str, Runbook], place: Place, mariadb_server: MariadbDatabase
) -> None:
    mariadb_server.execute("CREATE TABLE accounts (id INT PRIMARY KEY)", "INSERT accounts SELECT 1")
    holder, waiter = mariadb_server.connect(), mariadb_server.connect()
    with holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE accounts SET id = 2")
    update = "UPDATE accounts SET id = 3"
    waiting = asyncio.ensure_future(asyncio.to_thread(waiter.cursor().execute, update))
    config = {"url": mariadb_server.url_of(MONITOR), "password": PASSWORD, "option_files": False}
    target = target_of("mysql", config)

    async def run(name: str, values: dict[str, str]) -> Ran:
        return await sql_step(place, books["mysql-lock-wait"], name, target, values)

    pid = str(holder.thread_id())
    while (await run("blocker", {})).ended.captured != ("PID", pid):
        assert not waiting.done()
    ended = await run("end-blocker", {"PID": pid})
    assert ended.ended.exit_code == 0, ended.text
    assert await asyncio.wait_for(waiting, PATIENCE) == 1


async def sql_step(
    place: Place, book: Runbook, name: str, target: CheckSpec, values: dict[str, str]
) -> Ran:
    step = book.step(name)
    assert step is not None
    bound = bind(step, book, values)
    assert not bound.refused
    return await place.run(
        step.text,
        dict(bound.values),
        language=Language.SQL,
        target=target,
        marking=step.marking,
        capture=step.capture,
    )
