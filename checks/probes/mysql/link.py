"""One connection to a MySQL or MariaDB server: asked, and given up where it cannot be read on.

Errors leave this module as :class:`~checks.errors.TargetError` alone.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Sequence
from typing import Final

from checks.errors import TargetError
from checks.probes.mysql.refusals import statement_error
from checks.probes.mysql.wire import ClosedError, Rows, ServerError, Wire

__all__ = ["GARBAGE", "Link", "LostError"]

ROWS: Final = 20_000
SIZE: Final = 32_000_000
CELL: Final = 4_000_000
GARBAGE: Final = (
    *(IndexError, KeyError, ValueError, AssertionError, struct.error, TypeError, AttributeError),
    *(UnboundLocalError, OverflowError),
)
"""What the driver raises where somebody does not speak MySQL's protocol."""
_ENDED: Final = (1053, 1927, 1080, 1152, 4031)
"""Error numbers with which a server ends a session."""


class LostError(TargetError):
    """The connection ended amid or before a statement."""


class Link:
    """An open connection; of no use any more once it is lost."""

    def __init__(self, wire: Wire, where: str) -> None:
        self._wire = wire
        self._where = where
        self._limited: int | None = None
        self.thread = wire.thread
        self.mariadb = "mariadb" in wire.version.lower()

    @property
    def closed(self) -> bool:
        """Whether it is of no use any more."""
        return self._wire.ended

    @property
    def sent(self) -> int:
        """What the check has sent over this connection and its others."""
        return self._wire.tally.sent

    async def ask(
        self,
        sql: str,
        parameters: Sequence[object] | None = None,
        *,
        rows: int = ROWS,
        size: int = SIZE,
        cell: int = CELL,
    ) -> Rows:
        """The answer to one statement, bounded as :meth:`Wire.answer` says. With ``parameters``
        the statement goes through the driver's ``%`` formatting.

        Raises:
            LostError: the connection ended.
            TargetError: the statement failed; a clause without its subject.
        """
        began = time.perf_counter()
        if parameters is not None:
            sql = sql % tuple(map(self._literal, parameters))
        try:
            return await self.told(sql, rows=rows, size=size, cell=cell)
        except ServerError as error:
            raise statement_error(error.said, time.perf_counter() - began) from None

    async def told(self, sql: str, *, rows: int = ROWS, size: int = SIZE, cell: int = CELL) -> Rows:
        """As :meth:`ask`, but for statements of people, who are shown errors as they are.

        Raises:
            ServerError: the statement failed.
            LostError: the connection ended.
        """
        try:
            return await self._wire.answer(sql, rows=rows, size=size, cell=cell)
        except ServerError as error:
            if error.said.code not in _ENDED:
                raise
            raise self._lost(f"ended the session amid a statement: {error.said}") from None
        except ClosedError as error:
            raise self._lost(str(error)) from None
        except GARBAGE:
            raise self._lost("does not answer as MySQL does") from None
        except asyncio.CancelledError:
            # The answer under way would be taken for the next one's.
            self.abort()
            raise

    def _literal(self, value: object) -> str:
        if isinstance(value, tuple):
            return f"({', '.join(map(self._literal, value))})"
        return str(self._wire.escape(value))

    def _lost(self, what: str) -> LostError:
        self.abort()
        return LostError("protocol", f"{self._where} {what}")

    async def limit_rows(self, count: int | None) -> None:
        """Have the server send no more than ``count`` rows of a SELECT; None for all."""
        if count != self._limited:
            await self.ask(f"SET SESSION sql_select_limit = {count or 'DEFAULT'}")
            self._limited = count

    def abort(self) -> None:
        """Close it at once; what was under way on it is lost."""
        self._wire.abort()

    async def quit(self) -> None:
        """Say good-bye and close."""
        await self._wire.quit()
