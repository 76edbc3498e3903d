"""Alerts taken and silenced: for how long that holds, over a restart, and for others too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.alerts.model import State
from checks.clock import FakeClock
from checks.model import Status
from checks.rules.views import RuleAlertView, RulesView, RuleView
from checks.story import live
from checks.story.cron import Cron
from checks.story.maintenance import Window
from checks.story.model import EntryKind, Matcher, Silence
from checks.story.over import KEPT
from checks.story.targets import Target, Targets, Term
from checks.story.telling import LONGEST_NOTE
from checks.views import AlertView
from tests.checks.story.sessions import OPEN, Session, ill, silence_of, well

NOW = 1_700_000_000.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "story.db"


@pytest.fixture(autouse=True)
async def all_end() -> AsyncIterator[None]:
    yield
    for one in list(OPEN):
        await one.end()


@pytest.fixture
def session(path: Path, clock: FakeClock) -> Session:
    return Session(path, clock)


async def test_whoever_takes_an_alert_has_it_until_it_is_over(session: Session) -> None:
    down = ill("gateway", since=NOW - 60)
    await session.step(down)
    session.story.acknowledge(session.alert("gateway").id, " looking\x1b[31m at it ")
    taken = session.handled("gateway").acknowledged
    assert taken is not None
    assert (taken.note, taken.at, bool(taken.who)) == ("looking at it", NOW, True)
    assert session.handled("gateway").due is None
    await session.clock.advance(60)
    await session.step(down)
    assert session.handled("gateway").acknowledged is not None
    await session.step(well("gateway"))
    await session.step(ill("gateway", since=NOW + 90))
    assert session.handled("gateway").acknowledged is None


async def test_it_can_be_left_to_others_again(session: Session) -> None:
    await session.step(ill("gateway", since=NOW))
    session.story.acknowledge(session.alert("gateway").id)
    session.story.unacknowledge(session.alert("gateway").id)
    assert session.handled("gateway").acknowledged is None
    assert session.handled("gateway").due is not None


async def test_what_gets_worse_has_to_be_taken_anew_and_what_is_not_known_has_not(
    session: Session,
) -> None:
    await session.step(ill("disk", Status.WARNING, since=NOW))
    session.story.acknowledge(session.alert("disk").id)
    await session.step(ill("disk", Status.CRITICAL, since=NOW + 60))
    assert session.handled("disk").acknowledged is None
    session.story.acknowledge(session.alert("disk").id)
    for status in (Status.STALE, Status.UNKNOWN, Status.WARNING, Status.CRITICAL):
        await session.clock.advance(60)
        await session.step(ill("disk", status, since=session.clock.now()))
        assert session.handled("disk").acknowledged is not None, status
    # No news is no end.
    await session.step(replace(well("disk"), status=Status.WAITING))
    await session.step(ill("disk", since=session.clock.now()))
    assert session.handled("disk").acknowledged is not None


async def test_it_survives_a_restart_with_the_time_that_it_was_to_be_taken_by(
    session: Session, path: Path, clock: FakeClock
) -> None:
    down, slow = ill("gateway", since=NOW), ill("api", since=NOW)
    await session.step(down, slow)
    session.story.acknowledge(session.alert("gateway").id, "mine")
    session.story.silence(silence_of("web", NOW))
    await session.step(down, slow)
    await session.end()
    await clock.advance(600)
    # A check's trouble begins anew with each session.
    again = Session(path, clock)
    await again.step(ill("gateway", since=NOW + 600), ill("api", since=NOW + 600))
    taken = again.handled("gateway").acknowledged
    assert taken is not None
    assert taken.note == "mine"
    assert again.handled("api").due == NOW + 900
    assert [view.silence.comment for view in again.story._view.silences] == ["moving"]
    await again.end()


async def test_an_alert_is_shown_since_before_a_restart_and_beside_another_onwatch(
    session: Session, path: Path, clock: FakeClock
) -> None:
    await session.step(ill("gateway", since=NOW), ill("api", Status.WARNING, since=NOW))
    await session.look()
    await clock.advance(480)
    beside = Session(path, clock)
    await session.end()
    again = Session(path, clock)
    for other in (beside, again):
        await other.step(ill("gateway", since=NOW + 481), ill("api", since=NOW + 481))
        shown = other.story.begun(other.picture)
        before = [one.id for one in other.picture.alerts]
        assert [one.id for one in shown.alerts] == before, "it is the same alert"
        since = {"gateway": NOW, "api": NOW + 481}
        assert {one.check: one.since for one in shown.alerts} == since, "what got worse began anew"
        assert {one.name: one.since for one in shown.checks} == since, "and so on each screen"
        after = other.story.begun(other.picture)
        assert after.alerts is shown.alerts, "nothing is made anew for each picture"
        assert after.checks is shown.checks
    assert beside.story.keeping.leads, "and so tells what has ended"
    await beside.step(well("gateway"))
    await beside.step(ill("gateway", since=NOW + 600))
    assert beside.story.begun(beside.picture) is beside.picture
    await again.end()
    await beside.end()


async def test_after_a_day_in_which_nobody_watched_it_is_another_alert(
    session: Session, path: Path, clock: FakeClock
) -> None:
    await session.step(ill("gateway", since=NOW))
    session.story.acknowledge(session.alert("gateway").id)
    await session.step(ill("gateway", since=NOW))
    await session.end()
    await clock.advance(86_400)
    again = Session(path, clock)
    await again.step(ill("gateway", since=clock.now()))
    assert again.handled("gateway").acknowledged is None
    assert again.handled("gateway").due == clock.now() + 900
    await again.end()


async def test_another_onwatch_on_the_same_file_sees_it(
    session: Session, path: Path, clock: FakeClock
) -> None:
    other = Session(path, clock)
    await session.step(ill("gateway", since=NOW))
    # Its first run came later.
    await other.step(ill("gateway", since=NOW + 3))
    session.story.acknowledge(session.alert("gateway").id, "mine")
    session.story.silence(silence_of("gateway", NOW))
    await session.look()
    await other.look()
    handled = other.handled("gateway")
    assert handled.acknowledged is not None
    assert handled.acknowledged.note == "mine"
    assert len(handled.silenced_by) == 1
    other.story.expire(handled.silenced_by[0])
    other.story.unacknowledge(other.alert("gateway").id)
    await other.look()
    await session.look()
    assert session.handled("gateway").silenced_by == ()
    assert session.handled("gateway").acknowledged is None
    await other.end()


async def test_a_silence_hides_what_it_matches_for_as_long_as_it_lasts(session: Session) -> None:
    checks = ill("gateway", since=NOW), ill("api", since=NOW)
    await session.step(*checks)
    session.story.silence(silence_of("gateway", NOW, 600))
    assert session.handled("gateway").silenced_by
    assert not session.handled("api").silenced_by
    (view,) = session.story._view.silences
    assert view.hides == (session.alert("gateway").name,)
    session.story.silence(replace(view.silence, ends=NOW + 1200))
    await session.clock.advance(1199)
    await session.step(*checks)
    assert session.handled("gateway").silenced_by
    await session.clock.advance(1)
    session.show(*checks)
    assert not session.handled("gateway").silenced_by


async def test_what_is_over_while_it_was_silenced_is_told(session: Session) -> None:
    await session.step(ill("gateway", since=NOW))
    session.story.silence(silence_of("gateway", NOW))
    await session.step(ill("gateway", since=NOW))
    await session.step(replace(well("gateway"), status=Status.WAITING))
    assert not any("it was silenced" in text for text in session.said)
    await session.step(well("gateway"))
    assert sum("it was silenced" in text for text in session.said) == 1


async def test_a_silenced_cause_hides_what_follows_from_it_unless_that_is_worse(
    session: Session,
) -> None:
    cause = ill("shop", Status.WARNING, since=NOW)
    worse = ill("api", Status.CRITICAL, since=NOW, depends_on=("shop",))
    alike = ill("web", Status.WARNING, since=NOW, depends_on=("shop",))
    await session.step(cause, worse, alike)
    assert session.alert("api").cause == session.alert("web").cause == "shop"
    session.story.silence(silence_of("shop", NOW))
    assert session.handled("web").silenced_by
    assert not session.handled("api").silenced_by


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (Silence("", (), NOW, NOW + 60, ""), "needs a matcher"),
        (silence_of("gateway", NOW - 60, 30), "over already"),
        (silence_of("gateway", NOW, 400 * 86_400), "longer than a year"),
        (Silence("", (Matcher("job", "=~", "("),), NOW, NOW + 60, ""), "error parsing regexp"),
        (Silence("", (Matcher("job", "=~", ".*"),), NOW, NOW + 60, ""), "none of these labels"),
    ],
)
async def test_what_is_no_silence_is_refused_with_a_sentence(
    session: Session, made: Silence, says: str
) -> None:
    await session.step(ill("gateway", since=NOW))
    session.story.silence(made)
    assert any("no silence" in text and says in text for text in session.said)
    assert session.story._view.silences == ()


async def test_a_maintenance_window_comes_hides_and_goes(path: Path, clock: FakeClock) -> None:
    # NOW is a Tuesday, 22:13:20 in UTC.
    window = Window(
        "nightly", (Matcher("job", "=", "backup"),), Cron.of("30 22 * * tue"), 1800.0, "UTC"
    )
    session = Session(path, clock, windows=(window,))
    down = ill("backup", since=NOW)
    await session.step(down)
    (view,) = session.story._view.silences
    assert (view.silence.window, view.silence.active(NOW)) == ("nightly", False)
    assert not session.handled("backup").silenced_by
    await clock.advance(1001)
    session.show(down)
    assert session.handled("backup").silenced_by == ("window nightly",)
    session.story.expire("window nightly")
    assert "planned in the configuration" in session.said[-1]
    await clock.advance(1800)
    session.show(down)
    assert not session.handled("backup").silenced_by
    await session.end()


async def test_targets_count_from_when_it_began_and_again_when_it_gets_worse(
    path: Path, clock: FakeClock
) -> None:
    own = {"critical": Target(Term(60), Term(120), contact="the boss")}
    session = Session(path, clock, targets=Targets(own))
    await session.step(ill("disk", Status.WARNING, since=NOW - 10))
    assert session.handled("disk").due == NOW - 10 + 4 * 3600
    await session.step(ill("disk", since=NOW + 5))
    worse = session.handled("disk")
    assert (worse.due, worse.escalates, worse.contact) == (NOW + 65, NOW + 125, "the boss")
    # Seen for a while by nobody, it is still the same.
    await session.step(ill("disk", Status.STALE, since=NOW + 50))
    await session.step(ill("disk", since=NOW + 55))
    assert session.handled("disk").due == NOW + 65
    await session.end()


async def test_what_its_check_says_itself_is_to_be_taken_with_that(session: Session) -> None:
    down = ill("api", since=NOW - 60)
    told = AlertView(
        "r", "TargetDown", "api", Status.CRITICAL, NOW, "no answer", cause="api", rule=KEY
    )
    await session.step(down, rules=(told,))
    assert session.handled("api").due == NOW - 60 + 15 * 60
    assert "r" not in session.story._view.handled
    # One that goes up sooner than its check has a time of its own, until that is taken.
    urgent = replace(told, id="u", labels=(("severity", "sev1"),))
    await session.step(down, rules=(urgent,))
    assert session.story._view.handled["u"].due == NOW
    session.story.acknowledge(session.alert("api").id)
    await session.step(down, rules=(urgent,))
    assert "u" not in session.story._view.handled
    # So has one of which the check says nothing.
    await session.step(down, rules=(replace(told, cause=""),))
    assert session.story._view.handled["r"].due == NOW + 15 * 60


async def test_what_is_worse_than_its_silenced_check_is_to_be_taken_in_its_own_time(
    path: Path, clock: FakeClock
) -> None:
    alike = Target(Term(900), Term(1800))
    session = Session(path, clock, targets=Targets({"critical": alike, "unknown": alike}))
    check = ill("api", Status.UNKNOWN, since=NOW - 60)
    worse = AlertView("r", "Full", "api", Status.CRITICAL, NOW, "full", cause="api", rule=KEY)
    await session.step(check, rules=(worse,))
    assert "r" not in session.story._view.handled, "its check comes up first"
    matcher = Matcher("severity", "=", "unknown")
    session.story.silence(Silence("", (matcher,), NOW, NOW + 3600, ""))
    await session.step(check, rules=(worse,))
    assert session.handled("api").silenced_by
    assert session.story._view.handled["r"].due == NOW + 900
    session.story.acknowledge(session.alert("api").id)
    await session.step(check, rules=(worse,))
    assert "r" not in session.story._view.handled
    await session.end()


async def test_without_annotating_nothing_is_taken_silenced_or_noted(
    path: Path, clock: FakeClock
) -> None:
    session = Session(path, clock, annotates=False)
    await session.step(ill("gateway", since=NOW))
    session.story.acknowledge(session.alert("gateway").id)
    session.story.silence(silence_of("gateway", NOW))
    session.story.note("hello")
    assert session.handled("gateway").acknowledged is None
    assert not session.handled("gateway").silenced_by
    assert len(session.said) == 3
    assert all("--no-annotate" in text for text in session.said)
    assert not session.story._view.may_annotate
    await session.end()


async def test_a_note_is_kept_whole(session: Session, path: Path, clock: FakeClock) -> None:
    await session.step(ill("gateway", since=NOW))
    note = "n" * LONGEST_NOTE
    session.story.note(note)
    session.story.acknowledge(session.alert("gateway").id, note)
    await session.step(ill("gateway", since=NOW))
    await session.end()
    again = Session(path, clock)
    view = await again.step(ill("gateway", since=NOW))
    texts = {one.kind: one.text for one in view.entries}
    assert texts[EntryKind.NOTE] == note
    assert texts[EntryKind.ACKNOWLEDGED].endswith(f" acknowledged: {note}")
    await again.end()


async def test_without_a_file_it_is_kept_in_memory(clock: FakeClock) -> None:
    session = Session(None, clock)
    await session.step(ill("gateway", since=NOW))
    session.story.acknowledge(session.alert("gateway").id)
    await session.step(ill("gateway", since=NOW))
    assert session.handled("gateway").acknowledged is not None
    await session.end()


async def test_what_cannot_be_written_waits_and_is_told_once(
    session: Session, path: Path, clock: FakeClock
) -> None:
    await session.step(ill("gateway", since=NOW))
    path.chmod(0o666)
    filing = session.story.keeping._filing
    assert filing is not None
    journal = filing.journal
    journal.close()
    session.story.acknowledge(session.alert("gateway").id, "mine")
    for _ in range(3):
        assert not await session.look()
        session.show(ill("gateway", since=NOW))
    assert session.handled("gateway").acknowledged is not None
    assert [text for text in session.said if "others can write to" in text] == session.said
    assert "others can write to" in session.story._view.problem
    path.chmod(0o600)
    await session.step(ill("gateway", since=NOW))
    assert session.story._view.problem == ""
    await session.end()
    again = Session(path, clock)
    await again.step(ill("gateway", since=NOW))
    assert again.handled("gateway").acknowledged is not None
    await again.end()


async def test_what_there_is_no_room_for_waits_too(
    session: Session, path: Path, clock: FakeClock
) -> None:
    await session.step(ill("gateway", since=NOW))
    filing = session.story.keeping._filing
    assert filing is not None
    journal = filing.journal
    assert journal._connection is not None
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(20):
        session.story.note(f"{number} " + "x" * 1_900)
    assert not await session.look()
    session.story.note("the last")
    assert not await session.look()
    session.show(ill("gateway", since=NOW))
    assert "there is no room" in session.story._view.problem
    journal._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert await session.look()
    await session.end()
    again = Session(path, clock)
    view = await again.step(ill("gateway", since=NOW))
    notes = [one.text.split()[0] for one in reversed(view.entries) if one.kind == "note"]
    assert notes == [*map(str, range(20)), "the"]
    await again.end()


async def test_what_was_written_before_something_failed_is_not_written_again(
    session: Session, path: Path
) -> None:
    path.with_name("story.db.lock").mkdir(parents=True)
    path.parent.chmod(0o700)
    await session.look()
    session.story.note("once")
    for seconds in range(3):
        await session.clock.advance(6)
        assert await session.look(), seconds
    session.show(ill("gateway", since=NOW))
    assert "story.db.lock cannot be opened" in session.story._view.problem
    filing = session.story.keeping._filing
    assert filing is not None
    journal = filing.journal
    assert [one.text for one in journal.entries()] == ["once"]
    # It was at work when it wrote.
    assert journal.sessions()[0].seen >= journal.entries()[0].at


@pytest.mark.parametrize("how", ["gone", "broken"])
async def test_a_file_that_is_taken_away_or_broken_is_written_anew(
    session: Session, path: Path, clock: FakeClock, how: str
) -> None:
    await session.step(ill("gateway", since=NOW))
    session.story.acknowledge(session.alert("gateway").id)
    session.story.silence(silence_of("api", NOW))
    await session.look()
    if how == "gone":
        for one in path.parent.iterdir():
            one.unlink()
    else:
        path.write_bytes(b"broken" * 2_000)
    session.story.note("meanwhile")
    for _ in range(3):
        await session.look()
    await session.step(ill("gateway", since=NOW))
    assert session.handled("gateway").acknowledged is not None
    told = [one.text for one in session.story._view.entries]
    await session.end()
    again = Session(path, clock)
    await again.step(ill("gateway", since=NOW))
    assert again.handled("gateway").acknowledged is not None
    assert len(again.story._view.silences) == 1
    kept = [one.text for one in again.story._view.entries]
    assert sorted(kept[-len(told) :]) == sorted(told), "all of it, and nothing twice"
    assert kept.count("meanwhile") == 1
    await again.end()


def test_nothing_of_it_is_imported_with_the_engine() -> None:
    """The first picture waits for none of it, nor for SQLite."""
    said = "import checks.engine, sys; print([m for m in sys.modules if m in sys.argv[1:]])"
    unwanted = ("checks.story.live", "checks.story.model", "checks.story.targets", "sqlite3")
    done = subprocess.run(
        [sys.executable, "-c", said, *unwanted], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


async def test_a_story_that_fails_inside_is_told_once_and_is_right_with_the_next_picture(
    session: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    down = ill("gateway", since=NOW - 60)
    await session.step(down)
    assert session.story._view.problem == ""

    def breaking(*_: object) -> None:
        raise RuntimeError("broken")

    said = "the story of a picture failed inside: RuntimeError; see the log"
    with monkeypatch.context() as patched:
        patched.setattr(live, "handled", breaking)
        session.story.acknowledge(session.alert("gateway").id)
        for _ in range(3):
            await session.step(down)
            assert session.story._view.problem == said
    assert session.said.count(said) == 1
    assert len(caplog.records) == 1
    await session.step(down)
    assert session.story._view.problem == ""
    assert session.handled("gateway").acknowledged is not None


async def test_an_alert_of_a_check_that_was_over_of_late_is_known_also_after_a_restart(
    session: Session, path: Path, clock: FakeClock
) -> None:
    await session.step(ill("shop", since=NOW), ill("api", since=NOW))
    assert session.story._view.over == ()
    await clock.advance(30)
    fine = replace(well("shop"), since=NOW + 20, message="connected in 2 ms")
    # What does not answer is not over, nor is what is not known yet.
    away = ill("api", Status.STALE, since=NOW + 20)
    await session.step(fine, away)
    (over,) = (await session.step(fine, away)).over
    assert (over.check, over.name, over.since) == ("shop", "shop down", NOW + 20)
    assert (over.status, over.firing) == (Status.CRITICAL, False)
    assert over.sentence == "resolved after 20 s: connected in 2 ms"
    await session.end()
    again = Session(path, clock)
    assert [one.check for one in (await again.step(fine, away)).over] == ["shop"]
    assert (await again.step(ill("shop", since=NOW + 30), away)).over == ()
    await clock.advance(30)
    fine = replace(fine, since=NOW + 50)
    await again.step(fine, away)
    assert [one.since for one in (await again.step(fine, away)).over] == [NOW + 50]
    await clock.advance(NOW + 50 + KEPT - clock.now() - 1)
    assert len(again.show(fine, away).over) == 1
    await clock.advance(1)
    assert again.show(fine, away).over == ()


# Alerts of rules

KEY = "host;DiskFull;ab12;1"
LABELS = (("alertname", "DiskFull"), ("mountpoint", "/var"), ("severity", "warning"))


def of_rule(
    active_at: float, state: State = State.FIRING
) -> tuple[tuple[AlertView, ...], RulesView]:
    """The alert of a rule in lists of alerts, and in the picture of rules."""
    name = f'{KEY}@{active_at * 1000:.0f}{{alertname="DiskFull"}}'
    alert = RuleAlertView(
        name,
        KEY,
        "DiskFull",
        LABELS,
        Status.WARNING,
        state,
        0.9,
        (),
        "full",
        active_at,
        active_at,
        active_at,
    )
    rule = RuleView(KEY, "host", "DiskFull", "f", 1, False, "x", 0, 0, (), (), 60, alerts=(alert,))
    shown = AlertView(
        name,
        "DiskFull",
        "",
        Status.WARNING,
        active_at,
        "full",
        rule=KEY,
        labels=LABELS,
    )
    firing = state is not State.RESOLVED
    return ((shown,) if firing else ()), RulesView(rules=(rule,))


async def test_that_of_a_rule_ends_when_it_is_resolved_and_not_for_want_of_rules(
    session: Session,
) -> None:
    alerts, view = of_rule(NOW)
    await session.step(rules=alerts, view=view)
    session.story.acknowledge(alerts[0].id)
    # Rules that are still being read, or are not evaluated, tell nothing.
    await session.step(view=RulesView(loading=True))
    await session.step(view=RulesView(fault="the rules ended by an error of their own"))
    await session.step(view=None)
    await session.step(rules=alerts, view=view)
    assert session.story._view.handled[alerts[0].id].acknowledged is not None
    _, over = of_rule(NOW, State.RESOLVED)
    await session.step(view=over)
    again, view = of_rule(NOW + 300)
    await session.step(rules=again, view=view)
    assert session.story._view.handled[again[0].id].acknowledged is None
