"""One run of a dns check: every server is asked at the same time."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Final

from checks.errors import TargetError
from checks.expectations import seconds
from checks.model import Part, Result, SampleBuilder, Samples, Status, Table
from checks.probe import Target
from checks.probes.dns.asking import Asked, ask
from checks.probes.dns.config import DnsConfig
from checks.probes.dns.judge import Judge, Opinion
from checks.probes.dns.resolv_conf import RESOLV_CONF, name_servers
from checks.probes.dns.wire import Question

__all__ = ["DnsProbe"]

_PHASES: Final = (("dns", "resolve"), ("connect", "connect"), ("request", "request"))
"""Our phases, and the values of blackbox_exporter's label ``phase``."""


class DnsProbe:
    """Asks anew at every run; nothing is kept, not even a socket."""

    def __init__(self, config: DnsConfig, target: Target, resolv_conf: Path = RESOLV_CONF) -> None:
        self._config = config
        self._target = target
        self._resolv_conf = resolv_conf
        self._judge = Judge(config)

    async def run(self) -> Result:
        """Ask every server once, at most for the target's timeout."""
        config, env = self._config, self._target.env
        try:
            question = Question(config)
            servers = config.servers or await name_servers(self._resolv_conf, env.lanes)
        except TargetError as error:
            return Result.failed(error.reason, str(error), status=Status.UNKNOWN)
        asked = [Asked(host, port) for host, port in servers]
        async with asyncio.TaskGroup() as group:
            for each in asked:
                group.create_task(ask(each, config, question, env, self._target.timeout))
        return self._result(asked)

    async def close(self) -> None:
        """Nothing outlives a run."""

    def _result(self, asked: list[Asked]) -> Result:
        opinions = self._judge.opinions(asked)
        overall = self._judge.overall(opinions)
        answered = [each for each in asked if each.reply is not None]
        shown = max(answered, key=lambda each: each.phases.total, default=overall.asked)
        rcode = overall.asked.reply.rcode if overall.asked.reply else ""
        well = sum(opinion.status is Status.OK for opinion in opinions)
        value = rcode or ("" if overall.status is Status.UNKNOWN else "down")
        if len(asked) > 1 and overall.status is not Status.OK:
            value = f"{well} of {len(asked)}"
        return Result(
            overall.status,
            overall.text,
            reason=overall.reason,
            up=bool(answered),
            value=value,
            duration=shown.phases.total if shown.reply else None,
            samples=self._samples(asked),
            parts=_parts(opinions) if len(opinions) > 1 else (),
            phases=tuple(shown.phases.seconds.items()),
            facts=self._facts(shown),
            tables=_tables(answered),
            raw=shown.reply.raw if shown.reply else "",
        )

    def _samples(self, asked: list[Asked]) -> Samples:
        builder = self._target.sampler.builder()
        # A single one that is configured is the instance.
        named = len(asked) > 1 or not self._config.server
        for each in asked:
            _measure(builder, each, {"server": each.where} if named else {})
        return builder.build()

    def _facts(self, shown: Asked) -> tuple[tuple[str, str], ...]:
        facts = [("question", f"{self._config.type} of {self._config.name}")]
        if shown.reply is not None:
            by = "TCP, cut off by UDP" if shown.by_tcp else self._config.transport.upper()
            facts.append(("name server", f"{shown.where} by {by}"))
            facts.append(("answer", f"{shown.reply.size:,} bytes"))
            if shown.reply.ttl is not None:
                facts.append(("time to live", seconds(float(shown.reply.ttl))))
        if not self._config.server:
            facts.append(("servers from", str(self._resolv_conf)))
        if shown.sent > 1:
            facts.append(("sent", f"{shown.sent} times: datagrams were lost"))
        return tuple(facts)


def _measure(builder: SampleBuilder, asked: Asked, labels: dict[str, str]) -> None:
    spent, reply = asked.phases.seconds, asked.reply
    builder.add("probe_dns_lookup_time_seconds", spent.get("dns", 0.0), labels)
    for phase, label in _PHASES:
        value = spent.get(phase, 0.0)
        builder.add("probe_dns_duration_seconds", value, {**labels, "phase": label})
    builder.add("probe_dns_query_succeeded", float(reply is not None), labels)
    if asked.family:
        builder.add("probe_ip_protocol", 6 if asked.family == socket.AF_INET6 else 4, labels)
    if reply is not None:
        answer, authority, additional = reply.counts
        builder.add("probe_dns_answer_rrs", answer, labels)
        builder.add("probe_dns_authority_rrs", authority, labels)
        builder.add("probe_dns_additional_rrs", additional, labels)
        builder.add("probe_dns_serial", reply.serial, labels)


def _parts(opinions: list[Opinion]) -> tuple[Part, ...]:
    return tuple(
        Part(
            opinion.asked.where,
            opinion.status,
            "" if opinion.status is Status.OK else opinion.text,
            seconds(opinion.asked.phases.total) if opinion.asked.reply else "",
        )
        for opinion in opinions
    )


def _tables(answered: list[Asked]) -> tuple[Table, ...]:
    rows = tuple(
        (each.where, each.reply.rcode, answer)
        for each in answered
        if each.reply is not None
        for answer in each.reply.answers[:100]
    )
    return (Table("Answers", ("server", "code", "answer"), rows),) if rows else ()
