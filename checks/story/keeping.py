"""The story in memory, and its way to the file and back: a lane, one transaction a second at most.

What cannot be written waits; what others have written is taken over. Used from the engine's loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from checks.clock import Clock
from checks.errors import NoThreadsError
from checks.lanes import LaneBusyError, Lanes
from checks.longterm.tally import Tally
from checks.story.errors import JournalError
from checks.story.filing import INCIDENTS, SHOWN, Filing, Found, Held, Wish
from checks.story.model import Acknowledgement, Entry, Figure, Incident, Session, Silence
from checks.story.person import who
from checks.story.tables import Batch, Lasting
from checks.wording import many

__all__ = ["Keeping"]

WAITING: Final = 10_000
"""Values that wait at most for a file that cannot be written to."""
EVERY: Final = 1.0
"""Seconds between looks at what is to be written, and at what others wrote."""
AGAIN: Final = 5.0
"""Seconds after which what failed is tried again, and after which another may lead."""
HEARTBEAT: Final = 60.0
"""Seconds between two marks that this session is still at work."""
PRUNED: Final = 600.0
PATIENCE: Final = 3.0
"""Seconds after which a file that does not answer is told."""
LONGEST_PAUSE: Final = 12 * 3600.0
"""Seconds that nobody may have watched for what was wrong before to be taken for the same."""
_LANE: Final = "story"
_TRIES: Final = 60
_WAIT: Final = 0.01
"""Seconds, so many times at most, that the end waits for what is under way."""

log = logging.getLogger("onwatch.story")


class Keeping:
    """The story that is kept in the file ``path``; in memory alone where that is None.

    Attributes:
        ready: whether the file has been read (or cannot be).
        leads: whether it is for this process to record what happens by itself.
        changes: counts what has changed; pictures are made anew when it has.
        waits: whether something that is held may end with any picture.
        problem: a sentence where the file cannot be used now.
        cut_off: sessions of before that ended without saying so.
        before: the session that was at work last before this one; None where none is known.
        who: who sits at this terminal; empty until ``ready``.
        wanted: the series whose tallies are to be read with the next look.
        tallied: of which series what was read, until somebody takes it.
        renewed: counts how often the file was begun anew while this is at work.
    """

    def __init__(
        self, path: Path | None, lanes: Lanes, clock: Clock, began: float | None = None
    ) -> None:
        self.path = path
        self.ready = False
        self.leads = False
        self.changes = 0
        self.problem = ""
        self.waits = True
        self.said: list[str] = []
        self.cut_off: tuple[Session, ...] = ()
        self.before: Session | None = None
        self.who = ""
        self.wanted: frozenset[str] = frozenset()
        self.tallied: tuple[frozenset[str], list[Tally]] | None = None
        self.renewed = 0
        self.acknowledgements: dict[str, Acknowledgement] = {}
        self.silences: dict[str, Silence] = {}
        self.incidents: dict[int, Incident] = {}
        self.lasting: dict[str, Lasting] = {}
        self._entries: deque[Entry] = deque(maxlen=SHOWN)
        self._shown: tuple[Entry, ...] | None = ()
        self._lanes = lanes
        self._clock = clock
        self._filing: Filing | None = None
        self._known = False
        """Whether the file was there for whom this one goes on."""
        self._waiting = Batch()
        self._looking: asyncio.Future[Found] | None = None
        """The last look: cut short, it goes on in the lane."""
        self._left = False
        """Whether what is under way in the lane closes the file, which it has alone by now."""
        self._heir: Keeping | None = None
        self._slept = False
        """Whether nobody had watched for long before a file that is still to be taken over."""
        self._lost = 0
        now = clock.now()
        began = now if began is None else began
        self._session = Session(secrets.token_hex(6), os.getpid(), began, now)
        self._marked = self._pruned = self._asked = 0.0

    @property
    def session(self) -> Session:
        """This one."""
        return self._session

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The latest entries, the newest first."""
        if self._shown is None:
            # Of two of one moment the one that came later is the newer.
            ordered = sorted(self._entries, key=lambda one: one.at)
            self._shown = tuple(ordered[::-1])
        return self._shown

    def follow(self, old: Keeping) -> None:
        """Go on with what ``old``, which has ended, held and did not write."""
        if old.path != self.path:
            return
        old._heir = self
        for name in ("acknowledgements", "silences", "incidents", "lasting", "who"):
            setattr(self, name, getattr(old, name))
        self.cut_off, self.before, self._slept = old.cut_off, old.before, old._slept
        self._entries, self._waiting, self._session = old._entries, old._waiting, old._session
        self._shown, self.changes = None, old.changes + 1
        self._known = old._filing.known if old._filing is not None else old._known
        if self.path is None:
            self.ready, self.leads = old.ready, old.leads
        if old._looking is None or old._looking.done():
            old._hand_on()

    def add(self, entry: Entry) -> None:
        """Put ``entry`` into the timeline."""
        self._entries.append(entry)
        self._shown = None
        self._waiting.entries.append(entry)
        self._changed()

    def acknowledge(self, one: Acknowledgement) -> None:
        """Note that somebody took an alert, or that this has ended."""
        self.waits = True
        self._take_acknowledgement(one)
        self._waiting.acknowledgements.append(one)
        self._changed()

    def _take_acknowledgement(self, one: Acknowledgement) -> None:
        known = self.acknowledgements.get(one.thing)
        if one.ended is None:
            if known is None or known.at <= one.at:
                self.acknowledgements[one.thing] = one
        elif known is not None and known.id == one.id:
            del self.acknowledgements[one.thing]

    def silence(self, one: Silence) -> None:
        """Set ``one``, or another end to the one with its id."""
        self.silences[one.id] = one
        self._waiting.silences.append(one)
        self._changed()

    def incident(self, one: Incident) -> None:
        """Note ``one`` as it is now."""
        self.incidents[one.id] = one
        for number in sorted(self.incidents)[:-INCIDENTS]:
            if self.incidents[number].ended is not None:
                del self.incidents[number]
        self._waiting.incidents.append(one)
        self._changed()

    def figure(self, one: Figure) -> None:
        """Keep ``one`` for the report of its incident; no picture shows it."""
        self._waiting.figures.append(one)
        self._bound()

    def last(self, thing: str, lasting: Lasting | None) -> None:
        """Note since when ``thing`` is wrong; None when it is no more."""
        if lasting is None:
            self.lasting.pop(thing, None)
        else:
            self.lasting[thing] = lasting
        self._waiting.lasting[thing] = lasting

    def tally(self, series: str, tallies: Iterable[Tally], about: str = "") -> None:
        """Keep these of ``series``; no picture shows them. Each takes the place of what its bucket
        held. ``about`` says what the series is, where that is new.
        """
        if self.path is not None:
            self._waiting.tallies |= {one.key: one for one in tallies}
            if about:
                self._waiting.tallied[series] = about

    def _changed(self) -> None:
        self.changes += 1
        self._bound()

    def _bound(self) -> None:
        waiting = self._waiting
        if self.path is None:
            self._waiting = Batch()
        elif len(waiting) - len(waiting.tallies) > WAITING:
            for items in (waiting.figures, waiting.entries):
                # Tallies are bounded by themselves: a bucket waits once.
                over = min(len(items), len(waiting) - len(waiting.tallies) - WAITING)
                del items[:over]
                self._lost += over

    async def run(self) -> None:
        """Read the file, then write and look after it until cancelled."""
        if self.path is None:
            self.who = await self._lanes.insist(_LANE, who, self.said.append)
            self.ready = self.leads = True
            self.changes += 1
            return
        while True:
            now = self._clock.now()
            failed = not await self.look(now)
            self.ready = True
            await self._clock.sleep_until(now + (AGAIN if failed else EVERY))

    async def look(self, now: float) -> bool:
        """Write what waits and take over what others wrote; whether that could be done."""
        batch, self._waiting = self._waiting, Batch()
        if len(batch) or now - self._marked >= HEARTBEAT:
            self._marked = now
            self._session = replace(self._session, seen=now)
            batch.sessions.append(self._session)
        wish = Wish(
            batch,
            self._session,
            now,
            leads=self.leads,
            prune=now - self._pruned >= PRUNED,
            ask=now - self._asked >= AGAIN,
            wanted=self.wanted,
        )
        task = asyncio.ensure_future(self._lanes.run(_LANE, partial(self._look, wish)))
        self._looking = task
        try:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            if not done:
                self._tell_problem(f"{self.path} does not answer: the story is not saved")
            found = await asyncio.shield(task)
        except asyncio.CancelledError:
            # In the lane it goes on: what came of it, or waits on, is for who follows.
            task.add_done_callback(partial(self._cut_short, batch))
            raise
        except (JournalError, LaneBusyError, NoThreadsError) as error:
            busy = isinstance(error, LaneBusyError)
            text = f"{self.path} does not answer: the story is not saved" if busy else str(error)
            self.put_back(batch)
            self._tell_problem(text)
            return False
        self._pruned = now if wish.prune else self._pruned
        self._asked = now if wish.ask else self._asked
        self._take(found, batch)
        return True

    def _cut_short(self, batch: Batch, task: asyncio.Task[Found]) -> None:
        """What came of a look that nobody waited for any more."""
        if task.cancelled():
            return
        if task.exception() is not None:
            self.put_back(batch)
            if self._heir is not None:
                self._hand_on()
        else:
            self.inherit(task.result(), batch)

    def _hand_on(self) -> None:
        """Tell the heir what came of the file's opening, where no look could write after it."""
        untold = self._filing.untold() if self._filing is not None else None
        if untold is not None:
            self.inherit(untold, Batch())

    def _look(self, wish: Wish) -> Found:
        """In the lane."""
        if self._filing is None:
            self._filing = Filing(self.path or Path(), known=self._known)
        return self._filing.look(wish)

    def _take(self, found: Found, batch: Batch) -> None:
        self._learn(found, batch)
        if found.tallied is not None:
            self.tallied, self.wanted = found.tallied, self.wanted - found.tallied[0]
        self.leads = found.leads
        if found.held is not None:
            forget = self._slept or found.paused > LONGEST_PAUSE
            self._slept = False
            if not found.anew:
                self._take_over(found.held, forget=forget)
        gone = many(self._lost, "entry", "entries")
        verb = "was" if self._lost == 1 else "were"
        lost = f"{gone} of the timeline {verb} lost meanwhile" if self._lost else ""
        self._tell_problem(found.problem or lost)
        self._lost = 0

    def _learn(self, found: Found, batch: Batch) -> None:
        """Take what is told but once: of the file's opening, and of what was written."""
        if found.anew:
            self._write_anew(batch)
            self.renewed += 1
        numbered = dict(zip(map(id, batch.entries), found.ids, strict=False))
        if numbered:
            kept = [
                replace(one, id=numbered[id(one)]) if id(one) in numbered else one
                for one in self._entries
            ]
            self._entries = deque(kept, maxlen=SHOWN)
            self._shown = None
            self.changes += 1
        self.who = found.who
        self._session = replace(self._session, who=found.who)
        self.cut_off = (*self.cut_off, *found.cut_off)
        # After a reload the one before is this one itself, unless more is known.
        if found.before is not None and (
            self.before is None or found.before.id != self._session.id
        ):
            self.before = found.before
        if found.said:
            self.said.append(found.said)

    def _take_over(self, held: Held, *, forget: bool) -> None:
        """Hold what the file holds, and what waits to be written after it was read."""
        self.waits = True
        self._entries = deque(reversed(held.entries), maxlen=SHOWN)
        self.acknowledgements = {}
        for one in held.acknowledgements:
            # Of a check nothing tells whether it was well meanwhile.
            if forget and one.ended is None and one.thing.startswith("check "):
                self._waiting.acknowledgements.append(replace(one, ended=self._clock.now()))
            else:
                self._take_acknowledgement(one)
        self.silences = {one.id: one for one in held.silences}
        still = {one.id: one.still for one in self.incidents.values()}
        self.incidents = {
            one.id: replace(one, still=still.get(one.id, "")) for one in held.incidents
        }
        if not self.ready or self.leads is False:
            self.lasting = {} if forget else held.lasting
        waiting = self._waiting
        self._entries.extend(waiting.entries)
        for acknowledgement in waiting.acknowledgements:
            self._take_acknowledgement(acknowledgement)
        self.silences |= {one.id: one for one in waiting.silences}
        self.incidents |= {one.id: one for one in waiting.incidents}
        self._shown = None
        self.changes += 1

    def _write_anew(self, written: Batch) -> None:
        """The file was taken away, or was broken: have what is held, but for what was ``written``
        just now, written into the new one.
        """
        waiting = self._waiting
        waiting.acknowledgements[:0] = self.acknowledgements.values()
        waiting.silences[:0] = self.silences.values()
        waiting.incidents[:0] = self.incidents.values()
        known = {id(one) for one in (*written.entries, *waiting.entries)}
        earlier = [one for one in reversed(self.entries) if id(one) not in known]
        waiting.entries[:0] = earlier
        waiting.lasting = {**self.lasting, **waiting.lasting}

    def put_back(self, batch: Batch) -> None:
        """Have what was not written wait, before what has waited since."""
        if (heir := self._heir) is not None:
            heir.put_back(batch)
            return
        later, self._waiting = self._waiting, batch
        for name in ("entries", "acknowledgements", "silences", "incidents", "figures", "sessions"):
            getattr(batch, name).extend(getattr(later, name))
        batch.lasting |= later.lasting
        batch.tallies |= later.tallies
        batch.tallied |= later.tallied
        self._bound()

    def inherit(self, found: Found, batch: Batch) -> None:
        """Learn what no look will find again; what the file holds is read anew by who follows."""
        if self._heir is not None:
            self._heir.inherit(found, batch)
            return
        self._learn(found, batch)
        self._slept = self._slept or found.paused > LONGEST_PAUSE

    def _tell_problem(self, text: str) -> None:
        if text == self.problem:
            return
        self.problem = text
        self.changes += 1
        if text:
            log.warning("%s", text)
            self.said.append(text)

    async def finish(self) -> None:
        """Write a last time and close the file; to be called once it is looked at no more."""
        if self._left:
            return
        try:
            for _ in range(_TRIES):
                # Cancelled meanwhile, a look is still under way.
                if self._lanes.busy(_LANE):
                    await asyncio.sleep(_WAIT)
            if self._filing is not None and self._filing.opened and not self._lanes.busy(_LANE):
                await self._end(self._filing)
        finally:
            if self._lanes.busy(_LANE):
                # What is under way there has the file open, and leads, until it comes to its end.
                self._left = True
                self._lanes.drop(_LANE, self._let_go)

    async def _end(self, filing: Filing) -> None:
        now = self._clock.now()
        batch, self._waiting = self._waiting, Batch()
        ended = replace(self._session, seen=now, ended=now)
        batch.sessions.append(ended)
        task = asyncio.ensure_future(self._lanes.run(_LANE, partial(filing.end, batch)))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # The engine waits for a moment alone.
            task.add_done_callback(partial(self._unsaved, batch))
            raise
        except (JournalError, LaneBusyError, NoThreadsError):
            self._unsaved(batch, task)

    def _let_go(self) -> None:
        """In the lane, at its end."""
        if self._filing is not None:
            self._filing.close()

    def _unsaved(self, batch: Batch, task: asyncio.Task[None]) -> None:
        """What the end could not write waits on, for who follows; that it ended is not so then."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("the story is not saved: %s", error)
            batch.sessions.clear()
            self.put_back(batch)
