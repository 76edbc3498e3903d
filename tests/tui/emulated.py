"""A terminal small enough to be read, for what the app sends: cells, colours, erasing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import get_character_cell_size

__all__ = ["Emulated"]

_SEQUENCE = re.compile(r"\x1b\[([\d;]*)([HGCXmrML])|\x1b\]8;([^\x1b]*)\x1b\\|\n")
_ATTRIBUTES = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"}
_CLEARED_BY = {
    "22": {"1", "2"},
    "23": {"3"},
    "24": {"4", "21"},
    "25": {"5", "6"},
    "27": {"7"},
    "28": {"8"},
    "29": {"9"},
    "54": {"51", "52"},
    "55": {"53"},
}
_ON_BLANKS = {"4", "7", "9", "21", "51", "52", "53"}


@dataclass(frozen=True, slots=True)
class _Look:
    attributes: frozenset[str] = frozenset()
    colour: str = ""
    background: str = ""
    link: str = ""


class Emulated:
    """Lines of ``width`` cells: the characters in them, their looks, and how many were ``sent``.

    Drawing over half of a wide character clears its other half, as terminals do; erased cells
    take the background that is set.
    """

    def __init__(self, width: int, height: int = 1) -> None:
        self.sent = 0
        self.look = _Look()
        self._width = width
        self._lines = [["·"] * width for _ in range(height)]
        self._looks = [[_Look()] * width for _ in range(height)]
        self._y = self._x = 0
        self._margins = 0, height - 1

    def feed(self, sequence: str) -> Emulated:
        position = 0
        for found in [*_SEQUENCE.finditer(sequence), None]:
            for character in sequence[position : found.start() if found else len(sequence)]:
                assert character != "\x1b", f"a sequence that nobody knows in {sequence!r}"
                self._put(character)
            if found is not None:
                position = found.end()
                self._obey(found)
        return self

    @property
    def cells(self) -> list[str]:
        """The characters of the first line; empty behind a wide one."""
        return self._lines[0]

    @property
    def text(self) -> str:
        return "".join(self.cells)

    @property
    def lines(self) -> list[str]:
        return ["".join(line) for line in self._lines]

    def seen(self) -> list[tuple[str, _Look]]:
        """All cells as somebody sees them: a blank has no letter to be bold or red."""
        rows = zip(self._lines, self._looks, strict=True)
        return [
            (c, _seen(c, look)) for line, looks in rows for c, look in zip(line, looks, strict=True)
        ]

    def _put(self, character: str) -> None:
        self.sent += 1
        line, looks, x = self._lines[self._y], self._looks[self._y], self._x
        width = get_character_cell_size(character)
        if width == 0:
            return
        end = x + width
        if line[x] == "":
            line[x - 1] = " "
        if end < self._width and line[end] == "":
            line[end] = " "
        line[x:end] = [character, *[""] * (width - 1)]
        looks[x:end] = [self.look] * width
        self._x = end

    def _obey(self, found: re.Match[str]) -> None:
        given, what = found[1], found[2]
        if found[3] is not None:
            self.look = _Look(
                self.look.attributes,
                self.look.colour,
                self.look.background,
                found[3].partition(";")[2],
            )
        elif what == "H":
            y, _, x = given.partition(";")
            self._y, self._x = int(y or 1) - 1, int(x or 1) - 1
        elif what == "G":
            self._x = int(given) - 1
        elif what == "C":
            self._x += int(given)
        elif what == "X":
            self._erase(int(given))
        elif what == "r":
            first, _, last = given.partition(";")
            self._margins = int(first or 1) - 1, int(last or len(self._lines)) - 1
            self._y = self._x = 0
        elif what in ("M", "L"):
            self._move(int(given or 1), up=what == "M")
        elif what == "m":
            self._set(given.split(";"))

    def _move(self, count: int, *, up: bool) -> None:
        """Delete lines at the cursor, or insert some, as far as the lower margin."""
        last = self._margins[1]
        assert self._margins[0] <= self._y <= last
        for rows, fresh in ((self._lines, " "), (self._looks, _Look())):
            part: list[list[object]] = rows[self._y : last + 1]  # type: ignore[assignment]
            blank = [[fresh] * self._width for _ in range(count)]
            moved = [*part[count:], *blank] if up else [*blank, *part[:-count]]
            rows[self._y : last + 1] = moved  # type: ignore[assignment]

    def _erase(self, count: int) -> None:
        at, look, sent = self._x, self.look, self.sent
        self.look = _Look(background=look.background)
        for _ in range(count):
            self._put(" ")
        self._x, self.look, self.sent = at, look, sent

    def _set(self, codes: list[str]) -> None:
        attributes, colour = set(self.look.attributes), self.look.colour
        background = self.look.background
        while codes:
            code = codes.pop(0)
            if code in ("", "0"):
                attributes, colour, background = set(), "", ""
            elif code in ("38", "48"):
                count = 4 if codes[0] == "2" else 2
                value = ";".join([code, *codes[:count]])
                del codes[:count]
                colour, background = (value, background) if code == "38" else (colour, value)
            elif code in _ATTRIBUTES:
                attributes.add(code)
            elif code in _CLEARED_BY:
                attributes -= _CLEARED_BY[code]
            elif code.startswith("3") or (code.startswith("9") and len(code) == 2):
                colour = "" if code == "39" else code
            else:
                background = "" if code == "49" else code
        self.look = _Look(frozenset(attributes), colour, background, self.look.link)


def _seen(character: str, look: _Look) -> _Look:
    if character != " ":
        return look
    lines = look.attributes & _ON_BLANKS
    return _Look(frozenset(lines), look.colour if lines else "", look.background)
