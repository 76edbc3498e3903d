"""Results of an http check: sentences for what failed, samples under blackbox_exporter's names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from checks.dial import Phases
from checks.expectations import seconds
from checks.model import Result, Samples, Series, Status
from checks.probe import Target
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.config import HttpConfig
from checks.probes.http.connection import Exchange, Peer
from checks.tls import version_text

if TYPE_CHECKING:
    from checks.probes.http.judge import Verdict

__all__ = ["Reporter", "peer_facts", "silence"]

_PHASES: Final = (
    ("dns", "resolve"),
    ("connect", "connect"),
    ("tls", "tls"),
    ("first byte", "processing"),
    ("transfer", "transfer"),
)
"""Our phases, and the values of blackbox_exporter's label ``phase``."""
_BY_PROXY: Final = {
    "dns": "the look-up of {proxy} hangs; is the name server in /etc/resolv.conf up?",
    "connect": "{proxy} does not answer the connection attempt; is it up, does a firewall drop it?",
    "proxy": "{connected}, which does not answer to CONNECT; can it reach the target?",
    "first byte": "{connected}, then silence; can it reach the target?",
}
"""Where a run that goes by a proxy hung."""
_AFTER_CONNECT: Final = 4
"""Place of the phase ``connect``, from the end."""
_ALWAYS: Final = (
    "probe_dns_lookup_time_seconds",
    "probe_http_status_code",
    "probe_http_content_length",
    "probe_http_uncompressed_body_length",
    "probe_http_redirects",
    "probe_http_version",
    "probe_http_ssl",
    "probe_failed_due_to_regex",
)


class Reporter:
    """Makes the results of one check."""

    def __init__(self, config: HttpConfig, target: Target) -> None:
        self._where = config.instance()
        self._timeout = target.timeout
        self._sampler = target.sampler
        series = [target.sampler.series(name) for name in _ALWAYS]
        for _, label in _PHASES:
            series.append(target.sampler.series("probe_http_duration_seconds", {"phase": label}))
        self._series: tuple[Series, ...] = tuple(series)
        self._known: tuple[Peer, Samples, tuple[tuple[str, str], ...]] | None = None

    def answered(
        self, verdict: Verdict, answer: Answer, peer: Peer | None, events: tuple[str, ...]
    ) -> Result:
        """The result of a run that brought an answer."""
        phases = answer.exchange.phases
        document = verdict.document
        samples = self._samples(answer.exchange, answer, float(verdict.by_text))
        peer_samples, facts = self._of_peer(peer)
        samples = samples + peer_samples
        if document is not None:
            builder = self._sampler.builder()
            builder.add("probe_health_status", document.status.exit_code)
            for part in document.parts:
                ok = float(part.status is Status.OK)
                builder.add("probe_health_part_ok", ok, {"part": part.name})
            for name, value in document.numbers:
                builder.add("probe_health_value", value, {"path": name})
            if document.uptime is not None:
                # In seconds whatever the document has, which rules on restarts rely on.
                builder.add("probe_health_value", document.uptime, {"path": "uptime_seconds"})
            samples = samples + builder.build()
            facts = document.facts + facts
        return Result(
            verdict.status,
            verdict.message,
            reason=verdict.reason,
            value=str(answer.status),
            duration=phases.total,
            samples=samples,
            parts=document.parts if document else (),
            phases=tuple(phases.seconds.items()),
            facts=facts,
            raw=answer.raw(),
            events=events,
        )

    def failed(
        self, reason: str, message: str, status: Status, exchange: Exchange, peer: Peer | None
    ) -> Result:
        """The result of a run that ended before there was an answer to judge."""
        exchange.phases.end()
        peer_samples, facts = self._of_peer(peer)
        value = "down" if status is Status.CRITICAL else ""
        return Result(
            status,
            message,
            reason=reason,
            up=exchange.status > 0,
            value=str(exchange.status) if exchange.status else value,
            samples=self._samples(exchange, None, 0.0) + peer_samples,
            phases=tuple(exchange.phases.seconds.items()),
            facts=facts,
        )

    def silent(self, exchange: Exchange, peer: Peer | None, hint: str = "") -> Result:
        """The result of a run that was out of time, naming the phase it hung in.

        ``hint`` ends the sentence of one that reached nobody.
        """
        message = silence(exchange, self._where, self._timeout, hint)
        return self.failed("timeout", message, Status.CRITICAL, exchange, peer)

    def _samples(self, exchange: Exchange, answer: Answer | None, by_text: float) -> Samples:
        spent = exchange.phases.seconds
        values = [
            spent.get("dns", 0.0),
            float(exchange.status),
            answer.content_length if answer else -1.0,
            float(_body_length(answer)) if answer else 0.0,
            float(answer.redirects) if answer else 0.0,
            float(exchange.version or 0),
            float(exchange.over_tls),
            by_text,
        ]
        values += [spent.get(phase, 0.0) for phase, _ in _PHASES]
        if "proxy" in spent:
            # blackbox_exporter has no phase for it: until CONNECT is answered nobody is reached.
            values[-_AFTER_CONNECT] += spent["proxy"]
        return Samples(self._series, tuple(values))

    def _of_peer(self, peer: Peer | None) -> tuple[Samples, tuple[tuple[str, str], ...]]:
        """Samples and facts of the connection; made once for each."""
        if peer is None:
            return Samples(), ()
        if self._known is None or self._known[0] is not peer:
            self._known = (peer, self._peer_samples(peer), peer_facts(peer))
        return self._known[1], self._known[2]

    def _peer_samples(self, peer: Peer) -> Samples:
        builder = self._sampler.builder()
        if not peer.address.startswith("/"):
            builder.add("probe_ip_protocol", 6 if peer.ipv6 else 4)
        if peer.chain:
            earliest = min(certificate.not_after for certificate in peer.chain)
            builder.add("probe_ssl_earliest_cert_expiry", earliest)
            builder.add("probe_ssl_last_chain_expiry_timestamp_seconds", peer.verified_until)
        if peer.tls_version:
            builder.add("probe_tls_version_info", 1, {"version": version_text(peer.tls_version)})
        return builder.build()


