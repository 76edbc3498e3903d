"""Matchers of silences: what they match, what is refused, and which an alert proposes."""

from __future__ import annotations

import pytest

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.story.matchers import MatcherError, labels_of, matches, parse, proposed
from checks.story.model import Matcher
from checks.views import AlertView
from tests.widgets.samples import check

LABELS = {"job": "backup", "instance": "web-1:80", "env": "prod"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('job="backup"', True),
        ("job=backup, env=prod", True),
        ("job=backup, env!=prod", False),
        ('instance=~"web-.*"', True),
        ('instance=~"web"', False),
        ('instance!~"db.*", job=backup', True),
        ('team="", job=backup', True),
        ('team!="", job=backup', False),
        ('{job="backup"}', True),
        ("{job=backup}", True),
        ("job=backup, instance=~web-[0-9]{1}:80", True),
        ("instance=~web-[0-9]:[0-9]{2}", True),
        ("{instance=~web-[0-9]:[0-9]{2}}", True),
        ("instance=~web-[0-9]:[0-9]{3}", False),
    ],
)
def test_patterns_match_whole_values_and_what_is_not_there_is_empty(text: str, fits: bool) -> None:
    assert matches(parse(text), LABELS) is fits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs a matcher"),
        ('job=~".*"', "none of these labels"),
        ('team=""', "none of these labels"),
        ('job=~"("', "error parsing regexp"),
        ('job="open', "not closed"),
        ("job backup", "expected label"),
        ('job="a" env="b"', "comma"),
        (",".join(f"l{i}=x" for i in range(17)), "16 matchers"),
        (f"job={'x' * 1001}", "more than 1,000"),
    ],
)
def test_what_would_hide_everything_or_is_no_matcher_is_refused(text: str, says: str) -> None:
    with pytest.raises(MatcherError, match=says):
        parse(text)


def test_what_is_shown_can_be_read_again() -> None:
    odd = (Matcher("a", "=", 'say "hi" \\ there\n, b="c"'), Matcher("job", "=~", "x|y"))
    assert parse(", ".join(map(str, odd))) == odd


def test_a_pattern_that_takes_ages_elsewhere_does_not_here() -> None:
    assert not matches(parse('job=~"(a+)+$"'), {"job": "a" * 5_000 + "!"})


def test_the_alert_of_a_check_is_silenced_by_its_check() -> None:
    (alert,) = alerts_of([check("gateway", Status.CRITICAL, ago=60)])
    offered = dict(proposed(alert))
    chosen = [one for one, on in offered.items() if on]
    assert chosen == [Matcher("check", "=", "gateway")]
    assert Matcher("severity", "=", "critical") in offered


def test_the_alert_of_a_rule_is_silenced_by_its_labels_but_not_by_how_bad_it_is() -> None:
    pairs = (("alertname", "Full"), ("mountpoint", "/var"), ("severity", "warning"))
    alert = AlertView("x", "Full", "web", Status.WARNING, 0.0, "", rule="r", labels=pairs)
    chosen = {one.name for one, on in proposed(alert) if on}
    assert chosen == {"alertname", "mountpoint"}
    assert labels_of(alert)["check"] == "web"
