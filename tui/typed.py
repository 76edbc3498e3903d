"""What is typed, as the terminal sends it: bytes in, events out, whatever the bytes."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.message import Message

__all__ = ["Typed"]

_ESC: Final = "\x1b"
_GOES_ON: Final = frozenset("[]OPX^_NM\\\t\r\n\x7f" + _ESC)
"""What may follow the beginning of a sequence, or is a key of its own behind one."""
_PASTE: Final = "\x1b[200~"
_PASTED: Final = "\x1b[201~"


class Typed:
    """Reads bytes on, some at a time.

    Bytes that are no UTF-8 are passed over. At a sequence that the library's parser fails at, such
    as a key beyond Unicode's end, it begins anew with the character that follows.

    Escape and a key that arrive together, as over a slow link, are these two. Terminals send the
    same for the key with Alt, which is why they are that one where ``alt`` says that keys with
    Alt do something.
    """

    def __init__(self, alt: Callable[[], bool] = lambda: False) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self._parser = XTermParser()
        self._alt = alt
        self._last = ""
        self._pasting = False

    def feed(self, data: bytes) -> Iterator[Message]:
        """The events that are complete with ``data``."""
        for character in self._decode(data):
            if self._parts(character):
                self._parser = _successor(self._parser)
                yield Key("escape", _ESC)
            self._note(character)
            yield from self._guarded(lambda: self._parser.feed(character))  # noqa: B023 - at once

    def tick(self) -> Iterator[Message]:
        """The events that are complete for want of anything more: Escape by itself."""
        events = self._guarded(self._parser.tick)
        if events:
            self._last = ""
        yield from events

    def _parts(self, character: str) -> bool:
        """Whether what came before ``character`` was Escape by itself."""
        alone = self._last == _ESC and not self._pasting
        return alone and character not in _GOES_ON and not self._alt()

    def _note(self, character: str) -> None:
        """Know what came last, and whether it is within what is pasted."""
        self._last = (self._last + character if character != _ESC else character)[-len(_PASTE) :]
        if self._last in (_PASTE, _PASTED):
            self._pasting = self._last == _PASTE

    def _guarded(self, parse: Callable[[], Iterable[Message]]) -> list[Message]:
        try:
            return list(parse())
        except Exception:  # noqa: BLE001 - whatever it fails at, the next key is another
            self._parser = _successor(self._parser)
            return []


def _successor(old: XTermParser) -> XTermParser:
    """A parser in the place of one that has failed, which knows of the terminal what that knew."""
    made = XTermParser()
    made.last_x, made.last_y = old.last_x, old.last_y
    made.mouse_pixels = old.mouse_pixels
    made.terminal_size, made.terminal_pixel_size = old.terminal_size, old.terminal_pixel_size
    return made
