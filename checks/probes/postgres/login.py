"""As whom to log in: the service file, the password and all the places it may be kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from checks.errors import SecretError, TargetError
from checks.lanes import LaneBusyError
from checks.native.pg_service import find_service, service_file_paths
from checks.native.pgpass import PassFile, pass_file_path, read_pass_file
from checks.passwords import PasswordKeeper
from checks.probe import ProbeEnv
from checks.probes.postgres.address import Address, with_service
from checks.probes.postgres.config import PostgresConfig

__all__ = ["Login", "Logins", "Wishes"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Login:
    """A server, and a login there. ``remark`` says what a refusal or a missing password may
    come of; ``source`` where the password is from."""

    address: Address
    password: str = field(default="", repr=False)
    source: str = ""
    remark: str = ""

    def missing(self) -> str:
        """The sentence for a server that wants a password where there is none."""
        at = self.address
        host = "localhost" if at.socket_folder else at.host
        line = f"{host}:{at.port}:{at.database}:{at.user}:PASSWORD"
        return (
            f"{at} asks user {at.user} for a password and there is none: give postgres.password, "
            f"or write {line} into ~/.pgpass{self._also}"
        )

    def wrong(self) -> str:
        """The sentence for a password that the server refused."""
        where = f" from {self.source}" if self.source else ""
        return (
            f"{self.address} refused the password of user {self.address.user}{where}: "
            f"correct it; it is not sent again until it changes{self._also}"
        )

    @property
    def _also(self) -> str:
        return f" ({self.remark})" if self.remark else ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a session asks of its server. ``unconverted`` wants texts as they are stored, so
    that a byte which is no text makes no statement fail."""

    settings: Mapping[str, str]
    unconverted: bool = False


class Logins:
    """Finds out the login anew for every connection, so that what changed is taken up.

    Files are read in lanes: a home that hangs costs this check alone anything.
    """

    def __init__(self, config: PostgresConfig, env: ProbeEnv, check: str) -> None:
        self._config = config
        self._env = env
        self._check = check
        self._keeper = PasswordKeeper(env, config.password)
        self._finding = asyncio.Lock()

    async def find(self) -> Login:
        """The login as it is configured now.

        Raises:
            SecretError: a password's source gave none.
            TargetError: ``config``, where a service cannot be followed.
        """
        # Two connections that are opened at once read the same files.
        async with self._finding:
            address = self._config.parsed()
            remark = ""
            name = self._config.service_name()
            if name:
                address, remark = await self._of_service(name, address)
            return await self._with_password(address.complete(), remark)

    def refused(self, login: Login) -> bool:
        """Whether the server has refused this very password before."""
        return self._keeper.refused(login.password)

    def refuse(self, login: Login) -> None:
        """The server refused the password."""
        self._keeper.refuse(login.password)

    def accept(self) -> None:
        """The server let us in."""
        self._keeper.accept()

    async def _of_service(self, name: str, address: Address) -> tuple[Address, str]:
        paths = service_file_paths(os.environ)
        service = await self._read("pg_service.conf", lambda: find_service(name, paths))
        if not service.found:
            why = service.problem or f"none of {', '.join(map(str, paths[:3]))} has it"
            raise TargetError("config", f"there is no service {name}: {why}")
        if service.problem:
            raise TargetError("config", f"service {name} of {service.path}: {service.problem}")
        try:
            filled = with_service(address, service.parameters)
        except ValueError as error:
            raise TargetError("config", f"service {name} of {service.path}: {error}") from None
        remark = f"everybody can read the password in {service.path}" if service.exposed else ""
        return filled, remark

    async def _with_password(self, address: Address, remark: str) -> Login:
        if self._config.password is not None:
            key = self._keeper.named("postgres.password")
            return Login(address, await self._keeper.password(), key, remark)
        if address.password:
            source = "the service file" if not self._config.parsed().password else "the URL"
            return Login(address, await self._env.secret(address.password), source, remark)
        named = os.environ.get("PGPASSWORD", "")
        if named:
            return Login(address, await self._env.secret(named), "PGPASSWORD", remark)
        return await self._of_pass_file(address, remark)

    async def _of_pass_file(self, address: Address, remark: str) -> Login:
        path = self._env.path(address.passfile) if address.passfile else pass_file_path(os.environ)
        if path is None:
            return Login(address, remark=remark)
        file = await self._read(".pgpass", lambda: read_pass_file(path))
        password = _of(file, address)
        if not password:
            return Login(address, remark=file.problem or remark)
        return Login(address, await self._env.secret(password), str(path), remark)

    async def _read(self, what: str, call: Callable[[], T]) -> T:
        try:
            return await self._env.lanes.run(f"{what} {self._check}", call)
        except LaneBusyError:
            raise SecretError(f"reading {what} hangs: is the home directory reachable?") from None


def _of(file: PassFile, address: Address) -> str:
    """The password of ``file`` for ``address``; empty where it has none."""
    return file.password(address.host, address.port, address.database, address.user)
