"""From an HTTP answer and what is expected of it to a status, a sentence and child rows.

Pure: no I/O and no clock; time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from checks.expectations import (
    Finding,
    JsonExpectation,
    latency_finding,
    quoted,
    seconds,
    slow_finding,
    text_findings,
)
from checks.expiry import expiry_finding
from checks.health_document import HealthDocument, is_of_health, read_document
from checks.health_words import counterpart, own_words
from checks.model import Part, Status
from checks.patterns import Matcher, SlowPatternError
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.config import HttpConfig
from checks.probes.http.connection import Peer
from checks.probes.http.proxy import doubt

__all__ = ["Judge", "Verdict"]

_CLAUSES: Final = 3
_ADVICE: Final = "say in http.health_words what it means"
_GONE: Final = (
    "no health document came, though there was one before: did another page take its place? "
    "If there is to be none, set http.health_document to false"
)
_CUT: Final = "the health document is longer than http.max_body: raise it"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome; ``by_text`` says whether a text or regex was missed."""

    status: Status
    reason: str
    message: str
    by_text: bool
    document: HealthDocument | None


class Judge:
    """One check's expectations, compiled."""

    def __init__(self, config: HttpConfig) -> None:
        self._expect = config.expect
        self._own_verdict = config.health_document and not config.expect.judges_body
        self._meaning = own_words(config.statuses)
        self._path = urlsplit(config.url).path
        self._expected = bool(config.statuses)
        self._seen: frozenset[str] = frozenset()
        self._json = [JsonExpectation(e, v) for e, v in config.expect.json_.items()]
        self._headers = [
            (name, Matcher(pattern)) for name, pattern in config.expect.headers.items()
        ]
        self._wanted = Matcher(config.expect.regex) if config.expect.regex else None
        self._absent = Matcher(config.expect.not_regex) if config.expect.not_regex else None
        self._read: tuple[bytes, HealthDocument | None] | None = None
        self._reads_text = bool(
            config.expect.text or config.expect.regex or config.expect.not_regex
        )

    def verdict(
        self, answer: Answer, duration: float, peer: Peer | None, advice: str, now: float
    ) -> Verdict:
        """What ``answer`` is worth.

        ``duration`` is seconds; ``advice`` what to do about a 401; ``now`` seconds since 1970.
        """
        findings: list[Finding] = []
        document, broken = self._document(answer)
        wrong_status = self._status(answer, advice)
        own = self._own(document, answer) if self._own_verdict and not broken else []
        if wrong_status and own and wrong_status.reason != "auth":
            wrong_status = Finding(wrong_status.status, wrong_status.reason, "")
        by_text = self._texts(answer) if self._reads_text else []
        findings += [wrong_status] if wrong_status else []
        findings += own
        findings += [broken] if broken else []
        findings += self._values(answer) if self._json and not broken else []
        findings += by_text
        findings += self._header_findings(answer)
        findings += _some(latency_finding(duration, self._expect.latency))
        if peer is not None:
            findings += _some(expiry_finding(peer.chain, self._expect.certificate_expiry, now))
            findings += [Finding(Status.WARNING, "dns", peer.notice)] if peer.notice else []
        return _verdict(answer, duration, findings, document, by_text=bool(by_text))

    def _document(self, answer: Answer) -> tuple[HealthDocument | None, Finding | None]:
        """The health document, and what keeps us from reading JSON that must be read."""
        if not self._json and not answer.looks_like_json:
            return None, None
        body = answer.exchange.body
        if self._read is not None and self._read[0] == body:
            return self._read[1], None
        try:
            self._read = (body, self._document_of(answer))
            return self._read[1], None
        except BodyError as error:
            if self._json:
                return None, Finding(Status.CRITICAL, "protocol", str(error))
            if answer.claims_json and body and not answer.cut:
                text = f"{error}, though its Content-Type says JSON"
                return None, Finding(Status.WARNING, "protocol", text)
            return None, None

    def _document_of(self, answer: Answer) -> HealthDocument | None:
        """The health document; what it says is then expected of the next one, too."""
        content_type = answer.exchange.header(b"content-type").decode("latin-1")
        expected = self._expected or is_of_health(self._path, content_type)
        document = read_document(answer.document, self._meaning, expected=expected, seen=self._seen)
        self._seen = document.places if document else self._seen
        return document

    def _status(self, answer: Answer, advice: str) -> Finding | None:
        status = answer.status
        if any(_is_code(status, code) for code in self._expect.status):
            return None
        if status in {401, 407} and not self._expect.judges_status:
            return Finding(Status.UNKNOWN, "auth", advice)
        if status == 403 and not self._expect.judges_status:
            text = "access is forbidden; give http.auth, or the user of these credentials the right"
            return Finding(Status.UNKNOWN, "auth", _with(text, doubt(answer.exchange)))
        wanted = " or ".join(str(code) for code in self._expect.status)
        text = _with(f"expected {wanted}", doubt(answer.exchange))
        return Finding(Status.CRITICAL, "expectation", text)

    def _own(self, document: HealthDocument | None, answer: Answer) -> list[Finding]:
        """What the document says against its own service: first the parts that say why."""
        if document is None:
            if not self._seen or not any(_is_code(answer.status, c) for c in self._expect.status):
                return []
            return [Finding(Status.UNKNOWN, "expectation", _CUT if answer.cut else _GONE)]
        worst = document.failing[:2]
        failing = [_clause(part) for part in worst]
        strange = any(part.status is Status.UNKNOWN and part.value for part in worst)
        advice = [_ADVICE] if strange or (document.strange and document.word) else []
        if document.status is Status.OK:
            if not failing:
                return []
            says = f"{document.key} is {quoted(document.word)}, but " if document.word else ""
            text = "; ".join([says + ", ".join(failing), *advice])
            return [Finding(Status.WARNING, "expectation", text)]
        clauses = [", ".join(failing)] if failing else []
        if document.word or document.strange:
            # A part of which nobody knows how it is explains nothing.
            known = any(part.status is not Status.UNKNOWN for part in worst)
            at = len(clauses) if known and not document.strange else 0
            clauses.insert(at, _strange(document) if document.strange else _ill(document))
        return [Finding(document.status, "expectation", "; ".join([*clauses, *advice]))]

    def _values(self, answer: Answer) -> list[Finding]:
        return [f for e in self._json if (f := e.finding(answer.document)) is not None]

    def _texts(self, answer: Answer) -> list[Finding]:
        try:
            found = text_findings(answer.text, self._expect.text, self._wanted, self._absent)
        except BodyError as error:
            return [Finding(Status.CRITICAL, "protocol", str(error))]
        if found and answer.cut:
            text = "only the first http.max_body bytes were read"
            found.append(Finding(Status.CRITICAL, "limit", text))
        return found

    def _header_findings(self, answer: Answer) -> list[Finding]:
        found = []
        for name, pattern in self._headers:
            value = answer.exchange.header(name.lower().encode("ascii", "replace"))
            shown = value.decode("latin-1")
            try:
                fits = pattern.search(shown) is not None
            except SlowPatternError as error:
                found.append(slow_finding(error))
                continue
            if not fits:
                text = f"header {name} is {quoted(shown)}, expected {quoted(pattern.pattern)}"
                found.append(Finding(Status.CRITICAL, "expectation", text))
        return found


