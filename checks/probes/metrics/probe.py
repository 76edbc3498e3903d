"""The worker of a metrics check: asks for the page, reads it, judges it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.exposition.model import Page
from checks.exposition.reader import Reader
from checks.findings import Finding
from checks.model import Result, Samples, Series, Status, Table, worst
from checks.probe import Target
from checks.probes.http.answer import Answer
from checks.probes.http.asking import OURS, Asking, Run
from checks.probes.http.report import peer_facts, silence
from checks.probes.metrics.config import MetricsConfig
from checks.probes.metrics.feed import RequestFeed
from checks.probes.metrics.judge import Judge
from checks.probes.metrics.report import (
    PageFacts,
    facts_of,
    families_table,
    own_samples,
    requests_fact,
)
from checks.probes.metrics.scrape import (
    HEADERS,
    MOST_PIECES,
    body_of,
    is_openmetrics,
    read_page,
)
from checks.probes.metrics.series import REFUSED, SeriesMaker
from checks.probes.metrics.versions import Versions, changes, versions_of
from checks.wording import size

__all__ = ["MetricsProbe"]

TOO_OLD: Final = 300.0
"""Seconds after which a sample with a timestamp tells nothing of now: PromQL's lookback."""

_KEYS: Final = re.compile(
    r"\bhttp\.(?=(?:tls|auth|headers|redirects|proxy|proxy_password|socket)\b)"
)
"""Keys that the http check's sentences name, which are ours here."""
_CLAUSES: Final = 3
_PARSE: Final = "parse"


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What stays the same for as long as a page has the same series."""

    items: list[Series]
    series: tuple[Series, ...]
    firsts: tuple[int, ...] | None
    twice: str
    repeated: int
    table: Table
    families: int
    versions: Versions


class MetricsProbe:
    """Scrapes one page."""

    def __init__(self, config: MetricsConfig, target: Target) -> None:
        self._config = config
        self._env = target.env
        self._where = config.instance()
        self._timeout = target.timeout
        self._sampler = target.sampler
        self._asking = Asking(config, target, HEADERS)
        self._maker = SeriesMaker(config, target.sampler.base)
        self._reader = Reader[Series](self._maker, config.max_series)
        self._judge = Judge(config.expect, target.sampler.base)
        self._feed = RequestFeed(config.requests, target.sampler.base)
        self._layout: _Layout | None = None
        self._news: tuple[str, ...] = ()
        # A little before the scheduler's own timeout, which knows of no phases.
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def run(self) -> Result:
        """Scrape once, at most for the target's timeout."""
        run = Run(self._config.max_bytes, MOST_PIECES)
        try:
            async with asyncio.timeout(self._patience):
                await self._asking.ask(run)
                return await self._answered(run, Answer(run.exchange, run.redirects))
        except TimeoutError:
            return self._failed(run, "timeout", self._too_slow(run))
        except SecretError as error:
            return self._failed(run, "config", str(error))
        except TargetError as error:
            return self._failed(run, error.reason, _KEYS.sub("metrics.", str(error)))

    def go_on(self, before: MetricsProbe) -> None:
        """Take over the requests that the probe ``before`` has counted, and its counters."""
        self._feed, self._judge = before._feed, before._judge

    async def close(self) -> None:
        """Close the connections."""
        await self._asking.close()

    async def _answered(self, run: Run, answer: Answer) -> Result:
        advice = self._asking.credentials.advice
        if answer.status == 401:
            self._asking.credentials.refused()
        body = body_of(answer, self._config, advice)
        openmetrics = is_openmetrics(answer)
        duration = run.phases.total
        run.phases.enter(_PARSE)
        page = await read_page(self._reader, body, self._config, openmetrics=openmetrics)
        run.phases.end()
        self._news = ()
        samples, too_old, layout = self._samples(page)
        now = self._env.clock.now()
        facts = PageFacts(
            openmetrics=openmetrics,
            sent=answer.exchange.size,
            length=len(body),
            took=run.phases.seconds[_PARSE],
            series=len(samples),
            left_out=page.left_out,
            fresh=page.fresh,
            families=layout.families,
            timestamps=len(page.timestamps),
            too_old=too_old,
            exemplars=page.exemplars,
        )
        findings = self._judge.findings(samples.series, samples.values, now)
        remarks = [*self._remarks(page, layout, too_old), *self._of_peer(run)]
        requests = self._feed.read(samples, now)
        peer = peer_facts(run.peer) if run.peer else ()
        status, reason, message = self._verdict(facts, findings, remarks, duration)
        return Result(
            status,
            message,
            reason=reason,
            value=f"{len(samples):,} series",
            duration=duration,
            samples=samples + own_samples(self._sampler, facts),
            parts=tuple(finding.part for finding in findings),
            phases=tuple(run.phases.seconds.items()),
            tables=(layout.table,) if layout.table.rows else (),
            facts=(*facts_of(facts), *requests_fact(self._feed.layout), *peer),
            raw=answer.raw(),
            requests=requests,
            events=self._news,
        )

    def _too_slow(self, run: Run) -> str:
        if run.phases.current != _PARSE:
            hint = _KEYS.sub("metrics.", self._asking.hint())
            return silence(run.exchange, self._where, self._timeout, hint)
        return (
            f"reading the page of {size(run.exchange.size)} did not end within "
            f"{seconds(self._timeout)}: raise timeout, or have the exporter tell less"
        )

    def _failed(self, run: Run, reason: str, message: str) -> Result:
        """A scrape that brought no page; none of it counts."""
        run.exchange.phases.end()
        ours = reason in OURS
        status = Status.UNKNOWN if ours else Status.CRITICAL
        answered = run.exchange.status
        raw = Answer(run.exchange, run.redirects).raw() if answered else ""
        return Result(
            status,
            message,
            reason=reason,
            up=False,
            answered=bool(answered or run.redirects),
            value=str(answered) if answered not in {0, 200} else "" if ours else "down",
            samples=own_samples(self._sampler, None),
            phases=tuple(run.exchange.phases.seconds.items()),
            facts=peer_facts(run.peer) if run.peer else (),
            raw=raw,
        )

    def _samples(self, page: Page[Series]) -> tuple[Samples, int, _Layout]:
        """The samples that count: the first of each series, and none that are too old."""
        earliest = self._env.clock.wall() - TOO_OLD
        old = {at for at, time in page.timestamps.items() if time < earliest}
        if old:
            kept = [at for at in range(len(page.items)) if at not in old]
            page.items = [page.items[at] for at in kept]
            page.values = [page.values[at] for at in kept]
        layout = self._layout
        if layout is None or page.items != layout.items:
            before, layout = layout, _layout(page)
            self._layout = layout
            self._news = changes(before.versions, layout.versions) if before is not None else ()
        values = page.values
        if layout.firsts is not None:
            values = [values[at] for at in layout.firsts]
        return Samples(layout.series, tuple(values)), len(old), layout

    def _remarks(
        self, page: Page[Series], layout: _Layout, too_old: int
    ) -> list[tuple[Status, str, str]]:
        """What is wrong with a page that could be read: status, reason, clause."""
        found = []
        if layout.repeated:
            others = f" (and {layout.repeated - 1:,} more)" if layout.repeated > 1 else ""
            text = f"{layout.twice}{others} stands there twice; the first value counts"
            found.append((Status.WARNING, "protocol", text))
        if refused := self._maker.refused:
            name, _ = refused.most_common(1)[0]
            text = (
                f"its series keep changing: {self._maker.alive:,} of the last hour are "
                f"remembered, and {refused.total():,} new ones left out, most of them {name}; "
                f"leave it out with metrics.drop, or raise metrics.max_series"
            )
            found.append((Status.WARNING, "limit", text))
            self._maker.refused.clear()
            # There may be room for them the next time, where nothing is held for nothing.
            self._reader.forget_marked(REFUSED, page.items)
        elif not layout.series:
            why = "the page has no samples"
            if page.left_out:
                why = f"none of its {page.left_out:,} samples is kept; see metrics.keep and drop"
            if too_old:
                why = (
                    f"all of its {too_old:,} samples bear times more than {seconds(TOO_OLD)} ago: "
                    "does what it tells of still run, are the clocks right?"
                )
            found.append((Status.WARNING, "missing", why))
        return found

    @staticmethod
    def _of_peer(run: Run) -> list[tuple[Status, str, str]]:
        notice = run.peer.notice if run.peer else ""
        return [(Status.WARNING, "dns", notice)] if notice else []

    @staticmethod
    def _verdict(
        facts: PageFacts,
        findings: list[Finding],
        remarks: list[tuple[Status, str, str]],
        duration: float,
    ) -> tuple[Status, str, str]:
        """Status, reason and sentence: the worst first."""
        ill = [(f.part.status, f.reason, f.part.message) for f in findings]
        ill = [one for one in (*ill, *remarks) if one[0] is not Status.OK]
        head = f"{facts.series:,} series after {seconds(duration)}"
        if not ill:
            return Status.OK, "ok", head
        ill.sort(key=lambda one: -one[0].severity)
        more = f" (and {len(ill) - _CLAUSES} more)" if len(ill) > _CLAUSES else ""
        clauses = "; ".join(text for _, _, text in ill[:_CLAUSES])
        return worst(one[0] for one in ill), ill[0][1], f"{head}: {clauses}{more}"


def _layout(page: Page[Series]) -> _Layout:
    firsts: dict[Series, int] = {}
    twice: dict[Series, None] = {}
    for at, one in enumerate(page.items):
        if firsts.setdefault(one, at) != at:
            twice[one] = None
    series = tuple(firsts)
    table, families = families_table(series, page.families)
    return _Layout(
        items=page.items,
        series=series,
        firsts=tuple(firsts.values()) if twice else None,
        twice=_named(next(iter(twice))) if twice else "",
        repeated=len(twice),
        table=table,
        families=families,
        versions=versions_of(series),
    )


def _named(series: Series) -> str:
    own = ",".join(f'{k}="{v}"' for k, v in series.labels if k not in {"job", "instance"})
    return f"{series.name}{{{own}}}"[:120] if own else series.name
