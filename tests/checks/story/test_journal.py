"""The story's file: private, bounded, shared by several, and set aside when it is broken."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from checks.model import Status
from checks.story import journal as journals
from checks.story import pruning
from checks.story.errors import JournalError
from checks.story.journal import Journal
from checks.story.model import (
    Acknowledgement,
    Entry,
    EntryKind,
    Figure,
    Incident,
    Matcher,
    Session,
    Silence,
)
from checks.story.tables import Batch

NOW = 1_700_000_000.0
ENTRY = Entry(
    NOW,
    EntryKind.TRANSITION,
    "gateway is down",
    incident=3,
    alert="gateway@1",
    name="gateway down",
    check="gateway",
    status=Status.CRITICAL,
    who="alice",
    detail="one\ntwo",
    labels=(("job", "gateway"),),
    after="firing",
)
TAKEN = Acknowledgement("gateway@1", "alice", NOW, "mine", "check gateway", 5)
SILENCE = Silence("ab12", (Matcher("job", "=~", "a|b"),), NOW, NOW + 60, "bob", "moving")
INCIDENT = Incident(
    3,
    "gateway is down",
    "gateway",
    Status.CRITICAL,
    NOW,
    acknowledged=NOW + 9,
    acknowledged_by="alice",
    alerts=("gateway@1",),
    severity="P1",
    checks=("gateway",),
    quiet=NOW + 10,
)
FIGURE = Figure(3, "requests web", NOW, 0.25, 120, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "story.db"


def open_once(path: Path) -> str:
    """What is told where the file at ``path`` is opened, and closed again."""
    with closing(Journal(path)) as journal:
        return journal.open()


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as made:
        assert made.open() == ""
        yield made


def test_everything_comes_back_as_it_was_written(journal: Journal, path: Path) -> None:
    batch = Batch([ENTRY], [TAKEN], [SILENCE], [INCIDENT], [FIGURE], lasting={"check a": (NOW, 5)})
    assert journal.write(batch) == [1]
    journal.close()
    with closing(Journal(path)) as again:
        again.open()
        assert again.entries() == [replace(ENTRY, id=1)]
        assert again.entries(incident=4) == []
        assert again.acknowledgements(NOW) == [TAKEN]
        assert again.silences(NOW) == [SILENCE]
        assert again.incidents() == [INCIDENT]
        assert again.incident(3) == INCIDENT
        assert again.figures(3) == [FIGURE]
        assert again.lasting() == {"check a": (NOW, 5)}


def test_what_has_an_id_takes_the_place_of_what_had_it(journal: Journal) -> None:
    journal.write(Batch([], [TAKEN], [SILENCE], [INCIDENT], lasting={"check a": (NOW, 5)}))
    over = replace(INCIDENT, ended=NOW + 99)
    ended = replace(TAKEN, ended=NOW + 5)
    shorter = replace(SILENCE, ends=NOW + 1)
    journal.write(Batch([], [ended], [shorter], [over], lasting={"check a": None}))
    assert journal.incidents() == [over]
    assert journal.acknowledgements(NOW) == [ended]
    assert journal.acknowledgements(NOW + 6) == []
    assert journal.silences(NOW + 2) == []
    assert journal.lasting() == {}


def test_an_incident_that_lasts_is_kept_however_many_came_after_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_OTHERS", 3)
    over = [replace(INCIDENT, id=number, ended=NOW + 99) for number in range(4, 12)]
    journal.write(Batch(incidents=[INCIDENT, *over], figures=[FIGURE]))
    journal.prune(NOW)
    assert [one.id for one in journal.incidents(2)] == [11, 10, 3]
    assert [one.id for one in journal.incidents(9)] == [11, 10, 9, 3]
    assert journal.figures(3) == [FIGURE]
    journal.write(Batch(incidents=[replace(INCIDENT, ended=NOW + 99)]))
    journal.prune(NOW)
    assert [one.id for one in journal.incidents(9)] == [11, 10, 9]


def test_nobody_else_can_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    with closing(Journal(path)) as journal:
        try:
            journal.open()
            journal.write(Batch([ENTRY]))
            journal.lead()
        finally:
            os.umask(before)
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == dict.fromkeys(
        ("story.db", "story.db-wal", "story.db-shm", "story.db.lock"), 0o600
    )
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_one_that_others_can_write_to_is_not_used(path: Path, mode: int) -> None:
    open_once(path)
    path.chmod(mode)
    with pytest.raises(JournalError, match="others can write to"):
        open_once(path)
    path.chmod(0o644)
    open_once(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.parent.chmod(0o777)
    with pytest.raises(JournalError, match="others can write to"):
        open_once(path)


def test_no_link_is_followed(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to("elsewhere.db")
    with pytest.raises(JournalError):
        open_once(path)
    assert not (path.parent / "elsewhere.db").exists()


@pytest.mark.parametrize(
    "content",
    [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["text", "header alone"],
)
def test_a_broken_one_is_set_aside_and_told(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)
    with closing(Journal(path)) as journal:
        assert "story.db.broken" in journal.open()
        assert journal.write(Batch([ENTRY])) == [1]
    assert path.with_name("story.db.broken").read_bytes() == content


def test_a_database_of_somebody_else_is_set_aside_too(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE entries (a)")
    path.chmod(0o600)
    assert "was broken" in open_once(path)


def test_one_of_a_newer_version_is_left_alone(journal: Journal, path: Path) -> None:
    journal.close()
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("PRAGMA user_version = 2")
    with pytest.raises(JournalError, match="another version"):
        open_once(path)
    assert path.exists()


def test_two_at_once_see_what_the_other_writes_and_one_leads(journal: Journal, path: Path) -> None:
    other = Journal(path)
    other.open()
    assert journal.lead()
    assert not other.lead()
    assert not other.changed()
    journal.changed()
    journal.write(Batch([ENTRY], [TAKEN]))
    assert other.changed()
    assert not other.changed()
    assert not journal.changed()
    assert other.acknowledgements(NOW) == [TAKEN]
    assert other.write(Batch([ENTRY])) == [2]
    assert journal.changed()
    journal.close()
    assert other.lead()
    other.close()


OTHER = """
import sys, time
from pathlib import Path
from checks.story.journal import Journal
from checks.story.model import Acknowledgement, Session
from checks.story.tables import Batch
import os
journal = Journal(Path(sys.argv[1]))
journal.open()
print(journal.lead(), flush=True)
journal.begin_session(Session("other", os.getpid(), 1.0, 2.0))
journal.write(Batch([], [Acknowledgement("a", "bob", 3.0, "by another process", "check a", 5)]))
print("written", flush=True)
time.sleep(60)
"""


def test_another_process_that_is_killed_leaves_what_it_wrote_and_the_lead(
    journal: Journal, path: Path
) -> None:
    argv = [sys.executable, "-c", OTHER, str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        try:
            assert other.stdout.readline() == "True\n"
            assert not journal.lead()
            assert other.stdout.readline() == "written\n"
            assert journal.changed()
            assert [one.note for one in journal.acknowledgements(0)] == ["by another process"]
        finally:
            other.kill()
    assert journal.lead()
    mine = Session("mine", os.getpid(), NOW, NOW)
    assert [one.id for one in journal.begin_session(mine)] == ["other"]
    assert journal.write(Batch([ENTRY])) == [1]


def test_opening_it_a_second_time_leaves_the_first_ones_locks(journal: Journal, path: Path) -> None:
    """A report is gathered from the same file in another lane: the last of several programs takes
    the file out of its mode, which must not be under the feet of one that goes on."""
    journal.write(Batch([ENTRY]))
    second = Journal(path)
    second.open(create=False)
    take_out = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute(sys.argv[2])"
    argv = [sys.executable, "-c", take_out, str(path), "PRAGMA journal_mode = DELETE"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert "database is locked" in done.stderr
    second.close()


def test_a_file_without_room_says_so_and_holds_what_it_held(journal: Journal) -> None:
    journal.write(Batch([ENTRY]))
    assert journal._connection is not None
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = replace(ENTRY, detail="x" * 100_000)
    with pytest.raises(JournalError, match="there is no room") as caught:
        journal.write(Batch([large]))
    assert not caught.value.damaged
    assert len(journal.entries()) == 1


def test_it_stays_within_its_rows_its_age_and_its_bytes(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_ENTRIES", 50)
    old = [replace(ENTRY, at=NOW - pruning.LONGEST - 1) for _ in range(5)]
    journal.write(Batch(old + [replace(ENTRY, at=NOW + n) for n in range(80)], figures=[FIGURE]))
    journal.prune(NOW)
    kept = journal.entries()
    assert [one.at for one in kept] == [NOW + n for n in range(79, 29, -1)]
    # Its incident is not there.
    assert journal.figures(3) == []
    monkeypatch.setattr(journals, "BOUND", 256 << 10)
    journal.write(Batch([replace(ENTRY, detail="x" * 20_000) for _ in range(40)]))
    journal.prune(NOW)
    journal.close()
    assert path.stat().st_size <= 256 << 10


def test_what_is_not_in_the_file_yet_is_bounded_too(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "WAL_FULL", 64 << 10)
    monkeypatch.setattr(journals, "WAL_BOUND", 256 << 10)
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    large = Batch([replace(ENTRY, detail="x" * 50_000)])

    def write_on() -> None:
        for _ in range(20):
            journal.write(large)

    with pytest.raises(JournalError, match="another program reads it"):
        write_on()
    reader.close()
    journal.write(large)
    assert path.with_name("story.db-wal").stat().st_size < 256 << 10


def test_closed_it_opens_for_reading_alone(journal: Journal, path: Path) -> None:
    journal.write(Batch([ENTRY]))
    journal.close()
    assert [one.name for one in path.parent.iterdir()] == ["story.db"]
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as reader, reader:
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_a_session_that_was_cut_off_is_told_once(journal: Journal, path: Path) -> None:
    gone = Session("a", 2**22 + 1, NOW - 60, NOW - 5)
    lives = Session("b", os.getppid(), NOW - 60, NOW - 5)
    mine = Session("c", os.getpid(), NOW, NOW)
    journal.write(Batch(sessions=[gone, lives, replace(gone, id="d", ended=NOW - 9)]))
    assert journal.begin_session(mine) == [gone]
    assert journal.begin_session(mine) == []
    assert {one.id: one.ended for one in journal.sessions()}["a"] == NOW - 5


def test_where_there_is_no_room_for_a_new_one_nothing_is_left_open_and_it_is_told_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"not a database at all" * 100)
    path.chmod(0o600)
    prepare = Journal._prepare

    def full(*_: object) -> None:
        raise JournalError("there is no room")

    journal = Journal(path)
    monkeypatch.setattr(Journal, "_prepare", full)
    with pytest.raises(JournalError, match="no room"):
        journal.open()
    assert journal._connection is None
    monkeypatch.setattr(Journal, "_prepare", prepare)
    assert "story.db.broken" in journal.open()
    journal.close()
