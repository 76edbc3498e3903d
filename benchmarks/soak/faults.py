"""What may go wrong during a soak: each fault begins and is made good again."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.harness import Terminal
from benchmarks.soak.servers import HEALTHY, Servers

__all__ = ["Fault", "faults"]

KEYS = (
    *(b"1", b"2", b"3", b"4", b"5", b"6", b"j", b"j", b"k", b"\t", b"\x1b[Z", b"\x1b[C", b"\x1b[D"),
    *(b"\r", b"\x1b", b"M", b"M", b"p", b"p", b"+", b"-", b"o", b"y", b"?", b"\x1b", b"\x0c"),
    *(b"/api\r", b"/\x1b", b"\x1b[15~", b":\x1b"),
)
SIZES = ((180, 50), (80, 24), (40, 12), (300, 100), (120, 36))


@dataclass(frozen=True, slots=True)
class Fault:
    """``begin`` breaks something, ``end`` mends it; ``slows``: it takes time from onwatch itself,
    whose runs may be late then. ``hangs``: what the names of the checks begin with whose server
    does not answer, so that a run may take longer than an interval. Of those that break the
    ``same`` thing there is one at a time.
    """

    name: str
    same: str
    begin: Callable[[], object]
    end: Callable[[], object]
    slows: bool = False
    hangs: tuple[str, ...] = ()


def faults(servers: Servers, screen: Terminal, config: Path, rng: random.Random) -> list[Fault]:
    """All that may happen to what ``screen`` shows."""
    return [
        *_http(servers),
        *_raw(servers),
        *_databases(servers),
        *_terminal(screen, rng),
        *_configuration(config),
        *_process(screen),
    ]


def _http(servers: Servers) -> Iterator[Fault]:
    http = servers.http

    def answers(name: str, body: object, hangs: tuple[str, ...] = (), **options: object) -> Fault:
        def begin() -> None:
            http.answer("/health", body, **options)  # type: ignore[arg-type]

        return Fault(name, "http", begin, servers.well, hangs=hangs)

    yield answers("HTTP 503", {"status": "down"}, status=503)
    yield answers("a part of it ill", {**HEALTHY, "services": {"database": {"status": "down"}}})
    yield answers("answers after 10 s", HEALTHY, ("api-",), delay=10.0)
    yield answers("broken JSON", b'{"status": "o')
    yield answers("ten megabytes", b"x" * 10_000_000)
    yield Fault("HTTP server gone", "http", http.stop, http.start)
    yield Fault("connections dropped", "http", http.drop_connections, servers.well)
    churning = threading.Event()
    yield Fault(
        "labels that change at every scrape",
        "http",
        lambda: _churn(servers, churning),
        churning.set,
    )


def _churn(servers: Servers, ending: threading.Event) -> None:
    ending.clear()

    def work() -> None:
        for number in range(1_000_000):
            page = "".join(f'job_seconds{{id="{number}-{n}"}} {n}\n' for n in range(500))
            servers.http.answer("/metrics", page, headers={"Content-Type": "text/plain"})
            if ending.wait(0.5):
                break
        servers.well()

    threading.Thread(target=work, daemon=True).start()


def _raw(servers: Servers) -> Iterator[Fault]:
    raw = servers.raw

    def quiet(connection: socket.socket) -> None:
        connection.recv(65536)

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(2_000):
            connection.sendall(b"x 1\n" * 16_384)

    def trickle(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.2)

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 100_000)

    def evil(connection: socket.socket) -> None:
        connection.sendall(b"\x1b]0;owned\x07\x1b[2J\x9b31m[red]" + os.urandom(2_000))

    for name, talk in (
        ("silence", quiet),
        ("an endless answer", endless),
        ("a byte at a time", trickle),
        ("a flood of headers", flood),
        ("escape sequences and noise", evil),
    ):
        begin = partial(setattr, raw, "talk", talk)
        yield Fault(name, "raw", begin, lambda: None, hangs=("odd",))


def _databases(servers: Servers) -> Iterator[Fault]:
    redis, postgres, mariadb = servers.redis, servers.postgres, servers.mariadb
    yield Fault("Redis stopped in its tracks", "redis", redis.freeze, redis.thaw, hangs=("cache",))
    yield Fault("Redis killed", "redis", redis.kill, redis.start)
    yield Fault(
        "PostgreSQL stopped in its tracks",
        "postgres",
        postgres.freeze,
        postgres.thaw,
        hangs=("shop",),
    )
    yield Fault("PostgreSQL killed", "postgres", postgres.kill, postgres.start)
    yield Fault("PostgreSQL restarted", "postgres", postgres.restart, lambda: None)
    if mariadb is not None:
        yield Fault(
            "MariaDB stopped in its tracks",
            "mariadb",
            mariadb.freeze,
            mariadb.thaw,
            hangs=("gateway",),
        )
        yield Fault("MariaDB killed", "mariadb", mariadb.kill, mariadb.start)


def _terminal(screen: Terminal, rng: random.Random) -> Iterator[Fault]:
    yield Fault(
        "terminal stopped reading",
        "terminal",
        lambda: screen.stall(True),
        lambda: screen.stall(False),
    )
    typing = threading.Event()

    def work(act: Callable[[], object], pause: float) -> None:
        typing.clear()

        def repeat() -> None:
            while not typing.wait(rng.uniform(0, pause)):
                act()

        threading.Thread(target=repeat, daemon=True).start()

    def press() -> object:
        return screen.press(rng.choice(KEYS))

    yield Fault("keys at random", "keys", lambda: work(press, 0.5), typing.set, slows=True)

    def restore() -> None:
        typing.set()
        screen.resize(180, 50)

    def resize() -> None:
        screen.resize(*rng.choice(SIZES))

    yield Fault("sizes at random", "keys", lambda: work(resize, 1.0), restore, slows=True)


def _configuration(config: Path) -> Iterator[Fault]:
    whole = config.read_text()
    yield Fault(
        "broken configuration",
        "configuration",
        lambda: config.write_text(whole + "chekcs: [}\n"),
        lambda: config.write_text(whole),
    )
    yield Fault(
        "other configuration",
        "configuration",
        lambda: config.write_text(whole.replace("api-9", "api-nine")),
        lambda: config.write_text(whole),
    )


def _process(screen: Terminal) -> Iterator[Fault]:
    yield Fault(
        "onwatch stopped in its tracks",
        "onwatch",
        lambda: os.kill(screen.pid, signal.SIGSTOP),
        lambda: os.kill(screen.pid, signal.SIGCONT),
        slows=True,
    )
    stop = threading.Event()

    def burn() -> None:
        stop.clear()
        for _ in range(4):
            threading.Thread(target=_burn, args=(stop,), daemon=True).start()

    yield Fault("processors taken by others", "processors", burn, stop.set, slows=True)


def _burn(stop: threading.Event) -> None:
    import subprocess  # noqa: PLC0415 - for this fault alone

    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as busy:
        stop.wait(60)
        busy.kill()
