"""A TCP relay that counts what a server sends: bytes, and rows where its protocol is known."""

from __future__ import annotations

import asyncio
import contextlib

__all__ = ["Relay"]


class Relay:
    """Listens on :attr:`port` for clients of the server at ``server`` on the loopback.

    Rows are PostgreSQL's DataRow messages (protocol 3, without TLS) and MySQL's packets, which
    are its rows and a few more for each result; of other protocols none are counted.
    """

    def __init__(self, protocol: str, server: int) -> None:
        self.counts_rows = protocol in ("postgres", "mysql")
        self.port = 0
        self.sent = 0
        self.rows = 0
        self._count = _COUNTERS.get(protocol)
        self._server = server
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._server)
        # Clients that are there when the benchmark ends are no news.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(self._copy(reader, outer, count=False), self._copy(inner, writer))
        for each in (outer, writer):
            each.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool = True
    ) -> None:
        rows = self._count() if self._count is not None and count else None
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if count:
                    self.sent += len(data)
                if rows is not None:
                    self.rows += rows.feed(data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()


class _DataRows:
    """Counts messages of type D: a byte, a length of four that includes itself."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> int:
        self._buffer += data
        found = at = 0
        while at + 5 <= len(self._buffer):
            end = at + 1 + int.from_bytes(self._buffer[at + 1 : at + 5])
            if end > len(self._buffer):
                break
            found += self._buffer[at : at + 1] == b"D"
            at = end
        self._buffer = self._buffer[at:]
        return found


class _Packets:
    """Counts packets: a length of three in little endian, a number, the payload."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> int:
        self._buffer += data
        found = at = 0
        while at + 4 <= len(self._buffer):
            end = at + 4 + int.from_bytes(self._buffer[at : at + 3], "little")
            if end > len(self._buffer):
                break
            found += 1
            at = end
        self._buffer = self._buffer[at:]
        return found


_COUNTERS: dict[str, type[_DataRows] | type[_Packets]] = {
    "postgres": _DataRows,
    "mysql": _Packets,
}
