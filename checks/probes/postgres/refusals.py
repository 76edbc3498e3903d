"""What a server says instead of serving us, in sentences. Pure; by SQLSTATE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.errors import TargetError
from checks.model import clean

__all__ = ["AGAIN", "AnsweredError", "OtherProtocolError", "Said", "refusal", "statement_error"]


AGAIN: Final = 300.0
"""Seconds after which a login is tried again that came to nothing and will unless somebody
changes something."""


class OtherProtocolError(TargetError):
    """What answers is no PostgreSQL, beyond doubt."""


class AnsweredError(TargetError):
    """The server answered, in its protocol, that it does not serve us.

    ``serving`` is False where it serves nobody at all for the time being, ``outage`` where it
    serves others as ever. ``lasting`` says that it stays so until somebody changes something.
    """

    def __init__(
        self,
        reason: str,
        sentence: str,
        *,
        serving: bool = True,
        outage: bool = True,
        lasting: bool = False,
    ) -> None:
        super().__init__(reason, sentence)
        self.serving = serving
        self.outage = outage
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Said:
    """A server's error: its SQLSTATE and its text."""

    code: str
    text: str
    detail: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return clean(self.text, 200).rstrip(".")


def refusal(said: Said, where: str, user: str, database: str) -> AnsweredError:
    """Why ``where`` does not let ``user`` into ``database``."""
    if said.code == "57P03":
        return AnsweredError("loading", _not_now(said, where), serving=False)
    if said.code in ("57P01", "57P02"):
        return AnsweredError("loading", f"{where} is shutting down ({said})", serving=False)
    reason, sentence = _REFUSALS.get(said.code, ("", ""))
    if said.code == "53300" and (own := _own_limit(said, where, user, database)):
        return AnsweredError("limit", own, outage=False)
    if said.code == "28000":
        reason, sentence = "auth", _not_allowed(said.text)
    if said.code == "08P01" and "startup parameter" in said.text:
        reason, sentence = "config", _POOLER
    if not sentence:
        reason, sentence = "protocol", "{where} refuses the connection: {said}"
    lasting = said.code in _LASTING
    sentence = sentence.format(where=where, user=user, database=database, said=said)
    if lasting:
        sentence += f" (tried again every {AGAIN / 60:.0f} min)"
    return AnsweredError(reason, sentence, lasting=lasting)


def _own_limit(said: Said, where: str, user: str, database: str) -> str:
    """The sentence for a CONNECTION LIMIT of the role or the database; empty for other limits."""
    found = _LIMIT.search(said.text)
    if found is None:
        return ""
    kind = found["kind"]
    name = user if kind == "role" else database
    return (
        f"{where} serves others, but {kind} {name} has used up its CONNECTION LIMIT ({said}): "
        f"ALTER {kind.upper()} {name} CONNECTION LIMIT 50; a check takes 2, and for moments 3"
    )


def _not_now(said: Said, where: str) -> str:
    text = said.text
    if "starting up" in text:
        return f"{where} is starting up and lets nobody in yet"
    if "shutting down" in text:
        return f"{where} is shutting down and lets nobody in"
    if "in recovery mode" in text:
        return (
            f"{where} recovers from a crash and lets nobody in: "
            "its log says which process died and of what"
        )
    if "hot standby mode is disabled" in said.text + said.detail:
        return f"{where} is a standby that takes no queries: set hot_standby = on to watch it"
    if "not yet accepting" in text or "consistent" in said.text + said.detail:
        return f"{where} is a standby that still catches up and lets nobody in yet ({said})"
    return f"{where} lets nobody in now: {said}"


def _not_allowed(text: str) -> str:
    """The sentence for a login that is refused whatever the password."""
    if "pg_hba.conf" in text and "no encryption" in text:
        return (
            "{where} keeps user {user} out of database {database}: {said}; "
            "add a line to its pg_hba.conf, or use TLS if its lines say hostssl (postgres.tls)"
        )
    if "pg_hba.conf" in text:
        return (
            "{where} keeps user {user} out of database {database}: {said}; "
            "add a line to its pg_hba.conf and reload it"
        )
    if "does not exist" in text:
        return (
            "{where} knows no role {user}: CREATE ROLE {user} LOGIN IN ROLE pg_monitor, "
            "or name another in postgres.url"
        )
    if "not permitted to log in" in text:
        return "role {user} may not log in at {where}: ALTER ROLE {user} LOGIN"
    if "Peer authentication" in text or "Ident authentication" in text:
        return (
            "{where} lets user {user} in only from the system account of that name ({said}): "
            "run onwatch as it, or name your own role in postgres.url"
        )
    return "{where} refuses user {user}: {said}"


_LIMIT: Final = re.compile(r"too many connections for (?P<kind>role|database)\b")
_POOLER: Final = (
    "{where} is a connection pooler, not the server ({said}): "
    "give the address of the PostgreSQL behind it"
)
_REFUSALS: Final = {
    "3D000": ("config", "{where} has no database {database}: correct it in postgres.url"),
    "42501": (
        "permission",
        "user {user} may not connect to database {database} at {where}: "
        "GRANT CONNECT ON DATABASE {database} TO {user}",
    ),
    "53300": ("limit", "{where} has no connection left ({said}): who holds them all?"),
    "55000": ("config", "database {database} at {where} takes no connections ({said})"),
    "0A000": ("protocol", "{where} is too old for this protocol ({said})"),
    "53100": ("limit", "{where} cannot start a session, its disk is full ({said})"),
    "53200": ("limit", "{where} cannot start a session, it is out of memory ({said})"),
}
"""SQLSTATE, and the reason and sentence of a login that comes to it."""
_LASTING: Final = ("28000", "3D000", "42501", "55000")
"""SQLSTATEs of logins that come to nothing until somebody changes something."""


def statement_error(said: Said, waited: float) -> TargetError:
    """What became of a statement, as a clause without its subject (``it writes``).

    ``waited`` is the seconds it took.
    """
    found = _STATEMENTS.get(said.code)
    if said.code == "57014" and "user request" in said.text:
        found = ("timeout", "it was cancelled after {waited:.1f} s")
    if found is None:
        # Classes: insufficient resources, system error, internal error; the rest is the query's.
        kind = "limit" if said.code[:2] in ("53", "58", "XX") else "config"
        found = (kind, "{said}")
    reason, clause = found
    if reason == "permission" and said.detail:
        clause += " ({said.detail})"
    return TargetError(reason, clause.format(waited=waited, said=said))


_STATEMENTS: Final = {
    "57014": ("timeout", "it was stopped after {waited:.1f} s without an answer"),
    "55P03": ("timeout", "it waited {waited:.1f} s for a lock that somebody holds"),
    "25006": ("config", "it tries to write; queries must only read (one SELECT)"),
    "42501": ("permission", "{said}"),
    "42601": ("config", "{said}; it must be one SELECT statement"),
    "40P01": ("timeout", "it was the victim of a deadlock"),
    "40001": ("timeout", "it was in the way of the replay of changes ({said})"),
    "XX001": ("protocol", "the data is damaged ({said}): restore a backup"),
    "XX002": ("protocol", "an index is damaged ({said}): REINDEX it"),
}
