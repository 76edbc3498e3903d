"""Objectives over weeks that take a moment: a store, a clock moved by hand, and a real file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.lanes import Lanes
from checks.longterm.live import LiveLongTerm
from checks.model import Samples, Series
from checks.objectives.model import Objective, OfCheck, Picked, Ratio
from checks.objectives.views import ObjectiveView
from checks.probe import CheckSpec
from checks.promql.ast import Selector
from checks.promql.syntax import parse
from checks.store.store import Store
from checks.story.keeping import Keeping
from tests.checks.fakes import spec

__all__ = ["DAY", "HOUR", "Site", "available", "counters", "picked"]

HOUR, DAY = 3600.0, 86_400.0


def picked(text: str) -> Picked:
    node = parse(text)
    assert isinstance(node, Selector)
    return Picked(text, node.name, node.matchers)


def available(what: str = "probe", target: float = 0.999, **more: object) -> Objective:
    """Of the check ``web``."""
    source = OfCheck(what, "web", float(more.pop("below", 0.0)))  # type: ignore[arg-type]
    return Objective("available", target, 30 * DAY, source, **more)  # type: ignore[arg-type]


def counters(**more: object) -> Objective:
    """By the counters of ``web``: those with a status of 5xx are bad."""
    bad = picked('http_requests_total{job="web",status=~"5.."}')
    source = Ratio(bad, picked('http_requests_total{job="web"}'), bad=True)
    return Objective("requests", 0.99, 7 * DAY, source, **more)  # type: ignore[arg-type]


class Site:
    """onwatch, once, over a check that the tests play; with ``path``, its story's file is read."""

    def __init__(
        self,
        *objectives: Objective,
        clock: FakeClock | None = None,
        path: Path | None = None,
        check: CheckSpec | None = None,
        config: EngineConfig | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.store = Store()
        self.check = check or spec("web", interval=60.0)
        base = config or EngineConfig((self.check,), base_dir=Path("/"))
        self.keeping = Keeping(path, Lanes(), self.clock)
        self.far = LiveLongTerm(
            replace(base, objectives=objectives), self.store, self.clock, lambda: self.keeping
        )

    def put(self, **values: float) -> None:
        """A run of the check: metrics by name; ``ok``, ``bad`` are counters of requests."""
        names = {"ok": ("http_requests_total", "200"), "bad": ("http_requests_total", "500")}
        made = {}
        for name, value in values.items():
            metric, status = names.get(name, (name, ""))
            labels = {"job": "web", "instance": "web:1", "status": status}
            made[Series.of(metric, labels)] = value
        samples = Samples(tuple(made), tuple(made.values()))
        self.store.append("web", self.check.interval, self.clock.now(), samples)

    async def go(self, seconds: float, *, look: float = 900.0, **values: float) -> ObjectiveView:
        """A run a minute of the same values for so long, with a look every ``look`` seconds."""
        end, due = self.clock.now() + seconds, 0.0
        while self.clock.now() < end:
            await self.clock.advance(self.check.interval)
            if values:
                self.put(**values)
            if self.clock.now() >= due:
                due = self.clock.now() + look
                self.far.look(self.clock.now())
                self.store.expire(self.clock.now())
        self.far.look(self.clock.now())
        return self.view

    async def keep(self) -> None:
        """Read and write the file."""
        for _ in range(3):
            self.far.look(self.clock.now())
            assert await self.keeping.look(self.clock.now())
            self.keeping.ready = True
            await self.clock.advance(60.0)

    async def end(self) -> None:
        """As at the end of the program."""
        self.far.close()
        await self.keeping.finish()

    @property
    def view(self) -> ObjectiveView:
        return self.far.objectives.views[0]

    def value(self, name: str, **labels: str) -> float | None:
        """What the store has of one of its series."""
        for series in self.store.select(name).values():
            for one in series:
                if all(one.label(key) == text for key, text in labels.items()):
                    block = self.store.block("onwatch/objectives")
                    assert block is not None
                    row = block.row([one], 0, round(self.clock.now() * 1000))
                    return None if row is None or row[1][0] != row[1][0] else float(row[1][0])
        return None
