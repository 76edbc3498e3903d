"""What reaches terminals of all kinds, byte by byte, on a way through all screens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import pytest

from tests.patience import PATIENCE
from tests.tui.terminals import OnTerminal
from tests.tui.tour import TOUR
from widgets.glyphs import in_console

SGR = re.compile(rb"\x1b\[([\d;]*)m")
SEQUENCE = re.compile(r"\x1b(\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|\][^\x07\x1b]*\x07|[=>])")
KEYS = {"enter": b"\r", "escape": b"\x1b", "question_mark": b"?", "colon": b":"}
MODES_ON = re.compile(rb"\x1b\[\?(\d+)h")
MODES_OFF = re.compile(rb"\x1b\[\?(\d+)l")


@lru_cache
def toured(*options: str, **environ: str) -> bytes:
    """All that the monitor writes on the way through its screens and at its end."""
    command = ["-m", "tests.tui.ending_child", "full", *options]
    with OnTerminal(command, size=(80, 24), environ=environ) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.read_on(0.2)
        for keys in TOUR.values():
            for key in keys:
                terminal.type(KEYS.get(key, key.encode()))
                terminal.read_on(0.1)
        terminal.type(b"\x11")
        assert terminal.wait_reading(PATIENCE) == 0
        return terminal.output


def text_of(output: bytes) -> str:
    """What of ``output`` is to be seen."""
    return SEQUENCE.sub("", output.decode())


def colours(output: bytes) -> set[str]:
    """The ways in which ``output`` sets colours: ``38;5``, ``48;2``, ``31`` …"""
    found = set()
    for match in SGR.finditer(output):
        codes = [code or "0" for code in match[1].decode().split(";")]
        while codes:
            code = codes.pop(0)
            if code in ("38", "48"):
                way = codes.pop(0)
                found.add(f"{code};{way}")
                del codes[: 1 if way == "5" else 3]
            elif 30 <= int(code) <= 49 or 90 <= int(code) <= 107:
                found.add(code)
    return found - {"39", "49"}


SIXTEEN = {str(code) for base in (30, 40, 90, 100) for code in range(base, base + 8)}


EVERYTHING = {"TERM": "xterm-kitty", "COLORTERM": "", "NO_COLOR": ""}
CONSOLE = {"TERM": "linux", "COLORTERM": "truecolor"}


def test_sixteen_colours_are_written_as_such() -> None:
    used = colours(toured(**CONSOLE))
    assert used <= SIXTEEN
    assert {"91", "92", "93"} <= used, "statuses have colours"


def test_sixteen_colours_lie_on_the_terminals_own_background() -> None:
    """On a grey or light terminal every gap between panes would be a black stripe."""
    command = ["-m", "tests.tui.ending_child", "full"]
    with OnTerminal(command, size=(120, 36), environ=CONSOLE) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.read_on(0.2)
        assert not {code for code in colours(terminal.output) if code.startswith(("4", "10"))}


def test_256_colours_are_written_as_such() -> None:
    used = colours(toured("--no-mouse", TERM="xterm-256color", COLORTERM=""))
    assert used == {"38;5", "48;5"}


def test_all_colours_are_written_where_the_terminal_is_known_for_them() -> None:
    assert colours(toured(**EVERYTHING)) == {"38;2", "48;2"}, "an empty NO_COLOR asks for nothing"


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "vt220", "COLORTERM": "truecolor"}, {"NO_COLOR": "1", "LANG": "C"}],
    ids=["vt220", "NO_COLOR in LANG=C"],
)
def test_without_colours_and_utf8_there_are_none_on_any_screen(environ: Mapping[str, str]) -> None:
    output = toured(**environ)
    assert colours(output) == set()
    assert not {c for c in output.decode() if not c.isascii()}
    assert "CRITICAL" in text_of(output)


def test_the_linux_console_gets_what_its_fonts_have_and_prints_no_question() -> None:
    output = toured(**CONSOLE)
    text = text_of(output)
    assert in_console(text) == text
    assert "─" in text
    for unknown in (b"\x1b[>", b"\x1b[<u", b"$p", b"\x1b]"):
        assert unknown not in output


def test_the_mouse_is_asked_for_clicks_and_drags_and_given_back() -> None:
    output = toured(**EVERYTHING)
    asked = {int(mode) for mode in MODES_ON.findall(output)}
    assert {1000, 1002, 1006} <= asked
    assert 1003 not in asked, "every move would be reported"
    end = output.rpartition(b"\x1b[?1049l")[0][-400:] + output.rpartition(b"\x1b[?1049l")[2]
    assert {1000, 1002, 1006} <= {int(mode) for mode in MODES_OFF.findall(end)}


def test_no_mouse_leaves_the_mouse_to_the_terminal() -> None:
    output = toured("--no-mouse", TERM="xterm-256color", COLORTERM="")
    asked = {int(mode) for mode in MODES_ON.findall(output)}
    assert not asked & {9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016}


def test_nothing_is_left_set_at_the_end() -> None:
    output = toured(**EVERYTHING)
    left: dict[int, bool] = {}
    for match in re.finditer(rb"\x1b\[\?(\d+)([hl])", output):
        left[int(match[1])] = match[2] == b"h"
    assert {mode for mode, on in left.items() if on} == {7, 25}, "lines wrap, the cursor is seen"
    assert output.count(b"\x1b[>") == output.count(b"\x1b[<u")
    assert b"\x1b]0;" not in output, "the terminal's title is its own"
    assert b"\x1b]2;" not in output
    cleared, _, after = output.rpartition(b"\x1b[?1049l")
    assert b"\x1b[H\x1b[2J" in cleared[-200:], "no picture stays where there is no other screen"
    assert not SEQUENCE.sub("", after.decode()), "nothing is printed after it"
