"""Results of a ping check: its sentence, and samples under the exporters' names."""

from __future__ import annotations

import socket
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import fmean, pstdev
from typing import Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.expectations import Finding, latency_finding, seconds, stale_finding
from checks.model import Result, SampleBuilder, Samples, Status, Table
from checks.probe import Target
from checks.probes.ping.config import PingConfig
from checks.probes.ping.echo import Round
from checks.probes.ping.knock import USUAL_PORTS
from checks.resolver import Addresses

__all__ = ["BUCKETS", "Heard", "Reporter"]

BUCKETS: Final = tuple(0.00005 * 2**step for step in range(20))
"""smokeping_prober's, in seconds."""
_PHASES: Final = (("dns", "resolve"), ("setup", "setup"), ("packets", "rtt"))
"""Our phases, and the values of blackbox_exporter's label ``phase``."""
_OURS: Final = {"config", "limit", "permission"}
_PERMIT: Final = 'sysctl -w net.ipv4.ping_group_range="0 2147483647"'


@dataclass(slots=True, eq=False)
class Heard:
    """What came of a run, filled in as it goes. ``last`` are the packets of this and the runs
    before, true for those that came back; ``port`` is where TCP was tried in ICMP's place.
    """

    last: Sequence[bool]
    phases: Phases = field(default_factory=Phases)
    addresses: Addresses | None = None
    family: int = 0
    address: str = ""
    round: Round = field(default_factory=Round)
    by_tcp: bool = False
    port: int | None = None
    error: TargetError | None = None


