"""Symptoms under their cause: by the checks that alerts are of."""

from __future__ import annotations

from checks.alerts.folding import LATER, CheckFinder, Subject, causes

DEPENDS = {"api": ["gateway", "cache"], "gateway": ["web1"], "cache": ["web1"], "web1": []}


def test_an_alert_follows_from_the_check_at_the_root() -> None:
    subjects = [Subject("1", "api", 0), Subject("2", "gateway", 0), Subject("3", "web1", 0)]
    assert causes(subjects, DEPENDS) == {"1": "web1", "2": "web1"}


def test_what_is_well_in_between_does_not_hide_the_cause() -> None:
    assert causes([Subject("1", "api", 0), Subject("3", "web1", 0)], DEPENDS) == {"1": "web1"}


def test_without_an_ill_check_beneath_it_an_alert_is_its_own_cause() -> None:
    assert causes([Subject("1", "api", 0), Subject("2", "other", 0)], DEPENDS) == {}


def test_what_began_clearly_later_is_no_cause() -> None:
    late = [Subject("1", "api", 0), Subject("3", "web1", LATER + 1)]
    assert causes(late, DEPENDS) == {}
    assert causes([Subject("1", "api", 0), Subject("3", "web1", LATER)], DEPENDS) == {"1": "web1"}


def test_two_alerts_of_one_check_do_not_explain_each_other() -> None:
    assert causes([Subject("1", "web1", 0), Subject("2", "web1", 0)], DEPENDS) == {}


def test_checks_that_depend_on_each_other_come_to_an_end() -> None:
    loop = {"a": ["b"], "b": ["a"]}
    assert causes([Subject("1", "a", 0), Subject("2", "b", 0)], loop) == {"1": "b", "2": "a"}


FINDER = CheckFinder(
    [
        ("gateway", "mysql", "10.0.0.1:3306"),
        ("cache", "cache", "c:6379"),
        ("api", "mysql", "api:80"),
    ]
)


def test_a_check_is_found_by_job_and_instance() -> None:
    assert FINDER.find({"job": "mysql", "instance": "api:80"}) == "api"


def test_one_of_both_will_do_where_it_is_unambiguous() -> None:
    assert FINDER.find({"job": "cache", "instance": "else"}) == "cache"
    assert FINDER.find({"instance": "10.0.0.1:3306"}) == "gateway"
    assert FINDER.find({"job": "mysql"}) == ""
    assert FINDER.find({}) == ""


def test_what_is_told_for_information_explains_nothing() -> None:
    told = Subject("3", "web1", 0, explains=False)
    assert causes([Subject("1", "api", 0), told], DEPENDS) == {}
