"""A step that is an HTTP request: sent once, its answer shown to a bound.

With ``target=`` an HTTP check, and the same scheme, host and port, it has that check's headers,
credentials and certificates. A status of 400 and more is exit code 1, as ``curl --fail`` has it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from pydantic import ValidationError

from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.model import Sampler, clean
from checks.probe import Target
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.asking import Asking, Run
from checks.probes.http.config import Endpoint, HttpConfig
from checks.probes.http.library import httpx
from checks.probes.http.transport import origin_of
from checks.runbooks.http_text import http_parts
from checks.runbooks.running.awaited import TOOK, Awaited
from checks.runbooks.running.http_request import Filled, filled
from checks.runbooks.running.model import Around, Ended, Job, NotRunError
from checks.runbooks.running.output import Output
from checks.runbooks.views import RunState
from checks.secrets import MASK

__all__ = ["Http"]

BODY: Final = 256_000
"""Bytes of an answer that are read."""
SHOWN: Final = 2_000
"""Lines of it that are shown, the first ones."""
_HEADERS: Final = 30
_SECRET: Final = {"set-cookie", "set-cookie2", "authorization", "www-authenticate"}
_REDIRECTS: Final = 5
_OWN_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}


class Http(Awaited):
    """One run."""

    def __init__(self, job: Job, output: Output, around: Around) -> None:
        super().__init__()
        self._job = job
        self._output = output
        self._around = around

    async def work(self) -> Ended:
        try:
            request = filled(http_parts(self._job.step.text), self._job.variables)
            config = self._config(request)
        except NotRunError as error:
            return Ended(RunState.FAILED, None, f"not run: {error}")
        timeout = self._job.step.timeout
        target = Target("runbook", 60.0, timeout, Sampler({}), self._around.env)
        asking = Asking(
            config, target, _OWN_HEADERS, method=request.method, content=request.body.encode()
        )
        run = Run(BODY)
        try:
            async with asyncio.timeout(timeout):
                await asking.ask(run)
        except TimeoutError:
            return Ended(RunState.TIMED_OUT, None, f"no answer within {seconds(timeout)}{_HOW_FAR}")
        except asyncio.CancelledError:
            if not self.stopped:
                raise
            return Ended(RunState.CANCELLED, None, f"cancelled after {TOOK}{_HOW_FAR}")
        except (TargetError, SecretError) as error:
            return Ended(RunState.FAILED, None, str(error))
        finally:
            await asking.close()
        return self._answered(Answer(run.exchange, run.redirects))

    def _config(self, request: Filled) -> Endpoint:
        """How it is asked. Raises NotRunError."""
        redirects = _REDIRECTS if request.method in ("GET", "HEAD") else 0
        try:
            config = HttpConfig.model_validate(
                {
                    "url": request.url,
                    "headers": dict(request.headers),
                    "redirects": redirects,
                    "method": request.method,
                    "keep_alive": 0,
                }
            )
            own = _origin(config.url)
        except (ValidationError, httpx.InvalidURL, ValueError) as error:
            raise NotRunError(f"this request cannot be sent: {_why(error)}") from None
        target = self._job.target
        base = target.config if target is not None else None
        if not isinstance(base, Endpoint) or _origin(base.url) != own:
            return config
        names = {name.lower() for name in config.headers}
        kept = {name: value for name, value in base.headers.items() if name.lower() not in names}
        update = {
            "url": config.url,
            "headers": {**kept, **config.headers},
            "redirects": redirects,
            "keep_alive": 0.0,
        }
        return base.model_copy(update=update)

    def _answered(self, answer: Answer) -> Ended:
        exchange = answer.exchange
        reason = clean(exchange.reason.decode("latin-1"), 80)
        line = f"HTTP {answer.status} {reason}".rstrip()
        self._output.say(line)
        for name, value in exchange.headers[:_HEADERS]:
            self._output.say(_header(name, value))
        try:
            text = self._body(answer)
        except BodyError as error:
            text = ""
            self._output.say(f"({error})")
        code = 1 if answer.status >= 400 else 0
        said = f"{line} after {TOOK}"
        variable = self._job.step.capture
        if not variable or code:
            return Ended(RunState.DONE, code, said)
        last = next((part.strip() for part in reversed(text.splitlines()) if part.strip()), "")
        taken = self._around.env.masker.text(clean(_scalar(last)))
        if not taken:
            said += f"; it has nothing to take ${variable} from"
        return Ended(RunState.DONE, code, said, (variable, taken) if taken else None)

    def _body(self, answer: Answer) -> str:
        """Show the body; it as text."""
        kind = answer.exchange.header(b"content-type").decode("latin-1").lower()
        body = answer.body
        if b"\0" in body[:1000]:
            self._output.say(f"\n({len(body):,} bytes that are no text)")
            return ""
        text = answer.text
        lines = _pretty(text, kind).rstrip("\n").split("\n")
        if text.strip():
            self._output.say("\n".join(["", *lines[:SHOWN]]))
        if len(lines) > SHOWN:
            self._output.say(f"({len(lines) - SHOWN:,} more lines are left out)")
        if answer.cut:
            self._output.say(f"(the rest is left out: it has more than {BODY:,} bytes)")
        return text


_HOW_FAR: Final = "; whether the server has done what was asked is not known"


def _origin(url: str) -> tuple[str, str, int]:
    return origin_of(httpx.URL(url))


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return clean("; ".join(each["msg"] for each in error.errors()), 300)
    return clean(error, 300)


def _header(name: bytes, value: bytes) -> str:
    shown = clean(name.decode("latin-1"), 80)
    secret = shown.lower() in _SECRET
    return f"{shown}: {MASK if secret else clean(value.decode('latin-1'), 300)}"


def _pretty(text: str, kind: str) -> str:
    """JSON over several lines, where it is JSON."""
    if "json" not in kind and not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _scalar(line: str) -> str:
    """A JSON string without its quotes; everything else as it is."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return value if isinstance(value, str) else line
