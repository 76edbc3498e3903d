"""A check's connection to its Redis server: opened, logged in, dropped, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.databases.asked import Ledger
from checks.dial import Phases
from checks.errors import TargetError
from checks.passwords import PasswordKeeper
from checks.probe import ProbeEnv
from checks.probes.redis.config import RedisConfig, parse_url
from checks.probes.redis.reply import Command, ErrorReply, code_of
from checks.tls import Contexts

if TYPE_CHECKING:
    from checks.probes.redis.wire import RedisLink, Replies

__all__ = ["AnsweredError", "Session"]


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
        self._contexts = Contexts(env, "redis.tls")
        self._logged_in = False
        self.ledger = Ledger(env.clock)
        self._rounds: dict[str, tuple[tuple[Command, ...], str]] = {}
        self._login = PasswordKeeper(env, config.password, self.address.password)

    @property
    def connected(self) -> bool:
        """Whether there is a connection that is logged in."""
        return self._logged_in

    async def ask(
        self,
        commands: Sequence[Command],
        phases: Phases,
        bound: int | None = None,
        *,
        name: str = "figures",
        cost: str = "",
    ) -> Replies:
        """The replies to ``commands``, sent in one write; of ``bound`` bytes at most, if given.

        The ledger keeps what the round took under ``name``; ``cost`` is as in the head of a
        statement's file.

        A connection that the server has closed while it was idle is reopened once.

        Raises:
            AnsweredError: it answered, but wants credentials or will not serve us.
            TargetError: it cannot be reached or does not answer as Redis does.
        """
        from checks.probes.redis.wire import ClosedError  # noqa: PLC0415

        used = self._logged_in
        try:
            try:
                replies = await self._ask(commands, phases, bound)
            except ClosedError:
                if not used:
                    raise
                self.drop()
                replies = await self._ask(commands, phases, bound)
        except ClosedError as error:
            if error.said is not None:
                raise self._turned_away(error.said) from None
            raise
        self._note(name, commands, replies, cost)
        return replies

    def _note(self, name: str, commands: Sequence[Command], replies: Replies, cost: str) -> None:
        sent = tuple(commands)
        known = self._rounds.get(name)
        if known is None or known[0] != sent:
            known = self._rounds[name] = (sent, "; ".join(" ".join(map(str, c)) for c in sent))
        self.ledger.note(name, known[1], replies.last, len(replies.values), cost=cost)

    def drop(self) -> None:
        """Close the connection at once; what was under way on it is lost."""
        link, self._link = self._link, None
        self._logged_in = False
        if link is not None:
            link.abort()

    async def _ask(self, commands: Sequence[Command], phases: Phases, bound: int | None) -> Replies:
        if self._link is None:
            self._link = await self._open(phases)
        if not self._logged_in:
            phases.enter("credential")
            password = await self._login.password()
            phases.enter("login")
            await self._log_in(self._link, password)
            self._logged_in = True
        phases.enter("answer")
        replies = await self._link.ask(commands, bound)
        phases.end()
        if any(code_of(reply) == "NOAUTH" for reply in replies.values):
            raise self._wants_password()
        return replies

    async def _open(self, phases: Phases) -> RedisLink:
        from checks.probes.redis.wire import RedisLink  # noqa: PLC0415

        tls = self._config.tls
        context = await self._contexts.of(tls) if self.address.tls else None
        link = RedisLink(self.address, context, tls.server_name or "")
        await link.open(self._env.resolver, phases)
        return link

    async def _log_in(self, link: RedisLink, password: str) -> None:
        if self._login.refused(password):
            if code_of((await link.ask([("PING",)])).values[0]) in {"NOAUTH", "WRONGPASS"}:
                raise self._wrong_password()
            self._login.accept()
        elif password:
            await self._authenticate(link, password)
        await self._introduce(link)

    async def _authenticate(self, link: RedisLink, password: str) -> None:
        user = (self.username,) if self.username else ()
        reply = (await link.ask([("AUTH", *user, password)])).values[0]
        if not isinstance(reply, ErrorReply):
            self._login.accept()
        elif "without any password configured" in reply.text or "no password is set" in reply.text:
            # The server lets everybody in; what we have is simply not needed.
            self._login.accept()
        elif "wrong number of arguments" in reply.text:
            raise AnsweredError(
                "config",
                f"{self.address} is older than Redis 6 and knows no users: leave "
                f'redis.username of "{self._check}" out',
            )
        elif "max number of clients" in reply.text:
            raise self._turned_away(reply)
        elif reply.code in {"WRONGPASS", "ERR"}:
            self._login.refuse(password)
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
