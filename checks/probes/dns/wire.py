"""DNS messages by dnspython: a question as bytes, bytes as an answer that may be shown."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.reversename

from checks.errors import TargetError
from checks.model import clean
from checks.probes.dns.config import DnsConfig

__all__ = ["LARGE", "Question", "Reply", "is_answer", "is_cut", "is_misunderstood"]

PAYLOAD: Final = 1232
"""Bytes of UDP that we take: what passes everywhere without being split (DNS flag day 2020)."""
LARGE: Final = 2_000
"""Bytes from which on an answer is read apart, since that may take a while."""
_BOUND: Final = 16_384
_RECORDS: Final = 1_000
"""What is read of an answer: beyond it, a hostile one costs a second of CPU."""
_HEADER: Final = struct.Struct("!HHHHHH")
_ROOT_DOT: Final = re.compile(r"(?<=[^\s.])\.(?=\s|$)")
_TRUNCATED: Final = 0x0200
_IS_ANSWER: Final = 0x8000
_INTERNET: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """An answer. ``answers`` are the values of the type that was asked for, ``raw`` all of it.

    ``counts`` are the records in its answer, authority and additional section; ``ttl`` is the
    least of the answers', in seconds; ``serial`` that of an SOA record.
    """

    rcode: str
    authoritative: bool
    answers: tuple[str, ...]
    counts: tuple[int, int, int]
    ttl: int | None
    serial: int | None
    raw: str
    size: int


class Question:
    """What is asked. ``section`` is the question as every message about it bears it."""

    def __init__(self, config: DnsConfig) -> None:
        self._type = dns.rdatatype.from_text(config.type)
        self._recursion = config.recursion
        try:
            if config.reverse_of:
                self._name = dns.reversename.from_address(config.reverse_of)
            else:
                self._name = dns.name.from_text(config.name)
        except (dns.exception.DNSException, UnicodeError):
            raise TargetError("config", f"{config.name} is not a domain name") from None
        self.section = (self._name.to_wire() or b"") + struct.pack("!HH", self._type, _INTERNET)

    def message(self, *, extended: bool = True) -> dns.message.QueryMessage:
        """A message with an id of its own; ``extended`` says that we take longer answers."""
        message = dns.message.make_query(
            self._name, self._type, use_edns=0 if extended else False, payload=PAYLOAD
        )
        if not self._recursion:
            message.flags &= ~dns.flags.RD
        return message

    def read(self, wire: bytes, where: str) -> Reply:
        """What ``wire`` says.

        Raises:
            TargetError: reason protocol where it is no message, limit where it is too long.
        """
        counts = _HEADER.unpack_from(wire)[3:]
        if len(wire) > _BOUND or sum(counts) > _RECORDS:
            raise TargetError(
                "limit",
                f"{where} answers with {len(wire):,} bytes and {sum(counts):,} records, more than "
                f"the {_BOUND:,} bytes and {_RECORDS:,} records that are read",
            )
        try:
            message = dns.message.from_wire(wire, ignore_trailing=True)
            return self._reply(message, (counts[0], counts[1], counts[2]), len(wire))
        except (dns.exception.DNSException, ValueError, IndexError, struct.error) as error:
            said = clean(error, 80) or type(error).__name__
            raise TargetError(
                "protocol", f"{where} answers with a message that is broken: {said}"
            ) from None

    def _reply(
        self, message: dns.message.Message, counts: tuple[int, int, int], size: int
    ) -> Reply:
        # Of an odd class, a record has none of what its type has.
        wanted = [
            rrset
            for rrset in message.answer
            if rrset.rdtype == self._type and rrset.rdclass == dns.rdataclass.IN
        ]
        records = [record for rrset in wanted for record in rrset]
        serials = [int(r.serial) for r in records if self._type == dns.rdatatype.SOA]
        return Reply(
            dns.rcode.to_text(message.rcode()),
            bool(message.flags & dns.flags.AA),
            tuple(sorted(_shown(record) for record in records)),
            counts,
            min((rrset.ttl for rrset in message.answer), default=None),
            serials[0] if serials else None,
            message.to_text(),
            size,
        )


def _shown(record: dns.rdata.Rdata) -> str:
    """A value as people write it: names without their last dot, texts in one piece."""
    if record.rdtype == dns.rdatatype.TXT:
        strings: tuple[bytes, ...] = getattr(record, "strings", ())
        return b"".join(strings).decode("utf-8", "replace")
    return _ROOT_DOT.sub("", record.to_text())


def is_answer(wire: bytes, number: int, section: bytes) -> bool:
    """Whether ``wire`` answers the message with the id ``number`` and the question ``section``.

    Without regard to case: some servers put names in lower case. A server that understood
    nothing may leave the question out.
    """
    if len(wire) < _HEADER.size:
        return False
    said_number, flags, questions, *_ = _HEADER.unpack_from(wire)
    if said_number != number or not flags & _IS_ANSWER:
        return False
    if questions == 0:
        return bool(flags & 0xF)
    return wire[_HEADER.size :][: len(section)].lower() == section.lower()


def is_cut(wire: bytes) -> bool:
    """Whether ``wire`` says that the answer did not fit."""
    return bool(_HEADER.unpack_from(wire)[1] & _TRUNCATED)


def is_misunderstood(wire: bytes) -> bool:
    """Whether the server did not understand us: older ones know no extensions (EDNS)."""
    return _HEADER.unpack_from(wire)[1] & 0xF in {1, 4}
