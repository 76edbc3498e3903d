"""Opening a connection: connected, greeted, logged in, set up; or the sentence why not."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

import pymysql

from checks.dial import Phases, connection_error, dial, unix_socket
from checks.errors import TargetError
from checks.model import clean
from checks.probe import ProbeEnv
from checks.probes.mysql.link import GARBAGE, Link
from checks.probes.mysql.login import Login
from checks.probes.mysql.refusals import ACCESS_DENIED, AnsweredError, Said, refusal
from checks.probes.mysql.setup import set_up
from checks.probes.mysql.tally import Tally
from checks.probes.mysql.wire import ClosedError, LimitError, PluginError, ServerError, Wire
from checks.tls import NamedContext

__all__ = ["HandshakeError", "Opening", "WrongPasswordError", "socket_error"]


class WrongPasswordError(AnsweredError):
    """The server refused the user or the password."""


class HandshakeError(TargetError):
    """It broke off amid the login, which the server counts against this host."""


_KNOWN: Final = (
    *(TargetError, ServerError, PluginError, OSError, RuntimeError, pymysql.Error, *GARBAGE),
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a connection is opened with: ``seconds`` and ``system_zone`` as :func:`set_up` takes
    them; ``port`` is another one than the address's; ``tally`` counts what is sent."""

    login: Login
    context: NamedContext | None
    seconds: float
    system_zone: bool = False
    port: int = 0
    tally: Tally = field(default_factory=Tally)

    async def open(self, env: ProbeEnv, phases: Phases) -> Link:
        """The connection. Phases: dns, connect, greeting, login.

        Raises:
            WrongPasswordError: user or password were refused.
            AnsweredError: the server will not serve us otherwise.
            HandshakeError: it broke off amid the login.
            TargetError: it cannot be reached.
        """
        address = self.login.address
        host = address.host or "localhost"
        wire = Wire(address.user, self.login.password, address.database, host, self.tally)
        link = None
        try:
            link = await self._through(wire, env, phases)
        except _KNOWN as error:
            raise self._said_of(error, phases.current) from None
        finally:
            if link is None:
                wire.abort()
        phases.end()
        return link

    async def _through(self, wire: Wire, env: ProbeEnv, phases: Phases) -> Link:
        sock = await _connected(self.login, env, phases, self.port)
        phases.enter("greeting")
        reader, writer = await asyncio.open_connection(sock=sock)
        await wire.greet(reader, writer, local=bool(self.login.address.socket))
        context = self.context
        if context is not None and not wire.offers_tls:
            if self.login.tls_required:
                text = f"{self.where} offers no TLS: set it up there, or leave mysql.tls out"
                raise HandshakeError("tls", text)
            context = None
        phases.enter("login")
        await wire.log_in(context)
        link = Link(wire, self.where)
        await set_up(link, self.seconds, system_zone=self.system_zone)
        return link

    @property
    def where(self) -> str:
        """The server, for people."""
        return str(self.login.address)

    def _said_of(self, error: Exception, phase: str) -> Exception:
        """What is raised in the place of ``error``."""
        if isinstance(error, ServerError):
            return self._refused(error.said)
        if isinstance(error, PluginError):
            return AnsweredError("auth", self._plugin(str(error)))
        if isinstance(error, RuntimeError) and "cryptography" in str(error):
            return AnsweredError("auth", self._plugin("cryptography"))
        if isinstance(error, ClosedError | LimitError):
            return HandshakeError("protocol", f"{self.where} {_amid(error, phase)}")
        if isinstance(error, ssl.SSLError):
            return HandshakeError("tls", _tls_sentence(error, self.where))
        return self._otherwise(error, phase)

    def _otherwise(self, error: Exception, phase: str) -> Exception:
        if isinstance(error, TargetError):
            return error
        if isinstance(error, OSError):
            return connection_error(error, self.where)
        if isinstance(error, GARBAGE):
            return HandshakeError("protocol", f"{self.where} does not greet as MySQL does")
        text = f"{self.where}: the {phase} failed: {clean(error, 200)}"
        return HandshakeError("protocol", text)

    def _refused(self, said: Said) -> AnsweredError:
        if said.code == ACCESS_DENIED:
            return WrongPasswordError("auth", self.login.wrong(), code=ACCESS_DENIED)
        address = self.login.address
        return refusal(said, self.where, address.user, address.database)

    def _plugin(self, name: str) -> str:
        """The sentence for a login that we do not know, or do not use so."""
        user = self.login.address.user
        sentence = _PLUGINS.get(name, _PLUGIN_SENT if " " in name else _PLUGIN_OTHER)
        return sentence.format(where=self.where, user=user, name=clean(name, 60))


_PLUGINS: Final = {
    "cryptography": "{where} wants the password of user {user} encrypted (caching_sha2_password "
    "without TLS): give mysql.tls, or install the package cryptography",
    "client_ed25519": "{where} wants user {user} to log in by ed25519, which is not supported: "
    "give onwatch a user of its own, or ALTER USER {user} IDENTIFIED VIA "
    "mysql_native_password USING PASSWORD('…')",
    "dialog": "{where} wants user {user} to log in by PAM, which is not supported: "
    "give onwatch a user of its own with a password",
    "auth_gssapi_client": "{where} wants user {user} to log in by Kerberos, which is not "
    "supported: give onwatch a user of its own with a password",
}
_PLUGIN_SENT: Final = "{where} asks user {user} for {name}: it is not sent; use mysql.tls"
_PLUGIN_OTHER: Final = (
    "{where} wants user {user} to log in by the plugin {name}, which is not supported: "
    "give onwatch a user of its own with a password"
)


def _amid(error: TargetError, phase: str) -> str:
    if isinstance(error, LimitError) or "does not answer" in str(error):
        return "does not greet as MySQL does"
    if phase == "greeting":
        return "closed the connection without a greeting: is it MySQL, or is it starting?"
    return "closed the connection amid the login; its log may say why"


def _tls_sentence(error: ssl.SSLError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        what = clean(error.verify_message or error, 160)
        return (
            f"the certificate of {where} is not trusted ({what}): "
            "give its CA as mysql.tls.ca, its name as mysql.tls.server_name"
        )
    said = clean((error.reason or str(error)).replace("_", " ").lower(), 100)
    if "certificate required" in said or "bad certificate" in said:
        return f"{where} wants a client certificate: give mysql.tls.cert and mysql.tls.key"
    return f"the TLS handshake with {where} failed: {said}"


async def _connected(login: Login, env: ProbeEnv, phases: Phases, port: int) -> socket.socket:
    address = login.address
    if not address.socket:
        dialled = await dial(address.host, port or address.port, env.resolver, phases)
        # The greeting of a server that hangs is waited for; its host may vanish meanwhile.
        dialled.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return dialled.sock
    phases.enter("connect")
    try:
        return await unix_socket(address.socket)
    except OSError as error:
        raise socket_error(address.socket, error) from None


def socket_error(path: str, error: OSError) -> TargetError:
    """Why the unix socket at ``path`` leads nowhere."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        text = f"there is no socket {path}: is the server running? its socket= says where it is"
        return TargetError("refused", text)
    if error.errno in (errno.EACCES, errno.EPERM):
        return TargetError("permission", f"this user may not use the socket {path}")
    if error.errno == errno.EAGAIN:
        return TargetError("timeout", f"{path} takes no more connections: does the server hang?")
    if "too long" in str(error):
        return TargetError("config", f"the path of the socket {path} is too long")
    return connection_error(error, path)
