"""The process of the demo's HTTP service: ``service PORT REDIS_PORT DATABASE SEED``."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from tui.demo.app import App
from tui.demo.leash import Faults, announce, leashed
from tui.demo.requestlog import Database
from tui.demo.wire import serve

__all__ = ["main"]

_REDIS_TIMEOUT: Final = 1.0


async def main(port: int, redis_port: int, database: Path, seed: int) -> None:
    """Serve on ``port`` until the leash ends."""
    faults = Faults()
    redis = Redis(
        host="127.0.0.1",
        port=redis_port,
        client_name="shop-api",
        socket_timeout=_REDIS_TIMEOUT,
        socket_connect_timeout=_REDIS_TIMEOUT,
    )
    files = Database(database)
    app = App(files, redis, faults, random.Random(seed))
    server = await serve(app.handle, "127.0.0.1", port)
    announce()
    try:
        await leashed(app.keep_log(), faults)
    finally:
        server.close()
        files.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
