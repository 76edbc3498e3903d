"""One connection to a PostgreSQL server, on asyncpg.

Imported when a PostgreSQL check first runs, since asyncpg takes its time to load. Errors
leave this module as :class:`~checks.errors.TargetError` alone.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from typing import Final

import asyncpg
from asyncpg.exceptions import (
    InterfaceError,
    InternalClientError,
    PostgresConnectionError,
    PostgresError,
)

from checks.dial import connection_error
from checks.errors import TargetError
from checks.probes.postgres.login import Login, Wishes
from checks.probes.postgres.refusals import AnsweredError, Said, refusal, statement_error
from checks.tls import NamedContext

__all__ = ["Link", "LostError", "WrongPasswordError", "open_link"]

_CODECS: Final = {
    "UTF8": "utf-8",
    "SQL_ASCII": "utf-8",
    "MULE_INTERNAL": "utf-8",
    "WIN866": "cp866",
    "WIN874": "cp874",
    "EUC_JIS_2004": "euc_jis_2004",
    "SHIFT_JIS_2004": "shift_jis_2004",
}
_ENDED: Final = ("57P01", "57P02", "57P03", "57P04", "57P05", "25P03")
"""SQLSTATEs with which a server ends a session."""


class LostError(TargetError):
    """The connection ended amid or before a statement."""


class WrongPasswordError(AnsweredError):
    """The server refused the password."""


class Link:
    """An open connection; of no use any more once it is lost."""

    def __init__(self, connection: asyncpg.Connection, where: str, database: str) -> None:
        self._connection = connection
        self._where = where
        self.database = database
        settings = connection.get_settings()
        self.pid: int = connection.get_server_pid()
        self.version: int = connection.get_server_version().major
        self.version_text = str(getattr(settings, "server_version", ""))
        self.encoding = str(getattr(settings, "server_encoding", "UTF8"))
        self._codec = _codec(self.encoding)

    @property
    def connection(self) -> asyncpg.Connection:
        """What it goes over, for statements of people, who are shown errors as they are."""
        return self._connection

    @property
    def closed(self) -> bool:
        """Whether it is of no use any more."""
        return bool(self._connection.is_closed())

    def text(self, value: bytes | None) -> str:
        """Text that was asked for as bytes in the server's encoding, whatever they are; empty
        for NULL."""
        return "" if value is None else value.decode(self._codec, "replace")

    async def rows(
        self, sql: str, *arguments: object, within: float | None = None
    ) -> Sequence[asyncpg.Record]:
        """The rows of one statement, prepared once. ``within`` seconds it is cancelled on the
        server, over a connection of its own.

        Raises:
            LostError: the connection ended.
            TargetError: the statement failed; a clause without its subject.
        """
        began = time.perf_counter()
        try:
            found: Sequence[asyncpg.Record] = await self._connection.fetch(
                sql, *arguments, timeout=within
            )
        except (TimeoutError, OSError, EOFError, ValueError, PostgresError) as error:
            raise self._failed(error, time.perf_counter() - began) from None
        except (InterfaceError, InternalClientError) as error:
            raise self._failed(error, time.perf_counter() - began) from None
        return found

    async def columns(self, sql: str, within: float | None = None) -> list[tuple[str, str]]:
        """Name and type of each column that ``sql`` yields; raises as :meth:`rows` does."""
        began = time.perf_counter()
        try:
            statement = await self._connection.prepare(sql, timeout=within)
            attributes = statement.get_attributes()
        except (TimeoutError, OSError, EOFError, ValueError, PostgresError) as error:
            raise self._failed(error, time.perf_counter() - began) from None
        except (InterfaceError, InternalClientError) as error:
            raise self._failed(error, time.perf_counter() - began) from None
        return [(attribute.name, attribute.type.name) for attribute in attributes]

    def abort(self) -> None:
        """Close it at once; what was under way on it is lost."""
        self._connection.terminate()

    async def close(self) -> None:
        """Say good-bye, which a server that hangs is given no time for."""
        try:
            await self._connection.close(timeout=0.2)
        except (OSError, TimeoutError, PostgresError, InterfaceError):
            self._connection.terminate()

    def _failed(self, error: Exception, waited: float) -> TargetError:
        if isinstance(error, TimeoutError):
            return TargetError("timeout", f"it was stopped after {waited:.1f} s without an answer")
        if isinstance(error, PostgresError) and not isinstance(error, PostgresConnectionError):
            said = _said(error)
            if said.code not in _ENDED:
                return statement_error(said, waited)
        if isinstance(error, UnicodeError):
            return TargetError("config", "the server's answer to it is not valid text")
        if isinstance(error, ValueError):
            return TargetError("config", f"its answer cannot be read: {error}")
        last_words = _last_words(error)
        return LostError(
            "protocol", f"{self._where} ended the session amid a statement{last_words}"
        )


async def open_link(
    login: Login,
    host: str,
    context: NamedContext | None,
    wishes: Wishes,
    within: float,
) -> Link:
    """Log in at ``host``, an address or a socket's folder.

    Raises:
        WrongPasswordError: the password was refused.
        TargetError: it came to nothing otherwise.
    """
    address = login.address
    where = str(address)
    try:
        connection = await asyncpg.connect(
            host=host,
            port=address.port,
            user=address.user,
            database=address.database,
            # A secret is a kind of str that does not show itself; asyncpg wants a plain one.
            password=str(login.password),
            ssl=context or False,
            direct_tls=False,
            target_session_attrs="any",
            timeout=within,
            max_cached_statement_lifetime=0,
            server_settings=dict(wishes.settings),
        )
    except PostgresConnectionError as error:
        text = f"{where} closed the connection at the login{_last_words(error)}"
        raise TargetError("protocol", text) from None
    except PostgresError as error:
        raise _refused(error, login) from None
    except TimeoutError:
        raise
    except OSError as error:
        raise connection_error(error, where) from None
    except (InterfaceError, InternalClientError, ValueError) as error:
        # asyncpg's texts name methods and parameters, never a password.
        raise TargetError("protocol", f"cannot log in at {where}: {error}") from None
    link = Link(connection, where, address.database)
    try:
        await _prepare_session(link, wishes)
    except BaseException:
        # Cancelled too: nobody else could close it.
        link.abort()
        raise
    return link


async def _prepare_session(link: Link, wishes: Wishes) -> None:
    """What cannot be said in the start-up packet, since not every server knows it."""
    if link.version >= 14:
        # Ours rests between two runs.
        await link.rows("SELECT set_config('idle_session_timeout', '0', false)")
    if wishes.unconverted and link.encoding != "UTF8":
        await link.rows("SELECT set_config('client_encoding', $1, false)", link.encoding)


def _refused(error: PostgresError, login: Login) -> AnsweredError:
    said, address = _said(error), login.address
    if said.code == "28P01":
        return WrongPasswordError("auth", login.wrong())
    return refusal(said, str(address), address.user, address.database)


def _said(error: PostgresError) -> Said:
    return Said(
        str(error.sqlstate or ""),
        str(error.args[0] if error.args else error),
        str(getattr(error, "detail", None) or ""),
        str(getattr(error, "hint", None) or ""),
    )


def _last_words(error: Exception) -> str:
    """What the server said before it closed the connection, as asyncpg hands it over."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PostgresError) and not isinstance(cause, PostgresConnectionError):
            return f": {_said(cause)}"
        cause = cause.__cause__
    return ""


def _codec(encoding: str) -> str:
    """Python's name of a server's encoding."""
    name = _CODECS.get(encoding, encoding)
    if encoding.startswith("WIN") and encoding not in _CODECS:
        name = f"cp{encoding[3:]}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"
