"""Pictures made small: what a browser's PNG shows is what the small one shows."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.png import shrink

Row = list[tuple[int, int, int]]
WIDTH = 40


def written(rows: list[Row], *, colour: int = 2) -> bytes:
    """A PNG with the filters 0 to 4 in turn, by PNG's section 9."""
    above = bytes(WIDTH * 3)
    raw = b""
    for number, row in enumerate(rows):
        line = bytes(value for pixel in row for value in pixel)
        raw += bytes([number % 5]) + filtered(number % 5, line, above)
        above = line
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def filtered(kind: int, line: bytes, above: bytes) -> bytes:
    left, corner = bytes(3) + line[:-3], bytes(3) + above[:-3]
    guesses = (
        bytes(len(line)),
        left,
        above,
        bytes((a + b) // 2 for a, b in zip(left, above, strict=True)),
        bytes(map(paeth, left, above, corner)),
    )
    return bytes((one - guess) & 255 for one, guess in zip(line, guesses[kind], strict=True))


def paeth(left: int, above: int, corner: int) -> int:
    return min((left, above, corner), key=lambda one: abs(left + above - corner - one))


def shown(data: bytes) -> list[Row]:
    """The pixels of a PNG with a palette and no filters."""
    parts = dict(chunks(data))
    width, height, depth, colour = struct.unpack_from(">IIBB", parts[b"IHDR"])
    assert (width, depth, colour) == (WIDTH, 8, 3)
    palette = [tuple(parts[b"PLTE"][place : place + 3]) for place in range(0, 768, 3)]
    raw = zlib.decompress(parts[b"IDAT"])
    lines = [raw[n * (width + 1) : (n + 1) * (width + 1)] for n in range(height)]
    assert all(line[0] == 0 for line in lines)
    return [[(r, g, b) for r, g, b in (palette[one] for one in line[1:])] for line in lines]


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack_from(">I", data, place + 8 + length)[0]
        yield name, body
        place += 12 + length


def picture(colours: int) -> list[Row]:
    chance = random.Random(colours)
    known = [tuple(chance.randbytes(3)) for _ in range(colours)]
    return [[(r, g, b) for r, g, b in chance.choices(known, k=WIDTH)] for _ in range(25)]


def test_up_to_256_colours_stay_as_they_are_whatever_the_rows_filters(tmp_path: Path) -> None:
    rows = picture(200)
    path = tmp_path / "picture.png"
    path.write_bytes(written(rows))
    shrink(path)
    assert shown(path.read_bytes()) == rows


def test_of_more_each_is_shown_as_one_that_is_near(tmp_path: Path) -> None:
    rows = picture(600)
    path = tmp_path / "picture.png"
    path.write_bytes(written(rows))
    shrink(path)
    pairs = [
        (one, other)
        for row, made in zip(rows, shown(path.read_bytes()), strict=True)
        for one, other in zip(row, made, strict=True)
    ]
    assert len({made for _, made in pairs}) == 256
    far = max(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) for one, other in pairs)
    assert far < 60**2


def test_another_sort_of_png_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(written(picture(3), colour=6))
    with pytest.raises(ValueError, match="colour type 6"):
        shrink(path)
