"""What can be done to a session, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from checks.databases.model import Action
from checks.errors import TargetError
from checks.probes.postgres.sessions import session_key
from checks.probes.postgres.sql import statement_for

if TYPE_CHECKING:
    from checks.probes.postgres.link import Link

__all__ = ["ACTIONS", "Turn", "act_on"]

ACTIONS: Final = (
    Action(
        "cancel",
        "cancel the statement",
        "pg_cancel_backend: what the session runs ends with an error, the session stays",
    ),
    Action(
        "terminate",
        "terminate the session",
        "pg_terminate_backend: its transaction is rolled back and its connection closed",
    ),
)
LOOKS: Final = 8
"""How often it is looked whether the server has done it."""
PAUSE: Final = 0.1
"""Seconds between two looks."""


class Turn:
    """A connection that others use too, a statement at a time."""

    def __init__(self, link: Link, lock: asyncio.Lock) -> None:
        self.link = link
        self._lock = lock

    async def rows(self, name: str, pid: int, started: int) -> Sequence[Any]:
        """The rows of the statement ``name`` for that session."""
        async with self._lock:
            return await self.link.rows(statement_for(name, ()), pid, started)


async def act_on(turn: Turn, action: str, subject: str, own: frozenset[int], role: str) -> str:
    """Do ``action`` to the session of that id, if it still is that session; what came of it.

    ``own`` are processes that serve onwatch itself; ``role`` is the one it logs in as.
    """
    key = session_key(subject)
    if key is None:
        return (
            "nothing was done: when that session began is hidden from this role, so it cannot "
            f"be told from a later one: GRANT pg_monitor TO {role or 'it'}"
        )
    pid, started = key
    if pid in own:
        return f"nothing was done: session {pid} is onwatch's own"
    try:
        rows = await turn.rows(action, pid, started)
    except TargetError as error:
        return _refused(error, pid, role)
    if not rows:
        return f"nothing was done: session {pid} has gone"
    session = rows[0]
    who = f"session {pid} of {turn.link.text(session['usename'])}"
    if not session["done"]:
        return f"the server could not signal {who}: it is ending"
    try:
        seen = await _outcome(turn, action, who, key, session["query_start"])
    except TargetError as error:
        seen = f"whether it did could not be seen: {error}"
    told = "cancel its statement" if action == "cancel" else "end"
    return seen if who in seen else f"{who} was told from here to {told}; {seen}"


def _refused(error: TargetError, pid: int, role: str) -> str:
    if error.reason != "permission":
        return f"session {pid}: {error}"
    if "SUPERUSER" in str(error).upper():
        return f"session {pid} belongs to a superuser: only a superuser may do that ({error})"
    return f"role {role} may not do that: GRANT pg_signal_backend TO {role} ({error})"


async def _outcome(
    turn: Turn, action: str, who: str, key: tuple[int, int], statement: int | None
) -> str:
    """Watch the session for a moment; ``statement`` is when the one that was meant began."""
    for _ in range(LOOKS):
        seen = await turn.rows("session", *key)
        if not seen:
            return f"terminated {who} from here" if action == "terminate" else f"{who} has ended"
        state = seen[0]["state"] or "gone on"
        if action == "cancel" and state != "active":
            return f"{who} has had its statement cancelled from here; it is {state} now"
        if action == "cancel" and seen[0]["query_start"] != statement:
            return f"{who} has ended its statement; it runs another now"
        await asyncio.sleep(PAUSE)
    return "it has not yet: it may be busy; look again"
