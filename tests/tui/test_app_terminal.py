"""What the app sends to a real terminal, byte by byte."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.patience import PATIENCE
from tests.tui.terminals import OnTerminal

COLOURS = re.compile(rb"\x1b\[[0-9;]*(?:38;|48;|(?<![0-9])(?:3|4|9|10)[0-7](?![0-9]))[0-9;]*m")


def child(behaviour: str) -> list[str]:
    return ["-m", "tests.tui.ending_child", behaviour]


def test_ctrl_l_draws_a_garbled_screen_again() -> None:
    with OnTerminal(child("quiet")) as terminal:
        terminal.read_until(b"/mnt/backup")
        terminal.read_until(b"filter")
        for _ in terminal.drain():
            pass
        terminal.output = b""
        terminal.type(b"\x0c")
        for text in (b"CRITICAL", b"Services", b"nightly export", b"/mnt/backup", b"filter"):
            terminal.read_until(text)


def test_no_color_means_no_colour_in_a_single_byte() -> None:
    with OnTerminal(child("quiet"), environ={"NO_COLOR": "1"}) as terminal:
        terminal.read_until(b"CRITICAL")
        for _ in terminal.drain():
            pass
        assert COLOURS.search(terminal.output) is None
    with OnTerminal(child("quiet")) as terminal:
        terminal.read_until(b"CRITICAL")
        assert COLOURS.search(terminal.output), "the pattern finds no colour where there is some"


def test_a_terminal_without_utf8_gets_ascii_alone() -> None:
    with OnTerminal(child("quiet"), environ={"TERM": "vt100"}) as terminal:
        terminal.read_until(b"CRITICAL")
        for _ in terminal.drain():
            pass
        text = re.sub(r"[東京]", "", terminal.output.decode())
        assert text.isascii(), sorted({c for c in text if not c.isascii()})


def test_a_picture_that_has_not_changed_sends_next_to_nothing() -> None:
    with OnTerminal(child("ticking")) as terminal:
        terminal.read_until(b"filter")
        until = time.monotonic() + 1
        while time.monotonic() < until:
            for _ in terminal.drain():
                pass
        terminal.output = b""
        until = time.monotonic() + 3
        while time.monotonic() < until:
            for _ in terminal.drain():
                pass
        assert terminal.output, "the clock goes on"
        assert len(terminal.output) < 3 * 1500


def test_a_broken_config_is_named_after_the_terminal_was_restored(tmp_path: Path) -> None:
    config = tmp_path / "onwatch.yaml"
    config.write_text("version: 1\nchekcs: []\nrunbooks: books/*.md\n")
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    with OnTerminal(["-c", main, "-c", str(config)]) as terminal:
        assert terminal.wait_reading(PATIENCE) == 2
        restored, _, said = terminal.output.rpartition(b"\x1b[?1049l")
        assert restored
        assert b"onwatch.yaml:2" in said
        assert b"checks" in said
        assert b"warning: " in said, "what is probably not meant may be why"
        assert b"no file matches books/*.md" in said
        assert b"Traceback" not in said


def test_a_key_that_cannot_be_bound_is_named_and_the_monitor_starts(tmp_path: Path) -> None:
    config = tmp_path / "onwatch.yaml"
    config.write_text("version: 1\nchecks: [{name: here, host: }]\nkeybindings: {app.quit: '~'}\n")
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    with OnTerminal(["-c", main, "-c", str(config)]) as terminal:
        # Only what differs from the line before is sent: drawn anew, the sentence is whole.
        until = time.monotonic() + 14
        while b"~ cannot be bound" not in terminal.output:
            assert time.monotonic() < until
            terminal.type(b"\x0c")
            terminal.output = b""
            terminal.read_until(b"Services")
            for _ in terminal.drain():
                pass
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0


def test_a_theme_and_keys_are_taken_over_while_it_runs_and_given_back(tmp_path: Path) -> None:
    config = tmp_path / "onwatch.yaml"
    body = "version: 1\nchecks: [{name: here, host: }]\n"

    def write(more: str) -> None:
        fresh = tmp_path / "fresh"
        fresh.write_text(body + more)
        fresh.replace(config)

    write("")
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    with OnTerminal(["-c", main, "-c", str(config)]) as terminal:
        terminal.read_until(b"48;2;13;17;23")
        terminal.read_until(b"filter")
        write("theme: onwatch-light\nkeybindings: {app.quit: Z}\n")
        terminal.read_until(b"48;2;251;250;247")
        terminal.read_until(b"next pane")
        terminal.output = b""
        write("theme: onwatch-lite\n")
        terminal.read_until(b"no theme onwatch-lite")
        terminal.output = b""
        write("")
        terminal.read_until(b"48;2;13;17;23")
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0
