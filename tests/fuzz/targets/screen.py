"""What is sent to the terminal, and what comes from it."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from checks.model import clean
from tests.fuzz.target import Target
from tests.tui.emulated import Emulated
from tui.economy import Mirror, Mirrored
from tui.typed import Typed

__all__ = ["TARGETS"]

WIDTH, HEIGHT = 40, 3
_CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDTH)
_STYLES = (
    None,
    Style(bold=True),
    Style(color="red"),
    Style(bgcolor="#102030"),
    Style(underline=True, color="#ffffff", bgcolor="blue"),
    Style(reverse=True),
    Style(link="https://example.org"),
)
SEEDS = (
    b"\x01hello world\x02red and more\n\x00second line\nthird\x0c\x03hello world\x02red and less\n",
    "\x00日本語 wide\x0c\x01日本 語wide\n\x04e\u0301 x".encode(),
    b"\x05          \x0c\x03          \n\x00a",
)
TOKENS = (
    b"\x0c",
    b"\n",
    b"\x00",
    b"\x01",
    b"\x03",
    b"\x04",
    b"\x06",
    b"    ",
    "日".encode(),
    b"x" * 45,
)


def economy(data: bytes) -> None:
    """Pictures one after the other: the terminal shows each as if it had been sent whole."""
    text = data.decode("utf-8", "replace")[:20_000]
    for erases in (False, True):
        mirror = Mirror(erases=erases)
        screen = Emulated(WIDTH, HEIGHT)
        for picture in text.split("\x0c")[:12]:
            update = _layout(picture)
            screen.feed(Mirrored(update, mirror).render_segments(_CONSOLE))
            whole = Emulated(WIDTH, HEIGHT)
            whole.feed(Mirrored(update, Mirror(erases=False)).render_segments(_CONSOLE))
            assert screen.seen() == whole.seen(), "cells were left as they had been"


def _layout(picture: str) -> LayoutUpdate:
    lines = [*picture.split("\n"), *[""] * HEIGHT][:HEIGHT]
    return LayoutUpdate([[_strip(line)] for line in lines], Region(0, 0, WIDTH, HEIGHT))


def _strip(line: str) -> Strip:
    """A line in which the control characters up to 6 change the style."""
    segments, style = [], _STYLES[0]
    for piece in line.replace("\t", " ").split("\r"):
        for part in _parts(piece):
            if len(part) == 1 and ord(part) < len(_STYLES):
                style = _STYLES[ord(part)]
            else:
                segments.append(Segment(clean(part, 200), style))
    return Strip(segments).adjust_cell_length(WIDTH)


def _parts(text: str) -> list[str]:
    found, at = [], 0
    for index, character in enumerate(text):
        if ord(character) < len(_STYLES):
            found += [text[at:index], character]
            at = index + 1
    return [part for part in (*found, text[at:]) if part]


KEYBOARD = (
    b"q\x1b[A\x1bOB\t\r\x7f",
    b"\x1b[200~pasted\x1b[31m text\x1b[201~\x1b[I\x1b[O",
    b"\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;1;1M\x1b[?2026;2$y\x1b[48;24;80;480;800t",
    b"\x1b[97;5u\x1b[1;2A\x1b[?62;22c\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[12;40R",
)
KEYBOARD_TOKENS = (
    *(b"\x1b", b"\x1b[", b"\x1bO", b"\x1b]", b"\x1bP", b"\x1b[200~", b"\x1b[201~", b"\x1b[<", b";"),
    *(
        b"M",
        b"m",
        b"u",
        b"~",
        b"9" * 5000,
        b"9",
        b"-",
        b"\x1b[M   ",
        b"\x1b[48;",
        b"t",
        b"\xff",
        b"\0",
    ),
    *(
        b":",
        b"\x1b[<0;1;",
        b"$y",
        b"R",
        b"\x1b[1114112u",
        b"\x1b[55296u",
        b"\xf0\x9f\x91\x8d",
        b"c",
    ),
)


def keyboard(data: bytes) -> None:
    """Bytes as a pseudo-terminal delivers them, in pieces, through Textual's parser."""
    typed = Typed()
    for at in range(0, len(data), 4096):
        for event in (*typed.feed(data[at : at + 4096]), *typed.tick()):
            assert isinstance(event, Message)
    keys = [*typed.feed(b"\x1b[201~\x1b[201~q"), *typed.tick()]
    assert getattr(keys[-1], "key", "") == "q", "keys are not heard any more"


TARGETS = (
    Target("economy", economy, SEEDS, TOKENS, bound=20_000),
    Target("keyboard", keyboard, KEYBOARD, KEYBOARD_TOKENS, bound=40_000),
)
