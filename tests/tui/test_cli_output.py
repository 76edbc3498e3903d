"""One pass as table, JSON and Monitoring Plugins' output, made from hand-made views."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import nan

import pytest
from rich.cells import cell_len

from checks.alerts.model import State
from checks.model import Status
from checks.promql.answers import Answer
from checks.rules.views import RuleAlertView, RuleHealth, RulesView, RuleView
from checks.triage import Triage
from checks.views import CheckView, PartView
from tui.output.alerts import rule_notes
from tui.output.answer_chart import as_chart
from tui.output.as_json import as_json, document
from tui.output.nagios import nagios, unknown
from tui.output.table import Style, summary, table
from widgets.glyphs import ASCII, UNICODE

LONG = 'HTTP 503 after 12 ms: status is "degraded", expected "healthy"; database does not answer'


def view(
    name: str,
    status: Status = Status.OK,
    message: str = "it is well",
    *,
    value: str = "200",
    duration: float | None = 0.0123,
    parts: tuple[PartView, ...] = (),
    last_run: float | None = 1_700_000_001.5,
) -> CheckView:
    return CheckView(
        name=name,
        kind="http",
        address="h:80",
        instance="h:80",
        status=status,
        since=1_700_000_000.0,
        message=message,
        reason="ok" if status is Status.OK else "expectation",
        value=value,
        duration=duration,
        history=(),
        parts=parts,
        last_run=last_run,
        interval=5.0,
        up=duration is not None,
        labels={"env": "prod"},
        depends_on=("db",),
        runbook="api-down",
    )


PART = PartView("database", Status.CRITICAL, "no answer", "", 0.0)
MIXED = (
    view("api"),
    view("gateway", Status.CRITICAL, LONG, value="503", parts=(PART,)),
    view("データベース", Status.WARNING, "slow"),
    view("cache", Status.UNKNOWN, "it wants a password", value="", duration=None),
)


def lines(width: int | None = None, *, colour: bool = False, ascii_only: bool = False) -> list[str]:
    style = Style(ASCII if ascii_only else UNICODE, width, colour)
    return table(MIXED, 1.234, style).splitlines()


def test_the_worst_comes_first_with_glyph_and_word_and_its_parts_beneath() -> None:
    shown = lines()
    assert [line.split()[:3] for line in shown[:5]] == [
        ["✖", "CRITICAL", "gateway"],
        ["✖", "CRITICAL", "└"],
        ["?", "UNKNOWN", "cache"],
        ["▲", "WARNING", "データベース"],
        ["✔", "OK", "api"],
    ]
    assert shown[0].endswith(LONG)
    assert shown[-1] == "4 checks: 1 critical, 1 unknown, 1 warning, 1 ok · 1.23 s"


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(width: int) -> None:
    shown = lines(width)
    assert max(map(cell_len, shown)) <= width
    assert set(LONG.split()) <= set(" ".join(shown).split())


def test_a_narrow_terminal_drops_whole_columns() -> None:
    style = Style(UNICODE, 36)
    shown = table([view("a-name-of-some-length", value="200")], 1.0, style).splitlines()
    assert shown[0] == "✔ OK        a-name-of-some-length"
    assert shown[1] == "  it is well"


def test_columns_are_aligned_in_cells() -> None:
    starts = {
        cell_len(line[: re.search(r"it is well|slow|it wants|HTTP 503", line).start()])  # type: ignore[union-attr]
        for line in lines(200)
        if not line.startswith(("✖ CRITICAL  └", "4 checks"))
    }
    assert len(starts) == 1


def test_colour_only_where_asked_for_and_never_alone() -> None:
    assert not [line for line in lines() if "\x1b" in line]
    shown = lines(120, colour=True)
    assert shown[0].startswith("\x1b[31m✖ CRITICAL\x1b[0m  gateway")
    stripped = [re.sub(r"\x1b\[\d*m", "", line) for line in shown]
    assert stripped == lines(120)


def test_a_name_that_is_cut_in_a_chart_ends_as_the_monitor_s_do() -> None:
    labels = (("__name__", "requests_total"), ("instance", "10.0.0.5:3306"), ("job", "cache-" * 9))
    rows = ((labels, ((0, 1.0), (60_000, 2.0))),)
    for answer in (Answer("matrix", rows), Answer("vector", rows)):
        plain = as_chart(answer, 60, 10, plain=True, colour=False)
        assert plain.isascii()
        assert "?" not in plain
        assert "~" in plain
        assert "…" in as_chart(answer, 60, 10, plain=False, colour=False)


def test_ascii_draws_with_ascii_alone() -> None:
    style = Style(ASCII, 80)
    assert table(MIXED[:2], 1.2, style).isascii()
    assert table(MIXED[:2], 1.2, style).startswith("X CRITICAL")


def test_the_summary_counts_one_check_as_one() -> None:
    assert summary([view("a")]) == "1 check: 1 ok"


def test_the_json_document_is_what_its_page_says() -> None:
    made = document(Triage(MIXED, 1_700_000_000.25, 1.2345678), "web-1", "0.1.0")
    assert {key: value for key, value in made.items() if key != "checks"} == {
        "version": 1,
        "onwatch": "0.1.0",
        "host": "web-1",
        "started": "2023-11-14T22:13:20.250+00:00",
        "duration_seconds": 1.234568,
        "status": "critical",
        "exit_code": 2,
        "counts": {"ok": 1, "warning": 1, "critical": 1, "unknown": 1},
        "alerts": [],
        "rules": {"count": 0, "insufficient_history": [], "dead": [], "errors": []},
    }
    assert made["checks"][1] == {
        "name": "gateway",
        "kind": "http",
        "address": "h:80",
        "instance": "h:80",
        "status": "critical",
        "reason": "expectation",
        "up": True,
        "message": LONG,
        "value": "503",
        "duration_seconds": 0.0123,
        "finished": "2023-11-14T22:13:21.500+00:00",
        "labels": {"env": "prod"},
        "depends_on": ["db"],
        "cause": "",
        "runbook": "api-down",
        "parts": [{"name": "database", "status": "critical", "message": "no answer", "value": ""}],
    }


def test_json_has_no_nan_and_keeps_the_order_of_the_configuration() -> None:
    triage = Triage((view("b", duration=nan), view("a", last_run=None)), 0.0, nan)
    made = json.loads(as_json(triage, "ホスト", "0"))
    assert made["host"] == "ホスト"
    assert made["duration_seconds"] is None
    assert [check["duration_seconds"] for check in made["checks"]] == [None, 0.0123]
    assert [check["name"] for check in made["checks"]] == ["b", "a"]
    assert made["checks"][1]["finished"] is None


def test_nothing_to_judge_is_unknown() -> None:
    empty = Triage((), 0.0, 0.0)
    assert document(empty, "h", "0")["exit_code"] == 3
    assert nagios(empty) == "ONWATCH UNKNOWN - there is nothing to check\n"


def test_nagios_gets_one_line_with_performance_data_and_a_line_a_check() -> None:
    assert nagios(Triage(MIXED, 0.0, 1.0)).splitlines() == [
        "ONWATCH CRITICAL - 4 checks: 1 critical, 1 unknown, 1 warning, 1 ok; "
        f"gateway: {LONG} | 'api'=0.012300s;;;0 'gateway'=0.012300s;;;0 "
        "'データベース'=0.012300s;;;0 'cache'=U;;;0",
        f"[CRITICAL] gateway: {LONG}",
        "  [CRITICAL] gateway/database: no answer",
        "[UNKNOWN] cache: it wants a password",
        "[WARNING] データベース: slow",
        "[OK] api: it is well",
    ]


def test_what_follows_from_another_says_so_and_comes_after_it() -> None:
    web = replace(view("web", Status.CRITICAL, "no answer from h:80"), depends_on=())
    port = replace(view("port", Status.CRITICAL, "refused"), depends_on=("web",))
    port = replace(port, address="http://h/")
    triage = Triage((port, web), 0.0, 1.0)
    lines = nagios(triage).splitlines()
    assert "; web: no answer from h:80 |" in lines[0]
    assert lines[1:] == [
        "[CRITICAL] web: no answer from h:80",
        "[CRITICAL] port: refused (http://h/) (may follow from web)",
    ]
    rows = table(triage.checks, 1.0, Style(UNICODE)).splitlines()
    assert rows[0].endswith("no answer from h:80")
    assert rows[1].endswith("refused (http://h/) (may follow from web)")
    assert [one["cause"] for one in document(triage, "h", "0")["checks"]] == ["web", ""]


def test_nagios_tells_the_value_of_a_part_that_has_no_sentence() -> None:
    parts = (
        PartView("database", Status.OK, "", "connected", 0.0),
        PartView("a", Status.OK, "", "", 0),
    )
    lines = nagios(Triage((view("api", parts=parts),), 0.0, 1.0)).splitlines()
    assert lines[2:] == ["  [OK] api/database: connected", "  [OK] api/a"]


def test_nagios_of_one_check_is_its_sentence() -> None:
    one = nagios(Triage((view("api", Status.WARNING, "slow"),), 0.0, 1.0))
    assert one.startswith("ONWATCH WARNING - api: slow | 'api'=")
    well = nagios(Triage((view("api"), view("b")), 0.0, 1.0))
    assert well.startswith("ONWATCH OK - 2 checks: 2 ok | ")


def test_bars_quotes_and_equal_signs_cannot_break_the_format() -> None:
    made = nagios(Triage((view("it's a|b=c", message="x | y"),), 0.0, 1.0)).splitlines()
    assert made[0].count("|") == 1
    assert made[0].endswith("| 'it''s a/b_c'=0.012300s;;;0")
    assert made[1] == "[OK] it's a/b=c: x / y"
    assert unknown("a | b\nc | d") == "ONWATCH UNKNOWN - a / b\nc / d\n"


def alert(name: str, state: State = State.FIRING, **more: object) -> RuleAlertView:
    known: dict[str, object] = {
        "id": f"{name}{more.get('labels', '')}",
        "rule": name,
        "name": name,
        "labels": (("alertname", name), ("severity", "critical")),
        "status": Status.CRITICAL,
        "state": state,
        "value": 96.5,
        "annotations": (("summary", "/var is full"),),
        "sentence": "/var is full",
        "since": 0.0,
        "active_at": 0.0,
        "seen_at": 0.0,
    }
    return RuleAlertView(**{**known, **more})  # type: ignore[arg-type]


def rule(name: str, *alerts: RuleAlertView, **more: object) -> RuleView:
    texts = (name, "g", name, "rules.yml", 7, False, "up == 0", 0.0, 0.0, (), (), 60.0)
    return RuleView(*texts, alerts=alerts, **more)  # type: ignore[arg-type]


RULED = Triage(
    (view("api"), view("web", Status.CRITICAL, "no answer", duration=None)),
    0.0,
    1.0,
    RulesView(
        rules=(
            rule("DiskFull", alert("DiskFull", check="api")),
            rule("Down", alert("Down", check="web", cause="web")),
            rule("Busy", alert("Busy", status=Status.OK, sentence="it is busy")),
            rule("Hidden", alert("Hidden", hidden_by="DiskFull")),
            rule("Slow", health=RuleHealth.NO_HISTORY),
            rule("Broken", health=RuleHealth.ERROR, sentence="no such thing"),
            rule("Dead", health=RuleHealth.DEAD, sentence="there is no metric x"),
            rule("Idle", health=RuleHealth.IDLE, sentence="nothing here has x"),
        )
    ),
)


def test_alerts_of_rules_stand_beneath_the_checks_but_for_what_these_say_themselves() -> None:
    notes = list(rule_notes(RULED.rules))
    text = table(RULED.checks, 1.0, Style(UNICODE), RULED.alerts, notes)
    assert [re.split(r"\s{2,}", line.strip())[:2] for line in text.splitlines()[2:4]] == [
        ["✖ CRITICAL", "DiskFull api"],
        ["i INFO", "Busy"],
    ]
    assert "\n[INFO] Busy: it is busy\n" in nagios(RULED)
    coloured = table(RULED.checks, 1.0, Style(UNICODE, colour=True), RULED.alerts, notes)
    assert "\x1b[34mi INFO" in coloured
    assert notes == [
        "rule Broken failed (rules.yml:7): no such thing",
        "rule Dead is dead (rules.yml:7): there is no metric x",
        "not judged, since one pass is too short for what they look back on: 1 rule (Slow)",
    ]
    assert "2 checks: 1 critical, 1 ok · 2 alerts: 1 critical, 1 info" in text


def test_of_rules_that_are_not_judged_the_names_are_counted_as_such() -> None:
    names = [name for name in "ABCDEFGH" for _ in range(2)]
    rules = RulesView(rules=tuple(rule(name, health=RuleHealth.NO_HISTORY) for name in names))
    assert list(rule_notes(rules)) == [
        "not judged, since one pass is too short for what they look back on: 16 rules "
        "(A, B, C, D, E, F and 2 more names)"
    ]


def test_an_alert_that_is_worse_than_its_check_is_told_for_the_exit_code_is_of_it() -> None:
    down = alert("TargetDown", check="log", cause="log")
    checks = (view("log", Status.UNKNOWN, "it is not there", duration=None),)
    triage = Triage(checks, 0.0, 1.0, RulesView(rules=(rule("TargetDown", down),)))
    text = table(triage.checks, 1.0, Style(UNICODE), triage.alerts, ())
    assert triage.status.exit_code == 2
    assert [line.split()[:3] for line in text.splitlines()[:2]] == [
        ["?", "UNKNOWN", "log"],
        ["✖", "CRITICAL", "TargetDown"],
    ]
    plain = nagios(triage)
    assert "1 alert: 1 critical; log: it is not there" in plain.splitlines()[0]
    assert "[CRITICAL] TargetDown log: /var is full\n" in plain


@pytest.mark.parametrize(
    ("status", "code"), [(Status.CRITICAL, 2), (Status.WARNING, 1), (Status.OK, 0)]
)
def test_what_fires_decides_the_exit_code(status: Status, code: int) -> None:
    fires = RulesView(rules=(rule("R", alert("R", status=status)),))
    pending = RulesView(rules=(rule("R", alert("R", State.PENDING)),))
    assert Triage((view("a"),), 0.0, 1.0, fires).status.exit_code == code
    assert Triage((view("a"),), 0.0, 1.0, pending).status.exit_code == 0


def test_json_has_alerts_and_what_is_not_judged() -> None:
    made = document(RULED, "web-1", "0")
    assert [(one["name"], one["status"], one["cause"]) for one in made["alerts"]] == [
        ("DiskFull", "critical", ""),
        ("Down", "critical", "web"),
        ("Busy", "info", ""),
    ]
    assert made["alerts"][0] == {
        "name": "DiskFull",
        "status": "critical",
        "message": "/var is full",
        "value": "96.5",
        "check": "api",
        "cause": "",
        "labels": {"alertname": "DiskFull", "severity": "critical"},
        "annotations": {"summary": "/var is full"},
    }
    assert made["rules"] == {
        "count": 8,
        "insufficient_history": ["Slow"],
        "dead": ["Dead"],
        "errors": [{"name": "Broken", "file": "rules.yml", "line": 7, "message": "no such thing"}],
    }


def test_nagios_is_told_of_an_alert_that_is_worse_than_every_check() -> None:
    fires = RulesView(rules=(rule("DiskFull", alert("DiskFull", check="api")),))
    first, *rest = nagios(Triage((view("api"),), 0.0, 1.0, fires)).splitlines()
    assert first.startswith(
        "ONWATCH CRITICAL - 1 check: 1 ok, 1 alert: 1 critical; DiskFull api: /var is full | "
    )
    assert rest[-1] == "[CRITICAL] DiskFull api: /var is full"
