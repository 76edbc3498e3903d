"""The order in which trouble is told, and what may have caused what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.alerts.of_checks import Alerts, alerts_of, followed, in_order
from checks.model import Status
from checks.records import RecordView
from checks.views import AlertView, CheckView
from tests.widgets.samples import NOW, check


def names(*checks: CheckView) -> list[str]:
    return [alert.check for alert in alerts_of(checks)]


def ill(
    name: str, ago: float, status: Status = Status.CRITICAL, depends_on: tuple[str, ...] = ()
) -> CheckView:
    return check(name, status, ago=ago, depends_on=depends_on)


def remembered(since: float, *codes: int) -> RecordView:
    """What is remembered of the last minutes, the newest last."""
    return RecordView(at=NOW, since=since, windows=(), cells=codes, outages=())


def test_a_chronic_warning_does_not_hide_a_new_one() -> None:
    host, api = ill("host", 540, Status.WARNING), ill("gateway", 20, Status.WARNING)
    assert names(host, api, check("fine")) == ["gateway", "host"]


def test_the_worst_come_before_what_is_newer() -> None:
    assert names(ill("new", 5, Status.WARNING), ill("bad", 7000)) == ["bad", "new"]


def test_within_an_incident_what_began_first_stands_first() -> None:
    several = [ill("third", 40), ill("first", 90), ill("old", 4000), ill("second", 60)]
    assert names(*several) == ["first", "second", "third", "old"]


def test_a_cause_stands_before_what_follows_from_it_though_it_is_less_bad() -> None:
    database = ill("shop", 100, Status.WARNING)
    web = ill("web", 90, Status.CRITICAL, depends_on=("shop",))
    assert names(ill("odd", 9, Status.WARNING), web, database) == ["shop", "web", "odd"]
    assert names(web, database, ill("other", 3000)) == ["other", "shop", "web"]


def test_services_stand_as_their_alerts_and_then_as_configured() -> None:
    checks = [check("z"), ill("host", 540, Status.WARNING), check("a"), ill("db", 9)]
    ordered = in_order(checks, alerts_of(checks))
    assert [one.name for one in ordered] == ["db", "host", "z", "a"]


def test_services_that_are_ill_stand_first_also_while_rules_fire() -> None:
    checks = [check("z"), ill("host", 540, Status.WARNING), ill("db", 9)]
    own = alerts_of(checks)
    of_rules = [replace(own[0], id=f"r{n}", check="z", rule="High") for n in range(4)]
    ordered = in_order(checks, [*of_rules, *own])
    assert [one.name for one in ordered] == ["db", "host", "z"]


def test_what_is_known_from_before_a_restart_alone_stands_behind_what_fires_now() -> None:
    """However bad it was: it may be long over, and for its rule's range nothing can tell."""
    of_old = replace(alerts_of([ill("worker", 900)])[0], rule="Restarts", id="r", no_history=True)
    pending = replace(of_old, id="p", no_history=False, firing=False)
    told = alerts_of([ill("orders", 9, Status.WARNING)], [of_old, pending])
    assert [one.id for one in told][1:] == ["r", "p"]
    assert told[0].check == "orders"
    (again, *_) = alerts_of([ill("orders", 9, Status.WARNING)], [replace(of_old, no_history=False)])
    assert again.check == "worker"


def cause_of(symptom: CheckView, *others: CheckView) -> str:
    return next(a.cause for a in alerts_of([symptom, *others]) if a.check == symptom.name)


@pytest.mark.parametrize(("later", "cause"), [(-60, "cache"), (4, "cache"), (6, "")])
def test_what_began_after_a_symptom_is_not_its_cause(later: float, cause: str) -> None:
    killed = replace(ill("api", 100, depends_on=("cache",)), duration=None)
    assert cause_of(killed, ill("cache", 100 - later)) == cause, "it is looked at each 5 s"


def test_a_symptom_that_waited_long_for_its_cause_still_follows_from_it() -> None:
    waited = replace(ill("api", 100, depends_on=("cache",)), duration=3.0)
    assert cause_of(waited, ill("cache", 93)) == "cache"


def test_a_cause_beyond_one_that_began_too_late_is_found() -> None:
    web = replace(ill("web", 100, depends_on=("cache", "db")), duration=None)
    assert cause_of(web, ill("db", 120), ill("cache", 10)) == "db"


