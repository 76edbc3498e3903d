"""The process of the gateway: ``app FOLDER PORT SEED``.

It takes requests for providers, charges each to an account and logs it; once in a while a
job looks after the accounts' quotas. The providers' delays are drawn by lot.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiomysql
import pymysql

from tui.demo import passwords
from tui.demo.applog import SLOW, AppLog
from tui.demo.gateway.server import DATABASE
from tui.demo.leash import Faults, announce, leashed, over
from tui.demo.schedule import rate

__all__ = ["main"]

_LINES: Final = 6
"""Sessions with the database, and so requests that are served at once."""
_WAITING: Final = 12
_SHARE: Final = 0.4
"""Of the rate at which the service is visited."""
_ACCOUNTS: Final = 12
_LOCK_WAIT: Final = 5
"""Seconds that a statement waits for a row."""
_AGAIN: Final = 0.05
_AFTER_TROUBLE: Final = 1.0
_QUOTA_EVERY: Final = 15.0
_LOOK_EVERY: Final = 0.2
_FORGET_EVERY: Final = 300.0

_CHARGE: Final = "UPDATE accounts SET used = used + 1 WHERE id = %s"
_LOG: Final = """
INSERT INTO request_logs (provider_id, account_id, model, status_code, latency_ms, error)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_RENEW: Final = "UPDATE accounts SET used = 0 WHERE used > 0"
_STILL_THERE: Final = "SELECT 1 FROM information_schema.processlist WHERE id = %s"
_FORGET: Final = "DELETE FROM request_logs WHERE created_at < NOW() - INTERVAL 2 HOUR LIMIT 5000"

_TROUBLE: Final = (OSError, pymysql.Error)
_PROVIDERS: Final = (("antigravity", 0.55), ("meridian", 0.30), ("zenith", 0.15))
_MODELS: Final = ("comet-small", "comet-large")


class Gateway:
    """Requests, the sessions that serve them, and the job that looks after quotas."""

    def __init__(
        self, folder: Path, port: int, faults: Faults, dice: random.Random, seed: int
    ) -> None:
        self._folder = folder
        self._log = AppLog(folder, "gateway")
        self._port = port
        self._faults = faults
        self._dice = dice
        self._seed = seed
        self._requests: asyncio.Queue[float] = asyncio.Queue(_WAITING)
        self._ended = False

    async def connect(self, account: str) -> Any:
        """A session of ``account``'s, which commits by itself."""
        return await aiomysql.connect(
            host="127.0.0.1",
            port=self._port,
            user=account,
            password=passwords.password(self._folder, account),
            db=DATABASE,
            autocommit=True,
            connect_timeout=2.0,
            program_name=account,
            init_command=f"SET innodb_lock_wait_timeout = {_LOCK_WAIT}",
        )

    async def opened(self) -> None:
        """Wait until the server lets the gateway in."""
        while True:
            try:
                await (await self.connect("gateway")).ensure_closed()
            except _TROUBLE:
                await asyncio.sleep(_AGAIN)
            else:
                return

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._arrive())
            for _ in range(_LINES):
                group.create_task(self._on_duty("gateway", self._serve))
            group.create_task(self._on_duty("quota", self._quotas))

    async def _on_duty(self, account: str, work: Callable[[Any], Awaitable[None]]) -> None:
        """Do ``work`` in a session; one that is lost is opened anew."""
        while True:
            try:
                link = await self.connect(account)
                try:
                    await work(link)
                finally:
                    link.close()
            except _TROUBLE as error:
                self._log.say("error", f"{account}: {_sentence(error)}")
                await asyncio.sleep(_AFTER_TROUBLE)

    async def _arrive(self) -> None:
        begun = time.monotonic()
        while True:
            now = time.monotonic()
            per_second = rate(now - begun + self._faults.skipped, self._seed) * _SHARE
            await asyncio.sleep(self._dice.expovariate(per_second))
            if not self._requests.full():
                self._requests.put_nowait(now)

    async def _serve(self, link: Any) -> None:
        async with link.cursor() as cursor:
            while True:
                begun = await self._requests.get()
                provider = self._dice.choices(
                    [name for name, _ in _PROVIDERS], [share for _, share in _PROVIDERS]
                )[0]
                account = self._dice.randint(1, _ACCOUNTS)
                status, error = await self._answer(cursor, account)
                took = round((time.monotonic() - begun) * 1000)
                model = self._dice.choice(_MODELS)
                self._tell(model, provider, status, took, error)
                await cursor.execute(_LOG, (provider, account, model, status, took, error))

    def _tell(self, model: str, provider: str, status: int, took: int, error: str | None) -> None:
        """Say in the log what failed, or took longer than a second; ``took`` is in ms."""
        if not error and took < SLOW * 1000:
            return
        self._log.say(
            "error" if error else "warning",
            f"{model} {status} in {took} ms" + (f": {error}" if error else ""),
            route=f"/v1/{model}",
            status=status,
            duration_ms=took,
            provider=provider,
        )

    async def _answer(self, cursor: Any, account: int) -> tuple[int, str | None]:
        try:
            await cursor.execute(_CHARGE, (account,))
        except pymysql.err.OperationalError as error:
            return 503, str(error.args[-1])
        await asyncio.sleep(min(3.0, 0.16 * self._dice.lognormvariate(0.0, 0.5)))
        if self._dice.random() < 0.01:
            return 502, "the provider answered 502"
        return 200, None

    async def _quotas(self, link: Any) -> None:
        """The job; in the incident it leaves its transaction open, until somebody ends it."""
        forgotten = time.monotonic()
        async with link.cursor() as cursor:
            while True:
                if not self._faults.quota_locks:
                    self._ended = False
                    await cursor.execute(_RENEW)
                elif not self._ended:
                    await self._leave_open(link, cursor)
                if time.monotonic() - forgotten > _FORGET_EVERY:
                    forgotten = time.monotonic()
                    await cursor.execute(_FORGET)
                await self._nap()

    async def _nap(self) -> None:
        """Until the job is due again, or its incident begins or ends."""
        before = self._faults.quota_locks
        due = time.monotonic() + _QUOTA_EVERY
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if time.monotonic() > due or self._faults.quota_locks is not before:
                return

    async def _leave_open(self, link: Any, cursor: Any) -> None:
        await cursor.execute("START TRANSACTION")
        await cursor.execute(_RENEW)
        if not await self._outlasts(link.thread_id()):
            self._ended = True
            over("mysql-locks")
        await cursor.execute("COMMIT")

    async def _outlasts(self, session: int) -> bool:
        """Whether that session is there until the incident's end."""
        watch = await self.connect("quota")
        try:
            async with watch.cursor() as cursor:
                while self._faults.quota_locks:
                    await asyncio.sleep(_LOOK_EVERY)
                    await cursor.execute(_STILL_THERE, (session,))
                    if not await cursor.fetchall():
                        return False
        finally:
            await watch.ensure_closed()
        return True


def _sentence(error: Exception) -> str:
    """What is wrong with the database, in a line; drivers hide that it refused the connection."""
    said = str(error.args[-1]) if error.args else type(error).__name__
    return f"{said}: connection refused" if _was_refused(error) else said


def _was_refused(error: Exception) -> bool:
    return isinstance(error.__cause__ or error, ConnectionRefusedError)


async def main(folder: Path, port: int, seed: int) -> None:
    """Work until the leash ends."""
    faults = Faults()
    gateway = Gateway(folder, port, faults, random.Random(seed), seed)

    async def work() -> None:
        await gateway.opened()
        announce()
        await gateway.run()

    await leashed(work(), faults)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
