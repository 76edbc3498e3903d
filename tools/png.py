"""Make a browser's PNG small: 256 colours at most, which a picture of a terminal hardly exceeds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["shrink"]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOURS: Final = 256
_FREQUENT: Final = 128
"""How many of them are chosen for being frequent; the others, for being unlike these."""
_TRUE_COLOUR: Final = 2
_PALETTE: Final = 3

_Bytes: TypeAlias = NDArray[np.uint8]


def shrink(path: Path) -> None:
    """Write the picture anew with a palette of 256 of its colours, others as the nearest of these.

    Raises ValueError where it is not as a browser writes it: 8 bits of red, green and blue.
    """
    pixels = _read(path.read_bytes())
    flat = pixels.reshape(-1, 3).astype(np.int64)
    coded = flat @ np.array((65_536, 256, 1))
    colours, where, counts = np.unique(coded, return_inverse=True, return_counts=True)
    palette = _chosen(_rgb(colours), counts)
    far = ((_rgb(colours)[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    indices = far.argmin(axis=1)[where].astype(np.uint8).reshape(pixels.shape[:2])
    path.write_bytes(_written(indices, palette.astype(np.uint8)))


def _chosen(colours: NDArray[np.int64], counts: NDArray[np.intp]) -> NDArray[np.int64]:
    """The most frequent colours, then those that are farthest from all that are chosen."""
    kept = np.argsort(-counts, kind="stable")[:_FREQUENT].tolist()
    far = np.full(len(colours), np.iinfo(np.int64).max)
    for one in kept:
        far = np.minimum(far, ((colours - colours[one]) ** 2).sum(axis=1))
    while len(kept) < _COLOURS and far.any():
        kept.append(int(far.argmax()))
        far = np.minimum(far, ((colours - colours[kept[-1]]) ** 2).sum(axis=1))
    chosen: NDArray[np.int64] = colours[kept]
    return chosen


def _rgb(coded: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([coded >> 16, coded >> 8 & 255, coded & 255], axis=1)


def _read(data: bytes) -> _Bytes:
    """Rows of pixels of red, green and blue."""
    parts = list(_chunks(data))
    width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", dict(parts)[b"IHDR"])
    if (depth, colour, interlaced) != (8, _TRUE_COLOUR, 0):
        raise ValueError(f"a PNG of depth {depth} and colour type {colour} is not understood")
    packed = b"".join(body for name, body in parts if name == b"IDAT")
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * 3)
    above: _Bytes = np.zeros((width, 3), np.uint8)
    rows = []
    for row in raw:
        above = _unfiltered(int(row[0]), row[1:].reshape(width, 3), above)
        rows.append(above)
    return np.stack(rows)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + 8 + length]
        place += 12 + length


def _unfiltered(kind: int, row: _Bytes, above: _Bytes) -> _Bytes:
    """The row of pixels that was filtered by the method ``kind``: PNG's section 9."""
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)
    if kind == 2:
        return row + above
    step = _mean if kind == 3 else _paeth
    made = []
    for channel in range(3):
        left = corner = 0
        values = []
        for value, up in zip(row[:, channel].tolist(), above[:, channel].tolist(), strict=True):
            left = value + step(left, up, corner) & 255
            corner = up
            values.append(left)
        made.append(values)
    return np.array(made, np.uint8).T


def _mean(left: int, up: int, _corner: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    near = left + up - corner
    by_left, by_up, by_corner = abs(near - left), abs(near - up), abs(near - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def _written(indices: _Bytes, palette: _Bytes) -> bytes:
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = indices
    header = struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
