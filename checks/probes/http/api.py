"""Several paths of one server's HTTP API, one after the other over the connection that is kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.lanes import LaneBusyError
from checks.model import clean
from checks.probe import Target
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.asking import Asking, Run
from checks.probes.http.config import Endpoint
from checks.probes.http.connection import Peer
from checks.probes.http.proxy import doubt
from checks.probes.http.report import silence
from checks.wording import size

__all__ = ["Api", "NotToldError", "Reply", "own_keys"]

T = TypeVar("T")

_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "gzip"}
_LARGE: Final = 256_000
"""Bytes from which on a document is read in a lane: a megabyte takes ten milliseconds."""
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<head")
_ABSENT: Final = frozenset({404, 405, 410, 501})
_KEYS: Final = re.compile(
    r"\bhttp\.(?=(?:tls|auth|headers|redirects|proxy|proxy_password|socket|max_body)\b)"
)
"""Keys that the http check's sentences name, which are the kind's own here."""


def own_keys(text: str, kind: str) -> str:
    """``text`` of an http check as one of ``kind`` says it."""
    return _KEYS.sub(f"{kind}.", text)


class NotToldError(TargetError):
    """The server knows no such path: another program, or another version of it."""

    def __init__(self, sentence: str) -> None:
        super().__init__("missing", sentence)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how many seconds it took."""

    status: int
    answer: Answer
    took: float
    phases: tuple[tuple[str, float], ...]


class Api:
    """What a check of ``kind`` asks of its server. ``bound`` is in bytes of an answer."""

    def __init__(self, kind: str, config: Endpoint, target: Target, bound: int) -> None:
        self._kind = kind
        self._config = config
        self._target = target
        self._bound = bound
        self._lane = f"{kind} {target.name}"
        self._asking = Asking(config, target, _HEADERS)
        self.peer: Peer | None = None
        """Who answered last."""
        self.answered = False
        """Whether the last request had an answer, if only that access is refused."""

    async def close(self) -> None:
        """Close the connections, and end the lane's thread."""
        await self._asking.close()
        self._target.env.lanes.drop(self._lane)

    async def get(self, path: str, patience: float, **parameters: str) -> Reply:
        """The answer to ``path`` within ``patience`` seconds, whatever its status.

        Raises:
            TargetError: there was none, or credentials are wanted; reason and sentence say why.
        """
        asked = f"{path}?{urlencode(parameters)}" if parameters else path
        run = Run(self._bound)
        try:
            async with asyncio.timeout(max(0.0, patience)):
                await self._asking.ask(run, asked)
        except TimeoutError:
            hint = own_keys(self._asking.hint(), self._kind)
            where, most = self._config.instance(), self._target.timeout
            raise TargetError("timeout", silence(run.exchange, where, most, hint)) from None
        except SecretError as error:
            raise TargetError("config", str(error)) from None
        except TargetError as error:
            raise TargetError(error.reason, own_keys(str(error), self._kind)) from None
        finally:
            self.peer = run.peer or self.peer
            self.answered = bool(run.exchange.status or run.redirects)
            run.exchange.phases.end()
        phases = run.phases
        answer = Answer(run.exchange, run.redirects)
        self._check_access(answer)
        return Reply(answer.status, answer, phases.total, tuple(phases.seconds.items()))

    async def document(self, path: str, patience: float, **parameters: str) -> Any:
        """The JSON document at ``path``.

        Raises:
            NotToldError: there is no such path.
            TargetError: there is no answer, or it is none.
        """
        reply = await self.get(path, patience, **parameters)
        return await self.read(path, reply)

    async def told(
        self, path: str, patience: float, read: Callable[[Any], T], **parameters: str
    ) -> T:
        """What ``read`` makes of the JSON document at ``path``; raises as :meth:`document`, and
        what ``read`` raises.

        Of a large document that is done in a lane, too: thousands of alerts take longer than others
        are to wait.
        """
        reply = await self.get(path, patience, **parameters)
        document = await self.read(path, reply)
        if len(reply.answer.body) < _LARGE:
            return read(document)
        return await self._aside(lambda: read(document))

    async def read(self, path: str, reply: Reply) -> Any:
        """The JSON document that ``reply`` is; raises as :meth:`document`."""
        answer, head = reply.answer, f"{path}: HTTP {reply.status}"
        if reply.status in _ABSENT:
            raise NotToldError(head)
        try:
            body = answer.body
        except BodyError as error:
            raise TargetError("protocol", f"{head}, but {error}") from None
        if answer.cut:
            raise TargetError(
                "limit",
                f"{head}, but its answer is longer than {size(self._bound)}: raise "
                f"{self._kind}.max_bytes",
            )
        document = await self._parsed(answer, len(body))
        if reply.status >= 300 or document is None:
            # What is asked is ours, where somebody who understands it says that it is wrong.
            ours = reply.status in {400, 422} and isinstance(document, dict)
            reason = "config" if ours else "protocol"
            raise TargetError(reason, self._refused(head, answer, document))
        return document

    async def _parsed(self, answer: Answer, length: int) -> Any:
        """The document; None where the body is none."""

        def parse() -> Any:
            try:
                return answer.document
            except BodyError:
                return None

        return parse() if length < _LARGE else await self._aside(parse)

    async def _aside(self, call: Callable[[], T]) -> T:
        """``call()`` in a lane. Raises TargetError where that is still at what a run that has
        timed out wanted."""
        try:
            return await self._target.env.lanes.run(self._lane, call)
        except LaneBusyError:
            raise TargetError("limit", "reading its last answer has not ended yet") from None

    def _refused(self, head: str, answer: Answer, document: Any) -> str:
        said = (
            document.get("error") or document.get("message") if isinstance(document, dict) else ""
        )
        if isinstance(said, str) and said:
            return f"{head}: {clean(said, 200)}"
        after = f"{head} after {seconds(answer.exchange.phases.total)}"
        body = answer.body[:200].lstrip().lower()
        if body.startswith(_MARKUP):
            return f"{after}, but a web page came instead of JSON: a login, or a wrong path?"
        if document is None and answer.status < 300:
            return f"{after}, but what came is no JSON"
        text = " ".join(answer.text.split())
        shown = f": {clean(text, 120)}" if text and text.isprintable() else ""
        return f"{after}{shown}"

    def _check_access(self, answer: Answer) -> None:
        head = f"HTTP {answer.status} after {seconds(answer.exchange.phases.total)}"
        if answer.status in {401, 407}:
            advice = own_keys(self._asking.credentials.advice, self._kind)
            self._asking.credentials.refused()
            raise TargetError("auth", f"{head}: {advice}")
        if answer.status == 403:
            doubted = f"; {said}" if (said := doubt(answer.exchange)) else ""
            raise TargetError(
                "auth",
                f"{head}: access is forbidden; give {self._kind}.auth, or the user of these "
                f"credentials the right{doubted}",
            )
