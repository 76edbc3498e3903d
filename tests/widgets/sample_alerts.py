"""A night of alerts: every state and mark there is, and rules that can tell nothing."""

from __future__ import annotations

from dataclasses import replace

from checks.alerts.model import Evidence, Pairs, State
from checks.model import Status
from checks.rules.views import (
    Curve,
    QueryView,
    RuleAlertView,
    RuleHealth,
    RulesView,
    RuleView,
    TransitionView,
)
from checks.views import AlertView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NAN, NOW, ramp

__all__ = ["alert", "alert_night", "answer", "quiet_rules", "rule", "rules", "shown"]

CONNECTIONS = "mysql_global_status_threads_connected / mysql_global_variables_max_connections"


def alert(
    name: str,
    labels: dict[str, str],
    *,
    state: State = State.FIRING,
    status: Status = Status.CRITICAL,
    value: float = 0.98,
    sentence: str = "",
    ago: float = 120,
    rule: str = "",
    **more: object,
) -> RuleAlertView:
    """One that has been firing for ``ago`` seconds unless told otherwise."""
    words = {Status.CRITICAL: "critical", Status.WARNING: "warning", Status.OK: "info"}
    whole: Pairs = tuple(sorted({"alertname": name, "severity": words[status], **labels}.items()))
    told = sentence or f"{name} of {labels.get('instance', 'everything')}"
    made = RuleAlertView(
        id=f"{name}/{labels.get('instance', '')}{labels.get('queue', '')}",
        rule=rule or name,
        name=name,
        labels=whole,
        status=status,
        state=state,
        value=value,
        annotations=(("runbook_url", f"https://wiki.example/{name}"), ("summary", told)),
        sentence=told,
        since=NOW - ago,
        active_at=NOW - ago - (300 if state is not State.PENDING else 0),
        seen_at=NOW - 3,
        fired_at=None if state is State.PENDING else NOW - ago,
        resolved_at=NOW - ago if state is State.RESOLVED else None,
        why="the condition has held for 5m",
        evidence=Evidence(value, "> 0.8", 'x{job="gateway"}'),
        runbook=f"https://wiki.example/{name}",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def rule(key: str, *alerts: RuleAlertView, **more: object) -> RuleView:
    """A rule of the host's pack that is fine unless told otherwise."""
    made = RuleView(
        key=key,
        group="hosts",
        name=key,
        file="pack host",
        line=12,
        records=False,
        expression="avg by (instance) (rate(node_cpu_seconds_total[5m])) > 0.8",
        hold=300.0,
        keep=0.0,
        labels=(("severity", "critical"),),
        annotations=(("summary", "{{ $labels.instance }} is busy"),),
        interval=15.0,
        health=RuleHealth.OK,
        evaluated=NOW - 3,
        duration=0.0007,
        samples=len(alerts),
        compared="avg by (instance) (rate(node_cpu_seconds_total[5m]))",
        operator=">",
        limit=0.8,
        alerts=alerts,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def _ill_rules() -> tuple[RuleView, ...]:
    dead = tuple(
        rule(
            f"RedisRule{place}",
            file="pack redis",
            line=10 * place,
            health=RuleHealth.DEAD,
            sentence=f'redis_metric_{place}{{role="master"}} matches nothing',
            selector=f'redis_metric_{place}{{role="master"}}',
            near="redis_connected_clients",
        )
        for place in range(1, 9)
    )
    return (
        rule(
            "ReplicaLag",
            file="/etc/onwatch/rules/shop.yml",
            line=41,
            group="shop",
            health=RuleHealth.ERROR,
            expression="mysql_slave_lag_seconds * on (instance) mysql_up > 30",
            sentence="many-to-many matching not allowed: matching labels must be unique on one "
            "side: give group_left or more labels",
        ),
        rule(
            "DiskFullSoon",
            health=RuleHealth.NO_HISTORY,
            line=77,
            expression="predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0",
            sentence="looks back 1h, of which 23m are recorded",
        ),
        *dead,
    )


def rules() -> RulesView:
    """Alerts in every state, with every mark."""
    busy = {"instance": "10.0.0.5:3306", "job": "gateway"}
    connections = alert(
        "MySQLConnections",
        busy,
        sentence="gateway: 98 % of its 150 connections are used",
        check="gateway",
        rule="connections",
    )
    queue = {"instance": "10.0.0.9:6379", "job": "cache", "queue": "default"}
    backlog = alert(
        "QueueBacklog",
        queue,
        status=Status.WARNING,
        value=1204.0,
        ago=545,
        sentence="1,204 items wait in the queue default, and 38 more a minute",
        check="cache",
        flapping=True,
    )
    errors = alert(
        "HighErrorRate",
        {"instance": "gateway log", "job": "gateway log"},
        value=0.062,
        ago=61,
        sentence="6.2 % of all requests failed within the last minute",
        cause="gateway",
    )
    silent = alert(
        "HighMemory",
        {"instance": "web-2", "job": "web-2"},
        status=Status.WARNING,
        value=0.91,
        ago=3900,
        no_data_since=NOW - 240,
        sentence="web-2 uses 91 % of its memory",
    )
    info = alert(
        "NewVersion",
        {"instance": "web-1", "job": "web-1"},
        status=Status.OK,
        value=1.0,
        ago=60,
        sentence="web-1 runs another kernel than before",
    )
    pending = alert(
        "HighCpu",
        {"instance": "web-1", "job": "web-1"},
        status=Status.WARNING,
        state=State.PENDING,
        value=0.87,
        ago=225,
        sentence="web-1 has been busy for minutes: 87 % of its processors",
        check="web-1",
    )
    over = alert(
        "InstanceDown",
        {"instance": "10.0.0.7:9200", "job": "search"},
        state=State.RESOLVED,
        value=0.0,
        ago=190,
        sentence="search does not answer",
        why="up is 1 again",
    )
    made = (
        rule(
            "connections",
            connections,
            name="MySQLConnections",
            file="/etc/onwatch/rules/shop.yml",
            line=12,
            group="shop",
            expression=f"{CONNECTIONS} > 0.8",
            compared=CONNECTIONS,
        ),
        rule("QueueBacklog", backlog, operator=">", limit=1000.0),
        rule("HighErrorRate", errors),
        rule("HighMemory", silent),
        rule("NewVersion", info),
        rule("HighCpu", pending),
        rule("InstanceDown", over, operator="==", limit=0.0),
        rule("LoadHigh"),
        *_ill_rules(),
    )
    return RulesView(
        rules=made,
        transitions=_transitions(connections, over),
        firing=5,
        pending=1,
        resolved=1,
        errors=1,
        dead=8,
        no_history=1,
        busy=0.0123,
    )


def _transitions(fired: RuleAlertView, over: RuleAlertView) -> tuple[TransitionView, ...]:
    return (
        TransitionView(
            NOW - 120,
            "connections",
            fired.id,
            fired.name,
            fired.labels,
            Status.CRITICAL,
            State.PENDING,
            State.FIRING,
            "the condition has held for 5m",
            Evidence(0.97, "> 0.8", 'x{job="gateway"}'),
        ),
        TransitionView(
            NOW - 190,
            "InstanceDown",
            over.id,
            over.name,
            over.labels,
            Status.CRITICAL,
            State.FIRING,
            State.RESOLVED,
            "up is 1 again",
        ),
        TransitionView(
            NOW - 420,
            "connections",
            fired.id,
            fired.name,
            fired.labels,
            Status.CRITICAL,
            State.INACTIVE,
            State.PENDING,
            "the expression returns it",
            Evidence(0.83, "> 0.8", 'x{job="gateway"}'),
        ),
    )


def shown(one: RuleAlertView) -> AlertView:
    """What the overview shows of it."""
    return AlertView(
        id=one.id,
        name=one.name,
        check=one.check,
        status=one.status,
        since=one.since,
        sentence=one.sentence,
        cause=one.cause,
        rule=one.rule,
        firing=one.state is State.FIRING,
        labels=one.labels,
        annotations=one.annotations,
        value=one.value,
        no_data_since=one.no_data_since,
        flapping=one.flapping,
    )


def answer(text: str = CONNECTIONS, labels: Pairs = (), span: float = 3600.0) -> QueryView:
    """A share of connections that grows past its threshold; before, nothing is known."""
    times = tuple(NOW - span + step * span / 240 for step in range(241))
    values = (*(NAN,) * 20, *ramp(221, 0.31, 0.98))
    own = labels or (("instance", "10.0.0.5:3306"), ("job", "gateway"))
    curve = Curve(own, values)
    return QueryView(
        text,
        NOW,
        0.004,
        rows=((own, 0.98),),
        total=1,
        times=times,
        curves=(curve,),
        span=span,
        about=own,
    )


def alert_night(**changes: object) -> Snapshot:
    """The bad night with rules that fire, and the answer that the details ask for."""
    before, found = samples.bad_night(), rules()
    of_rules = (
        shown(one)
        for each in found.rules
        for one in each.alerts
        if one.state in (State.FIRING, State.PENDING)
    )
    alerts = (*before.alerts, *of_rules)
    made = replace(
        before,
        alerts=tuple(sorted(alerts, key=lambda one: (not one.firing, -one.status.severity))),
        rules=found,
        query=answer(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def quiet_rules() -> Snapshot:
    """Rules are evaluated, and nothing is wrong."""
    return samples.all_quiet(rules=RulesView(rules=(rule("LoadHigh"), rule("HighCpu")), busy=0.001))
