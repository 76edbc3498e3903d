"""The PostgreSQL servers of demo and tests leave nothing behind, whatever ends them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE
from tests.servers.postgres import PostgresServers
from tests.servers.redis import free_port
from tui.demo.children import DemoError
from tui.demo.postgres_programs import find, installations
from tui.demo.postgres_server import PostgresServer

START = """
import sys, time
from pathlib import Path
from tui.demo.postgres_server import PostgresServer
server = PostgresServer(Path(sys.argv[1]), int(sys.argv[2]))
server.create()
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: those are closed to the account that the server runs as."""
    with tempfile.TemporaryDirectory(prefix="onwatch-test-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(true())


def family(pid: int) -> list[psutil.Process]:
    postmaster = psutil.Process(pid)
    return [postmaster, *postmaster.children(recursive=True)]


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_runs_without_rights_and_dies_with_whoever_started_it(folder: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(folder), str(free_port())],
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        processes = family(int(starter.stdout.readline()))
        assert len(processes) > 1
        assert 0 not in {process.uids().effective for process in processes}
        os.kill(starter.pid, signal.SIGKILL)
    if sys.platform == "linux":
        assert until(lambda: all(map(gone, processes)))
        assert not (folder / "postgres" / "data" / "postmaster.pid").exists()
    else:
        for process in processes:
            process.kill()


def test_what_is_killed_leaves_neither_process_nor_memory(
    postgres_servers: PostgresServers,
) -> None:
    server = postgres_servers.start()
    processes = family(server.pid)
    segment = server._segment()
    assert segment is not None
    server.kill()
    assert all(map(gone, processes))
    assert not server.answers()
    if sys.platform == "linux":
        segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        assert segment not in {int(line.split()[1]) for line in segments}


def test_it_is_frozen_and_thawed(postgres_servers: PostgresServers) -> None:
    server = postgres_servers.start()
    server.freeze()
    assert until(lambda: {p.status() for p in family(server.pid)} == {psutil.STATUS_STOPPED})
    server.thaw()
    assert until(lambda: psutil.STATUS_STOPPED not in {p.status() for p in family(server.pid)})


def test_a_server_that_cannot_start_says_why(postgres_servers: PostgresServers) -> None:
    server = postgres_servers.create(max_connections="nonsense")
    with pytest.raises(DemoError, match=r"PostgreSQL did not start: .*nonsense"):
        server.start()


def test_no_server_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.demo.postgres_programs.installations", lambda: iter(()))
    with pytest.raises(DemoError, match=r"install onwatch with the extra demo"):
        find()


def test_where_one_is_found() -> None:
    assert find() in list(installations())


def test_a_folder_that_the_account_may_not_enter(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's servers run as somebody else")
    closed = folder / "closed"
    inner = closed / "inner"
    inner.mkdir(parents=True)
    folder.chmod(0o755)
    closed.chmod(0o700)
    with pytest.raises(DemoError, match="set TMPDIR=/tmp"):
        PostgresServer(inner, free_port()).prepare()


def test_programs_in_a_home_that_the_account_may_not_enter(folder: Path) -> None:
    """As root's own environment is, where its home is closed to others."""
    package = find().parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    if os.geteuid() != 0 or not libraries.is_dir():
        pytest.skip("only root's servers run as somebody else; only the wheel is copied")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(find().parent, closed / package.name / find().parent.name, symlinks=True)
    shutil.copytree(libraries, closed / libraries.name)
    folder.chmod(0o755)
    binaries = closed / package.name / find().parent.name / find().name
    server = PostgresServer(folder, free_port(), binaries=binaries)
    server.create()
    server.start()
    answered = server.answers()
    server.kill()
    assert answered
