"""What the shop's programs do all day: ship orders, take payments, report."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from tui.demo.applog import AppLog
from tui.demo.shop.database import REPORTING, TROUBLE, Client, Shop, sentence

__all__ = ["TAKE_PAYMENTS", "on_duty", "report", "ship"]

_AFTER_TROUBLE: Final = 1.0
_SHIP_EVERY: Final = 0.7
_FORGET_EVERY: Final = 60.0
_REPORT_EVERY: Final = 5.0

_SHIP: Final = """
WITH next AS (
    SELECT id FROM orders WHERE status = 'new' ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED
)
UPDATE orders SET status = 'shipped' FROM next WHERE orders.id = next.id
"""
_FORGET: Final = "DELETE FROM orders WHERE id < (SELECT max(id) FROM orders) - 12000"
TAKE_PAYMENTS: Final = """
WITH paid AS (
    UPDATE orders SET status = 'paid'
    WHERE id IN (SELECT id FROM orders WHERE status = 'shipped' ORDER BY id LIMIT 20)
    RETURNING id, total
)
INSERT INTO payments (order_id, amount) SELECT id, total FROM paid
"""
_REPORT: Final = """
SELECT p.category, count(*) AS lines, sum(l.quantity * p.price) AS revenue
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
WHERE o.placed_at > now() - interval '1 day'
GROUP BY p.category ORDER BY revenue DESC
"""


async def on_duty(
    shop: Shop,
    client: Client,
    work: Callable[[asyncpg.Connection], Awaitable[None]],
    log: AppLog,
) -> None:
    """Do ``work`` in a session of ``client``'s until cancelled; one that is lost is opened anew."""
    while True:
        try:
            link = await shop.connect(client)
            try:
                await work(link)
            finally:
                link.terminate()
        except TROUBLE as error:
            log.say("error", f"{client.application}: {sentence(error)}")
            await asyncio.sleep(_AFTER_TROUBLE)


async def ship(link: asyncpg.Connection) -> None:
    """Ship what was ordered, and forget orders of long ago."""
    loop = asyncio.get_running_loop()
    forgotten = loop.time()
    while True:
        await link.execute(_SHIP)
        if loop.time() - forgotten > _FORGET_EVERY:
            forgotten = loop.time()
            await link.execute(_FORGET)
        await asyncio.sleep(_SHIP_EVERY)


async def report(shop: Shop, log: AppLog, dice: random.Random) -> None:
    """Once: log in, add up the day's revenue, log out. Raises one of TROUBLE."""
    link = await shop.connect(REPORTING)
    begun = time.monotonic()
    try:
        await link.fetch(_REPORT)
        duration = round((time.monotonic() - begun) * 1000, 1)
        log.say("info", f"reporting: revenue of the day in {duration:.0f} ms", duration_ms=duration)
        await link.close(timeout=1.0)
    finally:
        link.terminate()
    await asyncio.sleep(_REPORT_EVERY * dice.uniform(0.8, 1.2))
