"""As whom to log in: the URL, the password and the option files of the clients."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Final

from checks.errors import SecretError, TargetError
from checks.lanes import LaneBusyError
from checks.native.my_cnf import OptionFiles, option_files, read_option_files
from checks.passwords import PasswordKeeper
from checks.probe import ProbeEnv
from checks.probes.mysql.address import Address, Security, port_of
from checks.probes.mysql.config import MysqlConfig
from checks.tls import Tls

__all__ = ["Login", "Logins"]

_UNVERIFIED: Final = Tls(verify="none")


@dataclass(frozen=True, slots=True)
class Login:
    """A server, and a login there. ``source`` says where the password is from; ``remarks`` what
    is wrong with the files that were read. ``tls`` is None where TLS is not to be used."""

    address: Address
    password: str = field(default="", repr=False)
    source: str = ""
    remarks: tuple[str, ...] = ()
    tls: Tls | None = None
    tls_required: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What the server is told of who we are."""
        return (self.address.user, self.password)

    def wrong(self) -> str:
        """The sentence for a login that the server refused."""
        at = self.address
        if not self.password:
            return (
                f"{at} refuses user {at.user} without a password: give mysql.password, or write "
                f"it into ~/.my.cnf (user={at.user}, password=…){self._also}"
            )
        return (
            f"{at} refuses user {at.user} with the password from {self.source}: correct it; "
            f"until it changes only reachability is checked{self._also}"
        )

    @property
    def _also(self) -> str:
        return f" ({self.remarks[0]})" if self.remarks else ""


class Logins:
    """Finds out the login anew for every connection, so that what changed is taken up.

    Files are read in lanes: a home that hangs costs this check alone anything.
    """

    def __init__(self, config: MysqlConfig, env: ProbeEnv, check: str) -> None:
        self._config = config
        self._env = env
        self._check = check
        self._keeper = PasswordKeeper(env, config.password, config.parsed().password)

    async def find(self) -> Login:
        """The login as it is configured now.

        Raises:
            SecretError: a password's source gave none.
            TargetError: ``config``, where an option file holds nonsense.
        """
        configured = self._config.parsed()
        files = await self._files()
        address = _filled(configured, files).complete()
        password, source = await self._password(configured, address, files)
        tls, required = self._security(configured, address, files)
        return Login(address, password, source, files.problems, tls, required)

    async def _files(self) -> OptionFiles:
        if not self._config.option_files:
            return OptionFiles()
        paths = option_files(os.environ)
        try:
            return await self._env.lanes.run(
                f"my.cnf {self._check}", lambda: read_option_files(paths)
            )
        except LaneBusyError:
            raise SecretError("reading .my.cnf hangs: is the home directory reachable?") from None

    async def _password(
        self, configured: Address, address: Address, files: OptionFiles
    ) -> tuple[str, str]:
        if self._config.password is not None:
            return await self._keeper.password(), self._keeper.named("mysql.password")
        if configured.password:
            return await self._keeper.password(), "the URL"
        found = files.get("password")
        # The file's password belongs to the file's user.
        if not found or (files.get("user") and files.get("user") != address.user):
            return "", ""
        return await self._env.secret(found), str(files.origin["password"])

    def _security(
        self, configured: Address, address: Address, files: OptionFiles
    ) -> tuple[Tls | None, bool]:
        if self._config.tls is not None:
            return self._config.tls, True
        if address.socket:
            return None, False
        security = configured.security
        if security == Security():
            security = _security_of(files)
        tls = security.tls()
        if tls is not None:
            return tls, True
        return (None if security.mode == "disabled" else _UNVERIFIED), False


def _filled(address: Address, files: OptionFiles) -> Address:
    """``address`` with what it leaves out taken from the files."""
    whole = not (address.host or address.socket)
    try:
        port = address.port or (port_of(files.get("port"), "its") if whole else 0)
    except ValueError as error:
        raise TargetError("config", f"{files.origin['port']}: {error}") from None
    host = address.host
    if whole and files.get("host") not in ("", "localhost"):
        host = files.get("host")
    socket = files.get("socket") if whole and not host and not address.port else address.socket
    return replace(
        address,
        host=host,
        port=port if not socket else address.port,
        socket=socket,
        user=address.user or files.get("user"),
        database=address.database or files.get("database"),
    )


def _security_of(files: OptionFiles) -> Security:
    mode = files.get("ssl-mode")
    if files.has("ssl-verify-server-cert") and files.get("ssl-verify-server-cert") not in (
        *("0", "off", "OFF", "false", "FALSE"),
    ):
        mode = mode or "verify-identity"
    if files.has("skip-ssl") or files.get("ssl").lower() in ("0", "off", "false"):
        mode = "disabled"
    try:
        return Security(mode, *(files.get(f"ssl-{what}") for what in ("ca", "cert", "key")))
    except ValueError as error:
        raise TargetError("config", f"{files.origin['ssl-mode']}: {error}") from None
