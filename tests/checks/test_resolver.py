"""The resolver: one look-up a name at a time, answers kept, nobody held up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.lanes import Lanes
from checks.resolver import FAILURE_TTL, GRACE, MOST, PARALLEL, TTL, Address, Resolver
from tests.patience import PATIENCE

V4 = int(socket.AF_INET)


class Names:
    """A name server that the tests direct."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.known: dict[str, str] = {"a.example": "192.0.2.1", "b.example": "192.0.2.2"}
        self.hung: set[str] = set()
        self.release = threading.Event()

    def __call__(self, host: str) -> list[Address]:
        self.asked[host] += 1
        if host in self.hung:
            self.release.wait(10)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(V4, self.known[host])] * 2


class Kit:
    def __init__(self) -> None:
        self.names = Names()
        self.clock = FakeClock()
        self.lanes = Lanes()
        self.resolver = Resolver(self.lanes, self.clock, self.names)

    async def settled(self) -> None:
        """Wait until no look-up is under way."""
        async with asyncio.timeout(PATIENCE):
            while self.resolver.hanging():
                await asyncio.sleep(0.005)


async def resolve(resolver: Resolver, host: str) -> list[Address]:
    return list((await resolver.addresses(host)).found)


@pytest.fixture
async def kit() -> AsyncIterator[Kit]:
    made = Kit()
    yield made
    made.names.release.set()
    await made.resolver.close()
    made.lanes.close()


async def test_an_answer_is_kept_for_its_time(kit: Kit) -> None:
    assert await resolve(kit.resolver, "a.example") == [(V4, "192.0.2.1")]
    await kit.clock.advance(TTL - 1)
    assert (await kit.resolver.addresses("A.Example.")).age == TTL - 1
    assert kit.names.asked["a.example"] == 1
    kit.names.known["a.example"] = "192.0.2.9"
    await kit.clock.advance(2)
    await resolve(kit.resolver, "a.example")
    await kit.settled()
    assert await resolve(kit.resolver, "a.example") == [(V4, "192.0.2.9")]
    assert kit.names.asked["a.example"] == 2


async def test_a_hundred_ask_once(kit: Kit) -> None:
    answers = await asyncio.gather(*(resolve(kit.resolver, "a.example") for _ in range(100)))
    assert answers == [[(V4, "192.0.2.1")]] * 100
    assert kit.names.asked["a.example"] == 1


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", (V4, "127.0.0.1")),
        ("::1", (int(socket.AF_INET6), "::1")),
        ("fe80::1%lo", (int(socket.AF_INET6), "fe80::1%lo")),
        ("localhost", (V4, "127.0.0.1")),
        ("api.localhost", (V4, "127.0.0.1")),
    ],
)
async def test_literals_and_localhost_ask_nobody(kit: Kit, host: str, address: Address) -> None:
    assert (await resolve(kit.resolver, host))[0] == address
    assert not kit.names.asked


async def test_a_failure_says_why_and_is_remembered_briefly(kit: Kit) -> None:
    for _ in range(3):
        with pytest.raises(TargetError, match=r"cannot resolve nosuch\.example: no such name"):
            await resolve(kit.resolver, "nosuch.example")
    assert kit.names.asked["nosuch.example"] == 1
    kit.names.known["nosuch.example"] = "192.0.2.7"
    await kit.clock.advance(FAILURE_TTL)
    assert await resolve(kit.resolver, "nosuch.example") == [(V4, "192.0.2.7")]


async def test_the_last_good_answer_outlives_a_failing_name_server(kit: Kit) -> None:
    await resolve(kit.resolver, "a.example")
    del kit.names.known["a.example"]
    await kit.clock.advance(3600)
    waiting = asyncio.create_task(kit.resolver.addresses("a.example"))
    await kit.settled()
    answer = await waiting
    assert answer.found == ((V4, "192.0.2.1"),)
    assert answer.age == 3600
    assert answer.error.startswith("no such name")


async def test_the_last_good_answer_outlives_a_hanging_name_server(kit: Kit) -> None:
    await resolve(kit.resolver, "a.example")
    kit.names.hung.add("a.example")
    await kit.clock.advance(TTL + 1)
    waiting = asyncio.create_task(kit.resolver.addresses("a.example"))
    async with asyncio.timeout(PATIENCE):
        while kit.names.asked["a.example"] < 2:
            await asyncio.sleep(0.001)
    await kit.clock.advance(GRACE)
    answer = await waiting
    assert answer.found == ((V4, "192.0.2.1"),)
    await kit.clock.advance(20)
    answer = await kit.resolver.addresses("a.example")
    assert answer.error == "the name server has not answered for 20 s"
    assert kit.names.asked["a.example"] == 2


