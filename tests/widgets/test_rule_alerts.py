"""Alerts of rules in the verdict and in the pane, among those of checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.rules.views import RulesView
from checks.views import AlertView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NOW
from tests.widgets.sample_alerts import alert_night, rule
from tests.widgets.stage import Stage, shown
from widgets.alert_list.recent import recent_lines
from widgets.alert_list.whole import transition_lines
from widgets.alerts import AlertsPane, alert_counts, alert_lines
from widgets.format import clock
from widgets.frame import Frame
from widgets.glyphs import UNICODE
from widgets.verdict import verdict_segs


def alert(name: str, **changes: object) -> AlertView:
    made = AlertView(
        id=name,
        name=name,
        check="web",
        status=Status.CRITICAL,
        since=NOW - 90,
        sentence=f"{name} says so",
        rule=f"rules.yml;g;{name}",
        labels=(("alertname", name), ("instance", "web-7")),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


FIRING = alert("DiskFull")
PENDING = alert("CpuHigh", firing=False)
INFO = alert("Restarted", status=Status.OK)


def picture(*alerts: AlertView, **changes: object) -> Snapshot:
    """All is quiet but for ``alerts``, in their order."""
    quiet = samples.all_quiet(**changes)
    return replace(quiet, alerts=alerts_of(quiet.checks, alerts))


def verdict(snapshot: Snapshot, width: int = 140) -> str:
    return "".join(seg.text for seg in verdict_segs(snapshot, width)).strip()


def rows(snapshot: Snapshot, width: int = 60, height: int = 12, text: str = "") -> list[str]:
    frame = Frame(width, height, UNICODE, filter_text=text)
    return [line.text.rstrip() for line in alert_lines(snapshot, frame)]


def test_what_fires_is_the_verdict_though_every_check_is_fine() -> None:
    assert verdict(picture(PENDING, FIRING)) == (
        "✖ CRITICAL   DiskFull: DiskFull says so · since 1 m"
    )


def test_what_is_pending_is_in_the_verdict_only_while_nothing_fires() -> None:
    assert verdict(picture(PENDING)) == (
        "✔ OK   all 3 checks are fine · pending: CpuHigh: CpuHigh says so"
    )
    both = picture(PENDING, alert("LoadHigh", firing=False, since=NOW - 5))
    assert verdict(both).endswith("· pending: CpuHigh and 1 more")


def test_information_is_no_fault() -> None:
    assert verdict(picture(INFO)).startswith("✔ OK   all 3 checks are fine · for information: ")
    assert "Restarted" not in verdict(picture(INFO, FIRING))


def test_the_check_itself_speaks_where_it_says_the_same() -> None:
    down = samples.check("web", Status.CRITICAL, message="connection refused")
    same = alert("TargetDown", cause="web")
    told = picture(same, alert("Other", since=NOW - 4e6), checks=(down,))
    assert verdict(told).startswith("✖ CRITICAL   web down: connection refused")
    assert verdict(told).endswith("+1 more")
    assert "TargetDown" not in "\n".join(rows(told))


def test_what_informs_takes_a_line_each_behind_all_else_and_one_for_all_without_room() -> None:
    told = [alert(f"{name}Restarted", status=Status.OK) for name in ("Redis", "Mysql", "Host")]
    roomy = rows(picture(*told, FIRING, PENDING), height=7)
    assert [row.split()[1] for row in roomy if row.startswith((" i", " ✖", " …"))] == [
        *("DiskFull", "CpuHigh", "RedisRestarted", "MysqlRestarted", "HostRestarted"),
    ]
    assert len(roomy) == 7
    assert rows(picture(*told, FIRING, PENDING), width=80, height=6)[-1].split("  ")[0] == (
        " i 3 info: RedisRestarted, MysqlRestarted, HostRestarted"
    )
    assert rows(picture(*told), height=2, text="Mysql")[0].split()[1] == "MysqlRestarted"
    assert len(rows(picture(*told), height=2, text="Restarted")) == 3


def test_the_pane_lists_what_fires_then_what_may_with_words_beside_the_signs() -> None:
    found = rows(picture(PENDING, INFO, alert("Slow", status=Status.WARNING), FIRING))
    heads = [row.split() for row in found if not row.startswith("   ")]
    assert [(row[0], row[1], row[-3]) for row in heads] == [
        ("✖", "DiskFull", "critical"),
        ("▲", "Slow", "warning"),
        ("…", "CpuHigh", "pending"),
        ("i", "Restarted", "info"),
    ]


def test_of_the_pending_thresholds_of_one_thing_the_next_to_fire_alone_is_told() -> None:
    degrees = (("critical", 600.0), ("warning", 300.0), ("info", 1800.0))
    pending = [
        replace(
            PENDING,
            id=severity,
            rule=severity,
            sentence=f"busy: {severity}",
            labels=(*PENDING.labels, ("severity", severity)),
        )
        for severity, _ in degrees
    ]
    other = alert("CpuHigh", id="other", firing=False, labels=(("instance", "web-8"),))
    rules = RulesView(rules=tuple(rule(severity, hold=hold) for severity, hold in degrees))
    night = picture(*pending, other, FIRING, rules=rules)
    told = rows(night)
    assert [row for row in told if "busy" in row] == ["   busy: warning"]
    assert any("CpuHigh says so" in row for row in told), "of another machine"
    pane = AlertsPane()
    pane.snapshot = night
    assert "".join(seg.text for seg in pane.heading()) == "Alerts 1 ✖ 2 …"


def test_pending_alerts_are_dimmed() -> None:
    lines = alert_lines(picture(PENDING), Frame(60, 12, UNICODE))
    assert {seg.role for line in lines for seg in line.segs if seg.text.strip()} == {"dim"}


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ({"no_data_since": NOW - 60}, "no data since"),
        ({"flapping": True}, "flapping"),
        ({"no_history": True}, "insufficient history"),
    ],
)
def test_marks_stand_beneath_the_sentence(mark: dict[str, object], said: str) -> None:
    assert any(said in row for row in rows(picture(alert("DiskFull", **mark))))


def test_a_mark_in_the_same_line_has_the_whole_time() -> None:
    """It ended at the first colon, which is the clock's."""
    stale = alert("Restarted", status=Status.OK, no_data_since=NOW - 60)
    frame = Frame(100, 4, UNICODE, compact=True)
    (row,) = (line.text for line in alert_lines(picture(stale), frame))
    assert f"no data since {clock(NOW - 60)} " in row


