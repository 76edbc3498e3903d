"""The shop's incidents: a transaction left open, a leak of sessions, a join gone wrong."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from tui.demo.applog import AppLog
from tui.demo.leash import Faults
from tui.demo.shop.database import DEPLOY, EXPORT, REPORTING, TROUBLE, Shop, sentence
from tui.demo.shop.staff import TAKE_PAYMENTS, report

__all__ = ["Books", "Export", "Reports"]

_LOOK_EVERY: Final = 0.2
_BILL_EVERY: Final = 1.0
_DEPLOY_AFTER: Final = 1.5
_AGAIN_AFTER: Final = 4.0
_LEAK_EVERY: Final = 0.15
_COMPLAIN_EVERY: Final = 5.0

_RECALCULATE: Final = """
UPDATE orders SET total = round(total, 2) WHERE placed_at > now() - interval '1 hour'
"""
_MIGRATE: Final = "ALTER TABLE orders ADD COLUMN IF NOT EXISTS gift_note text"
_EXPORT: Final = "SELECT id, customer_id, status, total FROM orders ORDER BY id LIMIT 100"
_WRONG_REPORT: Final = """
SELECT p.category, count(*) AS lines, sum(l.quantity * p.price) AS revenue
FROM orders AS o
JOIN order_lines AS l ON l.order_id <= o.id
JOIN products AS p ON p.price >= l.quantity
GROUP BY p.category ORDER BY revenue DESC
"""
"""Every order with every earlier order's lines and each product: some thirty billion rows, which
take an hour or more."""


class Books:
    """Billing, which takes payments; in the incident it leaves a transaction open.

    A deployment comes upon the rows that it has locked, and everybody else queues behind
    the deployment. ``over`` is called when somebody ends billing's session: then nothing is
    locked any more, and it locks no more until the next incident.
    """

    def __init__(self, shop: Shop, faults: Faults, over: Callable[[], None]) -> None:
        self._shop = shop
        self._faults = faults
        self._over = over
        self._holding = False
        self._ended = False

    async def bill(self, link: asyncpg.Connection) -> None:
        """Billing's session."""
        while True:
            if not self._faults.lock_pile_up:
                self._ended = False
                await link.execute(TAKE_PAYMENTS)
            elif not self._ended:
                await self._leave_open(link)
            await asyncio.sleep(_BILL_EVERY)

    async def _leave_open(self, link: asyncpg.Connection) -> None:
        await link.execute("BEGIN")
        await link.execute(_RECALCULATE)
        self._holding = True
        try:
            await _until(lambda: not self._faults.lock_pile_up or link.is_closed())
        finally:
            self._holding = False
        if link.is_closed():
            self._ended = True
            self._over()
        await link.execute("COMMIT")

    async def deploy(self) -> None:
        """Add a column when billing holds its locks, until cancelled."""
        while True:
            await asyncio.sleep(_DEPLOY_AFTER)
            if self._holding:
                with suppress(*TROUBLE):
                    await self._migrate()
                await asyncio.sleep(_AGAIN_AFTER)

    async def _migrate(self) -> None:
        link = await self._shop.connect(DEPLOY)
        try:
            await link.execute(_MIGRATE)
        finally:
            link.terminate()


class Export:
    """A program that opens a session for each page it exports and never closes one."""

    def __init__(self, shop: Shop, faults: Faults) -> None:
        self._shop = shop
        self._faults = faults
        self._leaked: list[asyncpg.Connection] = []

    async def run(self) -> None:
        """Leak while the incident lasts, until cancelled."""
        while True:
            await asyncio.sleep(_LEAK_EVERY)
            if self._faults.leak:
                with suppress(*TROUBLE):
                    await self._page()
            elif self._leaked:
                for link in self._leaked:
                    link.terminate()
                self._leaked.clear()

    async def _page(self) -> None:
        link = await self._shop.connect(EXPORT)
        self._leaked = [kept for kept in self._leaked if not kept.is_closed()] + [link]
        await link.fetch(_EXPORT)


class Reports:
    """Reporting; in the incident its report joins what it should not, again and again.

    ``over`` is called when nothing of that runs any more, and nothing will: somebody has switched
    the job off.
    """

    def __init__(
        self,
        shop: Shop,
        faults: Faults,
        log: AppLog,
        dice: random.Random,
        over: Callable[[], None],
    ) -> None:
        self._shop = shop
        self._faults = faults
        self._log = log
        self._dice = dice
        self._over = over

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            try:
                if not self._faults.reports:
                    await self._rest()
                elif self._faults.slow_query:
                    await self._report_wrongly()
                else:
                    await report(self._shop, self._log, self._dice)
            except TROUBLE as error:
                self._log.say("error", f"reporting: {sentence(error)}")
                await self._pause()

    async def _rest(self) -> None:
        """What a job does that is switched off."""
        if self._faults.slow_query:
            self._over()
        await asyncio.sleep(_LOOK_EVERY)

    async def _pause(self) -> None:
        """After trouble, unless it is switched off meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _AGAIN_AFTER
        await _until(lambda: loop.time() > until or not self._faults.reports)

    async def _report_wrongly(self) -> None:
        link = await self._shop.connect(REPORTING)
        asked = asyncio.create_task(link.fetch(_WRONG_REPORT))
        complaints = asyncio.create_task(self._complain())
        try:
            await _until(lambda: not self._faults.slow_query or asked.done())
            if asked.done():
                asked.result()
        finally:
            complaints.cancel()
            asked.cancel()
            link.terminate()
            await asyncio.wait((asked,))

    async def _complain(self) -> None:
        """Say again and again how long the report has been taking, until cancelled."""
        begun = time.monotonic()
        while True:
            await asyncio.sleep(_COMPLAIN_EVERY)
            took = time.monotonic() - begun
            self._log.say(
                "warning",
                f"reporting: slow query: revenue by order, running for {took:.0f} s",
                duration_ms=round(took * 1000, 1),
            )


async def _until(true: Callable[[], bool]) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        if true():
            return
