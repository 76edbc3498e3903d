"""What the answers of name servers are worth. Pure."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
from dataclasses import dataclass
from typing import Final

from checks.expectations import Finding, latency_finding, quoted, seconds, slow_finding
from checks.model import Status, clean, worst
from checks.patterns import Matcher, SlowPatternError
from checks.probes.dns.asking import Asked
from checks.probes.dns.config import DnsConfig
from checks.probes.dns.wire import Reply

__all__ = ["Judge", "Opinion"]

_OURS: Final = {"config", "limit", "permission"}
_ADVICE: Final = {
    "NXDOMAIN": "there is no {name}: check its spelling, the zone and its delegation",
    "SERVFAIL": "the server could not find out: see its log; is the zone loaded, do the servers "
    "above it answer, does DNSSEC validation fail?",
    "REFUSED": "it does not answer us, or not for {name}: check its access rules (allow-query, "
    "allow-recursion)",
    "FORMERR": "the server did not understand the question",
    "NOTIMP": "the server does not know this kind of question",
}


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What one server's answer is worth; ``text`` is a whole sentence."""

    asked: Asked
    status: Status
    reason: str
    text: str


class Judge:
    """One check's expectations."""

    def __init__(self, config: DnsConfig) -> None:
        self._config = config
        self._match = Matcher(config.match) if config.match else None
        self._wanted = {_key(config, answer): answer for answer in config.answers}

    def opinions(self, asked: list[Asked]) -> list[Opinion]:
        """An opinion of each server, in their order."""
        made = [self._opinion(each) for each in asked]
        if self._config.same_serial and self._config.type == "SOA":
            made = _of_serials(made)
        # The machine's own servers stand in for each other: one that fails costs time alone.
        if not self._config.server and any(o.status is Status.OK for o in made):
            made = [_milder(opinion) for opinion in made]
        return made

    def overall(self, opinions: list[Opinion]) -> Opinion:
        """The opinion that decides: the worst, with what it is of all."""
        status = worst(opinion.status for opinion in opinions)
        first = next(opinion for opinion in opinions if opinion.status is status)
        if len(opinions) == 1:
            return first
        well = sum(opinion.status is Status.OK for opinion in opinions)
        if status is Status.OK:
            slowest = max(opinion.asked.phases.total for opinion in opinions)
            answers = _listed(first.asked.reply.answers) if first.asked.reply else ""
            text = f"{well} name servers answer within {seconds(slowest)}: {answers}"
            return Opinion(first.asked, status, "ok", text)
        text = f"{well} of {len(opinions)} name servers answer as they should: {first.text}"
        return Opinion(first.asked, status, first.reason, text)

    def _opinion(self, asked: Asked) -> Opinion:
        reply = asked.reply
        if reply is None:
            error = asked.error
            reason = error.reason if error else "internal"
            status = Status.UNKNOWN if reason in _OURS else Status.CRITICAL
            return Opinion(asked, status, reason, str(error or "no answer"))
        findings = self._findings(reply)
        slow = latency_finding(asked.phases.total, self._config.latency)
        findings += [slow] if slow else []
        findings += _stale(asked)
        head = f"{reply.rcode} from {asked.where} after {seconds(asked.phases.total)}"
        if not findings:
            shown = _listed(reply.answers) or self._nothing()
            return Opinion(asked, Status.OK, "ok", f"{head}: {shown}")
        findings.sort(key=lambda finding: -finding.status.severity)
        clauses = "; ".join(finding.text for finding in findings[:3])
        return Opinion(asked, findings[0].status, findings[0].reason, f"{head}: {clauses}")

    def _nothing(self) -> str:
        return f"no {self._config.type} record"

    def _findings(self, reply: Reply) -> list[Finding]:
        config = self._config
        if reply.rcode not in config.valid:
            wanted = " or ".join(config.valid)
            advice = _ADVICE.get(reply.rcode, "").format(name=config.name)
            text = advice if config.valid == ("NOERROR",) and advice else f"expected {wanted}"
            return [_missed(text)]
        found = []
        if reply.rcode == "NOERROR":
            found += self._count(reply)
            found += self._values(reply)
        if config.authoritative and not reply.authoritative:
            text = (
                "the answer is not authoritative: the server does not serve the zone of "
                f"{config.name} itself"
            )
            found.append(_missed(text))
        return found

    def _count(self, reply: Reply) -> list[Finding]:
        config, count = self._config, len(reply.answers)
        if count >= config.minimum:
            return []
        if count:
            return [_missed(f"{count} {config.type} records, expected {config.minimum} at least")]
        if reply.counts[1] and not reply.authoritative and not reply.counts[0]:
            text = (
                f"{self._nothing()} of {config.name}: it only refers to other servers; "
                "is it meant to look further (recursion)?"
            )
            return [_missed(text)]
        return [_missed(f"{config.name} has {self._nothing()}; check the zone")]

    def _values(self, reply: Reply) -> list[Finding]:
        config = self._config
        got = {_key(config, answer): answer for answer in reply.answers}
        absent = [text for key, text in self._wanted.items() if key not in got]
        found = []
        # That there are none at all is said above, unless there may be none.
        if absent and (reply.answers or not config.minimum):
            has = _listed(reply.answers) or "there are none"
            found.append(_missed(f"{_listed(tuple(absent))} is not among the answers: {has}"))
        if config.exact and (more := [t for k, t in got.items() if k not in self._wanted]):
            found.append(_missed(f"{_listed(tuple(more))} is answered, which is not expected"))
        return found + (_unmatched(self._match, reply.answers) if self._match else [])