def _body_length(answer: Answer) -> int:
    try:
        return len(answer.body)
    except BodyError:
        return answer.exchange.size


def silence(exchange: Exchange, where: str, timeout: float, hint: str = "") -> str:
    """What ``where`` did not do within ``timeout`` seconds: the phase it hung in, which ends.

    ``hint`` ends the sentence where nobody was reached.
    """
    phase = exchange.phases.current
    exchange.phases.end()
    why = _silence(phase, exchange, exchange.phases)
    if exchange.status:
        return f"HTTP {exchange.status} from {where}, but {why}"
    end = hint if phase in {"dns", "connect"} else ""
    return f"no answer from {where} within {seconds(timeout)}: {why}{end}"


def _silence(phase: str, exchange: Exchange, phases: Phases) -> str:
    """Where it hung, as a clause."""
    proxy = f"the proxy {exchange.proxy}" if exchange.proxy else ""
    connected = "the request was sent on the kept connection"
    if "connect" in phases.seconds:
        to = f" to {proxy}" if proxy else ""
        connected = f"connected{to} after {seconds(phases.seconds['connect'])}"
    if phase == "transfer":
        return _slowness(connected, exchange, phases.seconds["transfer"])
    if exchange.local and phase == "connect":
        return "its queue of connections is full; does the server still take any?"
    if proxy and phase in _BY_PROXY:
        return _BY_PROXY[phase].format(proxy=proxy, connected=connected)
    return {
        "dns": "the name look-up hangs; is the name server in /etc/resolv.conf up?",
        "connect": "the connection attempt is not answered; is the host up, "
        "does a firewall drop it?",
        "tls": f"{connected}, then silence in the TLS handshake; is it a TLS port?",
        "first byte": f"{connected}, then silence; is it stuck or overloaded?",
    }.get(phase, "a credential's source did not answer")


def _slowness(connected: str, exchange: Exchange, spent: float) -> str:
    """How far an answer had come, as a clause."""
    if not exchange.status:
        return f"{connected}, then only {exchange.received} bytes of its headers came"
    announced = exchange.header(b"content-length").decode("latin-1")
    of = f" of {announced}" if announced.isdigit() else ""
    return f"after {seconds(spent)} only {exchange.size}{of} bytes of its body had come"


def peer_facts(peer: Peer) -> tuple[tuple[str, str], ...]:
    """Address and certificate, for people."""
    by = f"{peer.proxy} ({peer.address})" if peer.address not in peer.proxy else peer.proxy
    facts = [("proxy", by)] if peer.proxy else [("address", peer.address)]
    if peer.chain:
        own = peer.chain[0]
        day = datetime.fromtimestamp(own.not_after, UTC).strftime("%Y-%m-%d %H:%M UTC")
        facts += [
            ("certificate", ", ".join(own.names[:5]) or own.subject),
            ("certificate issuer", own.issuer),
            ("certificate ends", day),
        ]
    if peer.tls_version:
        facts.append(("TLS", f"{peer.tls_version} {peer.cipher}"))
    return tuple(facts)
