"""How a session is set up: read-only, with the server's own limits on what it may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.errors import TargetError
from checks.probes.mysql.link import Link, LostError

__all__ = ["set_up"]

_READ_ONLY: Final = "SET SESSION TRANSACTION READ ONLY"
_LOCK_SECONDS: Final = 2


async def set_up(link: Link, seconds: float, *, system_zone: bool) -> None:
    """Set up a session whose statements may take ``seconds``.

    ``system_zone`` gives it the zone of the machine that the server runs on, in which InnoDB
    says when transactions began.

    Raises:
        TargetError: it could not be made read-only, or was lost.
    """
    try:
        await link.ask(_READ_ONLY)
    except LostError:
        raise
    except TargetError as error:
        sentence = f"the session cannot be made read-only: {error}"
        raise TargetError(error.reason, sentence) from None
    zone = ("SET SESSION time_zone = 'SYSTEM'",) if system_zone else ()
    for statement in (*zone, *_settings(seconds, mariadb=link.mariadb)):
        try:
            await link.ask(statement)
        except LostError:
            raise
        except TargetError:
            # Forks and proxies do not know every one of them; we keep our own time as well.
            continue


def _settings(seconds: float, *, mariadb: bool) -> Iterator[str]:
    yield (
        f"SET SESSION autocommit = 1, lock_wait_timeout = {_LOCK_SECONDS},"
        f" innodb_lock_wait_timeout = {_LOCK_SECONDS}"
    )
    if mariadb:
        yield f"SET SESSION max_statement_time = {seconds:.3f}"
        # Figures of the server have no index, which it may have been told to log.
        yield "SET SESSION slow_query_log = 0"
    else:
        yield f"SET SESSION max_execution_time = {max(1, round(seconds * 1000))}"
        # Sizes of tables are those of the day before otherwise.
        yield "SET SESSION information_schema_stats_expiry = 0"
    # Whether a statement only reads is judged by where its texts end.
    yield "SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', '')"
