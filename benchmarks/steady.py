"""Steady state: 20 checks at 5 s on a terminal of 180x50, beside glances and dolphie.

dolphie needs a MySQL or MariaDB to watch; where mariadbd is not installed it is left out
and said so.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import yaml

from benchmarks.harness import BIN, Weight, free_port, process, serving, terminal
from benchmarks.report import Budget, Section
from tui.demo import mariadb_server, redis_server
from tui.demo.postgres_server import PostgresServer

COMPILING, WARM_UP, SECONDS = 12.0, 15.0, 60.0
LIGHT = "onwatch, 20 checks: http, host"
WHOLE = "onwatch, 20 checks: all drivers"


def light(http: int) -> dict[str, object]:
    """Nineteen HTTP endpoints and the host."""
    return _config(http, [{"name": "this-machine", "host": {}}])


def whole(http: int, redis: int, postgres: int, sock: Path | None) -> dict[str, object]:
    """Every driver: Redis, PostgreSQL, MariaDB where it is there, the host, and HTTP endpoints."""
    checks: list[dict[str, object]] = [
        {"name": "cache", "redis": f"redis://127.0.0.1:{redis}/0"},
        {"name": "shop", "postgres": f"postgresql://postgres@127.0.0.1:{postgres}/postgres"},
        {"name": "port", "tcp": f"127.0.0.1:{http}"},
        {"name": "this-machine", "host": {}},
    ]
    if sock is not None:
        checks.append({"name": "gateway", "mysql": f"mysql://root@/mysql?socket={sock}"})
    return _config(http, checks)


def _config(http: int, checks: list[dict[str, object]]) -> dict[str, object]:
    """``checks`` and as many HTTP endpoints as make twenty."""
    url = f"http://127.0.0.1:{http}/health"
    more = [{"name": f"api-{n}", "http": url} for n in range(20 - len(checks))]
    return {"version": 1, "defaults": {"interval": "5s"}, "checks": [*checks, *more]}


def postgres(stack: ExitStack, folder: Path) -> int:
    """The port of a fresh PostgreSQL."""
    server = PostgresServer(folder, free_port())
    server.create()
    server.start()
    stack.callback(server.kill)
    return server.port


def mariadb(stack: ExitStack, folder: Path) -> Path | None:
    """The socket of a fresh MariaDB; None where it is not installed."""
    if mariadb_server.find() is None:
        return None
    server = mariadb_server.MariadbServer(folder, free_port())
    server.create()
    server.start()
    stack.callback(server.kill)
    return server.socket


def written(folder: Path, name: str, config: dict[str, object]) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


def run() -> Iterator[Section]:
    found: dict[str, Weight] = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        port, redis = stack.enter_context(serving("benchmarks.loopback", "1")), free_port()
        stack.enter_context(process(*redis_server.command(redis_server.find(), redis, folder)))
        sock = mariadb(stack, folder)
        everything = whole(port, redis, postgres(stack, folder), sock)
        programs: dict[str, tuple[str | Path, ...]] = {
            LIGHT: (BIN / "onwatch", "-c", written(folder, "light.yaml", light(port))),
            WHOLE: (BIN / "onwatch", "-c", written(folder, "whole.yaml", everything)),
            "glances": (BIN / "glances", "--disable-check-update"),
        }
        if sock is not None:
            programs["dolphie"] = (BIN / "dolphie", "-u", "root", "-S", sock, "-r", "5")
        for label, command in programs.items():
            # Once to have its bytecode cached, as an installed one has: a program keeps 10 to 20 MB
            # of what compiling itself took.
            with terminal(*command):
                time.sleep(COMPILING)
            with terminal(*command) as screen:
                time.sleep(WARM_UP)
                found[label] = screen.weigh(SECONDS)
    rows = tuple(
        (label, f"{w.cpu:.1f} %", f"{w.memory:.0f} MB", f"{w.written / 1000:.2f} kB/s")
        for label, w in found.items()
    )
    notes = [
        f"all drivers / {peer}: {_ratios(found[WHOLE], found[peer])}"
        for peer in ("glances", "dolphie")
        if peer in found
    ]
    if "dolphie" not in found:
        notes.append("mariadbd is not installed: dolphie has nothing to watch and is left out")
    title = f"steady state, overview, over {SECONDS:g} s"
    header = ("", "CPU", "memory", "to the terminal")
    yield Section(title, header, rows, tuple(notes), tuple(_budgets(found)))


def _budgets(found: Mapping[str, Weight]) -> Iterator[Budget]:
    for label, memory in ((LIGHT, 75), (WHOLE, 115)):
        which = label.removeprefix("onwatch, ")
        weight, glances = found[label], found["glances"]
        beside = f"{weight.cpu / glances.cpu:.2f}x glances"
        yield Budget(f"{which}: CPU", weight.cpu, 2.0, "%", beside)
        beside = f"{weight.written / glances.written:.2f}x glances"
        yield Budget(f"{which}: to the terminal", weight.written / 1000, 1.5, "kB/s", beside)
        beside = f"{weight.memory / glances.memory:.2f}x glances"
        yield Budget(f"{which}: memory", weight.memory, memory, "MB", beside)


def _ratios(ours: Weight, theirs: Weight) -> str:
    return (
        f"CPU {ours.cpu / theirs.cpu:.2f}x, memory {ours.memory / theirs.memory:.2f}x, "
        f"bytes {ours.written / theirs.written:.2f}x"
    )
