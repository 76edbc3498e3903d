"""The process of the shop's programs: ``office FOLDER PORT SEED``.

It founds the database where it is not there yet, and then does what the shop's worker,
billing and reporting do, each in sessions of its own.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Final

from asyncpg import CannotConnectNowError

from tui.demo.leash import Faults, announce, leashed, over
from tui.demo.shop.database import BILLING, WORKER, Shop
from tui.demo.shop.staff import on_duty, ship
from tui.demo.shop.trouble import Books, Export, Reports

__all__ = ["main"]

_AGAIN: Final = 0.1


async def _found(shop: Shop) -> None:
    """Found the database as soon as its server is there."""
    while True:
        try:
            await shop.found()
        except (OSError, TimeoutError, CannotConnectNowError):
            await asyncio.sleep(_AGAIN)
        else:
            return


async def main(folder: Path, port: int, seed: int) -> None:
    """Work until the leash ends."""
    shop = Shop(folder, port)
    faults = Faults()
    books = Books(shop, faults, lambda: over("lock-pile-up"))
    reports = Reports(shop, faults, random.Random(seed))

    async def work() -> None:
        await _found(shop)
        announce()
        async with asyncio.TaskGroup() as group:
            group.create_task(on_duty(shop, WORKER, ship))
            group.create_task(on_duty(shop, BILLING, books.bill))
            group.create_task(books.deploy())
            group.create_task(reports.run())
            group.create_task(Export(shop, faults).run())

    await leashed(work(), faults)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
