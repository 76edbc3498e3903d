"""Discovery as the engine uses it: a first look within 300 ms, then another every half minute."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import is_
from typing import Final, TypeVar

from checks.config import EngineConfig
from checks.discovery.absent import Expectation, expectations, missing
from checks.discovery.machine import Machine
from checks.discovery.memory import Memory, Remembered, state_file
from checks.discovery.model import Service
from checks.discovery.plan import Plan, Planned
from checks.discovery.survey import Seen, Survey
from checks.discovery.units import is_gone
from checks.discovery.welcome import with_ways
from checks.lanes import LaneBusyError, Lanes
from checks.probe import CheckSpec
from checks.registry import KINDS, kind
from checks.wording import span

__all__ = ["Discovery"]

FIRST: Final = 0.25
"""Seconds within which everything must have answered at the first look."""
LATER: Final = 3.0
"""Seconds that a later look may take: nobody waits for it."""
AGAIN: Final = 30.0
"""Seconds between looks."""
HANGS: Final = 1.0
"""Seconds after which a home directory that does not answer is taken to hang."""
SOON: Final = 1.0
"""Seconds until the second look where something had no time to answer."""

HURRIES: Final = 3
"""Looks that follow each other soon: a machine that is never done with gets its rest."""

_HUNG: Final = "discovery: reading credentials hangs: is the home directory there?"

_OR_NOT: Final = "; if that is over, forget it in the palette"

T = TypeVar("T")
D = TypeVar("D")


class Discovery:
    """Finds the services of ``machine`` and adds a check of each to a configuration.

    ``wall`` gives seconds since 1970; ``first`` is how many the first look may take. Use from
    one event loop.
    """

    def __init__(
        self,
        *,
        machine: Machine | None = None,
        environ: Mapping[str, str] = os.environ,
        memory: Memory | None = None,
        wall: Callable[[], float] = time.time,
        first: float = FIRST,
    ) -> None:
        self._first = first
        self._machine = machine or Machine()
        self._memory = memory or Memory(state_file(socket.gethostname()))
        self._wall = wall
        self._lanes = Lanes()
        self._survey = Survey(self._machine, self._lanes)
        self._environ = environ
        self._plan = Plan(environ)
        self._past: list[Remembered] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._base: tuple[CheckSpec, ...] | None = None
        self._hurried = 0
        self._unwanted: list[str] = []
        self._asked = asyncio.Event()
        self.settled = True
        """Whether everything that was seen had time to say what it is."""

    @property
    def sure(self) -> bool:
        """See :class:`checks.config.Finder`: the first look has too little time for that."""
        looked = self._hurried > (1 if self.settled else HURRIES)
        return looked and self._past is not None

    @property
    def pause(self) -> float:
        """Seconds until it is worth looking again."""
        return AGAIN if self.settled or self._hurried > HURRIES else SOON

    async def rest(self) -> None:
        """Wait until it is worth looking again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pause):
                await self._asked.wait()

    def forget(self, name: str) -> None:
        """See :class:`checks.config.Finder`."""
        self._unwanted.append(name)
        self._asked.set()

    def close(self) -> None:
        """See :class:`checks.config.Finder`."""
        if self._preparing is not None:
            self._preparing.cancel()
        self._lanes.close()

    @property
    def transient(self) -> list[Planned]:
        """The checks of what runs and lives in a temporary folder."""
        return [one for one in self.planned if one.service.transient]

    @property
    def planned(self) -> list[Planned]:
        """The checks of what was found, without those of the base."""
        return self._plan.planned

    async def look(self, config: EngineConfig) -> EngineConfig:
        """``config`` with a check of each service that is known now.

        Never raises for what the machine holds; what cannot be seen is among its warnings.
        """
        first = self._base is None
        if self._base is None:
            self._base = config.checks
            self._plan.reserve(spec.name for spec in config.checks)
        if self._past is None:
            recall = self._memory.recall
            self._past = await self._bounded(
                "memory", lambda: recall(self._wall()), self._first, None
            )
        dropped = await self._dropped()
        seen, missed = await self._see(time.monotonic() + (self._first if first else LATER))
        names = {one.service.key: one.name for one in self._past or ()}
        changed = await self._bounded(
            "credentials", lambda: self._plan.update(seen.services, missed, names), HANGS, None
        )
        await self._bounded("memory", lambda: self._remember(seen.services), HANGS, None)
        if not first:
            # Not what this look brought: what one before it did may not have been taken over.
            checks = self._checks() if dropped or changed is not None else config.checks
            same = len(checks) == len(config.checks) and all(map(is_, checks, config.checks))
            return config if same else replace(config, checks=checks)
        hung = () if changed is not None else (_HUNG,)
        return replace(
            config,
            checks=self._checks(),
            warnings=(*config.warnings, *seen.warnings, *hung),
            remarks=(*config.remarks, *seen.remarks),
        )

    async def _dropped(self) -> bool:
        """Whether checks were dropped that nobody wants."""
        self._asked.clear()
        names, self._unwanted = self._unwanted, []
        keys = [key for key in map(self._plan.drop, names) if key is not None]
        if keys:
            self._past = [one for one in self._past or () if one.service.key not in keys]
            await self._bounded(
                "memory", lambda: self._memory.forget(keys, self._wall()), HANGS, None
            )
        return bool(keys)

    async def _see(self, until: float) -> tuple[Seen, list[Expectation]]:
        """What runs and what should, by ``until`` (of ``time.monotonic``)."""
        known = self._known()
        kinds = {service.port: service.kind for service in known.values() if service.port}
        seen, expected = await asyncio.gather(
            self._survey.look(until, kinds, self._prepare),
            self._bounded("units", self._expected, until - time.monotonic(), None),
        )
        if self._preparing is not None:
            await self._preparing
        self._hurried += 1
        self.settled = seen.settled and expected is not None and self._past is not None
        services = await with_ways(seen.services, self._environ, self._lanes, known, until)
        return replace(seen, services=services), missing(expected or (), services)

    async def _bounded(
        self, lane: str, call: Callable[[], T], seconds: float, otherwise: D
    ) -> T | D:
        """``call()`` in a lane, for ``seconds``; ``otherwise`` where a mount hangs."""
        try:
            async with asyncio.timeout(max(0.05, seconds)):
                return await self._lanes.run(f"discovery: {lane}", call)
        except (TimeoutError, LaneBusyError):
            return otherwise

    def _prepare(self, kinds: frozenset[str]) -> None:
        """Import what checks of ``kinds`` need while answers are waited for."""

        def load() -> None:
            for name in kinds & KINDS.keys():
                kind(name)

        if self._preparing is None or self._preparing.done():
            work = self._lanes.run("discovery: kinds", load)
            self._preparing = asyncio.create_task(work, name="discovery: kinds")

    def _checks(self) -> tuple[CheckSpec, ...]:
        return (*(one.spec for one in self._plan.planned), *(self._base or ()))

    def _known(self) -> dict[tuple[str, int | str], Service]:
        """What was found in this session or an earlier one."""
        services = [one.service for one in self._past or ()]
        services += [one.service for one in self._plan.planned if not one.missed]
        return {service.key: service for service in services}

    def _expected(self) -> list[Expectation]:
        """What should run here: what was seen running before, then what is set up to."""
        root = self._machine.root
        by_settings = expectations(root, self._machine.systemctl)
        why = {one.service.unit: one.why for one in by_settings if one.service.unit}
        expected = [*self._by_past(why), *by_settings]
        return [one for one in expected if one.service.key not in self._memory.forgotten]

    def _by_past(self, why: Mapping[str, str]) -> Iterator[Expectation]:
        now = self._wall()
        for one in self._past or ():
            service = one.service
            if service.kind == "sqlite":
                # It needs nobody to hold it open.
                if os.path.lexists(service.path):
                    yield Expectation(service, "")
            elif not service.unit or not is_gone(self._machine.root, service.unit):
                stem = service.unit.removesuffix(".service")
                start = f": systemctl start {stem}" if stem else ""
                ago = span(max(0.0, now - one.seen))
                said = f"it ran when onwatch last looked, {ago} ago{start or _OR_NOT}"
                yield Expectation(service, why.get(service.unit, said))

    def _remember(self, services: Sequence[Service]) -> None:
        now = self._wall()
        names = {one.service.key: one.spec.name for one in self._plan.planned}
        before = {one.service.key for one in self._past or ()}
        found = [
            Remembered(service, names[service.key], now)
            for service in services
            if service.key in names and service.lasting and _stays_here(service)
            # What was there before and was started again is as good as before.
            if service.key in before or not service.young
        ]
        self._memory.keep(found, now)
        gone = before & {service.key for service in services if service.transient}
        if gone - self._memory.forgotten:
            # What stayed was there before, or an earlier version took it for that.
            self._memory.forget(gone, now)


def _stays_here(service: Service) -> bool:
    """Whether its address means this machine for ever: others may belong to another tomorrow."""
    return service.host in {"", "127.0.0.1", "::1"}