def _with(text: str, more: str) -> str:
    return f"{text}; {more}" if more else text


def _some(finding: Finding | None) -> list[Finding]:
    return [finding] if finding is not None else []


def _is_code(status: int, code: int | str) -> bool:
    return status == code if isinstance(code, int) else str(status)[0] == code[0]


def _strange(document: HealthDocument) -> str:
    if not document.word:
        return "the health document does not say how its service is"
    return f"{document.key} is {quoted(document.word)}, which is no word that onwatch knows"


def _ill(document: HealthDocument) -> str:
    why = f" ({document.why})" if document.why else ""
    good = quoted(counterpart(document.word))
    return f"{document.key} is {quoted(document.word)}{why}, expected {good}"


def _clause(part: Part) -> str:
    if part.message:
        return f"{part.name}: {part.message}"
    return f"{part.name} is {quoted(part.value)}"


def _verdict(
    answer: Answer,
    duration: float,
    findings: list[Finding],
    document: HealthDocument | None,
    *,
    by_text: bool,
) -> Verdict:
    head = f"HTTP {answer.status} after {seconds(duration)}"
    if not findings:
        said = f": {document.key} is {quoted(document.word)}" if document and document.word else ""
        return Verdict(Status.OK, "ok", head + said, by_text, document)
    findings.sort(key=lambda finding: -finding.status.severity)
    first = findings[0]
    clauses = [finding.text for finding in findings if finding.text][:_CLAUSES]
    message = f"{head}: {'; '.join(clauses)}" if clauses else head
    return Verdict(first.status, first.reason, message, by_text, document)
