"""A check's connections to its server: opened, logged in, dropped, reopened."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from checks.databases.held import Held
from checks.dial import Phases, connection_error, dial, unix_socket
from checks.errors import TargetError
from checks.probe import ProbeEnv
from checks.probes.postgres.address import Address
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.greeting import Greeting, greet
from checks.probes.postgres.login import Login, Logins, Wishes
from checks.probes.postgres.refusals import AGAIN, AnsweredError, OtherProtocolError
from checks.tls import Contexts, NamedContext, Tls

if TYPE_CHECKING:
    from checks.probes.postgres.link import Link

__all__ = ["Door", "Session"]

_UNVERIFIED: Final = Tls(verify="none")


STRANGE: Final = 60.0
"""Seconds that what is no PostgreSQL is left alone at first; then two minutes, four, five."""


@dataclass(frozen=True, slots=True)
class _Hold:
    """Why nobody logs in with ``login`` before ``until``. ``greets`` says that the server asks
    for a password before it refuses, so that a greeting is no login."""

    error: TargetError
    until: float
    login: Login
    greets: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to connect: with this context, or without TLS."""

    context: NamedContext | None
    required: bool


class Door:
    """The way into one server, shared by all connections of a check.

    After a password was refused it is not sent again until the credential changes, since
    accounts lock: until then the server is only greeted. A login that fails for another lasting
    reason is a line in the server's log: it becomes rare. What speaks another protocol may count
    against this host what it takes for a broken login: it is left alone for a while.
    """

    def __init__(self, config: PostgresConfig, env: ProbeEnv, check: str) -> None:
        self._config = config
        self._env = env
        self._logins = Logins(config, env, check)
        self._contexts = Contexts(env, "postgres.tls")
        self._hold: _Hold | None = None
        self._strange = 0
        self.where = str(config.parsed())

    async def open(self, wishes: Wishes, within: float, phases: Phases) -> Link:
        """A new connection, in ``within`` seconds.

        Raises:
            AnsweredError: it answered, but wants credentials or will not serve us.
            SecretError: the password's source gave none.
            TargetError: it cannot be reached or does not answer as PostgreSQL does.
        """
        phases.enter("credential")
        login = await self._logins.find()
        self.where = str(login.address)
        await self._held_back(login, phases)
        try:
            link = await self._logged_in(login, wishes, within, phases)
        except AnsweredError as error:
            self._strange = 0
            if error.lasting:
                greets = phases.current == "login"
                self._hold = _Hold(error, self.now() + AGAIN, login, greets)
            raise
        except OtherProtocolError as error:
            pause = min(AGAIN, STRANGE * 2**self._strange)
            self._strange += 1
            self._hold = _Hold(error, self.now() + pause, login, greets=False)
            raise
        self._hold, self._strange = None, 0
        return link

    def now(self) -> float:
        """The time, in seconds."""
        return self._env.clock.now()

    async def _logged_in(self, login: Login, wishes: Wishes, within: float, phases: Phases) -> Link:
        from checks.probes.postgres.link import WrongPasswordError, open_link  # noqa: PLC0415

        host, context = await self._greeted(login, phases)
        phases.enter("login")
        try:
            link = await open_link(login, host, context, wishes, within)
        except WrongPasswordError:
            self._logins.refuse(login)
            raise
        phases.end()
        self._logins.accept()
        return link

    async def _held_back(self, login: Login, phases: Phases) -> None:
        """Raise what was said before where nothing can have changed; see that it is reachable,
        in a way that leaves no line in its log."""
        hold = self._hold
        if hold is None or hold.login != login or self.now() >= hold.until:
            return
        if isinstance(hold.error, OtherProtocolError):
            raise hold.error
        try:
            if hold.greets:
                await self._greeted(login, phases)
            else:
                sock, _ = await self._dial(login.address, phases)
                sock.close()
        except TargetError:
            # Another server may be there next.
            self._hold = None
            raise
        raise hold.error

    async def _greeted(self, login: Login, phases: Phases) -> tuple[str, NamedContext | None]:
        """The address and the context to log in with; raises where it would come to nothing."""
        first: TargetError | None = None
        for way in await self._ways(login.address):
            try:
                host, greeting = await self._knock(login.address, way, phases)
            except TargetError as error:
                # pg_hba.conf may forbid TLS, or demand it; or TLS is not agreed.
                if error.reason not in ("auth", "tls"):
                    raise
                first = first or error
                continue
            self._require_login(login, greeting)
            return host, way.context if greeting.tls else None
        assert first is not None  # noqa: S101 - there is always a way
        raise first

    def _require_login(self, login: Login, greeting: Greeting) -> None:
        """Raises where we could not log in, or had better not try."""
        if greeting.asks == "nothing":
            return
        if greeting.asks == "other":
            raise AnsweredError(
                "auth",
                f"{login.address} wants Kerberos, which is not supported: "
                f"let user {login.address.user} in by password in pg_hba.conf",
            )
        if not login.password:
            raise AnsweredError("auth", login.missing())
        if self._logins.refused(login):
            raise AnsweredError("auth", login.wrong())

    async def _knock(self, address: Address, way: _Way, phases: Phases) -> tuple[str, Greeting]:
        sock, host = await self._dial(address, phases)
        greeting = await greet(
            sock,
            {"user": address.user, "database": address.database, "application_name": "onwatch"},
            str(address),
            phases,
            way.context,
            required=way.required,
        )
        return host, greeting

    async def _dial(self, address: Address, phases: Phases) -> tuple[socket.socket, str]:
        """A connected socket, and the address or folder that it leads to."""
        if address.socket_folder:
            phases.enter("connect")
            sock = await _open_socket(address)
            phases.end()
            return sock, address.socket_folder
        target = address.hostaddr or address.host
        dialled = await dial(target, address.port, self._env.resolver, phases)
        return dialled.sock, dialled.address

    async def _ways(self, address: Address) -> tuple[_Way, ...]:
        """The ways to try, in libpq's order for the sslmode."""
        plain = _Way(None, required=False)
        if address.socket_folder:
            return (plain,)
        tls = self._config.tls or address.security.tls()
        if tls is not None:
            return (_Way(await self._context(tls, address), required=True),)
        if address.security.mode == "disable":
            return (plain,)
        offered = _Way(await self._context(_UNVERIFIED, address), required=False)
        return (plain, offered) if address.security.mode == "allow" else (offered, plain)

    async def _context(self, tls: Tls, address: Address) -> NamedContext:
        return await self._contexts.of(tls, tls.server_name or address.host or address.hostaddr)