def test_counts_are_of_what_fires_by_severity_and_of_what_may() -> None:
    every = picture(PENDING, INFO, FIRING, alert("Other")).alerts
    assert "".join(seg.text for seg in alert_counts(every)) == " 2 ✖ 1 i 1 …"


def test_it_is_found_by_its_labels() -> None:
    assert any("DiskFull" in row for row in rows(picture(FIRING), text="web-7"))
    assert not any("DiskFull" in row for row in rows(picture(FIRING), text="web-8"))


async def test_rules_in_error_are_counted_in_the_title() -> None:
    pane = AlertsPane()
    async with Stage(pane).run_test(size=(60, 8)) as pilot:
        pane.snapshot = picture(FIRING, rules=RulesView(errors=2))
        await pilot.pause()
        assert "Alerts 1 ✖ 2 rules in error" in shown(pane)[0]


def test_a_filter_that_no_change_of_state_matches_does_not_tell_that_there_was_none() -> None:
    night, frame = alert_night(), Frame(80, 20, filter_text="zzzz")
    assert night.rules is not None
    assert night.rules.transitions
    for lines in (
        recent_lines(night, frame),
        transition_lines(night.rules.transitions, frame, named=True),
    ):
        assert [line.text.strip() for line in lines] == ["nothing matches 'zzzz'"]
