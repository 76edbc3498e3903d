"""A check's connection to its Redis server: opened, logged in, dropped, reopened."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.probe import ProbeEnv
from checks.probes.redis.config import RedisConfig, Tls, parse_url
from checks.probes.redis.reply import Command, ErrorReply, code_of
from checks.settings import SecretCommand

if TYPE_CHECKING:
    from checks.probes.redis.wire import RedisLink, Replies

__all__ = ["AnsweredError", "Session"]

_COMMAND_EVERY: Final = 60.0
"""Seconds between two runs of a command that prints the password."""


class AnsweredError(TargetError):
    """The server answered, in its protocol, that it does not serve us."""


class Session:
    """At most one connection, made when first asked for.

    After a password was refused it is not sent again until the credential changes, since
    accounts lock: until then the connection is only pinged.
    """

    def __init__(self, config: RedisConfig, env: ProbeEnv, check: str) -> None:
        self.address = parse_url(config.url)
        self.username = config.username or self.address.username
        self._config = config
        self._env = env
        self._check = check
        self._link: RedisLink | None = None
        self._context: ssl.SSLContext | None = None
        self._logged_in = False
        self._refused: str | None = None
        self._password = ""
        self._password_at: float | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a connection that is logged in."""
        return self._logged_in

    async def ask(self, commands: Sequence[Command], phases: Phases) -> Replies:
        """The replies to ``commands``, sent in one write.

        A connection that the server has closed while it was idle is reopened once.

        Raises:
            AnsweredError: it answered, but wants credentials or will not serve us.
            TargetError: it cannot be reached or does not answer as Redis does.
        """
        from checks.probes.redis.wire import ClosedError  # noqa: PLC0415

        used = self._logged_in
        try:
            try:
                return await self._ask(commands, phases)
            except ClosedError:
                if not used:
                    raise
                self.drop()
                return await self._ask(commands, phases)
        except ClosedError as error:
            if error.said is not None:
                raise self._turned_away(error.said) from None
            raise

    def drop(self) -> None:
        """Close the connection at once; what was under way on it is lost."""
        link, self._link = self._link, None
        self._logged_in = False
        if link is not None:
            link.abort()

    async def _ask(self, commands: Sequence[Command], phases: Phases) -> Replies:
        if self._link is None:
            self._link = await self._open(phases)
        if not self._logged_in:
            phases.enter("credential")
            password = await self._credential()
            phases.enter("login")
            await self._log_in(self._link, password)
            self._logged_in = True
        phases.enter("answer")
        replies = await self._link.ask(commands)
        phases.end()
        if any(code_of(reply) == "NOAUTH" for reply in replies.values):
            raise self._wants_password()
        return replies

    async def _open(self, phases: Phases) -> RedisLink:
        from checks.probes.redis.wire import RedisLink  # noqa: PLC0415

        if self.address.tls and self._context is None:
            self._context = tls_context(self._config.tls, self._env)
        link = RedisLink(self.address, self._context, self._config.tls.server_name or "")
        await link.open(self._env.resolver, phases)
        return link

    async def _log_in(self, link: RedisLink, password: str) -> None:
        if password and password == self._refused:
            if code_of((await link.ask([("PING",)])).values[0]) in {"NOAUTH", "WRONGPASS"}:
                raise self._wrong_password()
            self._refused = None
        elif password:
            await self._authenticate(link, password)
        await self._introduce(link)

    async def _authenticate(self, link: RedisLink, password: str) -> None:
        user = (self.username,) if self.username else ()
        reply = (await link.ask([("AUTH", *user, password)])).values[0]
        if not isinstance(reply, ErrorReply):
            self._refused = None
        elif "without any password configured" in reply.text or "no password is set" in reply.text:
            # The server lets everybody in; what we have is simply not needed.
            self._refused = None
        elif "wrong number of arguments" in reply.text:
            raise AnsweredError(
                "config",
                f"{self.address} is older than Redis 6 and knows no users: leave "
                f'redis.username of "{self._check}" out',
            )
        elif reply.code in {"WRONGPASS", "ERR"}:
            self._refused = password
            raise self._wrong_password()
        else:
            raise self._turned_away(reply)

    async def _introduce(self, link: RedisLink) -> None:
        commands: list[Command] = [("PING",)]
        if self._config.client_name:
            commands.append(("CLIENT", "SETNAME", self._config.client_name))
        if self.address.db:
            commands.append(("SELECT", self.address.db))
        replies = (await link.ask(commands)).values
        if code_of(replies[0]) == "NOAUTH":
            raise self._wants_password()
        if self.address.db and isinstance(replies[-1], ErrorReply):
            # Others than these two pass: a script that blocks the server (BUSY) is one.
            reason = {"NOPERM": "permission", "ERR": "config"}.get(replies[-1].code, "limit")
            raise AnsweredError(
                reason, f"{self.address} refuses database {self.address.db}: {replies[-1]}"
            )

    async def _credential(self) -> str:
        source = self._config.password
        if source is None:
            return await self._env.secret(self.address.password) if self.address.password else ""
        now = self._env.clock.now()
        costly = isinstance(source, SecretCommand) and source.command is not None
        fresh = self._password_at is not None and now - self._password_at < _COMMAND_EVERY
        if not (costly and fresh):
            self._password = await self._env.secret(source)
            self._password_at = now
        return self._password

    def _wants_password(self) -> AnsweredError:
        return AnsweredError(
            "auth",
            f'{self.address} asks for a password: give it in the configuration of "{self._check}" '
            "as redis.password, and redis.username for a user of its ACL",
        )

    def _wrong_password(self) -> AnsweredError:
        whose = f'of user "{self.username}"' if self.username else "of the default user"
        return AnsweredError(
            "auth",
            f"{self.address} refuses the password {whose}: correct redis.password of "
            f'"{self._check}"; until it changes only reachability is checked',
        )

    def _turned_away(self, said: ErrorReply) -> TargetError:
        if "max number of clients" in said.text:
            return AnsweredError(
                "limit",
                f"{self.address} refuses further connections: maxclients is reached; "
                "close clients that idle, or raise maxclients",
            )
        if said.code == "DENIED":
            return AnsweredError(
                "permission",
                f"{self.address} is in protected mode and serves only its own host: "
                "set a password there, or watch it from there",
            )
        return AnsweredError("protocol", f"{self.address} refuses the connection: {said}")


def tls_context(tls: Tls, env: ProbeEnv) -> ssl.SSLContext:
    """The context for a rediss:// connection. Raises TargetError where a file is no good."""
    try:
        context = ssl.create_default_context(cafile=str(env.path(tls.ca)) if tls.ca else None)
        if tls.cert:
            key = str(env.path(tls.key)) if tls.key else None
            # A password prompt would hang the engine; an encrypted key is refused instead.
            context.load_cert_chain(str(env.path(tls.cert)), key, password=_no_password)
    except FileNotFoundError:
        files = ", ".join(name for name in (tls.ca, tls.cert, tls.key) if name)
        raise TargetError("config", f"a file of redis.tls is missing, one of: {files}") from None
    except (OSError, ValueError) as error:
        raise TargetError("config", f"redis.tls cannot be used: {error}") from None
    context.check_hostname = tls.verify == "full"
    if tls.verify == "none":
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    raise ValueError("the private key is encrypted; give it without a passphrase")