def _unmatched(wanted: Matcher, answers: tuple[str, ...]) -> list[Finding]:
    """The first answer that ``wanted`` does not match."""
    try:
        for answer, match in zip(answers, wanted.searches(answers), strict=True):
            if match is None:
                return [_missed(f"{quoted(answer)} does not match {quoted(wanted.pattern)}")]
    except SlowPatternError as error:
        return [slow_finding(error)]
    return []


def _missed(text: str) -> Finding:
    return Finding(Status.CRITICAL, "expectation", text)


def _stale(asked: Asked) -> list[Finding]:
    found = asked.addresses
    if found is None or not found.error:
        return []
    text = (
        f"the look-up of {asked.host} fails ({found.error}); "
        f"its answer from {seconds(found.age)} ago is used"
    )
    return [Finding(Status.WARNING, "dns", text)]


def _key(config: DnsConfig, answer: str) -> str:
    """An answer as it is compared: names without regard to case and the last dot, addresses
    however they are written.
    """
    if config.type in {"TXT", "CAA"}:
        return answer
    if config.type in {"A", "AAAA"}:
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(answer))
    return answer.lower().removesuffix(".")


def _listed(answers: tuple[str, ...]) -> str:
    shown = ", ".join(clean(answer, 60) for answer in answers[:4])
    return f"{shown} and {len(answers) - 4} more" if len(answers) > 4 else shown


def _of_serials(opinions: list[Opinion]) -> list[Opinion]:
    """Servers of a zone whose serials differ: those that lag behind the newest are ill."""
    serials = [o.asked.reply.serial if o.asked.reply else None for o in opinions]
    newest = functools.reduce(_newer, (each for each in serials if each is not None), None)
    made = []
    for opinion, serial in zip(opinions, serials, strict=True):
        if serial in {None, newest} or opinion.status is not Status.OK:
            made.append(opinion)
            continue
        text = (
            f"{opinion.asked.where} has serial {serial}, the newest is {newest}: "
            "is the zone's transfer broken?"
        )
        made.append(Opinion(opinion.asked, Status.WARNING, "expectation", text))
    return made


def _newer(one: int | None, other: int) -> int:
    """The newer of two serials, which begin anew after 2^32 (RFC 1982)."""
    return other if one is None or (other - one) % 2**32 < 2**31 else one


def _milder(opinion: Opinion) -> Opinion:
    if opinion.status is not Status.CRITICAL:
        return opinion
    return Opinion(opinion.asked, Status.WARNING, opinion.reason, opinion.text)
