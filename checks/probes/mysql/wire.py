"""MySQL's protocol, on aiomysql's connection: with bounds, and no password given away.

Imported when a MySQL check first runs, since aiomysql takes its time to load.

What differs from aiomysql: the connection is made by us; a packet is bounded; one statement a
query; rows are read to a bound and decoded whatever their bytes are; TLS that is required is not
left out because the server offers none; a password is not sent in clear over a bare connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import aiomysql
from aiomysql.connection import MysqlPacket
from pymysql.constants import CLIENT, COMMAND, FIELD_TYPE

from checks.errors import TargetError
from checks.probes.mysql.refusals import Said
from checks.probes.mysql.tally import Tally

__all__ = ["ClosedError", "LimitError", "PluginError", "Rows", "ServerError", "Wire"]

GREETING_BOUND: Final = 4096
ANSWER_BOUND: Final = 16_000_000
COLUMNS: Final = 4096
"""Columns that an answer may have; a table of MySQL's has no more."""
COLUMN_BOUND: Final = 16_384
"""Bytes that tell of a column: six names, of 64 characters mostly."""
_SPILL: Final = 100_000
"""Bytes beyond the rows that are wanted that are read to keep the connection."""
_BINARY: Final = 63
_MORE: Final = 0xFFFFFF
_CHUNK: Final = 65536
_GOOD_BYE: Final = 0.2
_UTF8MB4: Final = "utf8mb4"


class ServerError(Exception):
    """The server answered with an error."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said.text)


class ClosedError(TargetError):
    """The connection is gone; a clause of which the server is the subject."""


class LimitError(TargetError):
    """The answer is too large; the connection was given up rather than read on."""


class PluginError(Exception):
    """The server asks for a way to log in that we do not know, or do not use so."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer; ``more`` says that rows were left out, ``affected`` how many were changed."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool = False
    affected: int = 0


class Wire(aiomysql.Connection):  # type: ignore[misc]
    """One connection; no statement may begin before the one before it has ended."""

    def __init__(
        self, user: str, password: str, database: str, name: str, tally: Tally | None = None
    ) -> None:
        super().__init__(
            host=name,
            user=user,
            # aiomysql encodes what it is given as Latin-1; the servers take UTF-8.
            password=password.encode().decode("latin-1"),
            db=database or None,
            charset=_UTF8MB4,
            program_name="onwatch",
        )
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        self._bound = GREETING_BOUND
        self._came = bytearray()
        self.version = ""
        self.thread = 0
        self.tally = tally or Tally()

    # Opening

    async def greet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, local: bool
    ) -> None:
        """Read the server's greeting from a connection just made; ``local`` is a unix socket.

        Raises:
            ServerError: it was an error.
            TargetError: ``protocol``, where it is none of MySQL's.
        """
        self._reader: asyncio.StreamReader | None = reader
        self._writer: asyncio.StreamWriter | None = writer
        self._secure = local
        self._next_seq_id = 0
        await self._get_server_information()
        self.version = str(self.server_version)
        self.thread = int(self.server_thread_id[0])

    @property
    def offers_tls(self) -> bool:
        """Whether the greeting offered it."""
        return bool(self.server_capabilities & CLIENT.SSL)

    async def log_in(self, context: Any) -> None:
        """Log in, over TLS with a ``context``.

        Raises:
            ServerError: the server refused.
            PluginError: it asks for what we cannot do.
        """
        if context is not None:
            self._ssl_context = context
            self.client_flag |= CLIENT.SSL
        self._bound = ANSWER_BOUND
        await self._request_authentication()

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        name = plugin_name.decode("ascii", "replace")
        if name == "mysql_clear_password" and not self._secure:
            raise PluginError("the password in clear, over a connection without TLS")
        if name == "mysql_old_password":
            raise PluginError("the login of MySQL 4.0, which gives the password away")
        if name not in (
            *("mysql_native_password", "caching_sha2_password", "sha256_password"),
            "mysql_clear_password",
        ):
            raise PluginError(name)
        return await super()._process_auth(plugin_name, auth_packet)

    # Packets

    async def _read_packet(self, packet_type: Any = MysqlPacket) -> Any:
        data = await self._packet(self._bound)
        if data[:1] == b"\xff":
            raise ServerError(_said(data))
        return packet_type(data, self._encoding)

    async def _packet(self, bound: int) -> bytes:
        """The next packet whole.

        Raises:
            ClosedError: the connection ended.
            LimitError: it is larger than ``bound``; the connection is given up.
        """
        pieces: list[bytes] = []
        size = 0
        while True:
            if len(self._came) < 4:
                await self._come(4)
            length = int.from_bytes(self._came[:3], "little")
            number = self._came[3]
            size += length
            if number != self._next_seq_id:
                await self._out_of_turn(number, length)
            if size > bound:
                self.abort()
                raise LimitError("limit", f"its answer has more than {bound:,} bytes in a row")
            if len(self._came) < 4 + length:
                await self._come(4 + length)
            self._next_seq_id = (number + 1) % 256
            pieces.append(bytes(self._came[4 : 4 + length]))
            del self._came[: 4 + length]
            if length != _MORE:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _come(self, count: int) -> None:
        """Wait until ``count`` bytes are there."""
        while len(self._came) < count:
            data = b""
            if self._reader is not None:
                try:
                    data = await self._reader.read(_CHUNK)
                except OSError:
                    data = b""
            if not data:
                self.abort()
                raise ClosedError("protocol", "closed the connection")
            self._came += data

    async def _out_of_turn(self, number: int, length: int) -> None:
        """MySQL 8 says good-bye out of turn; everything else is not MySQL."""
        last = b""
        if number == 0 and length <= GREETING_BOUND:
            await self._come(4 + length)
            last = bytes(self._came[4 : 4 + length])
        self.abort()
        if last[:1] == b"\xff":
            raise ServerError(_said(last))
        raise ClosedError("protocol", "does not answer as MySQL does")

    def _write_bytes(self, data: bytes) -> None:
        if self._writer is None:
            raise ClosedError("protocol", "closed the connection")
        self._writer.write(data)

    # Statements

    async def answer(self, sql: str, *, rows: int, size: int, cell: int) -> Rows:
        """The answer to one statement: at most ``rows`` rows, a row of at most ``cell`` bytes.

        Where more than ``size`` bytes come in all, or more than a little beyond ``rows``, the
        connection is given up: there is no other way not to read them.

        Raises:
            ServerError: the server answered with an error.
            ClosedError: the connection ended.
            LimitError: a row is too large.
        """
        if self.ended:
            raise ClosedError("protocol", "closed the connection")
        self.tally.sent += 1
        await self._execute_command(COMMAND.COM_QUERY, sql.encode("utf-8", "surrogateescape"))
        first = await self._part(ANSWER_BOUND)
        if first[0] == 0:
            return Rows((), [], affected=_number(first, 1)[0])
        if first[0] == 0xFB:
            self.abort()
            raise ClosedError("protocol", "asks for a file of this machine")
        count, _ = _number(first, 0)
        if count > COLUMNS:
            self.abort()
            raise ClosedError("protocol", "does not answer as MySQL does")
        columns = [_column(await self._part(COLUMN_BOUND)) for _ in range(count)]
        await self._part(ANSWER_BOUND)
        names = tuple(name for name, _ in columns)
        readers = [reader for _, reader in columns]
        found: list[tuple[Any, ...]] = []
        left, more = size, False
        while not _ends(packet := await self._part(cell)):
            left -= len(packet)
            if left < 0:
                self.abort()
                return Rows(names, found, more=True)
            if len(found) < rows:
                found.append(_row(packet, readers))
            elif not more:
                left, more = min(left, _SPILL), True
        return Rows(names, found, more)

    async def _part(self, bound: int) -> bytes:
        packet = await self._packet(bound)
        if packet[:1] == b"\xff":
            raise ServerError(_said(packet))
        if not packet:
            self.abort()
            raise ClosedError("protocol", "does not answer as MySQL does")
        return packet

    # Ending

    @property
    def ended(self) -> bool:
        """Whether either side has closed it."""
        return self._writer is None or self._reader is None or self._reader.at_eof()

    def abort(self) -> None:
        """Close it at once; what was under way on it is lost."""
        writer = self._leave()
        if writer is not None:
            writer.transport.abort()

    def _leave(self) -> asyncio.StreamWriter | None:
        writer: asyncio.StreamWriter | None = self._writer
        self._writer = self._reader = None
        return writer

    async def quit(self) -> None:
        """Say good-bye, which keeps the server from counting an aborted client, and close; a
        server that hangs is given no time for it."""
        writer = self._leave()
        if writer is None:
            return
        # Good-byes count as questions, too.
        self.tally.sent += 1
        writer.write(b"\x01\x00\x00\x00\x01")
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            try:
                async with asyncio.timeout(_GOOD_BYE):
                    await writer.wait_closed()
            finally:
                # Also where nobody waits any longer: what did not close by then never would.
                writer.transport.abort()


