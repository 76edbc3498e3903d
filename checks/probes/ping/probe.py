"""One run of a ping check: some packets, and what came back of them and of those before."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from typing import Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.expectations import seconds
from checks.model import Result
from checks.probe import Target
from checks.probes.ping.config import PingConfig
from checks.probes.ping.echo import NotPermittedError, echoes, open_socket
from checks.probes.ping.knock import Knocker
from checks.probes.ping.report import Heard, Reporter

__all__ = ["PingProbe"]

_FAMILIES: Final = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


class PingProbe:
    """Remembers the last packets: a share of three says little."""

    def __init__(self, config: PingConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._reporter = Reporter(config, target)
        self._knocker = Knocker(config.tcp_port)
        self._last: deque[bool] = deque(maxlen=max(config.loss_over, config.count))
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def run(self) -> Result:
        """Send the packets of a run, and wait for their replies within the target's timeout."""
        heard = Heard(last=self._last)
        try:
            # A little more than the packets are given, so that they end by themselves.
            async with asyncio.timeout((self._patience + self._target.timeout) / 2):
                await self._listen(heard)
        except TimeoutError:
            # Past the look-up it is this machine that was late: what was heard until then counts.
            if heard.addresses is None:
                heard.error = TargetError("timeout", self._no_address())
        except TargetError as error:
            heard.error = error
        heard.phases.end()
        self._last.extend(trip is not None for trip in heard.round.trips)
        return self._reporter.result(heard)

    def _no_address(self) -> str:
        return (
            f"no reply from {self._config.host} within {seconds(self._target.timeout)}: "
            "the name look-up hangs; is the name server in /etc/resolv.conf up?"
        )

    def go_on(self, before: PingProbe) -> None:
        """Take over what became of the packets that the probe ``before`` has sent."""
        self._last = before._last
        self._knocker.port = before._knocker.port
        self._reporter.go_on(before._reporter)

    async def close(self) -> None:
        """Nothing outlives a run."""

    async def _listen(self, heard: Heard) -> None:
        heard.phases.enter("dns")
        heard.addresses = await self._target.env.resolver.addresses(self._config.host)
        heard.family, heard.address = self._choose(heard.addresses.found)
        heard.phases.enter("setup")
        try:
            sock = open_socket(heard.family)
        except NotPermittedError:
            await self._knock(heard)
            return
        except OSError as error:
            raise _no_socket(error) from None
        with sock:
            pace = self._pace(heard.phases)
            heard.phases.enter("packets")
            await echoes(sock, heard.address, self._config.size, pace, heard.round)

    async def _knock(self, heard: Heard) -> None:
        heard.by_tcp = True
        pace = self._pace(heard.phases)
        heard.phases.enter("packets")
        try:
            await self._knocker.knocks(heard.family, heard.address, pace, heard.round)
        except OSError as error:
            raise _no_socket(error) from None
        finally:
            heard.port = self._knocker.port

    def _choose(self, found: tuple[tuple[int, str], ...]) -> tuple[int, str]:
        wanted = _FAMILIES.get(self._config.family)
        for family, address in found:
            if wanted is None or family == wanted:
                return family, address
        raise TargetError(
            "dns", f"{self._config.host} has no address of the family {self._config.family}"
        )

    def _pace(self, phases: Phases) -> tuple[int, float, float]:
        """How many packets, how far apart, and for how long to wait: what is left of the time."""
        phases.end()
        left = max(0.05, self._patience - phases.total)
        return self._config.count, min(self._config.spacing, left / 2 / self._config.count), left


def _no_socket(error: OSError) -> TargetError:
    said = error.strerror or type(error).__name__
    advice = "; raise the limit (ulimit -n)" if error.errno in {errno.EMFILE, errno.ENFILE} else ""
    return TargetError("limit", f"no socket to be had for ping: {said}{advice}")
