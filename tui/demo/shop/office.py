"""The process of the shop's programs: ``office FOLDER PORT SEED``.

It does what the shop's worker, billing, reporting and backup do, each in sessions of its own.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Final

from tui.demo.applog import AppLog
from tui.demo.leash import Faults, announce, leashed, over
from tui.demo.shop.backup import Backups
from tui.demo.shop.database import BILLING, TROUBLE, WORKER, Shop
from tui.demo.shop.staff import on_duty, ship
from tui.demo.shop.trouble import Books, Export, Reports

__all__ = ["main"]

_AGAIN: Final = 0.05


async def _opened(shop: Shop) -> None:
    """Wait until the server lets the shop's programs in."""
    while True:
        try:
            await (await shop.connect(WORKER)).close()
        except TROUBLE:
            await asyncio.sleep(_AGAIN)
        else:
            return


async def main(folder: Path, port: int, seed: int) -> None:
    """Work until the leash ends."""
    shop = Shop(folder, port)
    faults = Faults()
    log = AppLog(folder, "shop")
    books = Books(shop, faults, lambda: over("lock-pile-up"))
    reports = Reports(shop, faults, log, random.Random(seed), lambda: over("slow-query"))

    async def work() -> None:
        await _opened(shop)
        announce()
        async with asyncio.TaskGroup() as group:
            group.create_task(on_duty(shop, WORKER, ship, log))
            group.create_task(on_duty(shop, BILLING, books.bill, log))
            group.create_task(books.deploy())
            group.create_task(reports.run())
            group.create_task(Export(shop, faults).run())
            group.create_task(Backups(shop, faults, log).run())

    await leashed(work(), faults)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
