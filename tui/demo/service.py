"""The process of the demo's HTTP service: ``service PORT REDIS_PORT DATABASE SEED``."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from tui.demo.app import App
from tui.demo.leash import Faults, announce, leashed
from tui.demo.redis_client import connect
from tui.demo.requestlog import Database
from tui.demo.wire import serve

__all__ = ["main"]


async def main(port: int, redis_port: int, database: Path, seed: int) -> None:
    """Serve on ``port`` until the leash ends."""
    faults = Faults()
    redis = connect(redis_port, "api", timeout=1.0)
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
