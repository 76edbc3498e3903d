"""What is judged of a terminal by its environment, and what those get that cannot draw."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.tui.cli_helpers import PROGRAM, environment
from tests.tui.terminals import OnTerminal
from tui.terminal import TRUE_COLOUR, judge

MAIN = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, TRUE_COLOUR),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, TRUE_COLOUR),
        ({"TERM": "xterm-kitty"}, TRUE_COLOUR),
        ({"TERM": "xterm-ghostty"}, TRUE_COLOUR),
        ({"TERM": "alacritty"}, TRUE_COLOUR),
        ({"TERM": "foot"}, TRUE_COLOUR),
        ({"TERM": "xterm-direct"}, TRUE_COLOUR),
        ({"TERM": "tmux-256color"}, 256),
        ({"TERM": "tmux-256color", "COLORTERM": "truecolor", "TMUX": "x"}, TRUE_COLOUR),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "x"}, TRUE_COLOUR),
        # GNU screen hands COLORTERM on and takes its sequences apart.
        ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, 256),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.pts-0"}, 16),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "STY": "1.pts-0"}, 256),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, 16),
        ({"TERM": "vt220"}, 0),
        ({"TERM": "xterm-mono"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
        ({"TERM": "something-new"}, 16),
    ],
)
def test_colours_by_name(environ: Mapping[str, str], colours: int) -> None:
    assert judge(environ, "utf-8").looks.colours == colours


@pytest.mark.parametrize(
    ("environ", "encoding", "characters"),
    [
        ({"LANG": "en_US.UTF-8"}, "utf-8", "unicode"),
        ({}, "utf-8", "unicode"),
        ({"LANG": "C"}, "utf-8", "ascii"),
        ({"LANG": "POSIX", "LC_CTYPE": "C.UTF-8"}, "utf-8", "ascii"),
        ({"LANG": "C.UTF-8"}, "utf-8", "unicode"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "utf-8", "ascii"),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, "utf-8", "unicode"),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1", "ascii"),
        ({"LANG": "de_DE"}, "latin-1", "ascii"),
        ({"LANG": "en_US.UTF-8"}, "no such thing", "ascii"),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, "utf-8", "console"),
        ({"LANG": "C", "TERM": "linux"}, "utf-8", "ascii"),
        ({"LANG": "en_US.UTF-8", "TERM": "vt102"}, "utf-8", "ascii"),
    ],
)
def test_characters_by_locale_and_name(
    environ: Mapping[str, str], encoding: str, characters: str
) -> None:
    assert judge({"TERM": "xterm", **environ}, encoding).looks.characters == characters


@pytest.mark.parametrize(
    ("told", "light"),
    [("15;0", False), ("0;15", True), ("0;default;15", True), ("7;8", False), ("0;7", True)]
    + [(text, False) for text in ("", "default;default", "x;y", "0;99")],
)
def test_a_light_background_by_colorfgbg(told: str, light: bool) -> None:
    assert judge({"TERM": "rxvt", "COLORFGBG": told}, "utf-8").looks.light is light


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("dumb", "this terminal (TERM=dumb) cannot draw"),
        ("unknown", "this terminal (TERM=unknown) cannot draw"),
        ("", "this one does not say what it is (TERM is not set; try TERM=xterm)"),
    ],
)
def test_what_cannot_draw_gets_one_sentence_and_exit_code_2(kind: str, reason: str) -> None:
    with OnTerminal(["-c", MAIN], environ={"TERM": kind}) as terminal:
        assert terminal.wait_reading(PATIENCE) == 2
        said = terminal.output.decode()
    assert said.strip() == (
        f"onwatch: the monitor needs a terminal, and {reason}; without one, run: onwatch check"
    )


@pytest.mark.parametrize(
    ("elsewhere", "name"),
    [("<", "standard input"), (">", "standard output"), ("2>", "standard error")],
)
def test_a_stream_that_is_no_terminal_is_named_and_nothing_is_drawn(
    elsewhere: str, name: str, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    command = f"exec '{PROGRAM}' {elsewhere}/dev/null"
    if elsewhere == "2>":
        command = f"exec '{PROGRAM}' 2>'{said}'"
    with OnTerminal(["-c", f"import os; os.execvp('sh', ['sh', '-c', {command!r}])"]) as terminal:
        assert terminal.wait_reading(PATIENCE) == 2
        shown = terminal.output.decode()
    shown += said.read_text() if said.exists() else ""
    assert shown.strip() == (
        f"onwatch: the monitor needs a terminal, and {name} is not one; "
        "without one, run: onwatch check"
    )


def test_a_terminal_that_nobody_has_heard_of_is_drawn_on_without_terminfo(tmp_path: Path) -> None:
    environ = {"TERM": "foobar", "TERMINFO": str(tmp_path), "TERMINFO_DIRS": str(tmp_path)}
    with OnTerminal(["-m", "tests.tui.ending_child", "quiet"], environ=environ) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0


def reach(terminal: OnTerminal) -> tuple[int, int]:
    """The column and the line furthest from the corner that are drawn at."""
    for _ in terminal.drain():
        pass
    rows = [int(row) for row in re.findall(rb"\x1b\[(\d+)(?:;\d+)?H", terminal.output)]
    columns = re.findall(rb"\x1b\[(?:(?:\d+;)?(\d+)H|(\d+)[XG])", terminal.output)
    return max(int(one or other or 0) for one, other in columns), max(rows)


def test_a_terminal_without_a_size_is_taken_for_one_of_80_by_24() -> None:
    with OnTerminal(["-m", "tests.tui.ending_child", "quiet"], size=(0, 0)) as terminal:
        terminal.read_until(b"filter")
        reach(terminal)
        terminal.output = b""
        terminal.type(b"\x0c")
        terminal.read_until(b"filter")
        assert reach(terminal)[1] == 24
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0


def test_the_size_is_the_terminals_own_whatever_the_environment_says(tmp_path: Path) -> None:
    config = tmp_path / "onwatch.yaml"
    config.write_text("version: 1\nchecks: [{name: here, host: }]\n")
    environ = {"COLUMNS": "200", "LINES": "60"}
    with OnTerminal(["-c", MAIN, "-c", str(config)], size=(70, 20), environ=environ) as terminal:
        terminal.read_until(b"filter")
        width, height = reach(terminal)
        assert width <= 70
        assert height == 20
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0


def test_the_table_of_a_check_keeps_to_the_locale_too(tmp_path: Path) -> None:
    (tmp_path / "onwatch.yaml").write_text("version: 1\nchecks: [{name: here, host: }]\n")
    done = subprocess.run(
        [str(PROGRAM), "check"],
        cwd=tmp_path,
        env={**environment(tmp_path), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout
    assert done.stdout.isascii(), done.stdout.decode()
