"""What a server says instead of serving us, in sentences. Pure; by the server's error number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.errors import TargetError
from checks.model import clean

__all__ = [
    "ACCESS_DENIED",
    "TOO_MANY",
    "AnsweredError",
    "Said",
    "grant_for",
    "refusal",
    "statement_error",
]


class AnsweredError(TargetError):
    """The server answered, in its protocol, that it does not serve us.

    ``code`` is the server's. ``serving`` is False where it serves nobody at all for now.
    """

    def __init__(
        self,
        reason: str,
        sentence: str,
        *,
        code: int = 0,
        serving: bool = True,
    ) -> None:
        super().__init__(reason, sentence)
        self.code = code
        self.serving = serving


@dataclass(frozen=True, slots=True)
class Said:
    """A server's error: its number, its text, and its SQLSTATE where it says one."""

    code: int
    text: str
    state: str = ""

    def __str__(self) -> str:
        return clean(self.text, 200).rstrip(".")


TOO_MANY: Final = 1040
ACCESS_DENIED: Final = 1045

_EXPIRED: Final = "the password of user {user} at {where} has expired: ALTER USER sets a new one"
_LOCKED: Final = "user {user} at {where} is locked: ALTER USER {user} ACCOUNT UNLOCK"
_REFUSALS: Final = {
    1698: (
        "auth",
        "{where} lets user {user} in only from the system account of that name, over the unix "
        "socket: run onwatch as it, or give user {user} a password",
    ),
    1040: (
        "limit",
        "{where} has no connection left (max_connections): GRANT CONNECTION ADMIN (MySQL: "
        "CONNECTION_ADMIN) gives onwatch the one that is kept back, extra_port on MariaDB another",
    ),
    1203: ("limit", "{where} lets user {user} have no more connections (max_user_connections)"),
    1226: ("limit", "{where} lets user {user} do no more for now ({said})"),
    1129: (
        "permission",
        "{where} has blocked this host after many broken connections (max_connect_errors): "
        "FLUSH HOSTS lifts that; its log says who broke them",
    ),
    1130: (
        "permission",
        "{where} lets nobody in from this host ({said}): "
        "CREATE USER {user}@'this host', or connect from another",
    ),
    1044: (
        "permission",
        "user {user} may not use database {database} at {where}, or there is no such database: "
        "correct it in mysql.url, or GRANT SELECT ON {database}.* TO {account}",
    ),
    1049: ("config", "{where} has no database {database}: correct it in mysql.url"),
    1053: ("loading", "{where} is shutting down"),
    1251: ("auth", "{where} wants a login that is not supported for user {user} ({said})"),
    3159: ("tls", "{where} takes connections with TLS alone: give mysql.tls"),
    1820: ("auth", _EXPIRED),
    1862: ("auth", _EXPIRED),
    3118: ("auth", _LOCKED),
    4151: ("auth", _LOCKED),
    4166: (
        "auth",
        "user {user} at {where} is blocked after too many wrong passwords "
        "(max_password_errors): FLUSH PRIVILEGES lifts that",
    ),
    1043: ("protocol", "{where} did not understand the login ({said})"),
}
"""Error number, and the reason and sentence of a login that comes to it."""


def refusal(said: Said, where: str, user: str, database: str) -> AnsweredError:
    """Why ``where`` does not let ``user`` into ``database``."""
    named = _ACCOUNT.search(said.text)
    account = named["account"] if named is not None else user
    reason, sentence = _REFUSALS.get(
        said.code, ("protocol", "{where} refuses the connection: {said}")
    )
    return AnsweredError(
        reason,
        sentence.format(where=where, user=user, account=account, database=database, said=said),
        code=said.code,
        serving=said.code != 1053,
    )


def statement_error(said: Said, waited: float) -> TargetError:
    """What became of a statement, as a clause without its subject (``it writes``).

    ``waited`` is the seconds it took.
    """
    found = _STATEMENTS.get(said.code)
    if found is None:
        found = ("limit" if said.code in _SHORTAGES else "config", "{said}")
    reason, clause = found
    return TargetError(reason, clause.format(waited=waited, said=said))


_STATEMENTS: Final = {
    1969: ("timeout", "it was stopped after {waited:.1f} s without an answer"),
    3024: ("timeout", "it was stopped after {waited:.1f} s without an answer"),
    1317: ("timeout", "somebody cancelled it after {waited:.1f} s"),
    1205: ("timeout", "it waited {waited:.1f} s for a lock that somebody holds"),
    1213: ("timeout", "it was the victim of a deadlock"),
    1792: ("config", "it tries to write; queries must only read (one SELECT)"),
    1044: ("permission", "{said}"),
    1142: ("permission", "{said}"),
    1143: ("permission", "{said}"),
    1227: ("permission", "{said}"),
    1370: ("permission", "{said}"),
    1373: ("permission", "{said}"),
    1045: ("permission", "{said}"),
    1064: ("config", "{said}; it must be one SELECT statement"),
}
_SHORTAGES: Final = (1021, 1030, 1037, 1038, 1041, 1114, 1135, 3, 5, 1015, 1016)
"""Disk full, out of memory, no thread and the like."""

_PRIVILEGES = re.compile(r"the (?P<names>[A-Z_, ]+?) privilege")
_COMMAND = re.compile(r"^(?P<names>[A-Z][A-Z, ]*) command denied", re.IGNORECASE)
_TABLE = re.compile(r"(?:for|in) table [`']?(?P<name>[^`' ]+(?:`\.`[^`]+)?)[`']?")
_ROUTINE = re.compile(r"for routine '(?P<name>[^']+)'")
_DATABASE = re.compile(r"to database '(?P<name>[^']+)'")
_ACCOUNT = re.compile(r"for user (?P<account>'[^']*'@'[^']*') to database")


def grant_for(text: str, user: str, *, mariadb: bool, schema: str = "performance_schema") -> str:
    """The GRANT that would allow what was denied with ``text``; ``schema`` is the one of tables
    that are named without theirs."""
    named = _PRIVILEGES.search(text)
    if named is not None:
        names = [name.strip() for name in named["names"].split(",")]
        # SUPER allows it too, and everything else besides.
        return f"GRANT {next((n for n in names if n != 'SUPER'), 'SUPER')} ON *.* TO {user}"
    table = _TABLE.search(text)
    if table is not None:
        name = table["name"].replace("`", "")
        shown = name if "." in name or not schema else f"{schema}.{name}"
        if shown.startswith("performance_schema."):
            # What is read there takes several of its tables.
            shown = "performance_schema.*"
        command = _COMMAND.search(text)
        return f"GRANT {command['names'].upper() if command else 'SELECT'} ON {shown} TO {user}"
    routine, database = _ROUTINE.search(text), _DATABASE.search(text)
    if routine is not None:
        return f"GRANT EXECUTE ON FUNCTION {routine['name']} TO {user}"
    if database is not None:
        return f"GRANT SELECT ON {database['name']}.* TO {user}"
    return f"GRANT PROCESS, {'SLAVE MONITOR' if mariadb else 'REPLICATION CLIENT'} ON *.* TO {user}"
