"""The command line: what it understands, what it says of the rest, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from checks.live import EngineSource
from tests.patience import PATIENCE
from tests.tui.cli_helpers import PROGRAM, environment, onwatch
from tests.tui.fakes import FakeSource
from tests.tui.terminals import OnTerminal
from tui.app import OnwatchApp
from tui.arguments import parse
from tui.cli import main
from tui.commands import monitor
from tui.themes import theme_problem

HEAVY = ("pydantic", "yaml", "textual", "rich", "numpy", "httpx", "redis", "psutil", "logging")


def test_reading_the_command_line_imports_nothing_heavy() -> None:
    code = f"import sys, tui.cli; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


BEFORE_THE_FRAME = """
import asyncio, sys
from tests.tui.fakes import FakeSource
from tui.app import OnwatchApp

async def painted():
    async with OnwatchApp(FakeSource()).run_test():
        print(*sorted(name for name in sys.modules if name.startswith("checks.")))

known = {name for name in sys.modules if name.startswith("checks.")}
for name in known:
    del sys.modules[name]
asyncio.run(painted())
"""


def test_the_first_frame_waits_for_nothing_of_the_engine() -> None:
    program = [sys.executable, "-c", BEFORE_THE_FRAME]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"checks.errors"}


def test_the_version_goes_to_standard_output(tmp_path: Path) -> None:
    for arguments in (("--version",), ("-V",), ("check", "--version")):
        done = onwatch(tmp_path, *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            f"onwatch {version('onwatch')}\n",
            "",
        )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = onwatch(tmp_path, "--help")
    assert done.returncode == 0
    for command in ("check", "validate", "schema", "query", "promqltest", "demo"):
        assert f"onwatch {command} " in done.stdout
        help_of_command = onwatch(tmp_path, command, "--help")
        assert help_of_command.returncode == 0
        assert onwatch(tmp_path, "help", command).stdout == help_of_command.stdout
    assert onwatch(tmp_path, "help").stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek"], 'no command "chek"; did you mean check?; see onwatch --help'),
        (["help", "chek"], 'no command "chek"; did you mean check?; see onwatch --help'),
        (["frobnicate"], 'no command "frobnicate"; see onwatch --help'),
        (["--thme", "x"], "no option --thme; did you mean --theme?; see onwatch --help"),
        (["check", "--jsn"], "no option --jsn; did you mean --json?; see onwatch check --help"),
        (["check", "-x"], "no option -x; see onwatch check --help"),
        (
            ["--json"],
            "--json belongs to a command: onwatch check --json; see onwatch --help",
        ),
        (["schema", "x"], '"x" is one argument too many; see onwatch schema --help'),
        (
            ["check", "web"],
            '"web" is one argument too many; for one check: --only NAME; see onwatch check --help',
        ),
        (["-c"], "argument -c/--config: expected one argument; see onwatch --help"),
        (
            ["report", "9" * 30],
            "argument INCIDENT: expected the number of an incident; see onwatch report --help",
        ),
        (
            ["note", "--incident", "x", "hi"],
            "argument --incident: expected the number of an incident; see onwatch note --help",
        ),
        (
            ["check", "--json", "--format", "nagios"],
            "argument --format: not allowed with argument --json; see onwatch check --help",
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_thing(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr() == ("", f"onwatch: {sentence}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["mysql://u:hunter2@h/shop"],
        ["check", "postgresql://u:hunter2@h/shop"],
        ["--password", "hunter2"],
        ["--password=hunter2", "check"],
        ["check", "-phunter2"],
        ["check", "--format", "mysql://u:hunter2@h/"],
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "a password on the command line can be read by everybody" in said
    assert "hunter2" not in said


def test_options_of_all_commands_stand_before_or_after_the_command() -> None:
    for arguments in (["-c", "f", "-v", "check"], ["check", "-c", "f", "-v"]):
        args = parse(arguments)
        assert (args.command, args.config, args.verbose) == ("check", "f", 1)


def test_the_monitor_and_the_demo_know_how_to_look() -> None:
    for command in ([], ["demo"]):
        args = parse([*command, "--theme", "nord", "--ascii", "--no-mouse", "--read-only"])
        assert args.read_only
        assert (args.theme, args.ascii, args.mouse) == ("nord", True, False)
        args = parse(command)
        assert (args.theme, args.ascii, args.mouse, args.config) == (None, False, True, None)


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [([], "onwatch check"), (["demo"], "onwatch demo --headless")],
)
def test_without_a_terminal_the_monitor_names_what_works(
    arguments: list[str], instead: str, tmp_path: Path
) -> None:
    done = onwatch(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr == (
        "onwatch: the monitor needs a terminal, and standard input is not one; "
        f"without one, run: {instead}\n"
    )


@pytest.mark.parametrize("command", [[], ["demo"]])
def test_an_unknown_theme_is_named_with_the_nearest_one(command: list[str], tmp_path: Path) -> None:
    done = onwatch(tmp_path, *command, "--theme", "onwatch-lite")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("onwatch: no theme onwatch-lite; did you mean onwatch-light?")
    assert "nord" not in done.stderr


def test_a_theme_like_none_is_answered_with_those_of_ours() -> None:
    said = theme_problem("zzz")
    assert said.startswith("no theme zzz; there are onwatch-dark, onwatch-light, ")
    assert "nord" not in said


@pytest.mark.parametrize("name", ["onwatch-light", "nord", "ansi-dark"])
def test_every_theme_that_is_named_can_be_used(name: str) -> None:
    assert theme_problem(name) == ""
    assert OnwatchApp(FakeSource(), theme=name).theme == name


def test_a_dumb_terminal_gets_the_same_sentence() -> None:
    program = ["-c", "import sys; from tui.cli import main; sys.exit(main([]))"]
    with OnTerminal(program, environ={"TERM": "dumb"}) as terminal:
        assert terminal.wait_reading(PATIENCE) == 2
        assert b"TERM=dumb" in terminal.output
        assert b"run: onwatch check" in terminal.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("check --only nosuch", '--only: no enabled check is called "nosuch"'),
        ("check --timeout soon", "--timeout: 'soon' is not a duration"),
        ("runbook show nosuch", 'there is no runbook "nosuch"'),
        ("runbook run nosuch --check nosuch", ""),
        ("capacity nosuch", 'nothing is called "nosuch"'),
        ("capacity --at soon", '--at: "soon" is no time'),
        ("baseline save x --for soon", "--for: "),
        ("query up --at soon", '--at: "soon" is no moment'),
        ("note --at soon x", '--at: "soon" is no time'),
        ("report 7", "there is no incident 7"),
        ("check --no-such-option", "no option --no-such-option"),
    ],
)
def test_every_command_says_in_one_form_what_is_wrong_with_its_arguments(
    arguments: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "onwatch.yaml").write_text("version: 1\nchecks: [{name: a, tcp: localhost:1}]\n")
    done = onwatch(tmp_path, *arguments.split())
    assert done.returncode == 2
    assert done.stderr.startswith(f"onwatch: {said}")
    assert done.stderr.count("\n") == 1


def test_a_broken_configuration_ends_with_2_and_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "onwatch.yaml").write_text("version: 1\nchecks:\n  - {name: a, htpp: x}\n")
    for command in ("check", "validate"):
        done = onwatch(tmp_path, command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            'onwatch.yaml:3: checks[0].htpp: unknown key; did you mean "http"?\n'
        )


def test_the_name_of_an_included_file_is_harmless_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "onwatch.yaml").write_text("version: 1\ninclude: more/*.yaml\nchecks: []\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a\x1b[2Jb.yaml").write_text("checks:\n  - {name: a, htpp: x}\n")
    done = onwatch(tmp_path, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ('more/ab.yaml:2: checks[0].htpp: unknown key; did you mean "http"?\n')


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{PROGRAM}' schema | head -c 1; exit 0"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("{", "")


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec '{PROGRAM}' schema > /dev/full"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == "onwatch: the output cannot be written: No space left on device\n"


def test_ctrl_c_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        silent.settimeout(20)
        port = silent.getsockname()[1]
        check = f"{{name: a, interval: 1m, timeout: 50s, http: 'http://127.0.0.1:{port}/'}}"
        (tmp_path / "onwatch.yaml").write_text(f"version: 1\nchecks:\n  - {check}\n")
        with (
            subprocess.Popen(
                [str(PROGRAM), "check"],
                cwd=tmp_path,
                env=environment(tmp_path),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
            closing(silent.accept()[0]),
        ):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, "", "")


def test_an_error_of_our_own_is_a_sentence_and_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_args: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("tui.commands.schema.run", broken)
    line = broken.__code__.co_firstlineno + 1
    assert main(["schema"]) == 3
    assert capsys.readouterr().err == (
        f"onwatch: an error of its own, ZeroDivisionError in test_cli.py:{line}; "
        "please report it with what -v prints\n"
    )
    assert main(["schema", "-v"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("read_only", [True, False])
def test_read_only_leaves_the_actions_out_of_whatever_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    path = tmp_path / "onwatch.yaml"
    path.write_text("version: 1\nchecks:\n  - {name: db, sqlite: x.db}\n")
    path.chmod(0o600)
    loaded: list[bool] = []

    def watch(app: object, source: EngineSource, **_: object) -> int:
        loaded.append(source._load().read_only)
        return 0

    monkeypatch.setattr(monitor, "watch", watch)
    monkeypatch.setattr("gc.disable", lambda: None)
    assert monitor.open_monitor(str(path), read_only=read_only) == 0
    assert loaded == [read_only]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_output_changes_no_exit_code(tmp_path: Path, closed: str) -> None:
    config = tmp_path / "onwatch.yaml"
    config.write_text("version: 1\nchecks: [{name: here, tcp: 127.0.0.1:1, timeout: 1s}]\n")
    argv: list[str | Path] = ["sh", "-c", f'"$@" {closed}', "sh", PROGRAM, "check", "-c", config]
    ended = subprocess.run(argv, env=environment(tmp_path), capture_output=True, check=False)
    assert ended.returncode == 2
