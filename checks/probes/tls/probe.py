"""One run of a tls check: connect, ask for TLS, shake hands, part."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass, field

from checks.certificates import sent_chain, verified_chain
from checks.dial import Dialled, Phases, connection_error, dial
from checks.errors import TargetError
from checks.model import Result
from checks.probe import Target
from checks.probes.tls.config import TlsConfig
from checks.probes.tls.contexts import any_context, strict_context
from checks.probes.tls.details import Detailed, detailed
from checks.probes.tls.handshake import Handshake, HungUpError
from checks.probes.tls.report import Reporter
from checks.probes.tls.sentences import (
    distrusted,
    failed,
    hung_up,
    name_of,
    silence,
    without_certificate,
)
from checks.probes.tls.starttls import start_tls
from checks.tls import version_text

__all__ = ["Seen", "TlsProbe"]


@dataclass(slots=True, eq=False)
class Seen:
    """What has come to light of the server, also where the run failed.

    ``anonymous`` says that a cipher was agreed on and no certificate shown; ``well`` says that
    the handshake we meant went well, so that only its end is missing.
    """

    phases: Phases = field(default_factory=Phases)
    dialled: Dialled | None = None
    sent: tuple[Detailed, ...] = ()
    verified: tuple[Detailed, ...] = ()
    version: str = ""
    cipher: str = ""
    anonymous: bool = False
    well: bool = False

    def take(self, tls: ssl.SSLObject) -> None:
        """Remember what the handshake agreed on."""
        self.sent = detailed(sent_chain(tls))
        self.verified = detailed(verified_chain(tls))
        self.version = version_text(tls.version())
        self.cipher = (tls.cipher() or ("",))[0]
        self.anonymous = tls.getpeercert(binary_form=True) is None


class TlsProbe:
    """Connects anew at every run: what matters is what a new client is shown."""

    def __init__(self, config: TlsConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._reporter = Reporter(config, target)
        self._unchanging = not (config.ca or config.cert or config.key)
        self._context: ssl.SSLContext | None = None
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def run(self) -> Result:
        """Shake hands once, at most for the target's timeout."""
        seen = Seen()
        try:
            async with asyncio.timeout(self._patience):
                await self._shake(seen)
        except TimeoutError:
            if seen.well:
                return self._reporter.answered(seen, self._target.env.clock.wall())
            return self._reporter.failed(
                silence(self._config, self._target.timeout, seen.phases), seen
            )
        except TargetError as error:
            return self._reporter.failed(error, seen)
        return self._reporter.answered(seen, self._target.env.clock.wall())

    async def close(self) -> None:
        """Nothing outlives a run."""

    async def _shake(self, seen: Seen) -> None:
        config, env = self._config, self._target.env
        # Files may be renewed; the system's certificates stay until the next start.
        if self._context is None or not self._unchanging:
            self._context = await strict_context(config, env)
        seen.dialled = await dial(config.host, config.port, env.resolver, seen.phases)
        with seen.dialled.sock as sock:
            shake = self._prepare(sock, self._context)
            try:
                await self._begin(sock, shake, seen.phases)
                seen.phases.end()
                seen.take(shake.tls)
                seen.well = True
                refusal = await shake.part()
            except ssl.SSLError as error:
                refusal = error
            except HungUpError:
                raise hung_up(config, shake.first) from None
            except ConnectionResetError:
                if seen.phases.current != "tls":
                    raise TargetError("protocol", self._reset()) from None
                raise hung_up(config, shake.first) from None
            except OSError as error:
                raise connection_error(error, config.instance()) from None
        if refusal is not None:
            seen.phases.end()
            raise await self._explained(refusal, shake, seen) from None

    def _reset(self) -> str:
        return f"{self._config.instance()} closed the connection before TLS began; see its log"

    def _prepare(self, sock: socket.socket, context: ssl.SSLContext) -> Handshake:
        try:
            return Handshake(sock, context, name_of(self._config))
        except ValueError as error:
            said = f"tls.server_name cannot be asked for: {error}"
            raise TargetError("config", said) from None

    async def _begin(self, sock: socket.socket, shake: Handshake, phases: Phases) -> None:
        if self._config.starttls:
            phases.enter("starttls")
            await start_tls(self._config.starttls, sock, self._config.instance())
        phases.enter("tls")
        await shake.run()

    async def _explained(self, error: ssl.SSLError, shake: Handshake, seen: Seen) -> TargetError:
        """What ``error`` means, with what a second look without conditions brings to light."""
        config = self._config
        is_tls = shake.first.startswith((b"\x16", b"\x15"))
        if is_tls and not seen.version:
            with contextlib.suppress(OSError, TargetError, HungUpError):
                await self._look(seen)
        if isinstance(error, ssl.SSLCertVerificationError):
            return distrusted(error, config, seen.sent, self._target.env.clock.wall())
        if seen.anonymous:
            return without_certificate(config)
        return failed(error, config, shake.first, seen.version)

    async def _look(self, seen: Seen) -> None:
        """What the server presents to whoever takes anything.

        The handshake that failed does not give it away, so this is a second connection. It has
        half of the time that is left, so that the first one's sentence is never lost.
        """
        dialled = seen.dialled
        assert dialled is not None  # noqa: S101 - the first connection stood
        phases = Phases()
        left = self._patience - seen.phases.total
        async with asyncio.timeout(left / 2):
            again = await dial(
                dialled.address, self._config.port, self._target.env.resolver, phases
            )
            with again.sock as sock:
                shake = self._prepare(sock, any_context())
                await self._begin(sock, shake, phases)
                seen.take(shake.tls)
                await shake.part()
