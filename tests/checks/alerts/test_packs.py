"""The built-in rule packs: sound, tried, and told in their page."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
import yaml

from checks.alerts.durations import parse_duration
from checks.alerts.model import State
from checks.alerts.severity import severity_of
from checks.model import Samples, Series
from checks.probe import Metric
from checks.promql.api import Engine
from checks.queue_names import METRICS as QUEUES
from checks.registry import KINDS, kind
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.language import PrometheusLanguage
from checks.rules.model import AlertRule, RecordRule, Rule, RuleGroup
from checks.rules.packs import FOLDER, pack_names, read_pack
from checks.rules.reading import read_rule_file
from checks.rules.selectors import comparison, reads
from checks.rules.unit_tests.running import run_test_file
from checks.store.store import Store
from tools.alerts import MARK, PAGE, tables

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests/packs"
SEEDS = ROOT.parent / "shared/seeds/checklist.md"
RULES = ROOT.parent / "shared/rules"

OF_EVERY_CHECK = {"up", "probe_success", "scrape_duration_seconds"}
OF_A_PAGE = {
    "auth_failures_total",
    "file_upload_rejected_total",
    "node_cpu_seconds_total",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
}
"""What applications and exporters have on the pages that a metrics check scrapes."""
OF_THE_LONG_TERM = {
    "slo_burn_rate",
    "slo_error_budget_remaining_ratio",
    "slo_known_ratio",
    "slo_low_traffic",
    "capacity_critical_seconds",
    "capacity_seconds_until_limit",
    "capacity_warning_seconds",
}
"""What onwatch tells itself of objectives and capacity."""
PAGE_LABELS = {"code", "status", "status_code"}
"""Where applications have the status of a request."""

each = pytest.mark.parametrize("pack", pack_names())


def groups() -> list[RuleGroup]:
    return [group for name in pack_names() for group in read_pack(name).groups]


def rules_of(found: list[RuleGroup]) -> list[Rule]:
    return [rule for group in found for rule in group.rules]


def alerts(pack: str = "") -> list[AlertRule]:
    found = list(read_pack(pack).groups) if pack else groups()
    return [rule for rule in rules_of(found) if isinstance(rule, AlertRule)]


def severity(rule: AlertRule) -> str:
    return dict(rule.labels)["severity"]


@each
def test_a_pack_has_no_mistake(pack: str) -> None:
    # With its templates, which the program takes for right.
    file = read_rule_file(FOLDER / f"{pack}.yml", PrometheusLanguage(Engine()), trusted=True)
    assert file.problems == ()
    assert file.rules
    assert all(10_000 <= group.interval <= 60_000 for group in file.groups)


def test_names_are_given_once() -> None:
    """An alert's thresholds stand in one group beside each other, recorded metrics once."""
    runs = [
        name
        for group in groups()
        for name, _ in groupby(rule.name for rule in group.rules if isinstance(rule, AlertRule))
    ]
    records = [rule.name for rule in rules_of(groups()) if isinstance(rule, RecordRule)]
    assert [name for name, count in Counter(runs + records).items() if count > 1] == []
    assert [name for name, count in Counter(g.name for g in groups()).items() if count > 1] == []


def test_the_thresholds_of_an_alert_fall_with_their_severity() -> None:
    for name, family in groupby(alerts(), key=lambda rule: rule.name):
        rules = list(family)
        ranks = [severity_of(dict(rule.labels)) for rule in rules]
        assert ranks == sorted(set(ranks), reverse=True), name
        found = [comparison(rule.expression.root, rule.expression.text) for rule in rules]
        # Of capacity the configuration says the thresholds.
        if len(rules) > 1 and name != "CapacityLimitSoon":
            limits = [one.limit for one in found if one is not None]
            assert len(limits) == len(rules), name
            falling = not any(one and one.operator == "<" for one in found)
            horizon = "predict_linear" in rules[0].expression.text
            assert horizon or limits == sorted(limits, reverse=falling), name


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: f"{rule.name}-{severity(rule)}")
def test_an_alert_says_what_where_and_what_it_means(rule: AlertRule) -> None:
    assert {name for name, _ in rule.labels} == {"severity"}
    assert severity(rule) in {"critical", "warning", "info"}
    said = dict(rule.annotations)
    assert set(said) == {"summary", "description", "runbook_url"}
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", rule.name).lower()
    assert said["runbook_url"] == f"runbooks/{stem}"
    assert re.search(r"\$labels\.(job|instance|name)\b", said["summary"])
    assert said["description"][-1] in ".}"


