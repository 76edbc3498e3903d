"""An HTTP answer made readable: decompressed to a bound, as text, as JSON."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from functools import cached_property
from typing import Any, Final

from checks.probes.http.connection import Exchange

__all__ = ["Answer", "BodyError"]

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_SESSION = re.compile(r"(?im)^(set-cookie\s*:\s*[^=;\r\n]*=)[^;\r\n]*")
_RAW_BODY = 10_000
_NO_CHARSETS: Final = {"punycode", "idna", "unicode-escape", "raw-unicode-escape"}
"""Codecs of Python's that no page is written in. Reading a page by the first takes time with the
square of its length, minutes of a megabyte, for which all checks would wait."""


class BodyError(Exception):
    """The body cannot be read; the text is a clause."""


class Answer:
    """The last answer of a run. Each form of the body is made when first asked for."""

    def __init__(self, exchange: Exchange, redirects: int = 0) -> None:
        self.exchange = exchange
        self.status = exchange.status
        self.redirects = redirects
        self.cut = exchange.cut

    @cached_property
    def body(self) -> bytes:
        """The body, decompressed, up to the bound. Raises BodyError."""
        raw = self.exchange.body
        coding = self.exchange.header(b"content-encoding").strip().lower()
        if not raw or coding in {b"", b"identity"}:
            return raw
        if coding not in {b"gzip", b"x-gzip", b"deflate"}:
            name = coding.decode("latin-1")[:20]
            raise BodyError(f"the body is compressed as {name}, which was not asked for")
        return self._inflate(raw, coding)

    def _inflate(self, raw: bytes, coding: bytes) -> bytes:
        window = -zlib.MAX_WBITS if coding == b"deflate" and raw[:1] != b"\x78" else 47
        try:
            inflater = zlib.decompressobj(window)
            body = inflater.decompress(raw, self.exchange.bound)
        except zlib.error:
            raise BodyError(f"the body is not the {coding.decode()} it says it is") from None
        if inflater.unconsumed_tail:
            self.cut = True
        elif not inflater.eof and not self.cut:
            raise BodyError(f"the {coding.decode()} body ends too early")
        return body

    @cached_property
    def text(self) -> str:
        """The body as text in its own charset; what does not decode becomes ``\ufffd``.

        Raises BodyError.
        """
        return self._decoded(self.body)

    def _decoded(self, body: bytes) -> str:
        found = _CHARSET.search(self._content_type)
        charset = found.group(1) if found else "utf-8"
        try:
            if codecs.lookup(charset).name in _NO_CHARSETS:
                charset = "utf-8"
            return body.decode(charset, "replace")
        except (LookupError, ValueError):
            return body.decode("utf-8", "replace")

    @cached_property
    def document(self) -> Any:
        """The body as JSON. Raises BodyError."""
        body = self.body
        try:
            return json.loads(body)
        except UnicodeDecodeError as error:
            raise BodyError(f"the body is not UTF-8 text (byte {error.start + 1})") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno} column {error.colno}"
            why = "longer than http.max_body" if self.cut else f"not JSON ({where})"
            raise BodyError(f"the body is {why}" if body else "the body is empty") from None
        except (ValueError, RecursionError):
            raise BodyError("the body is JSON with absurd numbers or nesting") from None

    @property
    def claims_json(self) -> bool:
        """Whether the answer says that it is JSON."""
        return "json" in self._content_type.partition(";")[0].lower()

    @property
    def looks_like_json(self) -> bool:
        """Whether it is worth reading as JSON."""
        return self.claims_json or self.exchange.body[:64].lstrip()[:1] == b"{"

    @property
    def _content_type(self) -> str:
        return self.exchange.header(b"content-type").decode("latin-1")

    @property
    def content_length(self) -> float:
        """Bytes of the body as announced, -1 where it was not."""
        announced = self.exchange.header(b"content-length")
        return float(announced) if announced.isdigit() else -1.0

    def raw(self) -> str:
        """Status line, headers and the beginning of the body, session cookies masked."""
        exchange = self.exchange
        reason = exchange.reason.decode("latin-1")
        head = "\n".join(
            f"{k.decode('latin-1')}: {v.decode('latin-1')}" for k, v in exchange.headers
        )
        if b"ookie" in b"".join(k for k, _ in exchange.headers):
            head = _SESSION.sub(r"\1•••", head)
        try:
            # Of a page of megabytes only what is shown: no character takes more bytes.
            body = self._decoded(self.body[: 8 * _RAW_BODY])[:_RAW_BODY]
        except BodyError as error:
            body = f"({error})"
        return f"HTTP/{exchange.version} {self.status} {reason}\n{head}\n\n{body}"