async def test_names_that_hang_hold_up_no_other(kit: Kit) -> None:
    hung = [f"hung{i}.example" for i in range(20)]
    kit.names.hung.update(hung)
    stuck = [asyncio.create_task(resolve(kit.resolver, name)) for name in hung]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        assert await resolve(kit.resolver, "b.example") == [(V4, "192.0.2.2")]
    assert kit.resolver.hanging() == 20
    kit.names.release.set()
    outcomes = await asyncio.gather(*stuck, return_exceptions=True)
    assert all(isinstance(outcome, TargetError) for outcome in outcomes)


async def test_however_many_names_hang_the_others_are_looked_up(kit: Kit) -> None:
    """More than are looked up at once, at first and again."""
    hung = [f"hung{i}.example" for i in range(150)]
    kit.names.hung.update(hung)
    stuck = [asyncio.create_task(resolve(kit.resolver, name)) for name in hung]
    await asyncio.sleep(0)
    asked = asyncio.create_task(resolve(kit.resolver, "b.example"))
    await advance_until_done(kit, asked, seconds=4 * GRACE)
    for _ in range(1_000):
        await kit.clock.advance(GRACE)
        if kit.names.asked.total() == 151:
            break
        await asyncio.sleep(0.01)
    await kit.clock.advance(2 * GRACE)
    # Now it is known who hangs: nobody waits for them any more.
    kit.names.release.set()
    outcomes = await asyncio.gather(*stuck, return_exceptions=True)
    assert all(isinstance(outcome, TargetError) for outcome in outcomes)
    kit.names.release.clear()
    await kit.clock.advance(FAILURE_TTL + 1)
    before = threading.active_count()
    stuck = [asyncio.create_task(resolve(kit.resolver, name)) for name in hung]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        assert await resolve(kit.resolver, "a.example") == [(V4, "192.0.2.1")]
    assert threading.active_count() - before <= PARALLEL // 4 + 1
    kit.names.release.set()
    await asyncio.gather(*stuck, return_exceptions=True)


async def advance_until_done(kit: Kit, task: asyncio.Task[list[Address]], seconds: float) -> None:
    """Let time pass until ``task`` is done, ``seconds`` at the most."""
    for _ in range(int(seconds / 0.1)):
        await kit.clock.advance(0.1)
        # Look-ups are threads, which begin when they do.
        await asyncio.wait({task}, timeout=0.02)
        if task.done():
            break
    assert await asyncio.wait_for(task, PATIENCE) == [(V4, "192.0.2.2")]


async def test_giving_up_the_wait_leaves_the_look_up_to_the_others(kit: Kit) -> None:
    kit.names.hung.add("a.example")
    first = asyncio.create_task(resolve(kit.resolver, "a.example"))
    second = asyncio.create_task(resolve(kit.resolver, "a.example"))
    await asyncio.sleep(0.01)
    first.cancel()
    kit.names.release.set()
    assert await second == [(V4, "192.0.2.1")]
    assert kit.names.asked["a.example"] == 1


async def test_look_ups_leave_no_thread_behind(kit: Kit) -> None:
    before = threading.active_count()
    for i in range(30):
        kit.names.known[f"n{i}.example"] = "192.0.2.3"
    await asyncio.gather(*(resolve(kit.resolver, f"n{i}.example") for i in range(30)))
    for _ in range(round(PATIENCE / 0.01)):
        if threading.active_count() <= before:
            break
        await asyncio.sleep(0.01)
    assert threading.active_count() <= before


async def test_a_name_that_is_none() -> None:
    lanes = Lanes()
    resolver = Resolver(lanes, FakeClock())
    with pytest.raises(TargetError, match="not a valid host name"):
        await resolve(resolver, "a" * 70 + ".example")
    await resolver.close()
    lanes.close()


async def test_of_very_many_names_the_longest_unasked_are_forgotten(kit: Kit) -> None:
    names = [f"n{number}.example" for number in range(MOST + 3)]
    kit.names.known.update(dict.fromkeys(names, "192.0.2.9"))
    for name in names[:-3]:
        await resolve(kit.resolver, name)
    await resolve(kit.resolver, names[0])
    for name in names[-3:]:
        await resolve(kit.resolver, name)
    assert kit.names.asked[names[0]] == 1
    await resolve(kit.resolver, names[0])
    assert kit.names.asked[names[0]] == 1, "it was asked for lately"
    await resolve(kit.resolver, names[1])
    assert kit.names.asked[names[1]] == 2, "it was forgotten"
    await resolve(kit.resolver, names[-1])
    assert kit.names.asked[names[-1]] == 1
