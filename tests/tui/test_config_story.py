"""What a configuration says on maintenance, targets and business hours, and mistakes in it."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from checks.config import StoryConfig
from checks.story.calendar import moment, zone
from checks.story.model import Matcher
from checks.story.targets import Term
from tests.tui.config_helpers import loaded, sentences

HEAD = "version: 1\nchecks: [{name: a, host: }]\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def story_of(text: str) -> StoryConfig:
    found = loaded(HEAD + text).engine.story
    assert found is not None
    return found


def test_windows_that_come_again_and_such_that_come_once() -> None:
    nightly, move = story_of("""\
silences:
  - {name: nightly, matchers: {job: backup, shard: 3}, schedule: "0 2 * * sun", duration: 2h,
     timezone: Europe/Berlin, comment: new tapes}
  - {name: move, matchers: ['instance=~"web.*"', env!=prod], timezone: UTC,
     from: 2026-11-30T22:00, to: 2026-12-01T02:00}
""").windows
    assert nightly.matchers == (Matcher("job", "=", "backup"), Matcher("shard", "=", "3"))
    assert nightly.schedule is not None
    assert (nightly.schedule.text, nightly.duration) == ("0 2 * * sun", 7200.0)
    assert (nightly.timezone, nightly.comment) == ("Europe/Berlin", "new tapes")
    assert move.matchers == (Matcher("instance", "=~", "web.*"), Matcher("env", "!=", "prod"))
    assert move.starts == moment("2026-11-30T22:00", zone("UTC"))
    assert move.ends - move.starts == 4 * 3600


def test_targets_with_business_hours_and_who_things_go_up_to() -> None:
    targets = story_of("""\
severities:
  P1: {acknowledge: 15m, escalate: 30m, escalate_to: the boss}
  Sev 3: {acknowledge: next business day, hours: business}
business_hours: {from: "08:00", to: "18:30", days: [mon-thu, sat], holidays: [2026-12-25]}
escalate_to: Engineering Manager
""").targets
    assert targets is not None
    assert targets.own["p1"].escalate == Term(1800.0)
    assert targets.own["sev3"].acknowledge == Term(days=1)
    assert targets.own["sev3"].business
    assert targets.hours.days == {0, 1, 2, 3, 5}
    assert (targets.hours.opens, targets.hours.closes) == (time(8), time(18, 30))
    assert targets.hours.holidays == {date(2026, 12, 25)}
    assert targets.due("critical", 0.0).contact == "the boss"
    assert targets.due("warning", 0.0).contact == "Engineering Manager"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('schedule: "0 2 * * funday", duration: 2h', 'schedule: "funday" is no weekday'),
        ('schedule: "0 2 * *", duration: 2h', "4 fields, not five"),
        ('schedule: "0 2 30 2 *", duration: 2h', "never comes"),
        ('schedule: "0 2 * * *"', "how long it lasts is missing"),
        ('schedule: "0 2 * * *", duration: 0s', "from 1s to 31d"),
        ('schedule: "0 2 * * *", duration: 2h, to: 2026-12-01', "`to` goes with `from`"),
        ("duration: 2h", "either a schedule"),
        ('schedule: "0 2 * * *", from: 2026-12-01, duration: 2h', "either a schedule"),
        ("from: 2026-12-01", "its end is missing"),
        ("from: 2026-12-01, to: 2026-11-30", "to: it ends before it begins"),
        ("from: 2026-13-01, duration: 1h", "silences[0].from: "),
        ("from: soon, duration: 1h", '"soon" is no time'),
        ("from: 2026-12-01, duration: 1h, timezone: Mars/X", 'no time zone "Mars/X"'),
        ("from: 2026-12-01, durration: 1h", 'did you mean "duration"?'),
    ],
)
def test_a_window_that_is_none_is_told_with_its_line_and_key(text: str, says: str) -> None:
    (said,) = sentences(f"{HEAD}silences:\n  - {{name: x, matchers: {{a: b}}, {text}}}\n")
    assert said.startswith("onwatch.yaml:4: silences[0]")
    assert says in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("matchers: {}", "needs a matcher"),
        ("matchers: 'job=~\"(\"'", "error parsing regexp"),
        ("matchers: 'job=~\".*\"'", "none of these labels"),
        ("matchers: [3]", "expected labels such as"),
        ("matchers: {a: [b]}", "the value of a label is text"),
    ],
)
def test_matchers_that_are_none_are_told(text: str, says: str) -> None:
    window = f"{{name: x, {text}, from: 2026-12-01, duration: 1h}}"
    (said,) = sentences(f"{HEAD}silences: [{window}]\n")
    assert "silences[0].matchers: " in said
    assert says in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("severities: {P1: {acknowledge: soon}}", "severities.P1.acknowledge: "),
        ("severities: {P1: {hours: sometimes}}", "expected one of always, business"),
        ("severities: {P1: {}, p1: {}}", "stands there already"),
        ('business_hours: {from: "25:00"}', "business_hours.from: "),
        ('business_hours: {from: "09:00Z"}', "which goes into `timezone`; write \"09:00\""),
        ("business_hours: {days: [monkey, tues, noday]}", '"noday" is no day'),
        ("business_hours: {holidays: [christmas]}", "is no date"),
        ("silences: [{name: x, matchers: {a: b}, from: 2026-12-01, duration: 1h}, "
         "{name: x, matchers: {a: b}, from: 2026-12-02, duration: 1h}]", "silences[1].name: "),
    ],
)  # fmt: skip
def test_other_mistakes_are_told_where_they_are(text: str, says: str) -> None:
    (said,) = sentences(HEAD + text + "\n")
    assert says in said
