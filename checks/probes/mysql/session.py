"""A check's connections to its server: opened, logged in, dropped, reopened.

What a broken login costs others is minded here: the server counts each against this host, and
refuses the whole host after ``max_connect_errors``. See :class:`Door` and :class:`Session`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from checks.databases.held import Held
from checks.dial import Phases, connection_error, place
from checks.errors import SecretError, TargetError
from checks.lanes import LaneBusyError
from checks.probe import ProbeEnv
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.knock import knock, knock_socket
from checks.probes.mysql.login import Login, Logins
from checks.probes.mysql.refusals import TOO_MANY, AnsweredError
from checks.probes.mysql.tally import Tally
from checks.tls import Contexts, NamedContext

if TYPE_CHECKING:
    from checks.probes.mysql.link import Link
    from checks.probes.mysql.opening import Opening

__all__ = ["Door", "Session"]

AGAIN: Final = 60.0
"""Seconds after which a refusal that may pass by itself is looked at again."""
BROKEN_OFF: Final = 5
"""Logins in a row that may break off before there is a pause of a minute, then two, four …"""
LONGEST_PAUSE: Final = 1800.0
_KNOCK_WITHIN: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Hold:
    """Why nobody logs in with the login ``key`` before ``until``."""

    error: TargetError
    until: float
    key: tuple[str, str]


class Door:
    """The way into one server, shared by all connections of a check.

    After a user or password was refused it is not sent again until it changes, since accounts
    lock. Logins that break off, for lack of a trusted certificate or of a plugin, become rare.
    Meanwhile the server is only knocked at, which it does not notice.
    """

    def __init__(self, config: MysqlConfig, env: ProbeEnv, check: str) -> None:
        self._config = config
        self._env = env
        self._check = check
        self._logins = Logins(config, env, check)
        self._contexts = Contexts(env, "mysql.tls")
        self._hold: _Hold | None = None
        self._broken = 0
        self._bare = False
        self._tally = Tally()
        self.where = str(config.parsed())
        self.remarks: tuple[str, ...] = ()
        self.extra_port = 0

    async def open(self, seconds: float, phases: Phases, *, system_zone: bool = False) -> Link:
        """A new connection whose statements may take ``seconds``.

        Raises:
            AnsweredError: it answered, but wants credentials or will not serve us.
            SecretError: the password's source gave none.
            TargetError: it cannot be reached or does not answer as MySQL does.
        """
        from checks.probes.mysql.opening import (  # noqa: PLC0415
            HandshakeError,
            Opening,
            WrongPasswordError,
        )

        phases.enter("credential")
        login = await self._logins.find()
        self.where, self.remarks = str(login.address), login.remarks
        await self._held_back(login, phases)
        opening = Opening(
            login, await self._context(login), seconds, system_zone, tally=self._tally
        )
        try:
            link = await self._through(opening, phases)
        except WrongPasswordError as error:
            self._hold = _Hold(error, math.inf, login.key)
            raise
        except HandshakeError as error:
            self._broke_off(error, login)
            raise
        except AnsweredError as error:
            if not error.code:
                self._broke_off(error, login)
            elif error.code != TOO_MANY and error.serving:
                self._hold = _Hold(error, self._env.clock.now() + AGAIN, login.key)
            raise
        self._hold, self._broken = None, 0
        return link

    async def _through(self, opening: Opening, phases: Phases) -> Link:
        from checks.probes.mysql.opening import HandshakeError  # noqa: PLC0415

        try:
            return await opening.open(self._env, phases)
        except HandshakeError as error:
            if error.reason != "tls" or opening.context is None or opening.login.tls_required:
                raise
            # TLS that nobody asked for is no reason to stay outside.
            self._bare = True
            return await replace(opening, context=None).open(self._env, phases)
        except AnsweredError as error:
            if error.code != TOO_MANY or not self.extra_port or opening.login.address.socket:
                raise
            return await replace(opening, port=self.extra_port).open(self._env, phases)

    def _broke_off(self, error: TargetError, login: Login) -> None:
        self._broken += 1
        if self._broken >= BROKEN_OFF:
            pause = min(LONGEST_PAUSE, AGAIN * 2 ** (self._broken - BROKEN_OFF))
            self._hold = _Hold(error, self._env.clock.now() + pause, login.key)

    async def _held_back(self, login: Login, phases: Phases) -> None:
        """Raise what was said before where nothing can have changed; see that it is reachable."""
        hold = self._hold
        if hold is None or hold.key != login.key or self._env.clock.now() >= hold.until:
            return
        try:
            await self._knock(login, phases)
        except TargetError:
            # Another server may be there next; what it thinks of the password has not changed.
            self._broken = 0
            if hold.until < math.inf:
                self._hold = None
            raise
        raise hold.error

    async def _knock(self, login: Login, phases: Phases) -> None:
        from checks.probes.mysql.opening import socket_error  # noqa: PLC0415

        address = login.address
        if address.socket:
            phases.enter("connect")
            try:
                await self._aside(lambda: knock_socket(address.socket))
            except OSError as error:
                raise socket_error(address.socket, error) from None
            return
        phases.enter("dns")
        found = (await self._env.resolver.addresses(address.host)).found
        phases.enter("connect")
        family, host = found[0]
        try:
            await self._aside(lambda: knock(family, host, address.port, _KNOCK_WITHIN))
        except OSError as error:
            raise connection_error(error, place(address.host, address.port)) from None

    async def _aside(self, call: Callable[[], None]) -> None:
        """A loop that is busy would complete what is to be taken back at once."""
        try:
            await self._env.lanes.run(f"knock {self._check}", call)
        except LaneBusyError:
            raise TimeoutError from None

    async def _context(self, login: Login) -> NamedContext | None:
        tls = login.tls
        if tls is None or (self._bare and not login.tls_required):
            return None
        return await self._contexts.of(tls, tls.server_name or login.address.host)


class Session(Held["Link"]):
    """At most one connection, made when first asked for."""

    WAITING: ClassVar[frozenset[str]] = frozenset({"greeting", "login"})

    def __init__(
        self, door: Door, seconds: float, env: ProbeEnv, *, system_zone: bool = False
    ) -> None:
        super().__init__(env.clock.now)
        self._door = door
        self._seconds = seconds
        self._system_zone = system_zone

    async def ensure(self, phases: Phases) -> Link:
        """The connection, opened if need be; raises as :meth:`Door.open` does."""
        link = self.link
        if link is None:
            link = self._link = await self.opened(phases, self._open)
        return link

    async def renew(self, phases: Phases) -> Link:
        """A new login in place of the one there is, since privileges count from the next login
        on; where that does not come about the connection stays. Raises as :meth:`ensure` does
        where there is none."""
        old = self.link
        if old is None:
            return await self.ensure(phases)
        try:
            link = await self.opened(phases, self._open)
        except (TargetError, SecretError):
            return old
        self._link = link
        await old.quit()
        return link

    def _open(self, phases: Phases) -> Coroutine[Any, Any, Link]:
        return self._door.open(self._seconds, phases, system_zone=self._system_zone)

    async def leave(self, link: Link) -> None:
        await link.quit()
