"""A machine that has too little of something, or a clock that jumps: the rest goes on, and the
sentences say what, where and what to do. Each against real servers and real limits.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml

from tests.patience import tried_again
from tests.reliability import Said, UserSees
from tests.servers.http import HttpServer

_CHILD = Path(__file__).with_name("engine_child.py")
_ROOT = Path(__file__).parents[2]
_LATE = 2.5
"""Seconds between two runs a second apart that a busy machine explains; what waits for a fault that
lasts three is later."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The results of a check: when each began, its status and its sentence."""

    results: Sequence[tuple[float, str, str]]

    @property
    def status(self) -> str:
        return self.results[-1][1]

    @property
    def message(self) -> str:
        return self.results[-1][2]

    @property
    def began(self) -> list[float]:
        return [time for time, _, _ in self.results]

    @property
    def statuses(self) -> set[str]:
        return {status for _, status, _ in self.results}

    @property
    def pauses(self) -> list[float]:
        """Seconds between two runs; those of the first second are spread."""
        return [after - before for before, after in pairwise(self.began[1:])]

    @property
    def longest_pause(self) -> float:
        return max(self.pauses, default=float("inf"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine in a process of its own came to; ``memory`` in MB."""

    checks: Mapping[str, Seen]
    memory: float
    growth: float
    """What it took more in the second half than in the first; in MB."""
    descriptors: int
    threads: int
    events: Sequence[str]


def watched(
    folder: Path,
    checks: Sequence[Mapping[str, object]],
    *,
    interval: str = "1s",
    timeout: str = "500ms",
    release: Callable[[], object] = lambda: None,
    **options: object,
) -> Outcome:
    """Run an engine on ``checks`` in a process of its own, for ``seconds`` and with what else
    it is told: see :mod:`tests.checks.engine_child`.

    ``release`` lets go of what would keep the kernel from ending the process.
    """
    path = folder / "onwatch.yaml"
    defaults = {"interval": interval, "timeout": timeout}
    path.write_text(yaml.safe_dump({"version": 1, "defaults": defaults, "checks": [*checks]}))
    path.chmod(0o600)
    command = [sys.executable, str(_CHILD), str(path), json.dumps(options)]
    environment = {"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"}
    with (
        (folder / "child.err").open("w+") as errors,
        subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as child,
    ):
        limit = threading.Timer(60, child.kill)
        limit.start()
        assert child.stdout is not None
        line = child.stdout.readline()
        release()
        child.wait(60)
        limit.cancel()
        errors.seek(0)
        assert line, errors.read()
    found = json.loads(line)
    assert not found["ended"], "the engine ended by itself"
    seen = {name: Seen(lines) for name, lines in found["checks"].items()}
    growth = found["memory"] - found["halfway"]
    return Outcome(
        seen, found["memory"], growth, found["descriptors"], found["threads"], found["events"]
    )


@contextmanager
def silence() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        yield server.getsockname()[1]


def http(name: str, port: int) -> dict[str, object]:
    return {"name": name, "http": f"http://127.0.0.1:{port}/"}


@tried_again
def test_of_a_thousand_checks_nine_hundred_hang(
    http_server: HttpServer, tmp_path: Path, user_sees: UserSees
) -> None:
    with silence() as silent:
        checks = [http(f"hung-{n}", silent) for n in range(900)]
        checks += [http(f"fine-{n}", http_server.port) for n in range(100)]
        found = watched(tmp_path, checks, seconds=15.0, interval="4s", timeout="3s")
    fine = [seen for name, seen in found.checks.items() if name.startswith("fine")]
    hung = [seen for name, seen in found.checks.items() if name.startswith("hung")]
    assert {seen.status for seen in fine} == {"ok"}
    # None is left out, which would make it 8 s; on a busy machine a run may begin late.
    assert max(seen.longest_pause for seen in fine) < 7
    assert {seen.status for seen in hung} == {"critical"}
    # Where the loop was busy it is the runner that gives up, which knows the address alone.
    said = re.compile(rf"no answer from (http://)?127\.0\.0\.1:{silent}/? within 3 s")
    assert all(said.match(seen.message) for seen in hung)
    # Where this machine is busy, a run may be ended before it can say what it waited for.
    told = [seen for seen in hung if seen.message.endswith("; is it stuck or overloaded?")]
    assert len(told) > 450
    # Each is asked; where this machine is busy, not each came to a second run in the time.
    asked = sorted(len(seen.began) for seen in hung)
    assert asked[0] >= 1
    assert asked[len(asked) // 2] >= 2
    assert found.memory < 200
    assert found.growth < 40
    user_sees("900 of 1,000 servers take connections and say nothing", told[0])


@tried_again
def test_with_few_descriptors_what_hangs_leaves_some_to_the_others(
    http_server: HttpServer, tmp_path: Path, user_sees: UserSees
) -> None:
    with silence() as silent:
        checks = [http(f"hung-{n}", silent) for n in range(300)]
        checks += [http(f"fine-{n}", http_server.port) for n in range(20)]
        found = watched(
            tmp_path, checks, seconds=16.0, descriptors=150, interval="1500ms", timeout="1s"
        )
    fine = [seen for name, seen in found.checks.items() if name.startswith("fine")]
    hung = [seen for name, seen in found.checks.items() if name.startswith("hung")]
    assert {seen.status for seen in fine} == {"ok"}, fine[0].message
    # At first nobody knows who hangs.
    assert all(len([at for at in seen.began if at > seen.began[0] + 7]) >= 4 for seen in fine)
    said = {seen.message.partition(":")[0] for seen in hung}
    assert "not asked" in said
    assert all("ulimit -n" in s.message for s in hung if s.message.startswith("not asked"))
    assert {seen.status for seen in hung} <= {"critical", "unknown"}
    assert found.descriptors < 150
    assert found.memory < 150
    left_out = [seen for seen in hung if seen.message.startswith("not asked")]
    user_sees("fewer file descriptors than servers that hang", left_out[0])


def without_descriptors(folder: Path, port: int) -> Outcome:
    database = folder / "shop.db"
    with closing(sqlite3.connect(database)) as link:
        link.execute("CREATE TABLE orders (id INTEGER)")
    checks: list[dict[str, object]] = [
        http("kept", port),
        {"name": "closes", "http": f"http://127.0.0.1:{port}/closes"},
        {"name": "machine", "host": {}},
        {"name": "file", "sqlite": str(database)},
        {"name": "port", "tcp": f"127.0.0.1:{port}"},
    ]
    return watched(folder, checks, seconds=9.0, descriptors=200, hog_after=3.0)


def with_a_clock_that_jumps(folder: Path, port: int) -> Outcome:
    checks: list[dict[str, object]] = [
        http("api", port),
        {"name": "port", "tcp": f"127.0.0.1:{port}"},
        {"name": "machine", "host": {"filesystems": ["/"]}},
        {"name": "program", "command": {"argv": ["true"]}},
        {"name": "process", "process": "python.*"},
    ]
    return watched(folder, checks, seconds=8.0, timeout="900ms", jumps=[(2.0, 3600), (5.0, -7200)])


def without_processes(folder: Path, port: int) -> Outcome:
    checks: list[dict[str, object]] = [
        http("api", port),
        {"name": "port", "tcp": f"127.0.0.1:{port}"},
    ]
    program = {"argv": ["true"], "cwd": "/"}
    checks += [{"name": f"run-{n}", "command": program} for n in range(5)]
    return watched(folder, checks, seconds=11.0, timeout="900ms", forkless=3.0)


Scene: TypeAlias = Callable[[Path, int], Outcome]


class Beside:
    """Scenes that are played at the same time, since each waits for most of it."""

    def __init__(self, folder: Path, *scenes: Scene) -> None:
        self._server = HttpServer()
        self._server.start()
        self._server.answer("/")
        self._server.answer("/closes", b"{}", close=True)
        self.port = self._server.port
        self._pool = ThreadPoolExecutor(len(scenes))
        self._played = {
            scene: self._pool.submit(scene, _made(folder / scene.__name__), self.port)
            for scene in scenes
        }

    def outcome(self, scene: Scene) -> Outcome:
        return self._played[scene].result()

    def close(self) -> None:
        self._pool.shutdown()
        self._server.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    scenes = (without_descriptors, with_a_clock_that_jumps, without_processes)
    made = Beside(tmp_path_factory.mktemp("beside"), *scenes)
    yield made
    made.close()


def test_no_descriptors_are_left(beside: Beside, user_sees: UserSees) -> None:
    """What needs a new one says so while it lasts, and nothing else; then all is as before."""
    found = beside.outcome(without_descriptors)
    for name, seen in found.checks.items():
        assert len(seen.results) >= 7, f"{name} kept no interval"
        assert seen.longest_pause < _LATE, f"{name} kept no interval"
        assert seen.status == "ok" or name == "machine", f"{name}: {seen.message}"
        assert "internal error" not in str(seen.results)
    assert {status for _, status, _ in found.checks["kept"].results} == {"ok"}
    where = f"127.0.0.1:{beside.port}"
    for name in ("closes", "port"):
        wrong = [line for line in found.checks[name].results if line[1] != "ok"]
        assert wrong, f"{name} had a descriptor all the time"
        assert all("ulimit -n" in message for _, _, message in wrong), wrong
        # It is we who lack something: the target may be as well as ever.
        assert {status for _, status, _ in wrong} == {"unknown"}, wrong
        assert all(where in message for _, _, message in wrong), wrong
    user_sees("no file descriptor is left", Said(*wrong[0][1:]))
    assert found.memory < 150


def test_the_wall_clock_is_set_forward_and_back_by_an_hour(
    beside: Beside, user_sees: UserSees
) -> None:
    found = beside.outcome(with_a_clock_that_jumps)
    assert any("wall clock jumped forward 3600 s" in text for text in found.events), found.events
    assert any("wall clock jumped back 7200 s" in text for text in found.events), found.events
    for name, seen in found.checks.items():
        assert seen.status == "ok" or name in {"machine", "process"}, f"{name}: {seen.message}"
        assert seen.began == sorted(seen.began), f"{name} went back in time"
        assert len(seen.began) >= 7
        assert seen.longest_pause < _LATE, f"{name} waited for the clock"
        assert "internal error" not in str(seen.results)
    assert {status for _, status, _ in found.checks["api"].results} == {"ok"}
    assert found.memory < 150
    assert found.growth < 15
    back = next(text for text in found.events if "jumped back" in text)
    user_sees("the wall clock is set forward and back", Said("", back))


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
def test_while_nothing_can_be_forked_the_rest_goes_on(beside: Beside) -> None:
    found = beside.outcome(without_processes)
    for name, seen in found.checks.items():
        assert seen.status == "ok", f"{name}: {seen.results}"
        assert len(seen.began) >= 7
        assert seen.longest_pause < _LATE, f"{name} kept no interval"
    assert {status for _, status, _ in found.checks["api"].results} == {"ok"}
    for name in (f"run-{n}" for n in range(5)):
        wrong = [line for line in found.checks[name].results if line[1] != "ok"]
        assert wrong, f"{name} could fork all the time"
        assert {status for _, status, _ in wrong} == {"unknown"}, wrong
        assert all("may have no more processes" in message for _, _, message in wrong), wrong
    assert found.memory < 150
    assert found.growth < 15


def test_a_log_that_cannot_be_written_costs_neither_time_nor_memory(
    http_server: HttpServer, tmp_path: Path
) -> None:
    """Thousands of lines onto a full disk while checks run."""
    checks = [http(f"api-{n}", http_server.port) for n in range(5)]
    checks += [{"name": f"gone-{n}", "tcp": "127.0.0.1:1"} for n in range(5)]
    found = watched(
        tmp_path, checks, seconds=6.0, interval="200ms", timeout="150ms", log="/dev/full"
    )
    for name, seen in found.checks.items():
        # Every fifth of a second, however busy the machine is now and then.
        assert sorted(seen.pauses)[len(seen.pauses) // 2] < 0.3, f"{name} waited for the log"
        assert seen.longest_pause < _LATE, f"{name} waited for the log"
        assert "ok" in seen.statuses if name.startswith("api") else seen.statuses == {"critical"}
    assert found.growth < 10


def test_a_disk_that_is_full_under_the_log_costs_the_log_alone(
    http_server: HttpServer, tmp_path: Path
) -> None:
    path = tmp_path / "onwatch.yaml"
    checks = [http("api", http_server.port), {"name": "gone", "tcp": "127.0.0.1:1"}]
    path.write_text(yaml.safe_dump({"version": 1, "checks": checks}))
    path.chmod(0o600)
    main = "import sys; from tui.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "-vv", "check", "-c", str(path)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command,
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert "refused" in ended.stdout
    assert "2 checks: 1 critical, 1 ok" in ended.stdout
