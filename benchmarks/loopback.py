"""An HTTP server that answers a small health document as cheaply as Python can.

It listens on one port of as many loopback addresses as it is told (127.0.0.1, 127.0.1.0
and so on: see :func:`addresses`), so that each is an origin of its own. Prints its port,
then serves until killed.
"""

from __future__ import annotations

import asyncio
import sys

BODY = b'{"status": "ok", "version": "1.2.3"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


class Health(asyncio.Protocol):
    """Answers each request; requests are small enough to arrive whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))


def addresses(count: int) -> list[str]:
    """``count`` loopback addresses, the first of them 127.0.0.1."""
    return ["127.0.0.1", *(f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(count - 1))]


async def main(count: int) -> None:
    loop = asyncio.get_running_loop()
    first, *rest = addresses(count)
    servers = [await loop.create_server(Health, first, 0, backlog=1024)]
    port = servers[0].sockets[0].getsockname()[1]
    if rest:
        servers.append(await loop.create_server(Health, rest, port, backlog=64))
    print(port, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
