"""What the panes say, as plain text, from hand-made snapshots."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len

from checks.alerts.of_checks import alerts_of
from checks.model import Status, Table
from checks.requests.stats import BreakdownRow
from checks.views import AlertView, EventView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NOW
from tests.widgets.stage import Stage, shown
from widgets.alerts import alert_lines
from widgets.events import event_lines
from widgets.frame import Frame
from widgets.glyphs import UNICODE
from widgets.hints import hint_line
from widgets.host import host_lines, host_summary
from widgets.processes import process_lines
from widgets.queues import queue_lines, queue_summary
from widgets.requests import request_lines, request_summary, worst_first
from widgets.services import service_lines
from widgets.text import Line, segs_width
from widgets.verdict import VerdictLine, state_segs, verdict_segs

Builder = Callable[[Snapshot | None, Frame], list[Line]]
BUILDERS: list[Builder] = [
    service_lines,
    request_lines,
    queue_lines,
    host_lines,
    alert_lines,
    event_lines,
]


def texts(lines: list[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def joined(lines: list[Line]) -> str:
    return "\n".join(texts(lines))


def extreme() -> Snapshot:
    """Figures and texts at their limits."""
    queue = samples.queue("q" * 200, 1e18, growth=-1e12, failed=math.inf, processing=math.nan)
    check = samples.check(
        "名" * 60, Status.CRITICAL, value="v" * 40, duration=1e9, message="word" * 200
    )
    bare = samples.host(
        cpu=None, memory=None, load=None, received=None, sent=None, pressure={}, filesystems=(),
        modes={}, boot_time=None, memory_total=None, memory_available=None, swap=None,
        disk_read=None, disk_written=None,
    )  # fmt: skip
    nothing = samples.requests(
        "log", rate=0.0, count=0, errors=0, error_ratio=None, p50=None, p95=None, p99=None,
        by_class=(), breakdown=(("provider", ()),), covered=3.0,
    )  # fmt: skip
    return samples.bad_night(
        checks=(check, samples.check("", duration=math.nan, history=(math.nan,) * 60)),
        queues=(queue,),
        hosts=(bare, samples.host("second", load=(1e6, 1e6, 1e6), received=1e15)),
        requests=(nothing,),
    )


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("width", [40, 41, 57, 80, 120, 200])
@pytest.mark.parametrize("height", [1, 4, 12, 40])
@pytest.mark.parametrize("snapshot", [samples.bad_night(), samples.empty(), extreme(), None])
def test_lines_fit_in_the_width(
    build: Builder, width: int, height: int, snapshot: Snapshot | None
) -> None:
    lines = build(snapshot, Frame(width, height))
    assert lines
    for line in lines:
        assert cell_len(line.fitted(width).text) == width
        assert "nan" not in line.text
        assert "inf" not in line.text.replace("infra", "")


@pytest.mark.parametrize("build", BUILDERS)
def test_before_data_a_pane_says_that_it_waits(build: Builder) -> None:
    assert texts(build(None, Frame(40, 5))) == [" waiting for the first result"]


@pytest.mark.parametrize(
    ("build", "hint"),
    [
        (service_lines, "http: http://127.0.0.1:8000/health"),
        (request_lines, "table: request_logs"),
        (queue_lines, "- {name: mail, size: {list: mail}}"),
        (host_lines, "host: {}"),
    ],
)
def test_an_empty_pane_says_which_configuration_fills_it(build: Builder, hint: str) -> None:
    shown = joined(build(samples.empty(), Frame(44, 10)))
    assert "onwatch.yaml" in shown
    assert hint in shown


def test_requests_without_a_status_are_said_to_have_none() -> None:
    some, none = (
        joined(request_lines(samples.empty(requests=(view,)), Frame(100, 20)))
        for view in (
            samples.requests(by_class=(("none", 700), ("2xx", 44))),
            samples.requests(by_class=(("none", 744),)),
        )
    )
    assert "2xx 44 · no status 700" in some
    assert "7,680 requests" in none
    assert "status" not in none, "where there is none at all, that is no news"


@pytest.mark.parametrize("build", BUILDERS)
def test_a_filter_without_matches_says_so(build: Builder) -> None:
    frame = Frame(60, 10, filter_text="no such thing")
    assert texts(build(samples.bad_night(), frame)) == [" nothing matches 'no such thing'"]


def test_a_service_row_has_glyph_name_value_and_time() -> None:
    row = joined(service_lines(samples.bad_night(), Frame(80, 40))).splitlines()[0]
    assert row.startswith(" ✖ gateway")
    assert "503" in row
    assert "231 ms" in row


def test_the_sentence_of_what_is_wrong_stands_beneath_it_where_there_is_room() -> None:
    roomy = texts(service_lines(samples.bad_night(), Frame(100, 40)))
    at = next(i for i, text in enumerate(roomy) if "✖ search" in text)
    assert roomy[at + 1].strip().startswith("critical connection to 127.0.0.1:9200 refused")
    tight = joined(service_lines(samples.bad_night(), Frame(100, 6)))
    assert "127.0.0.1:9200" not in tight


def test_children_that_are_fine_fold_away_first() -> None:
    assert "└ ✔ replica" in joined(service_lines(samples.bad_night(), Frame(80, 40)))
    tight = joined(service_lines(samples.bad_night(), Frame(80, 6)))
    assert "replica" not in tight
    assert "└ ✖ database" in tight
    assert "└ ▲ memory" in tight


def test_where_nothing_tells_of_requests_a_sentence_names_the_settings_that_would() -> None:
    night = replace(samples.bad_night(), requests=())
    web = replace(night, checks=(samples.check("web"),))
    rows = texts(request_lines(web, Frame(36, 20)))
    assert rows[0].startswith(" None: request_log: of a database")
    told = " ".join(" ".join(rows).split())
    assert "requests: of a log or counters of a metrics check would tell" in told
    kinds = ("web", "log", "metrics")
    watched = replace(night, checks=tuple(samples.check(kind, kind=kind) for kind in kinds))
    assert texts(request_lines(watched, Frame(36, 20))) == rows, "which it has, without these"
    shop = replace(night, checks=(samples.check("web"), samples.check("shop", kind="postgres")))
    assert "     table: request_logs" in texts(request_lines(shop, Frame(36, 20)))


@pytest.mark.parametrize("width", [30, 34, 37, 60])
def test_a_process_s_memory_is_told_whole_however_long_names_are(width: int) -> None:
    columns = ("pid", "name", "user", "cpu %", "memory")
    row = ("18550", "a-very-long-worker-name", "root", "12.5", "229 MB")
    table = Table("processes", columns, (row,), frozenset({"pid", "cpu %", "memory"}))
    lines = ["".join(seg.text for seg in segs) for segs in process_lines(table, width, 4)]
    assert all(len(one.rstrip()) <= width for one in lines)
    assert lines[1].rstrip().endswith("229 MB")


def test_rows_of_one_query_are_told_apart_by_their_labels() -> None:
    parts = tuple(
        samples.part(f"query shop_stock_available {label}", value="79,999,979")
        for label in ("img", "mail")
    )
    night = samples.bad_night()
    shop = replace(samples.check("shop"), parts=parts)
    rows = texts(service_lines(replace(night, checks=(shop,)), Frame(56, 20)))
    assert [row.split("✔ ")[1].rsplit(" ", 1)[0].split()[-1] for row in rows[1:]] == ["img", "mail"]


def test_a_duration_that_is_not_known_is_a_dash() -> None:
    down = next(
        t for t in texts(service_lines(samples.bad_night(), Frame(80, 40))) if "search" in t
    )
    assert " — " in down
    assert "0 ms" not in down


def test_rows_are_known_by_check_and_part() -> None:
    lines = service_lines(samples.bad_night(), Frame(80, 40))
    keys = [line.key for line in lines]
    assert "gateway" in keys
    assert "gateway/database" in keys
    assert all(line.check for line in lines)


@pytest.mark.parametrize("wanted", ["GATEWAY", "critical", "refused", "database"])
def test_the_filter_looks_at_name_word_sentence_and_parts(wanted: str) -> None:
    shown = joined(service_lines(samples.bad_night(), Frame(100, 40, filter_text=wanted)))
    assert "gateway" in shown
    assert "ledger" not in shown


def test_the_filter_looks_at_values_alert_names_and_words() -> None:
    night = samples.bad_night()
    alert = replace(night.alerts[1], name="search is gone")
    night = replace(night, alerts=(alert,))

    def found(build: Builder, wanted: str) -> str:
        return joined(build(night, Frame(100, 40, filter_text=wanted)))

    assert "ledger" in found(service_lines, "812 kB")
    assert "search" in found(service_lines, "is gone")
    assert "default" in found(queue_lines, "warning")
    assert "emails" not in found(queue_lines, "warning")
    assert "128/s" in found(request_lines, "anthropic")
    assert "gateway" in found(event_lines, "restarted")


def test_text_that_a_target_controls_is_shown_as_it_is() -> None:
    check = samples.check("api", Status.CRITICAL, message="[red]x[/] [/bold] $foreground")
    shown = joined(service_lines(samples.bad_night(checks=(check,)), Frame(80, 10)))
    assert "[red]x[/] [/bold] $foreground" in shown


def test_requests_show_rate_errors_and_percentiles() -> None:
    shown = joined(request_lines(samples.bad_night(), Frame(60, 20)))
    for figure in ("128/s", "6.2 %", "41 ms", "812 ms", "2.31 s", "7,680 requests", "5xx 476"):
        assert figure in shown


def test_a_breakdown_is_a_table_where_there_is_room_and_else_a_line() -> None:
    roomy = texts(request_lines(samples.bad_night(), Frame(60, 12)))
    row = next(text for text in roomy if "anthropic" in text)
    assert "30 %" in row
    assert "20 %" in row
    assert "2.31 s" in row
    tight = texts(request_lines(samples.bad_night(), Frame(60, 5)))
    assert any("anthropic 30 % (20 % errors) · openai 61 %" in text for text in tight)


def test_the_source_with_most_errors_comes_first() -> None:
    quiet = samples.requests("quiet log", error_ratio=0.0)
    snapshot = samples.bad_night(requests=(quiet, samples.requests("loud log")))
    lines = request_lines(snapshot, Frame(60, 5))
    assert lines[0].check == "loud log"
    assert lines[-1].text.startswith(" quiet log")


def test_figures_without_requests_are_dashes() -> None:
    lines = request_lines(extreme(), Frame(60, 20))
    assert "errors         —" in joined(lines)
    assert re.search(r"p50 +—", joined(lines))


def test_a_window_that_is_not_covered_says_so() -> None:
    assert "figures of the last 3 s" in joined(request_lines(extreme(), Frame(60, 20)))


def test_what_limits_the_figures_is_said() -> None:
    view = samples.requests()
    noted = replace(view, stats=replace(view.stats, note="reading the last hour"))
    shown = joined(request_lines(samples.bad_night(requests=(noted,)), Frame(60, 20)))
    assert "reading the last hour" in shown


def test_a_breakdown_value_cannot_style_itself() -> None:
    row = BreakdownRow("[red]x[/]", 1, 1.0, 0.0, None)
    view = samples.requests(breakdown=(("provider", (row,)),))
    assert "[red]x[/]" in joined(request_lines(samples.bad_night(requests=(view,)), Frame(60, 20)))


def test_a_queue_row_tells_size_growth_failed_and_busy() -> None:
    row = texts(queue_lines(samples.bad_night(), Frame(80, 10)))[0]
    assert row.startswith(" ▲ default")
    for figure in ("1,204", "+38/min", "failed 3", "busy 8"):
        assert figure in row


def test_a_queue_of_unknown_size_is_a_dash_and_an_empty_one_nought() -> None:
    rows = texts(queue_lines(samples.bad_night(), Frame(80, 10)))
    assert rows[3].split()[2] == "—"
    assert rows[2].split()[2] == "0"


def test_the_host_in_two_lines() -> None:
    shown = texts(host_lines(samples.bad_night(), Frame(90, 2)))
    assert len(shown) == 2
    for figure in ("cpu  71 %", "mem  62 %", "load 3.1/2"):
        assert figure in shown[0]
    for figure in ("/var 91 %", "/ 41 %", "net ↓2.1 MB/s ↑340 kB/s"):
        assert figure in shown[1]


def test_the_host_with_room_has_bars_pressure_and_memory() -> None:
    shown = joined(host_lines(samples.bad_night(), Frame(80, 12)))
    for figure in ("3.1 GB free of 8.2 GB", "wait   cpu 12 %", "25 GB free", "read-only", "up 3 d"):
        assert figure in shown


def test_the_fullest_filesystem_is_never_left_out() -> None:
    assert "/var 91 %" in joined(host_lines(samples.bad_night(), Frame(44, 2)))


def test_inodes_that_run_out_are_named() -> None:
    full = replace(samples.host().filesystems[0], inodes_used=0.97)
    host = samples.host(filesystems=(full,))
    assert "inodes 97 %" in joined(host_lines(samples.bad_night(hosts=(host,)), Frame(80, 2)))


def test_the_line_of_the_host_tells_the_processor_as_its_check_does_now() -> None:
    host = samples.host(cpu=0.18, cpu_history=(0.3, 0.04))
    assert " cpu 4 % " in host_summary(samples.bad_night(hosts=(host,)), 80).text


def test_other_hosts_have_a_line_each() -> None:
    hosts = (samples.host(), samples.host("db-1", status=Status.CRITICAL, cpu=0.99))
    lines = host_lines(samples.bad_night(hosts=hosts), Frame(80, 4))
    assert lines[0].check == "db-1"
    assert lines[-1].text.startswith(" web-1")


def test_alerts_have_glyph_word_age_and_sentence() -> None:
    shown = texts(alert_lines(samples.bad_night(), Frame(40, 30)))
    assert shown[0].split() == ["✖", "gateway", "critical", "2", "m"]
    assert shown[1].strip() == "HTTP 503 after 231 ms: status is"
    assert "↳ may follow from gateway" in "\n".join(shown)


def test_alerts_shrink_to_a_sentence_line_each_where_room_is_scarce() -> None:
    assert len(alert_lines(samples.bad_night(), Frame(40, 5))) == 5 * 2 + 1


def test_compact_alerts_are_one_line_with_glyph_and_word() -> None:
    lines = alert_lines(samples.bad_night(), Frame(80, 5, compact=True))
    assert len(lines) == len(samples.bad_night().alerts)
    assert lines[0].text.startswith(" ✖ gateway")
    assert "critical" in lines[0].text
    billing = next(text for text in texts(lines) if "billing" in text)
    assert "↳ gateway" in billing


def test_a_compact_alert_that_has_to_be_cut_begins_with_its_reason() -> None:
    sentence = 'HTTP 200 after 12 ms: borealis is "degraded"; status is "degraded"'
    alert = replace(samples.bad_night().alerts[0], sentence=sentence)
    shown = joined(alert_lines(samples.bad_night(alerts=(alert,)), Frame(60, 1, compact=True)))
    assert 'borealis is "degraded"' in shown


def test_compact_alerts_go_on_beneath_where_lines_are_free() -> None:
    shown = texts(alert_lines(samples.bad_night(), Frame(80, 12, compact=True)))
    first = shown.index(next(text for text in shown if "✖ search" in text))
    assert "connection to 127.0.0.1:9200 refused" in shown[first]
    assert shown[first + 1].strip() == "server running?"
    assert "↳ may follow from gateway" in "\n".join(shown)
    assert "…" not in "\n".join(shown)
    assert len(shown) <= 12


def test_a_remedy_is_told_whole_where_lines_are_free() -> None:
    check = samples.check("api", Status.CRITICAL, message=" ".join(f"word{n}" for n in range(40)))
    alert = replace(samples.bad_night().alerts[0], sentence=check.message)
    shown = joined(alert_lines(samples.bad_night(alerts=(alert,)), Frame(60, 20)))
    assert "word39" in shown


def test_symptoms_do_not_repeat_the_sentence_of_another() -> None:
    first = samples.bad_night().alerts[0]
    symptoms = tuple(
        replace(first, id=name, name=name, check=name, cause="gateway") for name in ("a", "b")
    )
    night = samples.bad_night(alerts=(first, *symptoms))
    for frame in (Frame(60, 20), Frame(80, 4, compact=True)):
        shown = joined(alert_lines(night, frame))
        assert shown.count("HTTP 503") == 1
        assert shown.count("may follow from gateway") == 2


@pytest.mark.parametrize(("name", "told"), [("cache down", "cache down"), ("slow", "slow cache")])
def test_the_name_of_a_check_is_told_once_and_apart_from_the_word(name: str, told: str) -> None:
    alert = replace(samples.bad_night().alerts[0], name=name, check="cache")
    for width in (32, 36, 40, 60):
        head = texts(alert_lines(samples.bad_night(alerts=(alert,)), Frame(width, 9)))[0]
        assert head.split() == ["✖", *told.split(), "critical", "2", "m"]
    long = replace(alert, name="the gateway of the shop is down", check="gateway")
    head = texts(alert_lines(samples.bad_night(alerts=(long,)), Frame(36, 9)))[0]
    assert "… is down critical" in head


def test_when_nothing_is_wrong_it_says_so_and_counts_who_has_yet_to_answer() -> None:
    assert texts(alert_lines(samples.all_quiet(), Frame(60, 5))) == [" ✔ Nothing is wrong."]
    checks = (samples.check("api"), samples.check("new", Status.WAITING))
    shown = joined(alert_lines(samples.all_quiet(checks=checks), Frame(80, 5)))
    assert "1 of 2 checks have yet to answer" in shown


def verdict(snapshot: Snapshot | None, width: int = 140) -> str:
    return "".join(seg.text for seg in verdict_segs(snapshot, width))


def test_the_verdict_is_the_worst_thing_in_words() -> None:
    said = verdict(samples.bad_night())
    assert said.startswith(' ✖ CRITICAL   gateway: HTTP 503 after 231 ms: status is "degraded"')
    assert said.endswith("· since 2 m · +4 more")


def test_how_many_more_are_wrong_is_there_however_long_the_sentence() -> None:
    night = samples.bad_night()
    worst = replace(night.alerts[0], sentence="word " * 60)
    for width in (88, 100, 140):
        said = verdict(replace(night, alerts=(worst, *night.alerts[1:])), width)
        assert said.endswith("… · since 2 m · +4 more")
        assert cell_len(said) <= width


@pytest.mark.parametrize("width", [40, 60, 78, 100])
def test_the_verdict_gives_way_at_its_end(width: int) -> None:
    said = verdict(samples.bad_night(), width)
    assert cell_len(said) <= width
    assert said.startswith(" ✖ CRITICAL   gateway: HTTP")


RESTARTS = AlertView(
    "p",
    "ProcessRestarts",
    "db",
    Status.CRITICAL,
    NOW - 60,
    "mariadbd was started 4 times in 15 min",
    rule="process",
)


def test_on_the_narrowest_line_the_verdict_is_words() -> None:
    """A sign and the name of a rule tell nobody what to do."""
    ruled = samples.bad_night(alerts=(RESTARTS,))
    assert verdict(ruled, 31) == " ✖ CRITICAL  mariadbd was star…"
    # What a check says does not tell of which check it is.
    checked = samples.bad_night(alerts=(replace(RESTARTS, name="db", rule=""),))
    assert verdict(checked, 31) == " ✖ CRITICAL   db: mariadbd was…"
    assert verdict(checked, 25) == " ✖  db: mariadbd was sta…"


def test_a_cause_that_is_as_bad_is_spoken_of_before_its_symptoms() -> None:
    cause = samples.check("search", Status.CRITICAL, message="slow", ago=100)
    symptom = samples.check("shop", Status.CRITICAL, ago=90, depends_on=("search",))
    night = samples.bad_night(alerts=alerts_of((symptom, cause)))
    assert "search down: slow" in verdict(night)


def test_an_outage_is_spoken_of_before_the_mere_warning_that_explains_it() -> None:
    cause = samples.check("search", Status.WARNING, message="slow", ago=100)
    symptom = samples.check(
        "shop", Status.CRITICAL, message="HTTP 503", ago=90, depends_on=("search",)
    )
    night = samples.bad_night(alerts=alerts_of((symptom, cause)), story=None)
    told = verdict(night)
    assert told.startswith(" ✖ CRITICAL   shop down: HTTP 503 · since 1 m · may follow from search")
    # Where there is little room, that is what can be looked up.
    assert verdict(night, 48).startswith(" ✖ CRITICAL   shop down: HTTP 503 · since 1 m")
    assert "search" not in verdict(night, 48)


def test_of_what_was_so_at_the_start_nobody_is_told_since_when() -> None:
    first = samples.check("shop", Status.CRITICAL, message="HTTP 503", ago=5)
    night = samples.bad_night(alerts=alerts_of((replace(first, since_start=True),)), story=None)
    assert verdict(night).endswith("HTTP 503 · for at least 5 s")
    later = samples.bad_night(alerts=alerts_of((first,)), story=None)
    assert verdict(later).endswith("HTTP 503 · since 5 s")


@pytest.mark.parametrize("firing", [True, False])
def test_what_a_check_has_said_is_no_alert_once_it_is_well(firing: bool) -> None:
    """Its rule is evaluated later."""
    stale = replace(RESTARTS, cause="db", firing=firing)
    night = samples.bad_night(checks=(samples.check("db"),), alerts=(stale,))
    assert verdict(night) == " ✔ OK   the one check is fine"
    told = joined(alert_lines(night, Frame(80, 10)))
    assert "Nothing is wrong" in told
    assert "nothing matches" not in told


def test_the_verdict_says_of_what_a_restart_left_that_it_may_be_over() -> None:
    alert = replace(samples.bad_night().alerts[0], rule="Restarts", check="", no_history=True)
    told = verdict(samples.bad_night(alerts=(alert,)))
    assert "not known if it lasts" in told
    assert "since" not in told


def test_the_verdict_when_all_is_well_empty_or_to_come() -> None:
    assert verdict(samples.all_quiet()) == " ✔ OK   all 3 checks are fine"
    assert "add checks to onwatch.yaml" in verdict(samples.empty())
    assert "on their way" in verdict(None)
    checks = (samples.check("api"), samples.check("new", Status.WAITING))
    assert "1 of 2 checks have answered" in verdict(samples.all_quiet(checks=checks))


def test_the_state_says_live_frozen_or_past() -> None:
    night = samples.bad_night()

    def said(snapshot: Snapshot, frozen: bool = False, width: int = 120) -> str:
        return "".join(seg.text for seg in state_segs(snapshot, frozen, width))

    assert said(night) == "web-1  22:13:20 ● live "
    assert said(night, frozen=True) == "web-1  22:13:20 ❄ frozen "
    assert said(replace(night, source="history")) == "web-1  22:13:20 ◷ history "
    assert said(night, width=80) == "web-1  ● live ", "what is wrong needs the clock's room"
    assert said(night, width=60) == "● live "
    assert said(samples.all_quiet(), width=80).endswith("22:13:20 ● live ")


def test_the_age_of_what_is_wrong_is_there_on_eighty_columns() -> None:
    room = 80 - segs_width(state_segs(samples.bad_night(), False, 80)) - 2
    assert verdict(samples.bad_night(), room).endswith("… · since 2 m")


async def test_the_hosts_name_goes_before_the_age_of_what_is_wrong() -> None:
    night = samples.bad_night(hostname="vm")
    first, *others = night.alerts
    failing = replace(first, name="RequestErrorsHigh", sentence="shop-log: 41.29% of requests fail")
    line = VerdictLine()
    async with Stage(line).run_test(size=(80, 3)) as pilot:
        line.snapshot = replace(night, alerts=(failing, *others))
        assert shown(line)[0].endswith("41.29% of reque… · since 2 m  ● live")
        await pilot.resize_terminal(95, 3)
        assert shown(line)[0].endswith("requests f… · since 2 m · +4 more  ● live")
        await pilot.resize_terminal(120, 3)
        assert shown(line)[0].endswith("vm  22:13:20 ● live")


def test_summaries_are_one_line_that_fits() -> None:
    night = samples.bad_night()
    for build in (request_summary, queue_summary, host_summary):
        for width in (40, 80, 120):
            assert cell_len(build(night, width).text) <= width
        assert build(None, 80).text.endswith("waiting for the first result")
        assert "none: add" in build(samples.empty(), 80).text
    assert "errors 6.2 %" in request_summary(night, 80).text
    assert "▲ default 1,204" in queue_summary(night, 80).text
    assert "/var 91 %" in host_summary(night, 80).text


def test_in_forty_columns_each_line_says_whole_figures_and_the_worst() -> None:
    night = samples.bad_night()
    host = night.hosts[0]
    assert request_summary(night, 39).text == " Requests 128/s  errors 6.2 %  +1 more"
    assert queue_summary(night, 39).text == " Queues   ▲ default 1,204 +38/min  +3"
    assert host_summary(night, 39).text == " Host     cpu 63 %  mem 62 %  /var 91 %"
    roomy = replace(host, filesystems=tuple(replace(f, used=0.4) for f in host.filesystems))
    told = host_summary(replace(night, hosts=(roomy,)), 39).text
    assert told == " Host     cpu 63 %  mem 62 %  / 40 %"
    assert "load 3.1/2" in host_summary(replace(night, hosts=(roomy,)), 50).text


def test_hints_are_shown_whole_or_not_at_all() -> None:
    hints = (("p", "freeze"), ("M", "maximise"), ("?", "help"))
    assert hint_line(hints, 80).text == " p freeze  M maximise  ? help"
    assert hint_line(hints, 22).text == " p freeze  ? help"
    assert hint_line(hints, 12).text == " ? help"
    assert hint_line([("p", "freeze"), ("M", "maximise")], 20).text == " p freeze"


def test_every_status_has_its_own_sign() -> None:
    assert len({UNICODE.status(status) for status in Status}) == len(Status)


def test_figures_that_are_no_longer_read_say_since_when() -> None:
    snapshot = samples.bad_night()
    silent = tuple(replace(view, silent_since=snapshot.time - 60) for view in snapshot.requests)
    snapshot = replace(snapshot, requests=silent)
    lines = request_lines(snapshot, Frame(60, 12))
    assert "no data since" in lines[0].text
    assert "no data since" in request_summary(snapshot, 80).text


def test_in_one_line_a_log_that_can_be_read_goes_before_one_that_cannot() -> None:
    night = samples.bad_night()
    worst, *others = worst_first(night.requests)
    silent = replace(worst, silent_since=night.time - 60)
    other = others[0].check
    assert f"Requests {worst.check} " in request_summary(night, 80).text
    said = request_summary(replace(night, requests=(silent, *others)), 100).text
    assert said.startswith(f" Requests {other} ")
    assert f"{worst.check} no data since" in said
    alone = request_summary(replace(night, requests=(worst,)), 80).text
    assert worst.check not in alone, "there is but one"


def test_with_height_to_spare_curves_are_charts_with_their_scale() -> None:
    shown = texts(request_lines(samples.bad_night(), Frame(72, 40)))
    top = next(at for at, text in enumerate(shown) if text.startswith(" rate"))
    bottom = next(at for at in range(top, len(shown)) if re.search(r"  0 [▁-█]", shown[at]))
    assert "200/s" in shown[top]
    assert bottom - top >= 2
    assert "chart 7 min" in shown[top + 1]
    for figure in ("p50        41 ms", "p99       2.31 s", "7,680 requests", "anthropic"):
        assert figure in "\n".join(shown)


@pytest.mark.parametrize("width", range(42, 130, 3))
def test_a_chart_covers_the_window_that_the_title_names(width: int) -> None:
    night = samples.bad_night()
    for window, name in ((900.0, "15 min"), (3600.0, "1 h")):
        view = replace(night.requests[0], window=samples.window(window))
        lines = texts(request_lines(replace(night, requests=(view,)), Frame(width, 40)))
        assert re.match(f" chart {name}(  |$)", lines[1])


def test_what_is_configured_and_could_not_be_read_is_not_called_unconfigured() -> None:
    checks = (
        replace(
            samples.check("shop", Status.UNKNOWN, message="shop.db is locked"), tells_requests=True
        ),
        replace(samples.check("cache", Status.WAITING), queues=("mail",)),
        samples.check("this host", Status.WAITING, kind="host"),
    )
    night = samples.empty(checks=checks)
    told = "No data yet: shop unknown: shop.db is locked"
    assert joined(request_lines(night, Frame(60, 9))).strip() == told
    for build in (queue_lines, host_lines):
        assert joined(build(night, Frame(60, 9))).strip() == "waiting for the first result"
    assert "shop.db is locked" in request_summary(night, 80).text
    assert queue_summary(night, 80).text.endswith("waiting for the first result")
    assert host_summary(night, 80).text.endswith("waiting for the first result")


def test_the_name_of_a_part_takes_the_room_of_the_values() -> None:
    parts = (samples.part("queue default", Status.WARNING, "", "1,204 waiting, above 1,000"),)
    check = samples.check("cache", Status.WARNING, value="up", parts=parts)
    row = texts(service_lines(samples.bad_night(checks=(check,)), Frame(40, 9)))[-1]
    assert row.startswith("   └ ▲ queue default 1,204 wait")


@pytest.mark.parametrize("width", [34, 40, 60])
def test_a_check_that_is_ok_again_takes_one_line(width: int) -> None:
    text = "critical → ok: HTTP 200 after 0.9 ms, all 4 parts are healthy, as was expected"
    event = EventView(samples.NOW, "gateway", text)
    lines = event_lines(samples.bad_night(events=(event,)), Frame(width, 9))
    assert len(lines) == 1
    assert "✔ gateway ok again: " in lines[0].text


@pytest.mark.parametrize("height", range(3, 70))
def test_charts_never_push_a_source_out_of_the_pane(height: int) -> None:
    lines = request_lines(samples.bad_night(), Frame(72, height))
    assert len(lines) <= max(4, height)
    assert {line.check for line in lines if line.check} == {"gateway log", "web log"}


def test_a_chart_counts_errors_by_how_many_requests_there_were() -> None:
    view = samples.requests()
    stats = replace(view.stats, rates=(99.0, 1.0) * 700, error_ratios=(0.0, 1.0) * 700)
    lines = request_lines(samples.bad_night(requests=(replace(view, stats=stats),)), Frame(72, 40))
    scale = next(line.text for line in lines if line.text.startswith(" errors"))
    assert " 5 % " in scale


def test_a_new_step_of_time_leaves_all_but_the_newest_column_as_it_was() -> None:
    view = samples.requests()
    rates = tuple(float(n * 13 % 97) for n in range(1500))

    def drawn(first: int) -> list[str]:
        at = (first + 1440) * view.stats.step
        stats = replace(view.stats, at=at, rates=rates[first : first + 1439])
        moved = replace(view, stats=stats)
        lines = request_lines(samples.bad_night(requests=(moved,)), Frame(72, 40))
        return [line.text[:-1] for line in lines[:8]]

    pairs = [(drawn(first), drawn(first + 1)) for first in range(4)]
    assert sum(before == after for before, after in pairs) == 3


def test_processes_are_listed_where_the_host_has_room() -> None:
    shown = texts(host_lines(samples.bad_night(), Frame(72, 30)))
    head = next(at for at, text in enumerate(shown) if "cpu %" in text)
    assert shown[head + 1].split()[:4] == ["412", "mysqld", "mysql", "148.0"]
    assert "cpu %" not in joined(host_lines(samples.bad_night(), Frame(72, 12)))


def test_processes_in_a_narrow_pane_lose_whole_columns() -> None:
    shown = joined(host_lines(samples.bad_night(), Frame(42, 30)))
    assert "148.0  1.9 GB" in shown
    assert "www-data" not in shown


def test_queues_have_charts_where_there_is_room() -> None:
    shown = texts(queue_lines(samples.bad_night(), Frame(70, 20)))
    assert shown[0].startswith(" ▲ default")
    assert "█" in shown[2]
    assert len(queue_lines(samples.bad_night(), Frame(70, 5))) == 4


def test_events_come_newest_first_with_time_check_and_word() -> None:
    shown = texts(event_lines(samples.bad_night(), Frame(90, 30)))
    assert shown[0] == " 22:12:40 ◌ nightly export stale no answer within 3 s"
    assert shown[1].startswith(" 22:12:19 ✖ search         critical connection to 127.0.0.1:9200")
    assert any("gateway        restarted: uptime fell" in text for text in shown)


def test_what_belongs_to_no_check_cannot_be_opened() -> None:
    jump = EventView(samples.NOW, "", "the wall clock jumped back 5 s")
    lines = event_lines(samples.bad_night(events=(jump,)), Frame(90, 5))
    assert "the wall clock jumped back 5 s" in joined(lines)
    assert lines[0].key is None


def test_without_events_the_pane_says_so() -> None:
    assert texts(event_lines(samples.all_quiet(), Frame(60, 5))) == [
        " Nothing has changed since the start."
    ]


def test_no_key_is_promised_that_does_nothing() -> None:
    assert "runbook" not in verdict(samples.bad_night(), 200)
