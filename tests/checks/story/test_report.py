"""The report: what it says, that it adds up, and that nobody's text becomes mark-up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from checks.model import Status
from checks.story import telling
from checks.story.about import about_of
from checks.story.figures import REQUESTS
from checks.story.journal import Journal
from checks.story.model import Entry, EntryKind, Figure, Incident, Session
from checks.story.report.charts import HEIGHT, WIDTH, Axis, chart
from checks.story.report.data import as_data
from checks.story.report.files import report_file
from checks.story.report.follow_ups import follow_ups
from checks.story.report.gather import Around, gather
from checks.story.report.impact import impacts_of
from checks.story.report.markdown import cell, code, fenced, plain
from checks.story.report.material import duration, percent
from checks.story.report.notifications import incident_notification, resolution
from checks.story.report.writing import report
from checks.story.tables import Batch
from tests.checks.story.night import BEGAN, ID, alert, material, night, step
from tools.incidents import page
from widgets.format import span

MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![x](http://evil/x.png)",
    "http://evil.example/steal and www.evil.example",
    "<http://evil.example>",
    "**bold** _it_ `code` ~~gone~~ a|b|c",
    "# heading",
    "- [x] done",
    "1. one",
    "> quoted",
    "```\nfence",
    "``` ```` `",
    "&lt;b&gt; &#60;",
    "\\",
    "=====",
    "| a | b |",
    "line one\nline two\r\n\r\n# three",
)


def test_the_report_of_a_night_says_what_somebody_would_send() -> None:
    text = report(material())
    for said in (
        "# Incident 12: MySQLConnections: 98 % of max_connections are used (147 of 150)",
        "| **Status** | resolved at 2026-01-31 02:12:47 UTC (03:12:47 CET) |",
        "| **Time to acknowledge** | 2 minutes 5 seconds (by alice) |",
        "| **Time to resolve** | 7 minutes 40 seconds |",
        "At 02:05 UTC `MySQLConnections` fired: 98 %",
        "Root cause: the pool of 1.2.3 never gives back.",
        "2,940 of 9,600 requests of `log` failed meanwhile (31 %).",
        "| **failed** | 0 | **2,940** |",
        "| minutes above 1 % |  | 6 |",
        "In the worst minute, at 02:06 UTC, 41 % of them failed.",
        "| 02:01:07 | 03:01:07 | **Deployment** of api: version 1.2.3 (was 1.2.2) |",
        "▶ step `mysql-connections › end-idle`: exit code 1 after 2 seconds — alice |",
        "ERROR 1227 (42000): Access denied",
        "- [ ] Mend the step mysql-connections › end-idle: exit code 1.",
    ):
        assert said in text, said
    assert "who-holds-them, raise-limit" not in text
    assert text.endswith("\n")


def test_the_report_among_the_documents_is_what_is_printed() -> None:
    file = Path(__file__).parents[3] / "docs" / "incident-report.md"
    assert file.read_text(encoding="utf-8") == page(), "python -m tools.incidents writes it"


def test_its_notifications_are_those_of_the_handbooks() -> None:
    assert incident_notification(material(lasts=True, service="Shop", status_page="https://s")) == [
        "🚨 INCIDENT ALERT - P1",
        "Service: Shop",
        "Issue: MySQLConnections: 98 % of max_connections are used (147 of 150)",
        "Impact: 24 % of the requests of log failed (2,940 of 12,000)",
        "Started: 2026-01-31 02:05:07 UTC (03:05:07 CET)",
        "ETA: Mitigation under way",
        "Incident Commander: alice",
        "Status Page: https://s",
    ]
    assert resolution(material(lasts=True)) == []
    assert resolution(material()) == [
        "✅ RESOLVED - P1 Incident",
        "Service: gateway, api",
        "Issue: MySQLConnections: 98 % of max_connections are used (147 of 150) - RESOLVED",
        "Duration: 7 minutes 40 seconds",
        "Root Cause: the pool of 1.2.3 never gives back",
        "Actions Taken: raise-limit",
    ]


def test_notes_fill_in_what_no_program_can_know() -> None:
    said = [
        telling.note("impact: no checkout for anybody", BEGAN + 200, "bob", 12),
        telling.note("eta: 30 minutes", BEGAN + 210, "bob", 12),
        telling.note("done: pool of 1.2.2 is back", BEGAN + 410, "bob", 12),
        telling.note("service: Checkout", BEGAN + 420, "bob", 12),
        telling.note("status page: https://status.example/7", BEGAN + 430, "bob", 12),
    ]
    begun = incident_notification(material(*said, lasts=True))
    assert "Service: Checkout" in begun
    assert begun[-1] == "Status Page: https://status.example/7"
    assert "Service: Checkout" in resolution(material(*said))
    assert "Impact: no checkout for anybody" in begun
    assert "ETA: 30 minutes" in begun
    assert "Actions Taken: raise-limit, pool of 1.2.2 is back" in resolution(material(*said))


def test_impact_counts_the_minutes_of_the_incident_and_compares_with_those_before() -> None:
    (impact,) = material().impacts
    # Ten minutes before its own; of these the one it began in is half over.
    assert (impact.before.minutes, impact.before.errors) == (10, 0)
    assert (impact.during.minutes, impact.during.count, impact.during.errors) == (8, 9600, 2940)
    assert (impact.bad, impact.worst) == (6, 490 / 1200)
    assert (impact.before.p95, impact.during.p95) == (0.12, 0.8)


def test_failures_that_were_there_before_make_no_bad_minutes() -> None:
    incident = Incident(1, "t", "c", Status.CRITICAL, 600.0, ended=900.0)
    figures = [Figure(1, f"{REQUESTS}log", 60.0 * at, 0.1, 100, 4) for at in range(20)]
    (impact,) = impacts_of(incident, figures, 2000.0)
    assert (impact.bad, impact.felt) == (0, False)
    then = BEGAN // 60 * 60 - 600
    said = report(
        material(figures=tuple(replace(one, incident=12, at=then + one.at) for one in figures))
    )
    assert "were as before" in said
    assert "## Charts" not in said
    assert impacts_of(incident, [], 2000.0) == []


def test_how_requests_were_before_is_told_only_where_the_log_covers_that() -> None:
    night_of = material()
    empty = [
        replace(one, count=0, value=None) if one.at < BEGAN - 150 else one
        for one in night_of.figures
        if one.series.startswith(REQUESTS)
    ]
    found = material(figures=tuple(empty))
    (impact,) = found.impacts
    assert (impact.before.minutes, impact.during.count) == (0, 9600)
    text = report(found)
    assert "| time | not known: the log begins at 02:03 UTC | 8 min |" in text
    assert "| requests | — | 9,600 |" in text
    assert "| **failed** | — | **2,940** |" in text
    calm = material(figures=tuple(replace(one, errors=0) for one in empty))
    said = "Requests of `log`: 0 % failed; how it was before is not known: the log begins at 02:03"
    assert said in report(calm)
    ample = material(figures=tuple(one for one in night_of.figures if one.at > BEGAN - 550))
    assert ample.impacts[0].before.minutes == 9


def test_nothing_is_denied_of_requests_before_a_whole_minute_of_them_is_counted() -> None:
    early = tuple(one for one in material().figures if one.at + 60 < BEGAN)
    fresh = material(lasts=True, figures=early)
    assert [(one.before.minutes, one.during.minutes) for one in fresh.impacts] == [(10, 0)]
    said = "not a whole minute of them is counted yet"
    assert f"Requests of `log`: {said}." in report(fresh)
    line = next(one for one in incident_notification(fresh) if one.startswith("Impact: "))
    assert line.startswith(f"Impact: requests of log: {said}; ")
    assert "Requests of `log`: not a whole minute of them is counted." in report(
        material(figures=early)
    )


def test_what_is_to_be_done_follows_from_the_record() -> None:
    told = "\n".join(follow_ups(material(runbooks={"other"}, acknowledge_within=60.0)))
    assert "api: version 1.2.3 (was 1.2.2), 4 minutes before it began" in told
    assert "1 minute 5 seconds later than P1 asks for (1 minute)" in told
    assert "The runbook of MySQLConnections of gateway is not there" in told
    assert "Write a runbook for HighErrorRate of api" in told
    assert "post-mortem by Monday, 02 February, 03:12" in told
    assert "root cause" not in told
    assert "is not there" not in "\n".join(follow_ups(material(runbooks={"mysql-connections"})))


def test_flapping_blindness_and_steps_nobody_saw_end_are_followed_up() -> None:
    again = [
        telling.fired(alert(id=f"{ID}{at}", since=BEGAN + 60 * at), before="") for at in (2, 4)
    ]
    lost = telling.session_lost(Session("a", 7, BEGAN, BEGAN + 350))
    gap = Entry(BEGAN + 360, EntryKind.GAP, "onwatch stood still for 3 min")
    hung = step(320, "9-9", "drain", None)
    found = material(*again, lost, gap, *hung)
    told = "\n".join(follow_ups(found))
    assert "MySQLConnections of gateway fired 3 times" in told
    assert "onwatch was blind at 02:11 UTC: onwatch stood still" in told
    assert "ended without a word" in told
    assert "mysql-connections › drain has done: nobody saw it end" in told
    assert "nobody saw it end" in report(found)


def test_no_report_takes_the_place_of_that_of_another_configuration() -> None:
    incident = material().incident
    assert report_file(incident).name.startswith("incident-12-")
    assert report_file(incident) == report_file(replace(incident, ended=None))
    assert report_file(incident) != report_file(replace(incident, began=BEGAN + 60))


def test_one_that_lasts_says_so() -> None:
    incident = replace(material(lasts=True).incident, acknowledged=None, acknowledged_by="")
    found = material(lasts=True, incident=incident)
    text = report(found)
    assert "| **Status** | **lasts**, for 1 hour so far |" in text
    assert "It has not ended" in text
    assert "RESOLVED" not in text
    told = "\n".join(follow_ups(found))
    assert "Nobody acknowledged it, though alice was at it after 3 minutes" in told
    others = tuple(one for one in found.entries if one.kind is not EntryKind.STEP)
    idle = replace(found, entries=others)
    assert "Nobody acknowledged it: make sure that somebody is told" in "\n".join(follow_ups(idle))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_stays_text(text: str) -> None:
    one_line = " ".join(text.split())
    assert MARKDOWN.render(plain(text)).count("<") == 2, "a paragraph alone"
    tokens = [t for each in MARKDOWN.parse(plain(text)) for t in each.children or ()]
    assert "".join(t.content for t in tokens) == one_line
    (span,) = [
        t for each in MARKDOWN.parse(f"a {code(text)}") for t in each.children or () if t.tag
    ]
    assert (span.type, span.content) == ("code_inline", one_line)
    (block,) = MARKDOWN.parse("\n".join(fenced(text.splitlines())))
    assert block.type == "fence"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_report_of_a_hostile_target_has_the_same_shape(text: str) -> None:
    def shape(whole: str) -> list[str]:
        return [token.type for token in MARKDOWN.parse(whole) if token.type != "text"]

    def made(said: str) -> str:
        entries = [
            telling.fired(alert(sentence=said)),
            telling.note(f"{said} noted", BEGAN + 30, said, 12),
            *step(60, "1", said, 1, *said.splitlines()),
        ]
        incident = replace(material().incident, title=f"x {said}", checks=(said, "api"))
        own = [replace(one, incident=12) for one in entries]
        return report(material(incident=incident, entries=tuple(own)))

    assert shape(made(text)) == shape(made("harmless"))
    for tag in ("<script", "<img", "<a ", "<b>"):
        assert tag not in MARKDOWN.render(made(text))


def test_a_bar_behind_backslashes_ends_no_cell() -> None:
    assert cell(code(r"a\\|b")) == r"`a\\\|b`"
    assert cell(plain(r"a\|b")) == r"a\\\|b"


def test_the_output_of_the_tenth_step_is_still_in_its_item() -> None:
    steps = [one for at in range(12) for one in step(60 + at, f"r{at}", f"s{at}", 0, "it said so")]
    own = [replace(one, incident=12) for one in steps]
    fences = [t for t in MARKDOWN.parse(report(material(entries=tuple(own)))) if t.type == "fence"]
    outputs = [fence for fence in fences if "it said so" in fence.content]
    assert len(outputs) == 12
    assert all(fence.level for fence in outputs)


def test_a_long_timeline_loses_its_middle_and_a_day_is_named_where_there_are_two() -> None:
    many = [telling.note(f"note {at}", BEGAN + at, "bob", 12) for at in range(900)]
    text = report(material(*many))
    assert "entries are left out here" in text
    assert "note 1 —" in text
    assert "note 899 —" in text
    assert len(text) < 60_000
    late = telling.note("the next day", BEGAN + 86_400, "bob", 12)
    assert "| 2026-02-01 02:05:07 | 2026-02-01 03:05:07 |" in report(material(late))


def test_a_warning_has_another_mark_than_what_is_critical() -> None:
    slow = alert(id="slow", name="Slow", check="web", status=Status.WARNING, sentence="p95 2 s")
    text = report(material(replace(telling.fired(slow), incident=12)))
    assert "🔴 **MySQLConnections of gateway** firing" in text
    assert "🟡 **Slow of web** firing: p95 2 s" in text


def test_a_report_without_anything_is_still_one() -> None:
    bare = material(entries=(), figures=())
    text = report(bare)
    assert "Nothing is recorded of it any more." in text
    assert "No step of a runbook was run" in text
    assert "## Charts" not in text


def test_entries_of_its_time_belong_to_it_where_they_concern_all() -> None:
    own = material().incident
    reload = Entry(BEGAN + 10, EntryKind.RELOAD, "configuration reloaded")
    early = Entry(BEGAN - 7200, EntryKind.DEPLOYMENT, "1.0")
    foreign = telling.note("of another", BEGAN + 20, "bob", 11)
    found = about_of(own, [*night(), reload, early, foreign], BEGAN + 5000)
    assert reload in found
    assert early not in found
    assert foreign not in found


def test_what_was_written_while_the_report_was_begun_is_told_once(tmp_path: Path) -> None:
    incident = material().incident
    note = telling.note("the pool was full", BEGAN + 20, "bob", incident.id)
    waits = telling.note("a restart helps", BEGAN + 30, "bob", incident.id)
    journal = Journal(tmp_path / "state" / "story.db")
    journal.open()
    journal.write(Batch([note]))
    found = gather(journal, incident, Around(BEGAN + 60), fresh=[note, waits])
    journal.close()
    assert [one.text for one in found.entries] == [note.text, waits.text]


@pytest.mark.parametrize(
    ("matchers", "told"),
    [
        ('job="gateway"', True),
        ('check="api", job=~"gate.*"', True),
        ('check="shop-log"', False),
        ('job="gateway", check="shop-log"', False),
        ('job="gateway', True),
    ],
)
def test_silences_of_its_time_belong_to_it_where_they_match_one_of_its_alerts(
    matchers: str, *, told: bool
) -> None:
    own, mine = material().incident, material().entries
    silences = [
        Entry(BEGAN + 10, EntryKind.SILENCED, f"silenced: {matchers}", who="bob"),
        Entry(BEGAN + 90, EntryKind.SILENCED, f"no longer silenced: {matchers}", who="bob"),
    ]
    found = about_of(own, [*mine, *silences], BEGAN + 5000)
    assert [one in found for one in silences] == [told, told]


def test_the_same_for_programs() -> None:
    data = json.loads(json.dumps(as_data(material())))
    assert (data["id"], data["priority"], data["time_to_resolve"]) == (12, "P1", 460.0)
    assert data["impact"][0]["during"]["failed"] == 2940
    assert [one["exit_code"] for one in data["steps"]] == [0, 1, 0]
    assert data["notifications"]["resolution"].startswith("✅ RESOLVED - P1")


def test_a_chart_shows_the_peak_and_leaves_gaps_where_nothing_is_known() -> None:
    axis = Axis(0.0, 600.0, lambda at: f"{at:.0f}", [(300.0, "F"), (301.0, "A")])
    points = [(at, 1.0) for at in range(0, 200, 10)] + [(at, 8.0) for at in range(400, 601, 10)]
    lines = chart(points, axis, lambda value: f"{value:.0f}")
    assert len(lines) == HEIGHT + 3
    assert lines[0].startswith("8 ┤")
    top, bottom = lines[0].partition("┤")[2], lines[HEIGHT - 1].partition("┤")[2]
    assert top.strip() == "█" * 20
    assert bottom[25:38].strip() == ""
    assert bottom.startswith("▅")
    assert lines[HEIGHT + 1].strip() == "F"
    assert lines[-1].split() == ["0", "600"]
    assert max(map(len, lines)) <= WIDTH + 3
    assert chart([], axis, str) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (125, "2 minutes 5 seconds"),
        (601, "10 minutes"),
        (3_900, "1 hour 5 minutes"),
        (3_600, "1 hour"),
        (90_000, "1 day 1 hour"),
        (86_400 + 5, "1 day"),
    ],
)
def test_durations_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize("seconds", [0.7, 44.6, 59.9, 151.5, 599.7, 3_599.9, 90_000.5])
def test_a_report_says_of_an_incident_what_the_screen_says(seconds: float) -> None:
    """Neither rounds up: an incident of 151.5 s has one duration, not two."""
    short = " ".join(f"{number} {unit[0]}" for number, unit in _pairs(duration(seconds)))
    # Of what took ten minutes the report leaves the seconds out.
    assert span(seconds).startswith(short)
    assert span(seconds) == short or seconds >= 600


def _pairs(said: str) -> list[tuple[str, str]]:
    words = said.split()
    return list(zip(words[::2], words[1::2], strict=True))


def test_shares_are_never_rounded_to_none_or_all() -> None:
    shown = [percent(ratio) for ratio in (0, 0.0001, 0.01, 0.062, 0.31, 0.9999, 1)]
    assert shown == ["0 %", "<0.1 %", "1 %", "6.2 %", "31 %", ">99.9 %", "100 %"]