class Session(Held["Link"]):
    """At most one connection, made when first asked for."""

    WAITING: ClassVar[frozenset[str]] = frozenset({"tls", "greeting"})

    def __init__(self, door: Door, wishes: Wishes) -> None:
        super().__init__(door.now)
        self._door = door
        self._wishes = wishes

    async def ensure(self, within: float, phases: Phases) -> Link:
        """The connection, opened if need be; raises as :meth:`Door.open` does."""
        link = self.link
        if link is None:
            opening = partial(self._door.open, self._wishes, within)
            link = self._link = await self.opened(phases, opening)
        return link

    async def leave(self, link: Link) -> None:
        await link.close()


async def _open_socket(address: Address) -> socket.socket:
    try:
        return await unix_socket(address.socket)
    except OSError as error:
        raise _socket_error(address, error) from None


def _socket_error(address: Address, error: OSError) -> TargetError:
    path = address.socket
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return TargetError(
            "refused",
            f"there is no socket {path}: is the server running? "
            "its port and unix_socket_directories say what it is called",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return TargetError("permission", f"this user may not use the socket {path}")
    if error.errno == errno.EAGAIN:
        return TargetError("timeout", f"{path} takes no more connections: does the server hang?")
    if "too long" in str(error):
        return TargetError("config", f"the path of the socket {path} is too long")
    return connection_error(error, path)
