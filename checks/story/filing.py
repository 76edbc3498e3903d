"""The story's file as a session looks at it: what waits is written, what others wrote is read.

Everything here blocks, and belongs in a lane.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checks.longterm.tally import Tally
from checks.story.errors import JournalError
from checks.story.model import Acknowledgement, Entry, Incident, Session, Silence
from checks.story.person import who
from checks.story.tables import Batch, Lasting

if TYPE_CHECKING:
    from checks.story.journal import Journal

__all__ = ["INCIDENTS", "SHOWN", "Filing", "Found", "Held", "Wish"]

SHOWN: Final = 500
"""Entries that are held for the panes."""
INCIDENTS: Final = 200
"""The newest ones that are held; of those that last all are."""
_RECENT: Final = 86_400.0
"""Seconds for which what has ended is still held."""


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is to be done with one look at ``now``.

    ``leads`` says whether this session did when it looked last; ``ask`` whether it is to be asked
    for again. ``wanted`` are the series whose tallies are to be read.
    """

    batch: Batch
    session: Session
    now: float
    leads: bool
    prune: bool
    ask: bool
    wanted: frozenset[str]


@dataclass(slots=True, eq=False)
class Held:
    """What the file holds of what is shown."""

    entries: list[Entry] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    lasting: dict[str, Lasting] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Found:
    """What came of one look.

    Attributes:
        who: who sits at this terminal.
        ids: of the entries that were written, in their order.
        held: None where nothing was new.
        said: a sentence where a broken file was set aside for a new one.
        cut_off: sessions that ended without saying so.
        before: the one that was at work last, where the file was opened.
        paused: seconds since then.
        anew: whether the file was begun anew although it was there before.
        begun: whether this session was noted in it, where the file was opened.
        problem: a sentence where not all could be done after what waited was written.
        tallied: the series that were wanted, and what was read of them.
    """

    who: str = ""
    ids: list[int] = field(default_factory=list)
    held: Held | None = None
    leads: bool = False
    said: str = ""
    cut_off: list[Session] = field(default_factory=list)
    before: Session | None = None
    paused: float = 0.0
    anew: bool = False
    begun: bool = False
    problem: str = ""
    tallied: tuple[frozenset[str], list[Tally]] | None = None


class Filing:
    """The file at ``path``, opened with the first look. ``known``: it was there before, for whom
    this one goes on.
    """

    def __init__(self, path: Path, *, known: bool = False) -> None:
        from checks.story.journal import Journal  # noqa: PLC0415 - imports sqlite3

        self.journal: Journal = Journal(path)
        self.opened = False
        self.known = known
        self._who = ""
        self._doubted = False
        self._opening: Found | None = None
        """What came of opening it, until that is told and the file has been read."""

    def look(self, wish: Wish) -> Found:
        """Write what waits and read what others wrote.

        Raises:
            JournalError: nothing was written.
        """
        try:
            if not self.opened or self.journal.gone:
                self._reopen(wish)
            ids = self._write(wish.batch)
        except JournalError as error:
            self._give_up(error)
            raise
        fresh = self._opening is not None
        found, self._opening = self._opening or Found(), None
        found.who, found.ids = self._who, ids
        try:
            self._go_on(found, wish, fresh=fresh)
        except JournalError as error:
            # What was written before is written, and must not be so again.
            self._give_up(error)
            found.problem = str(error)
            if fresh:
                self._opening = Found(paused=found.paused)
        return found

    def untold(self) -> Found | None:
        """What came of opening it and no look has told: for who goes on in its place."""
        found, self._opening = self._opening, None
        return found

    def _reopen(self, wish: Wish) -> None:
        """Open it. What comes of that waits for the first look that can write."""
        journal = self.journal
        journal.close()
        said = journal.open(doubted=self._doubted)
        found = self._opening = self._opening or Found()
        found.said = said or found.said
        found.anew = found.anew or self.opened or (self.known and bool(said))
        last = journal.sessions(1)
        if last and not found.begun:
            found.before, found.paused = last[0], wish.now - last[0].seen
        self._who = who()
        found.cut_off += self._begin_session(wish)
        found.begun = self.opened = self.known = True
        self._doubted = False

    def _begin_session(self, wish: Wish) -> list[Session]:
        """Those that ended without saying so."""
        return self.journal.begin_session(replace(wish.session, seen=wish.now, who=self._who))

    def _write(self, batch: Batch) -> list[int]:
        if not len(batch):
            return []
        # That it is at work was noted before it was known who sits here.
        batch.sessions[:] = [replace(one, who=self._who) for one in batch.sessions]
        return self.journal.write(batch)

    def _go_on(self, found: Found, wish: Wish, *, fresh: bool) -> None:
        """What comes once that is written which waited."""
        journal = self.journal
        found.leads = journal.lead() if wish.ask or fresh else wish.leads
        if found.leads and not wish.leads and not fresh:
            # Whoever led may have ended without a word.
            found.cut_off = self._begin_session(wish)
        if wish.prune:
            journal.prune(wish.now)
        if wish.wanted:
            found.tallied = (wish.wanted, journal.tallies(wish.wanted))
        if journal.changed() or fresh or (found.leads and not wish.leads):
            found.held = self._read(wish.now)

    def _read(self, now: float) -> Held:
        journal = self.journal
        return Held(
            journal.entries(limit=SHOWN),
            journal.acknowledgements(now - _RECENT),
            journal.silences(now - _RECENT),
            journal.incidents(INCIDENTS),
            journal.lasting(),
        )

    def _give_up(self, error: JournalError) -> None:
        """Close a broken file: opened again, it is looked at as a whole, and set aside if that
        tells the same.
        """
        if error.damaged:
            self.journal.close()
            self.opened, self._doubted = False, True

    def end(self, batch: Batch) -> None:
        """Write ``batch`` as the last, and close the file. Raises JournalError."""
        try:
            self._write(batch)
        finally:
            self.close()

    def close(self) -> None:
        """Close the file, whether or not it is open."""
        self.journal.close()
        self.opened = False