def _said(packet: bytes) -> Said:
    code = int.from_bytes(packet[1:3], "little")
    text, state = packet[3:], ""
    if text[:1] == b"#":
        text, state = text[6:], text[1:6].decode("ascii", "replace")
    return Said(code, text.decode("utf-8", "replace"), state)


def _ends(packet: bytes) -> bool:
    return packet[0] == 0xFE and len(packet) < 9


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A length-encoded number, and where the next begins."""
    first = data[at]
    width = {252: 2, 253: 3, 254: 8}.get(first, 0)
    if not width:
        return first, at + 1
    return int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _decimal(value: bytes) -> Decimal:
    return Decimal(value.decode("ascii"))


_READERS: Final[dict[int, Callable[[bytes], Any]]] = {
    **dict.fromkeys(
        (
            *(FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG),
            *(FIELD_TYPE.INT24, FIELD_TYPE.YEAR),
        ),
        int,
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), _decimal),
    FIELD_TYPE.BIT: bytes,
}
_TEMPORAL: Final = (
    *(FIELD_TYPE.DATE, FIELD_TYPE.TIME, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP),
    *(FIELD_TYPE.NEWDATE, FIELD_TYPE.JSON),
)


@lru_cache(maxsize=512)  # 8 MB at most, of packets that are bounded
def _column(packet: bytes) -> tuple[str, Callable[[bytes], Any]]:
    """A column's name, and what reads its values; they are the same from run to run."""
    at = 0
    texts = []
    for _ in range(6):
        length, at = _number(packet, at)
        texts.append(packet[at : at + length])
        at += length
    charset = int.from_bytes(packet[at + 1 : at + 3], "little")
    kind = packet[at + 7]
    reader = _READERS.get(kind)
    if reader is None:
        reader = bytes if charset == _BINARY and kind not in _TEMPORAL else _text
    return _text(texts[4]), reader


def _row(packet: bytes, readers: Sequence[Callable[[bytes], Any]]) -> tuple[Any, ...]:
    values: list[Any] = []
    at = 0
    for reader in readers:
        if packet[at] == 251:
            values.append(None)
            at += 1
            continue
        length, at = _number(packet, at)
        values.append(reader(packet[at : at + length]))
        at += length
    return tuple(values)
