"""``tcp``: a port must accept connections and, if asked to, say what is expected."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import ClassVar, Final, cast

from pydantic import Field, field_validator

from checks.dial import Phases, connection_error, dial
from checks.errors import TargetError
from checks.expectations import (
    LatencyBounds,
    Pattern,
    latency_finding,
    quoted,
    seconds,
    stale_finding,
)
from checks.model import Result, SampleBuilder, Status
from checks.patterns import Allowance, Matcher, SlowPatternError
from checks.probe import ChartSpec, Kind, Metric, Probe, Target, response_time
from checks.resolver import Addresses
from checks.settings import KindConfig

__all__ = ["KIND", "TcpConfig", "TcpProbe"]

_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:/@\[\]]+)):(?P<port>\d{1,5})"
)
_OURS: Final = {"limit", "permission"}


class TcpConfig(KindConfig):
    """A TCP port that must accept connections."""

    shorthand: ClassVar[str] = "address"

    address_: str = Field(alias="address")
    """What to connect to: ``host:port``, ``[::1]:port``."""
    send: str = ""
    """What to send once connected; write ``"…\\r\\n"`` in double quotes for line ends."""
    expect: Pattern = ""
    """A regular expression that the answer must match, with or without something sent."""
    latency: LatencyBounds | None = None
    """Bounds of the time from the name look-up to the connection, or to the expected answer."""
    max_answer: int = Field(default=65_536, gt=0, le=10_000_000)
    """Bytes of the answer that are read in search of what is expected."""

    @field_validator("address_")
    @classmethod
    def _usable(cls, value: str) -> str:
        value = value.strip()
        found = _ADDRESS.fullmatch(value)
        if found is None or not 0 < int(found["port"]) < 65_536:
            raise ValueError("expected host:port or [address]:port with a port from 1 to 65535")
        return value

    @property
    def host(self) -> str:
        """The host's name or address, without brackets."""
        return self.address_.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self.address_.rpartition(":")[2])

    def instance(self) -> str:
        return self.address_


class TcpProbe:
    """Connects anew at every run."""

    def __init__(self, config: TcpConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._where = config.instance()
        self._expected = Matcher(config.expect, octets=True) if config.expect else None
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def run(self) -> Result:
        """Connect once, at most for the target's timeout."""
        phases = Phases()
        builder = self._target.sampler.builder()
        answer = bytearray()
        try:
            async with asyncio.timeout(self._patience):
                addresses = await self._ask(phases, builder, answer)
        except TimeoutError:
            return self._failed(
                TargetError("timeout", self._silence(phases, answer)), phases, builder, answer
            )
        except TargetError as error:
            return self._failed(error, phases, builder, answer)
        return self._well(phases, builder, answer, addresses)

    async def close(self) -> None:
        """Nothing outlives a run."""

    async def _ask(self, phases: Phases, builder: SampleBuilder, answer: bytearray) -> Addresses:
        config = self._config
        dialled = await dial(config.host, config.port, self._target.env.resolver, phases)
        builder.add("probe_ip_protocol", 6 if dialled.family == socket.AF_INET6 else 4)
        with dialled.sock as sock:
            if not config.send and self._expected is None:
                return dialled.addresses
            phases.enter("answer")
            try:
                await self._converse(sock, answer)
            except OSError as error:
                raise connection_error(error, self._where) from None
            finally:
                if answer or self._expected is None:
                    phases.end()
        return dialled.addresses

    async def _converse(self, sock: socket.socket, answer: bytearray) -> None:
        loop = asyncio.get_running_loop()
        if self._config.send:
            await loop.sock_sendall(sock, self._config.send.encode())
        allowance = Allowance()
        while self._expected is not None and not self._expected.search(
            answer.decode("latin-1"), allowance
        ):
            room = self._config.max_answer - len(answer)
            data = await loop.sock_recv(sock, min(65_536, room)) if room else b""
            if not data:
                raise TargetError("expectation", self._missed(answer, ended=room > 0))
            answer += data

    def _missed(self, answer: bytearray, *, ended: bool) -> str:
        wanted = quoted(self._config.expect)
        if not answer:
            return f"{self._where} closed the connection without a word, expected {wanted}"
        how = "and closed the connection" if ended else f"and more than {len(answer)} bytes"
        return f"{self._where} answered {_shown(answer)} {how}, expected {wanted}"

    def _silence(self, phases: Phases, answer: bytearray) -> str:
        within = f"no answer from {self._where} within {seconds(self._target.timeout)}"
        connected = phases.seconds.get("connect")
        if connected is not None:
            said = f"only {_shown(answer)}" if answer else "silence"
            wanted = f", expected {quoted(self._config.expect)}" if self._config.expect else ""
            return f"{within}: connected after {seconds(connected)}, then {said}{wanted}"
        if phases.current == "dns":
            return f"{within}: the name look-up hangs; is the name server in /etc/resolv.conf up?"
        return (
            f"{within}: the connection attempt is not answered; is the host up, "
            "does a firewall drop it?"
        )

    def _failed(
        self, error: TargetError, phases: Phases, builder: SampleBuilder, answer: bytearray
    ) -> Result:
        connected = "connect" in phases.seconds and (
            error.reason in {"expectation", "timeout"} or isinstance(error, SlowPatternError)
        )
        phases.end()
        self._measure(phases, builder, missed=error.reason == "expectation")
        ours = error.reason in _OURS
        return Result(
            Status.UNKNOWN if ours else Status.CRITICAL,
            str(error),
            reason=error.reason,
            up=connected,
            value="up" if connected else "" if ours else "down",
            samples=builder.build(),
            phases=tuple(phases.seconds.items()),
            raw=answer.decode("utf-8", "replace"),
        )

    def _well(
        self, phases: Phases, builder: SampleBuilder, answer: bytearray, addresses: Addresses
    ) -> Result:
        phases.end()
        self._measure(phases, builder, missed=False)
        duration = phases.total
        ill = [
            found
            for found in (latency_finding(duration, self._config.latency), stale_finding(addresses))
            if found is not None
        ]
        ill.sort(key=lambda finding: -finding.status.severity)
        said = f": {'; '.join(finding.text for finding in ill)}" if ill else ""
        done = "answered as expected" if self._expected else "accepts connections"
        return Result(
            ill[0].status if ill else Status.OK,
            f"{self._where} {done} after {seconds(duration)}{said}",
            reason=ill[0].reason if ill else "ok",
            value="up",
            duration=duration,
            samples=builder.build(),
            phases=tuple(phases.seconds.items()),
            raw=answer.decode("utf-8", "replace"),
        )

    def _measure(self, phases: Phases, builder: SampleBuilder, *, missed: bool) -> None:
        builder.add("probe_dns_lookup_time_seconds", phases.seconds.get("dns", 0.0))
        if self._expected is not None:
            builder.add("probe_failed_due_to_regex", float(missed))


def _shown(answer: bytearray) -> str:
    return quoted(bytes(answer[:200]).decode("utf-8", "replace"))


def _probe(config: KindConfig, target: Target) -> Probe:
    return TcpProbe(cast("TcpConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    return (response_time(cast("TcpConfig", config).latency),)


KIND: Final = Kind(
    name="tcp",
    summary="a TCP port must accept connections",
    config=TcpConfig,
    probe=_probe,
    charts=_charts,
    metrics=(
        Metric("probe_dns_lookup_time_seconds", "gauge", "time the name look-up took", "s"),
        Metric("probe_ip_protocol", "gauge", "4 or 6"),
        Metric("probe_failed_due_to_regex", "gauge", "1 where the expected answer was missed"),
    ),
)
