"""The worker of an http check: asks one URL, follows redirects, judges the answer."""

from __future__ import annotations

import asyncio
from typing import Final

from checks.errors import SecretError, TargetError
from checks.health_document import HealthDocument, changes
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.http.answer import Answer
from checks.probes.http.asking import OURS, Asking, Run
from checks.probes.http.config import HttpConfig
from checks.probes.http.judge import Judge
from checks.probes.http.report import Reporter

__all__ = ["HttpProbe"]

_OWN_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}


class HttpProbe:
    """Asks and judges."""

    def __init__(self, config: HttpConfig, target: Target) -> None:
        self._config = config
        self._env = target.env
        self._judge = Judge(config)
        self._asking = Asking(
            config, target, _OWN_HEADERS, method=config.method, content=config.body.encode()
        )
        self._reporter = Reporter(config, target)
        self._seen: tuple[HealthDocument, float] | None = None
        # A little before the scheduler's own timeout, which knows of no phases.
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def run(self) -> Result:
        """Ask once, at most for the target's timeout."""
        run = Run(self._config.max_body)
        try:
            async with asyncio.timeout(self._patience):
                await self._asking.ask(run)
        except TimeoutError:
            return self._reporter.silent(run.exchange, run.peer, self._asking.hint())
        except SecretError as error:
            return self._reporter.failed("config", str(error), Status.UNKNOWN, run.exchange, None)
        except TargetError as error:
            status = Status.UNKNOWN if error.reason in OURS else Status.CRITICAL
            return self._reporter.failed(error.reason, str(error), status, run.exchange, run.peer)
        return self._judged(run)

    def go_on(self, before: HttpProbe) -> None:
        """Take over what the probe ``before`` knows of its health documents."""
        self._judge, self._seen = before._judge, before._seen

    async def close(self) -> None:
        """Close the connections."""
        await self._asking.close()

    def _judged(self, run: Run) -> Result:
        answer = Answer(run.exchange, run.redirects)
        advice = self._asking.credentials.advice
        if answer.status == 401:
            self._asking.credentials.refused()
        verdict = self._judge.verdict(
            answer, run.phases.total, run.peer, advice, self._env.clock.wall()
        )
        events = self._events(verdict.document)
        return self._reporter.answered(verdict, answer, run.peer, events)

    def _events(self, document: HealthDocument | None) -> tuple[str, ...]:
        if document is None:
            return ()
        now = self._env.clock.now()
        seen, self._seen = self._seen, (document, now)
        return changes(seen[0], document, now - seen[1]) if seen else ()
