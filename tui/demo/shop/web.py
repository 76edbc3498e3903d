"""The shop's website: endpoints of the demo's service that use PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg

from tui.demo.reply import Reply
from tui.demo.shop.database import TROUBLE, WEB, Shop, sentence
from tui.demo.wire import Request

__all__ = ["CUSTOMERS", "PRODUCTS", "Website"]

PRODUCTS: Final = 400
CUSTOMERS: Final = 2000

_MOST_SESSIONS: Final = 8
_SESSION_FREE_WITHIN: Final = 2.0
_ANSWER_WITHIN: Final = 4.0
_HEALTH_WITHIN: Final = 0.5
_QUERIES_A_SESSION: Final = 15
"""Sessions are not kept for long: a full server is noticed."""

_PRODUCT: Final = "SELECT id, title, category, price::float8, stock FROM products WHERE id = $1"
_ORDER: Final = "SELECT id, status, total::float8 FROM orders WHERE id = $1"
_NEWEST: Final = "SELECT max(id) FROM orders"
_PLACE: Final = """
INSERT INTO orders (customer_id, total)
SELECT $1, sum(price) FROM products WHERE id = ANY (string_to_array($2, ',')::bigint[]) RETURNING id
"""
_LINES: Final = """
INSERT INTO order_lines (order_id, product_id, quantity)
SELECT $1, unnest(string_to_array($2, ',')::bigint[]), 1
"""
_STOCK: Final = """
UPDATE products SET stock = stock - 1 WHERE id = ANY (string_to_array($1, ',')::bigint[])
"""
_ALIVE: Final = "SELECT 1 FROM orders LIMIT 1"

_Work = Callable[[asyncpg.Connection], Awaitable[Reply]]


class Website:
    """Products and orders. Sessions are opened when they are needed, at most eight."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self._shop = shop
        self._dice = dice
        self._pool: asyncpg.Pool | None = None

    async def product(self, request: Request) -> Reply:
        """A product's page."""
        return await self._one(request, "product", _PRODUCT)

    async def order(self, request: Request) -> Reply:
        """An order's page; order 0 is the newest."""
        return await self._one(request, "order", _ORDER)

    async def _one(self, request: Request, what: str, sql: str) -> Reply:
        text = request.path.rpartition("/")[2]
        if not text.isdecimal() or len(text) > 9:
            return Reply.refused(404, f"{what}s have numbers")

        async def look(link: asyncpg.Connection) -> Reply:
            number = int(text) or await link.fetchval(_NEWEST)
            row = await link.fetchrow(sql, number)
            return Reply(200, dict(row)) if row else Reply.refused(404, f"no {what} {number}")

        return await self._in_session(look)

    async def place(self, request: Request) -> Reply:
        """Order something. Body: ``products``, a list of their numbers."""
        wanted = _numbers(request.json().get("products"))
        if not wanted:
            return Reply.refused(422, f"give one to ten products from 1 to {PRODUCTS}")

        async def buy(link: asyncpg.Connection) -> Reply:
            async with link.transaction():
                number = await link.fetchval(_PLACE, self._dice.randint(1, CUSTOMERS), wanted)
                await link.execute(_LINES, number, wanted)
                await link.execute(_STOCK, wanted)
            return Reply(201, {"order": number})

        return await self._in_session(buy)

    async def _in_session(self, work: _Work) -> Reply:
        try:
            pool = await self._ready_pool()
            async with pool.acquire(timeout=_SESSION_FREE_WITHIN) as link:
                return await work(link)
        except TimeoutError:
            return Reply.refused(503, "the shop's database does not answer in time")
        except TROUBLE as error:
            return Reply.refused(503, f"the shop's database: {sentence(error)}")

    async def word(self) -> str:
        """``healthy``; ``degraded`` while it does not answer, ``unhealthy`` where it is away."""
        try:
            pool = await self._ready_pool()
            async with asyncio.timeout(_HEALTH_WITHIN), pool.acquire() as link:
                await link.fetchval(_ALIVE)
        except TimeoutError:
            return "degraded"
        except TROUBLE:
            return "unhealthy"
        return "healthy"

    async def _ready_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                min_size=0,
                max_size=_MOST_SESSIONS,
                max_queries=_QUERIES_A_SESSION,
                max_inactive_connection_lifetime=5.0,
                command_timeout=_ANSWER_WITHIN,
                reset=_leave_as_it_is,
                **self._shop.login(WEB),
            )
            await self._pool
        return self._pool

    async def close(self) -> None:
        """End its sessions at once."""
        if self._pool is not None:
            self._pool.terminate()


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """What a session needs between two requests: nothing, it was not changed."""


def _numbers(value: Any) -> str:
    """Product numbers with commas between them, empty where they are none.

    As text: asyncpg asks the server about a type that it has not seen in a session yet,
    arrays among them. In ascending order: so two orders never wait for each other.
    """
    if not isinstance(value, list) or not 1 <= len(value) <= 10:
        return ""
    if not all(isinstance(n, int) and 1 <= n <= PRODUCTS for n in value):
        return ""
    return ",".join(map(str, sorted(set(value))))
