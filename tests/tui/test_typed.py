"""Whatever comes from the terminal, the keys after it are heard."""

from __future__ import annotations

import time

import pytest
from textual import constants
from textual.events import Key, Paste

from tui.typed import Typed

NOISE = {
    "no UTF-8": b"\xff\xfe\xe9",
    "half a character": b"\xe6\x97",
    "a key beyond Unicode": b"\x1b[1114112u",
    "a key of surrogates": b"\x1b[55296;1u",
    "the mouse on a terminal of no size": b"\x1b[48;0;0;0;0t\x1b[<0;1;1M",
    "numbers without end": b"\x1b[" + b"9" * 5000 + b"u",
    "a sequence within a sequence": b"\x1b[\x1b[\x1b]\x1bP",
}


def keys(typed: Typed, data: bytes) -> list[str]:
    events = [*typed.feed(data), *typed.tick()]
    return [event.key for event in events if isinstance(event, Key)]


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_a_key_after_noise_is_heard(noise: bytes) -> None:
    typed = Typed()
    list(typed.feed(noise))
    assert keys(typed, b"\x1b[A")[-1:] == ["up"]
    assert keys(typed, b"?") == ["question_mark"]


def test_what_is_cut_in_two_is_one() -> None:
    typed = Typed()
    assert keys(typed, b"\x1b[") == []
    assert keys(typed, b"B") == ["down"]
    assert keys(typed, "é".encode()[:1]) == []
    assert keys(typed, "é".encode()[1:]) == ["é"]


def test_what_is_pasted_is_one_event() -> None:
    events = list(Typed().feed(b"\x1b[200~q\xffuit\x1b[201~x"))
    assert [event.text for event in events if isinstance(event, Paste)] == ["quit"]


@pytest.mark.parametrize(
    ("data", "pressed"),
    [
        (b"\x1b3", ["escape", "3"]),
        (b"\x1bL", ["escape", "L"]),
        (b"\x1b:", ["escape", "colon"]),
        (b"\x1b?q", ["escape", "question_mark", "q"]),
        (b"\x1b\x1b3", ["escape", "escape", "3"]),
        (b"3\x1bj\x1b[Bk", ["3", "escape", "j", "down", "k"]),
        (b"\x1b[\x1bx", ["escape", "x"]),
        (b"\x1bOP\x1b[3~\x1b[1;5C", ["f1", "delete", "ctrl+right"]),
        (b"\x1b[I\x1bq", ["escape", "q"]),
    ],
)
def test_escape_and_a_key_at_once_are_these_two(data: bytes, pressed: list[str]) -> None:
    """A link with some jitter joins them, and Escape is followed by a key most of the time."""
    assert keys(Typed(), data)[-len(pressed) :] == pressed


def test_with_keys_bound_to_alt_they_are_one() -> None:
    typed = Typed(lambda: True)
    events = list(typed.feed(b"\x1bx"))
    time.sleep(constants.ESCAPE_DELAY * 1.5)
    assert [event.key for event in [*events, *typed.tick()] if isinstance(event, Key)] == ["alt+x"]


def test_after_what_was_pasted_escape_is_one_again() -> None:
    events = list(Typed().feed(b"\x1b[200~3a\x1b[201~\x1bq"))
    assert [event.text for event in events if isinstance(event, Paste)] == ["3a"]
    assert [event.key for event in events if isinstance(event, Key)] == ["escape", "q"]
