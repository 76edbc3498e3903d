"""The process of the demo's users: ``traffic PORT SEED``. Real requests over real HTTP."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Final

from tui.demo.leash import Faults, announce, leashed
from tui.demo.providers import pick
from tui.demo.requestlog import DOCUMENTS
from tui.demo.schedule import rate
from tui.demo.wire import Client, WireError

__all__ = ["main"]

_AT_ONCE: Final = 48
_PATIENCE: Final = 6.0
_NEWSLETTER_EVERY: Final = 25.0
_IMPORT_EVERY: Final = 1.0
_IMPORT_SIZE: Final = 25

_KINDS: Final = (
    ("chat", 0.66),
    ("document", 0.18),
    ("models", 0.03),
    ("upload", 0.06),
    ("invitation", 0.03),
    ("hook", 0.04),
)
_SHOP: Final = (("product", 0.14), ("order", 0.06), ("buy", 0.05))
"""Added when the shop is open; it takes a fifth of the traffic then."""
_PRODUCTS: Final = 400


class Traffic:
    """Users who come and go with the time of the demo's day."""

    def __init__(self, client: Client, faults: Faults, seed: int) -> None:
        self._client = client
        self._faults = faults
        self._seed = seed
        self._dice = random.Random(seed)
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send requests until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._users())
            group.create_task(self._newsletters())
            group.create_task(self._imports())

    async def _users(self) -> None:
        begun = time.monotonic()
        while True:
            elapsed = time.monotonic() - begun + self._faults.skipped
            await asyncio.sleep(self._dice.expovariate(rate(elapsed, self._seed)))
            self._launch(*self._choose())

    async def _newsletters(self) -> None:
        while True:
            await asyncio.sleep(_NEWSLETTER_EVERY * self._dice.uniform(0.5, 1.5))
            self._launch("POST", "/api/invitations", _body(people=self._dice.randint(12, 40)))

    async def _imports(self) -> None:
        while True:
            await asyncio.sleep(_IMPORT_EVERY)
            if self._faults.backlog:
                self._launch("POST", "/api/documents", _body(documents=_IMPORT_SIZE))

    def _choose(self) -> tuple[str, str, bytes]:
        kinds = _KINDS + _SHOP if self._faults.shop else _KINDS
        kind = self._dice.choices([k for k, _ in kinds], [share for _, share in kinds])[0]
        match kind:
            case "chat":
                visit = "POST", "/api/chat", _body(provider=pick(self._dice).name, prompt="hello")
            case "document":
                # Few documents are read by many: a cache that hits some of the time.
                number = min(DOCUMENTS + 3, int(self._dice.paretovariate(0.6)))
                visit = "GET", f"/api/documents/{number}", b""
            case "models":
                visit = "GET", "/api/models", b""
            case "upload":
                visit = "POST", "/api/documents", _body(documents=1)
            case "invitation":
                visit = "POST", "/api/invitations", _body(people=1)
            case "product":
                visit = "GET", f"/api/products/{self._dice.randint(1, _PRODUCTS)}", b""
            case "order":
                visit = "GET", "/api/orders/0", b""
            case "buy":
                wanted = self._dice.sample(range(1, _PRODUCTS + 1), self._dice.randint(1, 3))
                visit = "POST", "/api/orders", _body(products=wanted)
            case _:
                visit = "POST", "/api/hooks", b""
        return visit

    def _launch(self, method: str, path: str, body: bytes) -> None:
        if len(self._under_way) < _AT_ONCE:
            task = asyncio.create_task(self._send(method, path, body))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self, method: str, path: str, body: bytes) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._client.ask(method, path, body)
        except (OSError, EOFError, WireError):
            # A user whom nobody answers goes away; the monitor sees it on its own.
            return


def _body(**fields: object) -> bytes:
    return json.dumps(fields).encode()


async def main(port: int, seed: int) -> None:
    """Send traffic until the leash ends."""
    faults = Faults()
    traffic = Traffic(Client("127.0.0.1", port), faults, seed)
    announce()
    await leashed(traffic.run(), faults)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