def test_no_name_is_one_that_people_have_in_files_of_their_own() -> None:
    """Two alerts of one name and one target could not be told apart."""
    if not RULES.is_dir():
        pytest.skip("the published rule files are not here")
    theirs = set(re.findall(r"alert: ?(\S+)", "".join(f.read_text() for f in RULES.glob("*.yml"))))
    assert len(theirs) > 100
    assert theirs & {rule.name for rule in alerts()} == set()


def test_what_is_recorded_does_not_end_when_there_is_little_of_it() -> None:
    """An alert over a series that ends has no data, and goes on; so what is too little is said in
    the alert's own condition. Limits and filesystems do not come and go."""
    lasting = re.compile(r"\((mysql_global_variables|pg|redis_config)\w+ > 0\)|node_filesystem")
    for rule in rules_of(groups()):
        if isinstance(rule, RecordRule) and not lasting.search(rule.expression.text):
            assert not re.search(r" [<>]=? ", rule.expression.text), rule.name


def test_an_alert_of_a_share_ends_with_the_traffic() -> None:
    (group,) = (one for one in read_pack("redis").groups if one.name == "redis-load")
    labels = {"job": "cache", "instance": "a"}
    names = ("hits", "misses")
    series = tuple(Series.of(f"redis_keyspace_{name}_total", labels) for name in names)
    store = Store(7200.0)
    run = GroupRun(group, Circumstances(Engine(), {}, since=0))
    (rule,) = (
        one
        for one in run.alerts
        if one.rule.name == "RedisHitRateLow" and severity(one.rule) == "info"
    )
    states = []
    for step in range(105):
        busy = min(step, 80)
        store.append("cache", 30.0, step * 30.0, Samples(series, (600.0 * busy, 600.0 * busy)))
        run.evaluate(store, step * 30_000)
        states.append([alert.state for alert in rule.alerts.values()])
    assert states[80] == [State.FIRING]
    assert states[-1] == [State.RESOLVED]


def test_what_is_taken_away_is_over_and_what_does_not_answer_is_not() -> None:
    (group,) = (one for one in read_pack("postgres").groups if one.name == "postgres")
    labels = {"job": "shop", "instance": "a"}
    up = Series.of("pg_up", labels)
    slot = Series.of("pg_replication_slots_active", {**labels, "slot_name": "old"})

    def states(after: Samples) -> list[State]:
        store = Store(7200.0)
        run = GroupRun(group, Circumstances(Engine(), {}, since=0))
        (rule,) = (one for one in run.alerts if one.rule.name == "PostgresSlotInactive")
        for step in range(130):
            found = Samples((up, slot), (1.0, 0.0)) if step < 100 else after
            store.append("shop", 15.0, step * 15.0, found)
            run.evaluate(store, step * 15_000)
        return [alert.state for alert in rule.alerts.values()]

    assert states(Samples((up,), (1.0,))) == [State.RESOLVED]
    assert states(Samples((up,), (0.0,))) == [State.FIRING]


def declared() -> dict[str, set[str]]:
    """Every metric of every kind, histograms by their parts, with its labels."""
    found: dict[str, set[str]] = {}
    every: list[Metric] = [metric for name in KINDS for metric in kind(name).metrics]
    for metric in every:
        parts = ("_bucket", "_sum", "_count") if metric.type == "histogram" else ("",)
        for part in parts:
            labels = {*metric.labels, "le"} if part == "_bucket" else set(metric.labels)
            found.setdefault(f"{metric.name}{part}", set()).update(labels)
    return found


@each
def test_every_selector_reads_what_a_kind_of_check_yields(pack: str) -> None:
    known = declared()
    recorded = {rule.name for rule in rules_of(groups()) if isinstance(rule, RecordRule)}
    for rule in rules_of(list(read_pack(pack).groups)):
        for read in reads(rule.expression.root, rule.expression.text):
            name = read.selector.name
            there = {*known, *recorded, *OF_EVERY_CHECK, *OF_A_PAGE, *QUEUES, *OF_THE_LONG_TERM}
            assert name in there, (rule.name, name)
            labels = {one.label for one in read.selector.matchers} - {"__name__"}
            more = PAGE_LABELS if name == "http_requests_total" else set()
            more |= {"window"} if name in OF_THE_LONG_TERM else set()
            assert labels <= known.get(name, set()) | more, (rule.name, name)


