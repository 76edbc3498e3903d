"""Which alerts are one incident, when it begins and when it is over."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from checks.model import Status
from checks.story.figures import Figures
from checks.story.identities import identity
from checks.story.incidents import Incidents
from checks.story.model import Incident
from checks.story.open_incident import HOLD, KIN, MOST, TOGETHER, Member
from checks.views import AlertView
from tests.widgets import samples

T = 1_700_000_000.0


def member(check: str, since: float = T, **more: object) -> Member:
    """An alert of ``check``, critical, whose begin was seen."""
    given: dict[str, object] = {
        "id": f"{check}@{since:.3f}",
        "name": f"{check} down",
        "status": Status.CRITICAL,
        "since": since,
        "sentence": "connection refused",
        "check": check,
        "severity": "critical",
    }
    return Member(**(given | more))  # type: ignore[arg-type]


DEPENDS = {"shop": ("api",), "api": ("db",), "db": (), "mail": ()}


def test_an_alert_alone_is_an_incident_that_ends_some_time_after_it() -> None:
    incidents = Incidents()
    (opened,) = incidents.step([member("db")], T + 1)
    assert (opened.id, opened.began, opened.title) == (1, T, "db down: connection refused")
    assert opened.ended is None
    assert opened.severity == "critical"
    assert incidents.step([member("db")], T + 2) == []
    (quiet,) = incidents.step([], T + 60)
    assert (quiet.quiet, quiet.ended) == (T + 60, None)
    assert incidents.step([], T + 60 + HOLD - 1) == []
    (over,) = incidents.step([], T + 60 + HOLD)
    assert over.ended == T + 60
    assert over.time_to_resolve == 60.0
    assert incidents.lasting == ()


def test_flapping_makes_one_incident_of_it() -> None:
    incidents = Incidents()
    for turn in range(5):
        began = T + 100 * turn
        incidents.step([member("db", began)], began)
        incidents.step([], began + 30)
    (only,) = incidents.lasting
    assert only.id == 1
    assert len(only.alerts) == 5
    assert only.began == T


def test_an_incident_that_flaps_for_ever_stays_small() -> None:
    incidents = Incidents()
    for turn in range(2 * MOST):
        incidents.step([member("db", T + turn)], T + turn)
    (only,) = incidents.lasting
    assert len(only.alerts) == MOST
    assert only.alerts[0] == f"db@{T:.3f}"
    assert only.alerts[-1] == f"db@{T + 2 * MOST - 1:.3f}"


def test_an_incident_that_meets_new_alerts_for_ever_stays_small() -> None:
    """Those of containers, say, while something else goes on being wrong for weeks."""
    incidents, last = Incidents(), 4 * MOST
    lasts = member("db", host="web1")
    for turn in range(last + 1):
        comes = member(f"worker-{turn}", T + turn, host="web1")
        incidents.step([lasts, comes], T + turn)
    (only,) = incidents.lasting
    assert len(incidents.identities) <= 2 * MOST + 1
    # What fires is of it still, and so is what it names, should that come back.
    assert incidents.of(lasts.id) == only.id
    back = member(f"worker-{last - 1}", T + last + 1)
    incidents.step([lasts, back], T + last + 1)
    assert [one.id for one in incidents.lasting] == [only.id]
    assert incidents.of(back.id) == only.id


def test_of_its_figures_as_little_is_remembered() -> None:
    incidents, figures = Incidents(), Figures()
    lasts = member("db", host="web1")
    told = 0
    for turn in range(100):
        comes = member(f"worker-{turn}", T + turn, host="web1")
        incidents.step([lasts, comes], T + turn)
        alert = AlertView(
            comes.id, comes.name, comes.check, comes.status, comes.since, "", value=1.0
        )
        told += len(
            figures.take(replace(samples.empty(), time=T + turn, alerts=(alert,)), incidents)
        )
    assert told == 100
    assert len(figures._last) < 10


@pytest.mark.parametrize(
    ("first", "second"),
    [("db", "api"), ("api", "db"), ("shop", "db"), ("db", "shop"), ("db", "db")],
)
def test_what_depends_on_each_other_is_one_incident(first: str, second: str) -> None:
    incidents = Incidents()
    one = member(first)
    two = member(second, T + KIN - 1, id=f"other@{T:.3f}", name="Other")
    incidents.step([one], T, depends_on=DEPENDS)
    (changed,) = incidents.step([one, two], T + KIN, depends_on=DEPENDS)
    assert changed.id == 1
    assert changed.alerts == (one.id, two.id)


def test_what_has_nothing_in_common_or_comes_much_later_is_another_incident() -> None:
    incidents = Incidents()
    db, mail = member("db"), member("mail", T + 1)
    incidents.step([db, mail], T + 1, depends_on=DEPENDS)
    assert [one.checks for one in incidents.lasting] == [("db",), ("mail",)]
    late = member("api", T + KIN + 1)
    (third,) = incidents.step([db, mail, late], T + KIN + 1, depends_on=DEPENDS)
    assert third.id == 3


def test_one_machine_makes_an_incident_only_of_what_begins_together_there() -> None:
    incidents = Incidents()
    disk = member("disk", host="web-1")
    near = member("mail", T + TOGETHER, host="web-1")
    later = member("cron", T + 2 * TOGETHER + 1, host="web-1")
    elsewhere = member("queue", T + 1, host="web-2")
    incidents.step([disk, near, later, elsewhere], T + 300)
    assert [one.checks for one in incidents.lasting] == [("disk", "mail"), ("queue",), ("cron",)]


def test_what_was_there_at_the_start_is_not_together_for_that() -> None:
    incidents = Incidents()
    old = [member(name, host="web-1", seen=False) for name in ("disk", "cert")]
    incidents.step(old, T + 1)
    assert len(incidents.lasting) == 2


def test_a_silenced_alert_begins_none_but_is_of_one_that_lasts() -> None:
    incidents = Incidents()
    quiet = member("api", silenced=True)
    assert incidents.step([quiet], T, depends_on=DEPENDS) == []
    incidents.step([quiet, member("db", T + 5)], T + 5, depends_on=DEPENDS)
    (joined,) = incidents.step([quiet, member("db", T + 5)], T + 6, depends_on=DEPENDS) or (
        incidents.lasting
    )
    assert set(joined.checks) == {"api", "db"}
    # Once the silence is over it counts as if it had never been.
    alone = Incidents()
    alone.step([quiet], T)
    (opened,) = alone.step([replace(quiet, silenced=False)], T + 3600)
    assert opened.began == T


def test_the_title_is_that_of_the_cause_as_soon_as_it_is_known() -> None:
    incidents = Incidents()
    api = member("api", name="ApiErrors", sentence="half of all requests fail")
    incidents.step([api], T, depends_on=DEPENDS)
    assert incidents.lasting[0].title == "ApiErrors: half of all requests fail"
    follows = replace(api, cause="db")
    slow = member("db", T + 20, name="db", status=Status.WARNING, sentence="slow")
    (named,) = incidents.step([follows, slow], T + 20, depends_on=DEPENDS)
    assert (named.title, named.cause) == ("db: slow", "db")
    assert named.status is Status.CRITICAL
    # A sentence that changes with every run does not change the title.
    again = replace(slow, sentence="slow by 3 s")
    assert incidents.step([follows, again], T + 30, depends_on=DEPENDS) == []


def test_it_keeps_the_name_of_its_cause_and_says_what_is_still_wrong() -> None:
    incidents = Incidents()
    down = member("db", name="TargetDown", id='r;TargetDown;a;1@17{job="db"}')
    slow = member("api", T + 5, name="Slow", status=Status.WARNING, sentence="9 s")
    lost = member("shop", T + 6, name="Lost", sentence="4 jobs")
    (began,) = incidents.step([down, slow, lost], T + 6, depends_on=DEPENDS)[-1:]
    assert began.called == began.title == "TargetDown: connection refused"
    # What is not known to be over still gives it its name.
    assert incidents.step([slow, lost], T + 7, unsure=[identity(down.id)]) == []
    (other,) = incidents.step([slow, lost], T + 8)
    assert (other.id, other.title, other.left) == (1, began.title, "Lost: 4 jobs")
    assert other.called == "TargetDown; still Lost: 4 jobs"
    # A sentence that changes with every run changes nothing here.
    assert incidents.step([slow, replace(lost, sentence="5 jobs")], T + 9) == []
    (less,) = incidents.step([slow], T + 10)
    assert (less.left, less.severity) == ("Slow: 9 s", "critical")
    assert less.called == "TargetDown; still Slow: 9 s", "its severity is of the first"
    # So it is after a restart: the file remembers the name, and not what was left.
    after = Incidents([replace(less, still="")])
    (again,) = after.step([slow], T + 11)
    assert (again.title, again.left) == (began.title, "Slow: 9 s")
    (back,) = incidents.step([down, slow], T + 12)
    assert back.called == began.title
    incidents.step([slow], T + 13)
    (over,) = incidents.step([], T + 14)
    assert (over.cause, over.called, over.left) == ("TargetDown", began.title, "")


def test_its_status_is_the_worst_there_was() -> None:
    incidents = Incidents()
    incidents.step([member("db", status=Status.WARNING, severity="P3")], T)
    worse = member("db", T + 60, severity="P1")
    incidents.step([worse], T + 60)
    incidents.step([member("db", T + 90, status=Status.WARNING, severity="P3")], T + 90)
    (only,) = incidents.lasting
    assert (only.status, only.severity) == (Status.CRITICAL, "P1")


def test_the_first_to_acknowledge_counts() -> None:
    incidents = Incidents()
    incidents.step([member("db")], T)
    taken = incidents.acknowledge(f"db@{T:.3f}", "alice", T + 90)
    assert taken is not None
    assert (taken.acknowledged_by, taken.time_to_acknowledge) == ("alice", 90.0)
    assert incidents.acknowledge(f"db@{T:.3f}", "bob", T + 99) is None
    assert incidents.acknowledge("elsewhere@1", "bob", T) is None


def test_no_data_ends_nothing() -> None:
    incidents = Incidents()
    incidents.step([member("db")], T)
    assert incidents.step([], T + 3600, unsure=["db"]) == []
    (quiet,) = incidents.step([], T + 3601)
    assert quiet.quiet == T + 3601


def test_a_restart_goes_on_with_what_lasted_under_the_same_number() -> None:
    incidents = Incidents()
    incidents.step([member("db")], T)
    (before,) = incidents.lasting
    after = Incidents([before, Incident(7, "old", "old", Status.WARNING, T - 9e5, ended=T - 8e5)])
    # Nothing has answered yet: it is not over for that.
    assert after.step([], T + 600, unsure=after.identities) == []
    again = member("db", T + 601)
    (changed,) = after.step([again], T + 602, depends_on=DEPENDS)
    assert (changed.id, changed.began) == (1, T)
    assert changed.alerts == (f"db@{T:.3f}", again.id)
    (fresh,) = after.step([again, member("mail", T + 700)], T + 700, depends_on=DEPENDS)
    assert fresh.id == 8


@pytest.mark.parametrize(
    ("alert", "rest"),
    [
        ("db@1700000000.123", "db"),
        ("me@home@1700000000.000", "me@home"),
        ('shop;Slow;ab12;1@1700000000000{job="api"}', 'shop;Slow;ab12;1{job="api"}'),
        ('shop;Slow;ab12;1@17{mail="a@5{b"}', 'shop;Slow;ab12;1{mail="a@5{b"}'),
        ("shop;Slow;ab12;1@1700000000000", "shop;Slow;ab12;1"),
    ],
)
def test_an_identity_is_what_stays_when_it_fires_again(alert: str, rest: str) -> None:
    assert identity(alert) == rest


@pytest.mark.parametrize("host", ["", "web-1"])
def test_a_thousand_alerts_at_once_hold_up_no_check(host: str) -> None:
    incidents = Incidents()
    began = time.thread_time()
    night = [member(f"t{number}", T + number / 1e4, host=host) for number in range(1_000)]
    opened = incidents.step(night, T + 1)
    assert len(opened) == (1 if host else 1_000)
    for turn in range(10):
        assert incidents.step(night, T + 2 + turn) == []
    assert [one.status for one in incidents.step([], T + 20)] == [one.status for one in opened]
    for number in range(1_000):
        assert incidents.of(f"t{number}@1") == incidents.of_check(f"t{number}") > 0
    # By going through all of them it took seconds.
    assert time.thread_time() - began < 1
