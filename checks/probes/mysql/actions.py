"""Ending a statement or a session, bound to the one that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from checks.databases.model import Action
from checks.errors import TargetError
from checks.probes.mysql.server import Server
from checks.probes.mysql.sessions import STREAMS, Process, process_of, session_key
from checks.probes.mysql.sql import statement_for

if TYPE_CHECKING:
    from checks.probes.mysql.link import Link

__all__ = ["ACTIONS", "Ender"]

ACTIONS: Final = (
    Action(
        "cancel",
        "cancel the statement",
        "end the statement that it runs (KILL QUERY); the session stays",
    ),
    Action(
        "terminate",
        "terminate the session",
        "end the session (KILL CONNECTION); what it has not committed is undone",
    ),
)
_LEEWAY: Final = 1.5
"""Seconds by which the beginning of one statement may seem to move between two looks."""


class Ender:
    """Does the actions, over a connection that is given for each.

    ``seen`` are the processes as they were last shown, and when; ``boot`` names the
    server's life, ``own`` are our sessions.
    """

    def __init__(
        self,
        server: Server,
        boot: int,
        own: frozenset[int],
        seen: Mapping[int, tuple[Process, float]],
    ) -> None:
        self._server = server
        self._boot = boot
        self._own = own
        self._seen = seen
        self.denied = False
        """Whether the last action failed for want of a privilege."""

    async def act(self, link: Link, action: str, subject: str, now: float) -> str:
        """Do ``action`` to the session ``subject``; what came of it, as a sentence.

        Raises:
            TargetError: the connection was lost.
        """
        self.denied = False
        key = session_key(subject)
        if key is None:
            return f"there is no session {subject}: nothing was done"
        thread, boot = key
        if boot != self._boot:
            return f"the server was restarted since, session {thread} is gone: nothing was done"
        if thread in self._own:
            return f"session {thread} is onwatch's own: nothing was done"
        found = await link.ask(statement_for("session", self._server.flavours), ((thread,),))
        if not found.rows:
            return f"session {thread} has ended already, or may not be seen: nothing was done"
        process = process_of(dict(zip(found.columns, found.rows[0], strict=True)))
        refusal = self._refusal(process, action, now)
        if refusal:
            return f"session {thread} {refusal}: nothing was done"
        return await self._kill(link, process, action)

    def _refusal(self, process: Process, action: str, now: float) -> str:
        """Why nothing is done to it, as a clause; empty where something is."""
        if process.of_the_server or process.command in STREAMS:
            return "is one of the server's own, or feeds a replica"
        shown, at = self._seen.get(process.id, (None, 0.0))
        if shown is not None and (shown.user, shown.host) != (process.user, process.host):
            return "is another one by now"
        if action != "cancel":
            return ""
        if process.sleeps:
            return "runs no statement any more"
        if shown is not None and not _same_statement(shown, at, process, now):
            return "runs another statement by now, look again"
        return ""

    async def _kill(self, link: Link, process: Process, action: str) -> str:
        thread = process.id
        done = f"the statement of session {thread} was cancelled from onwatch"
        if action != "cancel":
            sql, done = f"KILL CONNECTION {thread}", f"session {thread} was terminated from onwatch"
        elif process.query_id:
            # The number of the statement, not of the session: no other can be hit.
            sql = f"KILL QUERY ID {process.query_id}"
        else:
            sql = f"KILL QUERY {thread}"
        try:
            await link.ask(sql)
        except TargetError as error:
            if link.closed:
                raise
            return self._failed(thread, str(error))
        return done

    def _failed(self, thread: int, said: str) -> str:
        lower = said.lower()
        if "unknown thread" in lower or "unknown query" in lower:
            return f"session {thread} has just ended it by itself: nothing was done"
        if "not owner" in lower or "access denied" in lower:
            self.denied = True
            privilege = "CONNECTION ADMIN" if self._server.mariadb else "CONNECTION_ADMIN"
            grant = f"GRANT {privilege} ON *.* TO {self._server.user}"
            return f"session {thread} may not be ended by this user: {grant}"
        return f"session {thread} could not be ended: {said}"


def _same_statement(shown: Process, at: float, process: Process, now: float) -> bool:
    """Whether it still runs what it ran when it was ``shown``."""
    if shown.sleeps:
        return False
    if shown.query_id and process.query_id:
        return shown.query_id == process.query_id
    began_then, began_now = at - shown.seconds, now - process.seconds
    # What was shown may have been cut off.
    same_text = process.info.startswith(shown.info)
    return same_text and abs(began_then - began_now) <= _LEEWAY
