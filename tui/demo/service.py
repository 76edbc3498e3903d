"""The process of the demo's HTTP service: ``service PORT REDIS_PORT DATABASE SEED SHOP_PORT``.

``SHOP_PORT`` is that of the shop's PostgreSQL, 0 where there is none.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui.demo.app import App
from tui.demo.applog import AppLog
from tui.demo.leash import Faults, announce, leashed
from tui.demo.redis_client import connect
from tui.demo.requestlog import Database
from tui.demo.wire import serve

if TYPE_CHECKING:
    from tui.demo.shop.web import Website

__all__ = ["main"]


async def main(port: int, redis_port: int, database: Path, seed: int, shop_port: int) -> None:
    """Serve on ``port`` until the leash ends."""
    faults = Faults()
    redis = connect(redis_port, "api", timeout=1.0)
    files = Database(database)
    dice = random.Random(seed)
    app = App(files, redis, AppLog(database.parent, "api"), faults=faults, dice=dice)
    server = await serve(app.handle, "127.0.0.1", port)
    announce()
    if shop_port:
        app.open_shop(_website(database.parent, shop_port, dice))
    try:
        await leashed(app.keep_log(), faults)
    finally:
        server.close()
        files.close()


def _website(folder: Path, port: int, dice: random.Random) -> Website:
    # The driver takes a tenth of a second to load: until then the service serves already.
    from tui.demo.shop.database import Shop  # noqa: PLC0415
    from tui.demo.shop.web import Website  # noqa: PLC0415

    return Website(Shop(folder, port), dice)


if __name__ == "__main__":
    http_port, redis_port, path, seed, shop_port = sys.argv[1:]
    asyncio.run(main(int(http_port), int(redis_port), Path(path), int(seed), int(shop_port)))
