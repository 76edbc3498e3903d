"""How each rule on Redis is made to fire, on real servers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage
from tests.servers.redis import RedisServer

__all__ = ["REDIS", "RedisPlace"]

REDIS: Final = Scenes["RedisPlace"]("redis")
HOUR: Final = 3600.0


class RedisPlace:
    """Two servers."""

    def __init__(self, main: RedisServer, other: RedisServer) -> None:
        self.main = main
        self.other = other

    def attach(self) -> None:
        """Make the other a replica of the main one."""
        self.other.call("REPLICAOF", "127.0.0.1", self.main.port)
        self.main.wait_for(lambda: self._replicas() == 1)

    def detach(self) -> None:
        """Make the other a server of its own."""
        self.other.call("REPLICAOF", "NO", "ONE")
        self.main.wait_for(lambda: self._replicas() == 0)

    def _replicas(self) -> int:
        said: bytes = self.main.call("INFO", "replication")
        return int(said.partition(b"connected_slaves:")[2].split()[0])

    def tidy(self) -> None:
        """As it was before."""
        self.detach()
        self.main.set(maxclients=1000, maxmemory=0)


@contextmanager
def connected(server: RedisServer, count: int) -> Iterator[None]:
    """So many connections, each of which has been answered or refused."""
    with ExitStack() as held:
        for _ in range(count):
            link = held.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            link.sendall(b"PING\r\n")
            link.recv(100)
        yield


def watch(stage: Stage, server: RedisServer, name: str = "redis") -> None:
    stage.watch("redis", {"url": server.url}, name)


@REDIS.scene("RedisDown", "the server is killed, and started again")
async def down(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    place.main.kill()
    await stage.fires()
    place.main.start()
    await stage.resolves()


@REDIS.scene("RedisMissingMaster", "the only server becomes a replica, and a master again")
async def no_master(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.other)
    await stage.stays_quiet()
    place.attach()
    await stage.fires()
    place.detach()
    await stage.resolves()


@REDIS.scene("RedisTooManyMasters", "two servers are masters; one becomes the other's replica")
async def two_masters(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    watch(stage, place.other, "other")
    await stage.fires()
    place.attach()
    await stage.resolves()


@REDIS.scene("RedisDisconnectedSlaves", "a replica leaves its master, and comes back")
async def lonely(stage: Stage, place: RedisPlace) -> None:
    place.attach()
    watch(stage, place.main)
    watch(stage, place.other, "other")
    await stage.stays_quiet()
    place.detach()
    await stage.fires()
    place.attach()
    await stage.resolves()


@REDIS.scene("RedisReplicationBroken", "a replica leaves its master; a minute passes")
async def left(stage: Stage, place: RedisPlace) -> None:
    place.attach()
    watch(stage, place.main)
    await stage.stays_quiet(5)
    place.detach()
    await stage.fires()
    await stage.resolves()


@REDIS.scene("RedisClusterFlapping", "a replica comes and goes for minutes; then it stays")
async def flapping(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet(5)
    for number in range(14):
        (place.detach if number % 2 else place.attach)()
        await stage.tick()
    assert stage.firing
    await stage.resolves()


@REDIS.scene("RedisMissingBackup", "two days pass without a save; then SAVE", step=4 * HOUR)
async def no_backup(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet(10)
    await stage.fires()
    place.main.wait_for(lambda: place.main.call("SAVE") == b"OK")
    # The server's own clock has not moved along.
    moved = stage.clock.now() - time.time()
    stage.pretend("redis_rdb_last_save_timestamp_seconds", lambda value, _: value + moved)
    await stage.resolves()


@REDIS.scene("RedisOutOfSystemMemory", "in its samples: the machine has little more than it uses")
async def little_memory(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    used = (await stage.once()).get("redis_memory_used_bytes") or 0.0
    stage.pretend("redis_total_system_memory_bytes", lambda _, __: 1.02 * used)
    await stage.fires()
    stage.pretend("redis_total_system_memory_bytes", lambda value, _: value)
    await stage.resolves()


@REDIS.scene("RedisOutOfConfiguredMaxmemory", "maxmemory is little more than is used; then more")
async def full(stage: Stage, place: RedisPlace) -> None:
    place.main.set(maxmemory=10**9)
    watch(stage, place.main)
    await stage.stays_quiet()
    used = (await stage.once()).get("redis_memory_used_bytes") or 0.0
    place.main.set(maxmemory=int(1.02 * used))
    await stage.fires()
    place.main.set(maxmemory=10**9)
    await stage.resolves()


@REDIS.scene("RedisTooManyConnections", "19 of 20 connections are opened, and closed")
async def too_many(stage: Stage, place: RedisPlace) -> None:
    place.main.set(maxclients=20)
    watch(stage, place.main)
    await stage.stays_quiet()
    with connected(place.main, 17):
        await stage.fires()
    await stage.resolves()


@REDIS.scene("RedisNotEnoughConnections", "nobody else is connected; then five are")
async def too_few(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.fires()
    with connected(place.main, 5):
        await stage.resolves()


@REDIS.scene("RedisRejectedConnections", "ten connections too many; a minute passes")
async def rejected(stage: Stage, place: RedisPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet(5)
    place.main.set(maxclients=5)
    with connected(place.main, 12):
        pass
    await stage.fires()
    await stage.resolves()