class Reporter:
    """Makes the results of one check; keeps smokeping's counters."""

    def __init__(self, config: PingConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._requests = 0
        self._sum = 0.0
        self._counts = [0] * (len(BUCKETS) + 1)
        self._reached = False

    def go_on(self, before: Reporter) -> None:
        """Count on from where ``before`` ended."""
        self._requests, self._sum = before._requests, before._sum
        self._counts, self._reached = before._counts, before._reached

    def result(self, heard: Heard) -> Result:
        """The result of a run."""
        trips = heard.round.answered
        self._count(heard.round, trips)
        if not trips:
            return self._silent(heard)
        self._reached = True
        mean = fmean(trips)
        findings = self._findings(heard, mean)
        said = f": {'; '.join(f.text for f in findings)}" if findings else ""
        by = f" by TCP port {heard.port}" if heard.by_tcp else ""
        note = f"; {_forbidden()}" if heard.by_tcp else ""
        return Result(
            findings[0].status if findings else Status.OK,
            f"{self._where(heard)} answers{by} in {_trip(mean)}{_spread(trips)}, "
            f"{_lost(heard.last)}{said}{note}",
            reason=findings[0].reason if findings else "ok",
            value=f"{_loss(heard.last):.0%} lost" if _loss(heard.last) else "up",
            duration=mean,
            samples=self._samples(heard),
            phases=tuple(heard.phases.seconds.items()),
            facts=self._facts(heard),
            tables=(_table(heard.round),),
        )

    def _silent(self, heard: Heard) -> Result:
        error = heard.error or TargetError("timeout", "")
        status = Status.UNKNOWN if error.reason in _OURS else Status.CRITICAL
        said = str(error)
        if error.reason == "unreachable" or not said:
            error, status, said = self._why(heard, said)
        return Result(
            status,
            said,
            reason=error.reason,
            up=False,
            value="down" if status is Status.CRITICAL else "",
            samples=self._samples(heard),
            phases=tuple(heard.phases.seconds.items()),
            facts=self._facts(heard),
        )

    def _why(self, heard: Heard, said: str) -> tuple[TargetError, Status, str]:
        """Why nothing came back: the reason, its status and the sentence."""
        where = self._where(heard)
        network = said or heard.round.error
        note = f" {_forbidden()}" if heard.by_tcp else ""
        if network:
            text = f"{where} cannot be reached ({network}): is it up, is the address right?{note}"
            return TargetError("unreachable", text), Status.CRITICAL, text
        within = f"within {seconds(self._target.timeout)}"
        count = len(heard.round.trips)
        if not heard.by_tcp:
            text = (
                f"no reply from {where} to {count} packets {within}: is it up, "
                "does a firewall drop ICMP?"
            )
            return TargetError("timeout", text), Status.CRITICAL, text
        if heard.port is None and not self._reached:
            ports = ", ".join(map(str, USUAL_PORTS))
            text = (
                f"no answer from {where} by TCP on the ports {ports} {within}, which may mean "
                f"little: give ping.tcp_port. {_forbidden()}"
            )
            return TargetError("permission", text), Status.UNKNOWN, text
        on = f"port {heard.port}" if heard.port else "any port"
        text = f"no answer from {where} by TCP on {on} {within}: is it up?{note}"
        return TargetError("timeout", text), Status.CRITICAL, text

    def _findings(self, heard: Heard, mean: float) -> list[Finding]:
        loss, bounds = _loss(heard.last) * 100, self._config.loss
        found = []
        for status, bound in ((Status.CRITICAL, bounds.critical), (Status.WARNING, bounds.warning)):
            if bound is not None and loss >= bound and loss > 0:
                text = f"past the {status.value} bound of {bound:g} %"
                found.append(Finding(status, "expectation", text))
                break
        more = (latency_finding(mean, self._config.latency), stale_finding(heard.addresses))
        found += [each for each in more if each is not None]
        return sorted(found, key=lambda finding: -finding.status.severity)

    def _where(self, heard: Heard) -> str:
        host = self._config.host
        return f"{host} ({heard.address})" if heard.address not in {"", host} else host

    def _count(self, done: Round, trips: list[float]) -> None:
        self._requests += len(done.trips)
        self._sum += sum(trips)
        for trip in trips:
            self._counts[bisect_left(BUCKETS, trip)] += 1

    def _samples(self, heard: Heard) -> Samples:
        builder = self._target.sampler.builder()
        spent, trips = heard.phases.seconds, heard.round.answered
        builder.add("probe_dns_lookup_time_seconds", spent.get("dns", 0.0))
        if heard.family:
            builder.add("probe_ip_protocol", 6 if heard.family == socket.AF_INET6 else 4)
        if not heard.by_tcp:
            mean = fmean(trips) if trips else 0.0
            for phase, label in _PHASES:
                value = mean if label == "rtt" else spent.get(phase, 0.0)
                builder.add("probe_icmp_duration_seconds", value, {"phase": label})
            builder.add("probe_icmp_reply_hop_limit", heard.round.hops)
        if heard.last:
            builder.add("ping_loss_ratio", _loss(heard.last))
        if trips:
            builder.add("ping_rtt_best_seconds", min(trips))
            builder.add("ping_rtt_mean_seconds", fmean(trips))
            builder.add("ping_rtt_worst_seconds", max(trips))
            builder.add("ping_rtt_std_deviation_seconds", pstdev(trips))
        self._smokeping(builder)
        return builder.build()

    def _smokeping(self, builder: SampleBuilder) -> None:
        host = {"host": self._config.host}
        builder.add("smokeping_requests_total", self._requests, host)
        total = 0
        for bound, count in zip((*BUCKETS, inf), self._counts, strict=True):
            total += count
            le = "+Inf" if bound == inf else f"{bound:g}"
            builder.add("smokeping_response_duration_seconds_bucket", total, {**host, "le": le})
        builder.add("smokeping_response_duration_seconds_sum", self._sum, host)
        builder.add("smokeping_response_duration_seconds_count", total, host)

    def _facts(self, heard: Heard) -> tuple[tuple[str, str], ...]:
        facts = [("address", heard.address)] if heard.address else []
        if heard.by_tcp:
            port = f"port {heard.port}" if heard.port else "no port has answered"
            facts += [("asked by", f"TCP, {port}"), ("to permit ICMP", _PERMIT)]
        elif heard.address:
            facts.append(("asked by", f"ICMP, {self._config.size} bytes"))
        if heard.round.hops is not None:
            facts.append(("hop limit of the reply", str(heard.round.hops)))
        return tuple(facts)


def _loss(last: Sequence[bool]) -> float:
    return 1 - sum(last) / len(last) if last else 0.0


def _lost(last: Sequence[bool]) -> str:
    missing = len(last) - sum(last)
    return f"{missing or 'none'} of {len(last)} packets lost"


def _jitter(trips: list[float]) -> float:
    """The mean difference from one round trip to the next."""
    return fmean(abs(b - a) for a, b in pairwise(trips))


def _trip(value: float) -> str:
    """A round trip; within a machine it is some microseconds."""
    return seconds(value) if value >= 0.00095 else f"{value * 1e6:.0f} µs"


def _spread(trips: list[float]) -> str:
    if len(trips) < 2:
        return ""
    low, high, jitter = _trip(min(trips)), _trip(max(trips)), _trip(_jitter(trips))
    return f" ({low} to {high}, jitter {jitter})"


def _forbidden() -> str:
    return "ICMP is not permitted to us here (see net.ipv4.ping_group_range)"


def _table(done: Round) -> Table:
    rows = tuple(
        (str(number), "lost" if trip is None else _trip(trip))
        for number, trip in enumerate(done.trips[:100], 1)
    )
    return Table("Packets", ("packet", "round trip"), rows, frozenset({"packet", "round trip"}))
