"""What is typed, as the terminal sends it: bytes in, events out, whatever the bytes."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from textual._xterm_parser import XTermParser
from textual.message import Message

__all__ = ["Typed"]


class Typed:
    """Reads bytes on, some at a time.

    Bytes that are no UTF-8 are passed over. At a sequence that the library's parser fails at, such
    as a key beyond Unicode's end, it begins anew with the character that follows.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self._parser = XTermParser()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The events that are complete with ``data``."""
        for character in self._decode(data):
            yield from self._guarded(lambda: self._parser.feed(character))  # noqa: B023 - at once

    def tick(self) -> Iterator[Message]:
        """The events that are complete for want of anything more: Escape by itself."""
        yield from self._guarded(self._parser.tick)

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
