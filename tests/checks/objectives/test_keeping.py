"""The sums on their way to the file and back: several onwatch, a file that is gone, its bounds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.longterm import tally
from checks.longterm.ring import Buckets
from checks.longterm.tally import HOUR, KEPT, MINUTE, Key, Tally
from checks.story.journal import Journal
from checks.story.tables import TABLES, VERSION, Batch
from tests.checks.objectives.weeks import Site, available

NOW = 1_700_000_000


def rows(path: Path) -> list[tuple[int, float, float]]:
    with closing(sqlite3.connect(path)) as held, held:
        found = held.execute("SELECT step, sum(first), sum(third) FROM tallies GROUP BY step")
        return list(found)


async def test_of_two_the_one_that_leads_writes_and_the_other_goes_on_after_it(
    tmp_path: Path,
) -> None:
    clock, path = FakeClock(), tmp_path / "story" / "story.db"
    first = Site(available(), clock=clock, path=path)
    await first.keep()
    second = Site(available(), clock=clock, path=path)
    await second.keep()
    assert (first.keeping.leads, second.keeping.leads) == (True, False)
    for _ in range(40):
        await clock.advance(60.0)
        for site in (first, second):
            site.put(probe_success=1.0)
            site.far.look(clock.now())
    assert first.view.total == second.view.total > 2000
    await first.end()
    kept = rows(path)
    assert kept[1][2] == pytest.approx(first.view.known)
    await second.keep()
    assert second.keeping.leads
    second.put(probe_success=1.0)
    await second.go(60.0, look=60.0, probe_success=1.0)
    await second.end()
    # Counted once, and not once by each.
    assert rows(path)[1][2] == pytest.approx(second.view.known)
    assert second.view.known < kept[1][2] + 600


async def test_a_file_that_is_taken_away_is_written_anew_whole(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "story" / "story.db"
    site = Site(available(), clock=clock, path=path)
    await site.keep()
    await site.go(7200.0, look=60.0, probe_success=1.0)
    await site.keep()
    for file in path.parent.glob("story.db*"):
        file.unlink()
    await clock.advance(10.0)
    for _ in range(3):
        await site.keep()
    await site.end()
    assert rows(path)[1][2] == pytest.approx(site.view.known)


def test_a_file_of_before_gets_the_tables_and_stays_of_its_version(tmp_path: Path) -> None:
    path = tmp_path / "story.db"
    journal = Journal(path)
    journal.open()
    journal.close()
    with closing(sqlite3.connect(path)) as held, held:
        held.execute("DROP TABLE tallies")
        held.execute("DROP TABLE tallied")
    journal.open()
    key = Key("slo/a/1", HOUR, NOW)
    journal.write(Batch(tallies={key: Tally(key, 1.0, 2.0, 3.0)}, tallied={"slo/a/1": "said"}))
    assert journal.tallies(["slo/a/1"]) == [Tally(key, 1.0, 2.0, 3.0)]
    assert journal.tallied() == {"slo/a/1": "said"}
    journal.close()
    with closing(sqlite3.connect(path)) as held, held:
        (version,) = held.execute("PRAGMA user_version").fetchone()
        (count,) = held.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        ).fetchone()
    assert version == VERSION
    assert count >= len(TABLES) - 2


def test_what_knows_less_of_a_bucket_does_not_take_the_place_of_what_knows_more(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "story.db")
    journal.open()
    key = Key("s", MINUTE, NOW)
    for known in (30.0, 60.0, 10.0):
        journal.write(Batch(tallies={key: Tally(key, known, known, known)}))
    assert journal.tallies(["s"]) == [Tally(key, 60.0, 60.0, 60.0)]
    journal.close()


def test_what_is_too_old_or_too_much_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.story.pruning.MOST", 100)
    journal = Journal(tmp_path / "story.db")
    journal.open()
    batch = Batch(tallied={"s": "said", "gone": "said"})
    for step, kept in KEPT.items():
        for back in (0, kept - 2 * step, kept + 2 * step):
            key = Key("s", step, NOW - back)
            batch.tallies[key] = Tally(key, 1.0, 1.0, 1.0)
    journal.write(batch)
    journal.prune(NOW)
    assert len(journal.tallies(["s"])) == 4
    assert journal.tallied() == {"s": "said"}
    many = [Key("many", HOUR, NOW - HOUR * at) for at in range(150)]
    journal.write(Batch(tallies={key: Tally(key, 1.0, 1.0, 1.0) for key in many}))
    journal.prune(NOW)
    left = journal.tallies(["many"])
    assert len(left) + len(journal.tallies(["s"])) == 100
    assert left[-1].key.start == NOW
    journal.close()


def test_buckets_forget_what_is_too_old_and_take_little_room() -> None:
    buckets = Buckets("s")
    for day in range(200):
        for hour in range(24):
            buckets.add(NOW + day * 86_400 + hour * 3600, 1.0, 2.0, 3.0)
    starts, values = buckets.hours.points(0.0)
    assert KEPT[HOUR] / HOUR <= len(starts) <= 2 * KEPT[HOUR] / HOUR
    assert (values == (1.0, 2.0, 3.0)).all()
    assert len(buckets.minutes.points(0.0)[0]) < 2 * KEPT[MINUTE] / MINUTE
    assert tally.KEPT is KEPT
    buckets.add(NOW, 9.0, 9.0, 9.0)
    assert buckets.hours.points(0.0)[0][0] > NOW, "what is older than all of it is left out"


async def test_what_cannot_be_written_waits_and_is_bounded(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "story" / "story.db"
    site = Site(available(), clock=clock, path=path)
    await site.keep()
    site.keeping.problem = "there is no room"
    await site.go(20 * 3600.0, look=900.0, probe_success=1.0)
    assert len(site.keeping._waiting.tallies) == 0
    assert len(site.far.objectives.buckets[0].minutes._changed) <= 2 * KEPT[MINUTE] / MINUTE
    site.keeping.problem = ""
    await site.keep()
    await site.end()
    kept = {step: known for step, _, known in rows(path)}
    assert kept[HOUR] == pytest.approx(site.view.known)


def test_rows_that_come_late_find_their_place() -> None:
    buckets = Buckets("s", peaks=True)
    for at, value in ((NOW + 120, 3.0), (NOW, 1.0), (NOW + 60, 2.0), (NOW + 60, 5.0)):
        buckets.add(at, value, value, 1.0)
    _, values = buckets.minutes.points(NOW - 60)
    assert values.tolist() == [[1.0, 1.0, 1.0], [7.0, 5.0, 2.0], [3.0, 3.0, 1.0]]
    assert len(list(buckets.changed())) == 4
    assert list(buckets.changed()) == []
