"""Copying: what the terminal is asked for, and the file where it lies besides."""

from __future__ import annotations

import base64
import os
import queue
import re
import stat
import threading
from pathlib import Path
from typing import IO

import pytest

from tests.patience import PATIENCE
from tests.tui.app_kit import app_of, running
from tests.tui.app_kit import told as shown
from tests.tui.terminals import OnTerminal
from tui.clipboard import MOST, copied_file, keep, kept, told, written

XTERM = {"TERM": "xterm-256color"}


def asked(sequence: str) -> str:
    """The text that an OSC 52 sequence asks to be copied."""
    match = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert match is not None, sequence
    return base64.b64decode(match[1]).decode()


def test_the_terminal_is_asked_for_the_text_as_it_is() -> None:
    text = "shop critical: 日本 »7 sessions«\nsecond line"
    assert asked(written(text, XTERM)) == text


def test_what_no_terminal_takes_is_not_sent() -> None:
    assert asked(written("x" * MOST, XTERM)) == "x" * MOST
    assert len(written("x" * MOST, XTERM)) <= 100_000
    assert written("x" * (MOST + 1), XTERM) == ""
    assert written("é" * (MOST // 2 + 1), XTERM) == "", "bytes count, not letters"


@pytest.mark.parametrize("kind", ["linux", "vt220"])
def test_a_console_has_no_clipboard(kind: str) -> None:
    assert written("text", {"TERM": kind}) == ""


def test_tmux_is_asked_itself_and_handed_what_its_terminal_may_take() -> None:
    sequence = written("text", {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"})
    own, through = sequence.split("\x1bPtmux;", 1)
    assert asked(own) == "text"
    assert asked(through.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")) == "text"


def test_screen_hands_it_through_in_pieces_that_it_has_room_for() -> None:
    text = "a long sentence " * 200
    sequence = written(text, {"TERM": "screen", "STY": "1.pts-0.web"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sequence, re.DOTALL)
    assert len(pieces) > 1
    assert all(len(piece) <= 764 for piece in pieces)
    assert asked("".join(pieces)) == text


def test_what_is_copied_while_a_slow_disk_writes_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, slow, replace = tmp_path / "copied.txt", threading.Event(), Path.replace
    begun, said = threading.Event(), queue.Queue[str]()

    def slowly(self: Path, target: Path) -> Path:
        if not begun.is_set():
            begun.set()
            slow.wait(PATIENCE)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", slowly)
    monkeypatch.setattr("tui.clipboard.copied_file", lambda: path)
    kept("first", "the row", said.put)
    assert begun.wait(PATIENCE)
    kept("second", "the row", said.put)
    with pytest.raises(queue.Empty):
        said.get(timeout=0.2)
    slow.set()
    both = [said.get(timeout=PATIENCE), said.get(timeout=PATIENCE)]
    assert not any("could not be written" in each for each in both)
    assert path.read_text() == "second\n"


def test_the_file_is_for_the_users_eyes_alone_and_holds_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "somewhere" / "onwatch" / "copied.txt"
    assert keep("first", path) == ""
    path.chmod(0o644)
    assert keep("second: 日本", path) == ""
    assert path.read_text("utf-8") == "second: 日本\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["copied.txt"]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path = tmp_path / "copied.txt"
    path.symlink_to(victim)
    assert keep("text", path) == ""
    assert victim.read_text() == "mine"
    assert path.read_text() == "text\n"


def test_a_full_disk_keeps_what_was_copied_before_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own" / "copied.txt"
    assert keep("the first", path) == ""

    def full(descriptor: int, *_: object, **__: object) -> IO[str]:
        os.close(descriptor)
        return Path("/dev/full").open("w", encoding="utf-8")

    monkeypatch.setattr(os, "fdopen", full)
    assert keep("the second", path) == "No space left on device"
    assert [each.name for each in path.parent.iterdir()] == ["copied.txt"]
    assert path.read_text() == "the first\n"


def test_the_sentence_says_what_is_known() -> None:
    path = Path("~/.local/state/onwatch/copied.txt").expanduser()
    assert told("the row", asked=True, path=path, problem="") == (
        "asked the terminal to copy the row; also in ~/.local/state/onwatch/copied.txt"
    )
    assert told("the row", asked=False, path=path, problem="") == (
        "the row: in ~/.local/state/onwatch/copied.txt, since the terminal cannot copy it"
    )
    assert told("the row", asked=True, path=Path("/x/copied.txt"), problem="Read-only") == (
        "asked the terminal to copy the row; /x/copied.txt could not be written: Read-only"
    )


async def test_a_disk_that_takes_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    async with running() as pilot:
        await pilot.press("Y")
        for _ in range(200):
            if shown(pilot):
                break
            await pilot.pause(0.01)
        (note,) = shown(pilot)
        assert "/proc/nowhere/onwatch/copied.txt could not be written: No such file" in note
        assert app_of(pilot).is_running


def test_on_a_terminal_the_sequence_is_written_and_the_file_is_there(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path), "TERM": "xterm-256color"}
    with OnTerminal(["-m", "tests.tui.ending_child", "quiet"], environ=environ) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.read_until(b"filter")
        terminal.output = b""
        terminal.type(b"Y")
        terminal.read_until(b"\x1b]52;c;")
        terminal.read_until(b"copied.txt")
        (sequence,) = re.findall(rb"\x1b\]52;[^\x07]*\x07", terminal.output)
        text = asked(sequence.decode())
        assert text.startswith("web-1 at 2023-11-14")
        assert (tmp_path / "onwatch" / "copied.txt").read_text("utf-8") == text + "\n"
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0


def test_the_file_lies_in_the_users_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert copied_file() == tmp_path / "onwatch" / "copied.txt"
