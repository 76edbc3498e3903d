"""A session in a few words, for rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.databases.model import SessionRow

__all__ = ["at_rest", "client_of", "held_for", "short_state", "texts_of", "who"]

_SHORT: Final = {
    "idle in transaction": "idle in tx",
    "idle in transaction (aborted)": "aborted tx",
    "fastpath function call": "function",
}
"""States whose own words are long; the whole session shows them in full."""
_AT_REST: Final = ("idle", "sleep")
"""How states begin in which no statement runs."""


def short_state(session: SessionRow) -> str:
    """Its state in one or two words."""
    return _SHORT.get(session.state, session.state)


def who(session: SessionRow) -> str:
    """``app@shop``; what is missing is left out, and a session of onwatch's own is told."""
    name = "@".join(part for part in (session.user, session.database) if part)
    return name or session.application or ("onwatch" if session.own else "server")


def client_of(session: SessionRow) -> str:
    """Where it comes from, without the port, which says nothing to anybody else."""
    host, colon, port = session.client.rpartition(":")
    known = colon and port.isdigit() and (":" not in host or host.endswith("]"))
    return host if known else session.client


def at_rest(session: SessionRow) -> bool:
    """Whether it runs no statement at the moment, be a transaction open or not."""
    return session.idle or session.state.lower().startswith(_AT_REST)


def held_for(session: SessionRow) -> float | None:
    """The seconds that matter of it: those of its transaction where it only holds one open."""
    if session.transaction is not None and at_rest(session):
        return max(session.transaction, session.seconds or 0.0)
    return session.seconds


def texts_of(session: SessionRow) -> tuple[str, ...]:
    """Everything that a user would look for it by."""
    own = (session.application, session.state, session.waiting, session.query)
    return (str(session.pid), who(session), session.client, *own)
