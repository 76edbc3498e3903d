"""Who has a turn: what hangs leaves places to what answers."""

from __future__ import annotations

import asyncio
import sys

from checks.turns import Turn, Turns


async def took(turns: Turns, *names: str) -> dict[str, asyncio.Task[Turn]]:
    """Ask for a turn each, and let everybody have it who may."""
    asked = {name: asyncio.create_task(turns.take(name)) for name in names}
    await settle()
    return asked


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def having(asked: dict[str, asyncio.Task[Turn]]) -> list[str]:
    return [name for name, task in asked.items() if task.done()]


async def once(turns: Turns, name: str, *, hung: bool | None) -> None:
    turns.end(await turns.take(name), hung=hung)


async def test_while_nobody_is_known_all_places_are_used() -> None:
    turns = Turns(8)
    asked = await took(turns, *(f"n{n}" for n in range(10)))
    assert having(asked) == [f"n{n}" for n in range(8)]
    turns.end(asked["n3"].result(), hung=None)
    await settle()
    assert "n8" in having(asked)


async def test_what_hung_shares_a_part_and_what_is_new_leaves_one() -> None:
    turns = Turns(8)
    await once(turns, "well", hung=False)
    for n in range(4):
        await once(turns, f"hung{n}", hung=True)
    hung = await took(turns, *(f"hung{n}" for n in range(4)))
    assert having(hung) == ["hung0", "hung1"]
    new = await took(turns, *(f"new{n}" for n in range(9)))
    assert having(new) == ["new0", "new1", "new2", "new3"]
    well = await took(turns, "well")
    assert having(well) == ["well"]


async def test_one_that_answered_and_hung_once_does_not_wait_among_those_that_hang() -> None:
    turns = Turns(8)
    for n in range(9):
        await once(turns, f"hung{n}", hung=True)
    for hung in (False, True):
        await once(turns, "well", hung=hung)
    asked = await took(turns, *(f"hung{n}" for n in range(9)), "well")
    assert having(asked) == ["hung0", "hung1", "well"]
    turns.end(asked["well"].result(), hung=True)
    again = await took(turns, "well")
    assert not having(again), "twice is no chance"


async def test_who_answered_is_next_and_nobody_waits_for_good() -> None:
    turns = Turns(2)
    await once(turns, "hung", hung=True)
    for n in range(3):
        await once(turns, f"well{n}", hung=False)
    first = await took(turns, "well0", "well1")
    waiting = await took(turns, "hung", "new", "well2")
    assert not having(waiting)
    for name in ("well0", "well1"):
        turns.end(first[name].result(), hung=False)
        await settle()
    # Two have a place: one of each rank that had none, before a second of those that answered.
    assert len(having(waiting)) == 2
    turns.end(waiting[having(waiting)[0]].result(), hung=None)
    await settle()
    assert len(having(waiting)) == 3


async def test_who_gives_up_leaves_no_place_taken() -> None:
    turns = Turns(1)
    held = await turns.take("a")
    given_up = asyncio.create_task(turns.take("b"))
    granted = asyncio.create_task(turns.take("c"))
    await settle()
    given_up.cancel()
    turns.end(held, hung=False)
    # It had the place in the moment in which it gave up.
    granted.cancel()
    await asyncio.gather(given_up, granted, return_exceptions=True)
    async with asyncio.timeout(1):
        turns.end(await turns.take("d"), hung=False)


async def test_what_takes_long_passes_its_place_on_while_there_are_spare_ones() -> None:
    turns = Turns(1, spare=1)
    first = await turns.take("a")
    waiting = await took(turns, "b", "c")
    turns.pass_on(first)
    turns.pass_on(first)
    await settle()
    assert having(waiting) == ["b"]
    second = waiting["b"].result()
    turns.pass_on(second)
    await settle()
    assert having(waiting) == ["b"]
    turns.end(first, hung=True)
    turns.pass_on(first)
    await settle()
    assert having(waiting) == ["b"]
    turns.end(second, hung=False)
    await settle()
    assert having(waiting) == ["b", "c"]


async def test_those_whom_nobody_knows_have_spare_places_of_their_own() -> None:
    turns = Turns(1, spare=0, spare_new=2)
    asked = await took(turns, *(f"new{n}" for n in range(5)))
    assert (having(asked), turns.new_waiting) == (["new0"], 4)
    for n in range(3):
        turns.pass_on(asked[f"new{n}"].result())
        await settle()
    assert having(asked) == ["new0", "new1", "new2"], "two have passed their places on, no third"
    turns.end(asked["new0"].result(), hung=False)
    turns.pass_on(asked["new2"].result())
    await settle()
    assert having(asked) == ["new0", "new1", "new2", "new3"]
    for name in ("new3", "new4"):
        turns.end(asked[name].result(), hung=None)
        await settle()
    known = await took(turns, "new0")
    turns.pass_on(known["new0"].result())
    assert known["new0"].result().state == "held", "of the others none may"


async def test_names_that_are_ever_new_do_not_fill_the_memory() -> None:
    """Redirects may lead to another host each time, for months."""
    turns = Turns(4)
    for number in range(30_000):
        turns.end(await turns.take(f"n{number}"), hung=number % 2 == 0)
    held = sys.getsizeof(turns._known)
    for number in range(30_000, 90_000):
        turns.end(await turns.take(f"n{number}"), hung=number % 2 == 0)
    assert sys.getsizeof(turns._known) <= held
    # What hung the last time and is remembered still comes last: of four one place is theirs.
    first = await turns.take("n89998")
    second = asyncio.ensure_future(turns.take("n89996"))
    await asyncio.sleep(0)
    assert not second.done()
    turns.end(first, hung=False)
    turns.end(await second, hung=False)