@each
def test_its_rules_fire_when_they_should_and_not_just_below(pack: str) -> None:
    assert [one.text for one in run_test_file(TESTS / f"{pack}.yml").failures] == []


def test_promtool_finds_no_mistake(promtool: Path) -> None:
    command = [str(promtool), "check", "rules", *map(str, sorted(FOLDER.glob("*.yml")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_promtool_comes_to_the_same(promtool: Path) -> None:
    command = [str(promtool), "test", "rules", *map(str, sorted(TESTS.glob("*.yml")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@each
def test_each_threshold_is_seen_to_fire_and_each_alert_to_stay_away(pack: str) -> None:
    fired: set[tuple[str, str]] = set()
    quiet: set[str] = set()
    for test in yaml.load((TESTS / f"{pack}.yml").read_text(), yaml.CSafeLoader)["tests"]:
        for case in test["alert_rule_test"]:
            found = case.get("exp_alerts", [])
            fired |= {(case["alertname"], one["exp_labels"]["severity"]) for one in found}
            there = {one["exp_labels"]["instance"] for one in found}
            asked = {
                part
                for one in test["input_series"]
                for part in re.findall('instance="(.*?)"', one["series"])
            }
            quiet |= {case["alertname"]} if asked - there else set()
    assert fired == {(rule.name, severity(rule)) for rule in alerts(pack)}
    assert quiet == {rule.name for rule in alerts(pack)}


def test_the_page_has_every_rule() -> None:
    written = PAGE.read_text()
    assert MARK + written.partition(MARK)[2] == tables(), "run: python -m tools.alerts"
    assert "(alerts.md)" in (ROOT / "docs/README.md").read_text()


def test_what_the_page_names_by_hand_is_there() -> None:
    intro = PAGE.read_text().partition(MARK)[0].partition("## By what people ask for")[2]
    named = set(re.findall(r"`([A-Z]\w+)`", intro))
    assert len(named) > 60
    assert named - {rule.name for rule in alerts()} == set()


GUIDES = [
    # what the guides ask for, the alert, one of its severities, its condition and its `for`
    ("AIG-13 AIG-30 AIG-64 EBC-44", "RequestErrorsHigh", "warning", "> 0.05", "2m"),
    ("XIO-67", "RequestErrorsHigh", "critical", "> 0.1", "2m"),
    ("AIG-82 MOA-11", "RequestErrorsHigh", "info", "> 0.01", "5m"),
    ("MOA-08", "RequestLatencyTarget", "info", "> 0.1", "30m"),
    ("MOA-09", "RequestLatencyHigh", "info", "> 0.5", "10m"),
    ("AIG-33 AIG-63 ASK-100", "RequestLatencyHigh", "warning", "> 1", "5m"),
    ("EBC-73 XIO-72 XIO-110", "RequestLatencyHigh", "critical", "> 2", "5m"),
    ("EBC-45", "RequestLatencyTail", "warning", "> 5", "5m"),
    ("XIO-27", "HttpSlow", "critical", "> 5", "2m"),
    ("AIG-31 XIO-28", "HttpErrorStatus", "critical", ">= 400", "1m"),
    ("EBC-70 MOA-79", "TargetDown", "critical", "== 0", "1m"),
    ("EBC-72", "PostgresUnreachable", "critical", "== 0", "30s"),
    ("MOA-06", "TargetAvailabilityLow", "info", "< 0.999", "0s"),
    ("MOA-07", "TargetAvailabilityLow", "warning", "< 0.99", "0s"),
    ("AIG-61 MOA-12", "HostCpuHigh", "info", "> 0.7", "30m"),
    ("ASK-15 EBC-52 XIO-58", "HostCpuHigh", "warning", "> 0.8", "10m"),
    ("ASK-16 MOA-13", "HostCpuHigh", "critical", "> 0.9", "5m"),
    ("XIO-73", "HostMemoryHigh", "info", "> 0.75", "30m"),
    ("AIG-62 MOA-14", "HostMemoryTight", "info", "> 0.8", "0s"),
    ("ASK-17", "HostMemoryHigh", "warning", "> 0.85", "10m"),
    ("ASK-18 EBC-53 XIO-69", "HostMemoryHigh", "critical", "> 0.9", "5m"),
    ("MOA-15", "HostMemoryExhausted", "critical", "> 0.95", "1m"),
    ("XIO-15 XIO-69", "HealthMemoryHigh", "critical", "> 90", "5m"),
    ("ASK-19 ASK-175 XIO-74 MOA-16 MOA-82", "HostDiskFull", "info", "> 0.8", "30m"),
    ("ASK-20", "HostDiskFull", "warning", "> 0.85", "10m"),
    ("EBC-54 MOA-17", "HostDiskFull", "critical", "> 0.9", "5m"),
    ("ASK-23", "HostLoadHigh", "info", "> 1", "30m"),
    ("ASK-24", "HostLoadHigh", "warning", "> 2", "5m"),
    ("ASK-22", "HostPacketLoss", "info", "> 0.01", "15m"),
    ("ASK-22", "PingLoss", "info", "> 0.01", "5m"),
    ("MOA-80", "ProcessCpuHigh", "warning", "> 0.9", "10m"),
    ("MOA-81", "ProcessMemoryHigh", "critical", "> 0.9", "10m"),
    ("ASK-102", "MysqlConnectionsHigh", "warning", "> 0.8", "5m"),
    ("ASK-28", "MysqlInternalErrors", "warning", "> 0", "0s"),
    ("ASK-163 MOA-78", "MysqlStatementSlow", "info", "> 0.1", "10m"),
    ("ASK-84", "PostgresStatementSlow", "warning", "> 1", "10m"),
    ("AIG-34 ASK-45", "RedisHitRateLow", "warning", "< 0.9", "15m"),
    ("EBC-36", "RedisHitRateLow", "info", "< 0.9", "15m"),
    ("ASK-48 EBC-37", "RedisEvictions", "info", "> 0", "10m"),
    ("EBC-74", "QueueBacklog", "info", "> 50", "5m"),
    ("EBC-46", "QueueBacklog", "warning", "> 100", "5m"),
    ("ASK-75 ASK-101", "QueueBacklog", "critical", "> 1000", "5m"),
    ("EBC-205", "CertificateExpiring", "warning", "< 1209600", "0s"),
    ("MOA-19 MOA-77", "SqliteDatabaseLarge", "warning", "> 10737418240", "1h"),
    ("MOA-19 MOA-77", "PostgresDatabaseLarge", "info", "> 10737418240", "1h"),
    ("EBC-75", "RequestsMany", "info", "> 100", "10m"),
    ("EBC-171", "LoginsFail", "warning", "> 10", "0s"),
    ("EBC-172", "RequestsForbidden", "warning", "> 0.1", "5m"),
    ("EBC-173", "UploadsRefused", "warning", "> 5", "0s"),
    ("AIG-32", "TokenRefreshFails", "critical", "> 0", "0s"),
    ("XIO-70", "ProcessRestarts", "warning", "> 0", "0s"),
    ("XIO-06 XIO-70", "HealthUptimeReset", "warning", "> 0", "0s"),
    ("ASK-21", "HostTrafficFarFromUsual", "info", "> 4", "15m"),
    ("XIO-77 XIO-97", "RequestsFarFromUsual", "info", "> 4", "10m"),
    ("XIO-59 XIO-112", "ProcessMemoryGrows", "info", "> 0.1", "1h"),
    ("ASK-179", "SloBurn", "critical", "> 14.4", "0s"),
]


@pytest.mark.parametrize(("ids", "name", "level", "condition", "hold"), GUIDES)
def test_the_thresholds_of_operations_guides_are_there(
    ids: str, name: str, level: str, condition: str, hold: str
) -> None:
    (rule,) = (one for one in alerts() if one.name == name and severity(one) == level)
    found = comparison(rule.expression.root, rule.expression.text)
    assert found is not None
    assert found.threshold == condition
    assert rule.hold == parse_duration(hold)
    if SEEDS.is_file():
        listed = set(re.findall(r"^\| ([A-Z]{3}-\d+) ", SEEDS.read_text(), re.M))
        assert set(ids.split()) <= listed


def test_that_a_server_was_started_ends_as_soon_as_that_it_is_down() -> None:
    """While it is away its alert has no data: once it answers, that is not to stand for long."""
    groups = [group for name in pack_names() for group in read_pack(name).groups]
    every = {rule.name: group.interval for group in groups for rule in group.rules}
    for server in ("Mysql", "Postgres", "Redis"):
        assert every[f"{server}ServerRestarted"] <= every[f"{server}Unreachable"], server
