"""Commands in a configuration: who may have written it, and the program run by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.errors import ConfigError
from checks.probes.command.perfdata import parse_output
from tests.patience import PATIENCE
from tests.tui.cli_helpers import PROGRAM, environment, onwatch
from tests.tui.config_helpers import loaded, sentences, write
from tui.config import load


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


COMMAND = "version: 1\nchecks:\n  - {name: a, tcp: 'h:1'}\n  - {name: b, command: /bin/true}\n"


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(str(path), {})
    return str(caught.value)


def test_others_may_not_write_what_is_run() -> None:
    path = write(COMMAND)
    assert len(load("onwatch.yaml", {}).engine.checks) == 2
    path.chmod(0o666)
    assert complaint(path) == (
        "onwatch.yaml:4: checks[1].command: refused, since it runs a program and this file is not "
        "safe: others can write to it, and it can run commands; run: chmod go-w onwatch.yaml"
    )
    path.write_text(COMMAND.replace("command: /bin/true", "host: "))
    assert len(load("onwatch.yaml", {}).engine.warnings) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
def test_nor_may_another_user_have_written_it() -> None:
    path = write(COMMAND)
    os.chown(path, 12345, -1)
    said = complaint(path)
    assert "checks[1].command: refused, since it runs a program" in said
    assert "it belongs to 12345, neither to you nor to root" in said


def test_a_credential_among_the_arguments_is_a_warning_that_does_not_show_it() -> None:
    engine = loaded(
        "version: 1\nchecks:\n  - name: a\n    command:\n      argv: [check_mysql, -p, geheim]\n"
    ).engine
    (warning,) = engine.warnings
    assert warning.startswith("onwatch.yaml:5: checks[0].command.argv[2]: looks like a credential")
    assert "geheim" not in warning


def test_a_credential_in_clear_in_its_environment_is_a_warning_that_says_what_to_write() -> None:
    env = "{DB_PASSWORD: geheim, MODE: fast, PASS: '${PASS}', TOKEN: {env: T}, SECRET: '$$geheim'}"
    write(
        f"version: 1\nchecks:\n  - name: a\n    command:\n      argv: /bin/true\n      env: {env}\n"
    )
    first, second = load("onwatch.yaml", {"PASS": "geheim"}).engine.warnings
    assert first.startswith("onwatch.yaml:6: checks[0].command.env.DB_PASSWORD: looks like a cred")
    assert "`DB_PASSWORD: {file: …}`, {env: …} or {command: […]}" in first
    assert "checks[0].command.env.SECRET: looks like" in second
    assert "geheim" not in first + second


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("command: {}", "command.argv: is missing"),
        (
            "command: [a, b]",
            "command: expected keys and values, not a list; write {argv: […]}",
        ),
        (
            "systemd: [cron.service, ssh]",
            "systemd: expected keys and values, not a list; write {units: […]}",
        ),
        (
            "process: [nginx, php]",
            "process: expected keys and values, not a list; write {name: […]}",
        ),
        (
            "http: [http://a/, http://b/]",
            "http: expected keys and values, not a list; write a check for each",
        ),
        (
            "command: {argv: [a, 5]}",
            "command.argv[1]: expected text, not a number; put it in quotes",
        ),
        (
            "command: check_x -w 1",
            "command: a string is one program and is not split; "
            "write {argv: [program, argument, …]}",
        ),
        (
            "command: {argv: x, exit_codes: {1: down}}",
            "command.exit_codes.1: expected one of ok, warning, critical, unknown",
        ),
        (
            "command: {argv: x, env: {A: 5}}",
            "command.env.A: expected text or {file: …}, {env: …} or {command: […]}, not a number; "
            "put it in quotes",
        ),
        ("command: {argv: x, shell: true}", "command.shell: unknown key; known here: argv, cwd"),
    ],
)
def test_what_is_wrong_is_said(check: str, sentence: str) -> None:
    (told,) = sentences(f"version: 1\nchecks:\n  - name: a\n    {check}\n")
    assert told.startswith(f"onwatch.yaml:4: checks[0].{sentence}")


def test_it_runs_headless_and_is_masked(tmp_path: Path) -> None:
    write(
        """\
        version: 1
        checks:
          - name: a
            command:
              argv: [sh, -c, "echo login $$PASSWORD; exit 1"]
              env: {PASSWORD: {env: GEHEIM}}
              exit_codes: {1: critical}
        """
    )
    done = onwatch(tmp_path, "check", "--json", GEHEIM="hunter2-geheim")
    assert done.returncode == 2
    assert "hunter2" not in done.stdout + done.stderr
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["message"], check["status"]) == ("login •••", "critical")


def test_onwatch_runs_onwatch(tmp_path: Path) -> None:
    """What it prints for Nagios it reads itself: status, sentence, performance data."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        write(f"version: 1\nchecks: [{{name: fine, tcp: '127.0.0.1:{port}'}}]\n", "fine.yaml")
        write("version: 1\nchecks: [{name: down, tcp: '127.0.0.1:1'}]\n", "down.yaml")
        write(
            f"""\
            version: 1
            defaults: {{interval: 60s, timeout: 30s}}
            checks:
              - {{name: a, command: {{argv: [{PROGRAM}, check, -c, fine.yaml, --format, nagios]}}}}
              - {{name: b, command: {{argv: [{PROGRAM}, check, -c, down.yaml, --format, nagios]}}}}
            """
        )
        done = onwatch(tmp_path, "check", "--json")
    fine, down = sorted(json.loads(done.stdout)["checks"], key=lambda check: str(check["name"]))
    assert (fine["status"], fine["message"]) == ("ok", "ONWATCH OK - 1 check: 1 ok")
    assert fine["value"].endswith("ms")
    assert down["status"] == "critical"
    assert down["message"].startswith("ONWATCH CRITICAL - down: connection to 127.0.0.1:1 refused")


def test_what_onwatch_prints_for_nagios_is_read_whole(tmp_path: Path) -> None:
    names = ["it's one", "two | three", "a=b", "ünï"]
    checks = "\n".join(f'  - {{name: "{name}", tcp: "127.0.0.1:1"}}' for name in names)
    write(f"version: 1\nchecks:\n{checks}\n")
    output = parse_output(onwatch(tmp_path, "check", "--format", "nagios").stdout)
    assert output.problems == ()
    assert [datum.label for datum in output.data] == ["it's one", "two / three", "a_b", "ünï"]
    assert output.sentence.startswith("ONWATCH CRITICAL - ")
    assert output.long.count("refused") == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_onwatch_check_ends_its_programs(number: signal.Signals, tmp_path: Path) -> None:
    write(
        """\
        version: 1
        checks:
          - name: a
            timeout: 60s
            interval: 60s
            command: {argv: [sh, -c, "echo $$$$ >own; sleep 77"]}
        """
    )
    with subprocess.Popen(
        [str(PROGRAM), "check"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        own = tmp_path / "own"
        deadline = time.monotonic() + PATIENCE
        while not (own.exists() and own.read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pid = int(own.read_text())
        running.send_signal(number)
        code = running.wait(PATIENCE)
    assert code == (130 if number is signal.SIGINT else -number)
    deadline = time.monotonic() + PATIENCE
    while _runs(pid):
        assert time.monotonic() < deadline, f"{number.name} left the program running"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def test_the_command_kind_is_cheap_to_import() -> None:
    code = (
        "import sys; from checks.registry import kind; kind('command'); "
        "print([m for m in ('numpy', 'httpx', 'redis', 'asyncpg') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