def test_a_cause_that_has_become_worse_since_was_ill_before() -> None:
    symptom = replace(ill("api", 100, depends_on=("db",)), duration=None)
    worse = ill("db", 10)
    warned = remembered(NOW - 600, *[0] * 6, *[Status.WARNING.severity] * 4)
    assert cause_of(symptom, replace(worse, record=warned)) == "db"
    fine = remembered(NOW - 600, *[0] * 9, Status.CRITICAL.severity)
    assert cause_of(symptom, replace(worse, record=fine)) == ""


def test_what_has_not_changed_is_not_told_anew() -> None:
    alerts, db, web = Alerts(), ill("db", 100), ill("web", 90, depends_on=("db",))
    first = alerts.of([db, web, check("fine")])
    # Another run that says the same.
    assert alerts.of([replace(db, last_run=NOW), web, check("fine")]) is first
    second = alerts.of([replace(db, message="refused otherwise"), web])
    assert second[0].sentence == "refused otherwise"
    assert second[1] is first[1]
    (alone,) = alerts.of([web])
    assert (first[1].cause, alone.cause) == ("db", "")
    assert alerts.of([check("web")]) == ()


def test_what_gets_worse_goes_on_and_is_not_over() -> None:
    (warning,) = alerts_of([ill("shop", 300, Status.WARNING)])
    now = alerts_of([ill("shop", 10), ill("web", 5)])
    worse = next(alert for alert in now if alert.check == "shop")
    assert worse.id != warning.id
    assert followed(now, warning.id, warning) is worse
    assert followed(now, worse.id, warning) is worse
    assert followed(alerts_of([ill("web", 5)]), warning.id, warning) is None
    assert followed(now, warning.id, None) is None
    # A rule's is over when it is, whatever its check is like.
    assert followed(now, "rule", replace(warning, rule="high")) is None


class Flapping:
    """One check that is ill and well in turn, and the alerts of each picture of it."""

    def __init__(self, interval: float = 5.0) -> None:
        self.alerts = Alerts()
        self.view = replace(check("api", Status.OK, ago=3600), interval=interval, last_run=NOW)
        self.now = NOW

    def run(self, status: Status, runs: int = 1) -> list[AlertView]:
        for _ in range(runs):
            self.now += self.view.interval
            since = self.view.since if status is self.view.status else self.now
            self.view = replace(self.view, status=status, since=since, last_run=self.now)
            found = self.alerts.of([self.view])
        return list(found)


def test_a_check_that_is_ill_time_and_again_has_one_alert_until_it_is_well_for_a_while() -> None:
    """Whoever looks in the second in which it answers would go to bed."""
    api = Flapping()
    for _ in range(3):
        (alert,) = api.run(Status.CRITICAL)
        assert not alert.flapping
        assert api.run(Status.OK) == []
    (first,) = api.run(Status.CRITICAL)
    assert first.flapping
    for _ in range(5):
        assert [one.id for one in api.run(Status.OK)] == [first.id]
        (again,) = api.run(Status.CRITICAL)
        assert (again.id, again.since, again.flapping) == (first.id, first.since, True)
    assert api.run(Status.OK, runs=6) == [again]
    assert api.run(Status.OK) == []
    # What comes back once more is one of its own, and still one of many.
    (anew,) = api.run(Status.CRITICAL)
    assert anew.flapping
    assert anew.id != first.id


def test_a_check_that_is_ill_now_and_then_has_alerts_of_their_own() -> None:
    api = Flapping()
    for _ in range(6):
        (alert,) = api.run(Status.CRITICAL, runs=5)
        assert not alert.flapping
        assert api.run(Status.OK, runs=5) == []


def test_one_that_gets_worse_does_not_flap() -> None:
    api = Flapping()
    for status in (Status.WARNING, Status.CRITICAL) * 5:
        (alert,) = api.run(status)
        assert not alert.flapping
    assert api.run(Status.OK) == []


def test_one_that_runs_seldom_is_held_for_some_of_its_runs() -> None:
    api = Flapping(interval=60.0)
    for _ in range(4):
        api.run(Status.CRITICAL)
        held = api.run(Status.OK)
    assert held
    assert api.run(Status.OK, runs=2)
    assert api.run(Status.OK) == []


def test_a_check_that_is_gone_is_held_no_longer() -> None:
    api = Flapping()
    for _ in range(4):
        api.run(Status.CRITICAL)
        assert len(api.run(Status.OK)) in (0, 1)
    assert api.alerts.of([check("other")]) == ()
