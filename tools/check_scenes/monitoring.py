"""Servers that watch: a Prometheus whose targets fail, an Alertmanager with alerts in it."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.servers import alertmanager as alertmanager_server
from tests.servers import prometheus_api
from tests.servers.http import HttpServer
from tools.check_scenes.stage import Stage

__all__ = ["alertmanager", "prometheus"]

_CHANCE: Final = random.Random(17)
_TURN: Final = 30.0
"""Seconds after which things go wrong."""
_PROMETHEUS: Final = """
global: {scrape_interval: 2s, scrape_timeout: 1s, evaluation_interval: 2s}
rule_files: [rules.yml]
scrape_configs:
  - {job_name: app, static_configs: [{targets: ["app.example:8080", "app.example:8081"]}]}
  - {job_name: mail, static_configs: [{targets: ["mail.example:8080"]}]}
"""
_RULES: Final = """
groups:
  - name: shop
    rules:
      - {alert: TargetDown, expr: up == 0, for: 10s, labels: {severity: page}}
      - {alert: QueueGrows, expr: jobs_waiting > 5000, for: 5m}
      - {record: "job:jobs_waiting:sum", expr: sum by (job) (jobs_waiting)}
"""
_ALERTMANAGER: Final = """
route:
  receiver: team
  group_wait: 1s
  routes: [{receiver: pager, matchers: ['severity="page"']}]
receivers: [{name: team}, {name: pager}]
inhibit_rules:
  - source_matchers: ['severity="page"']
    target_matchers: ['severity="warning"']
    equal: [instance]
"""


def prometheus(stage: Stage) -> dict[str, Any]:
    """A server two of whose targets are gone after a while, one of them for good."""
    pages = [_page(stage, "app.example", 8080), _page(stage, "mail.example", 8080)]
    second = _page(stage, "app.example", 8081)
    folder = stage.folder("prometheus")
    (folder / "rules.yml").write_text(_RULES)
    api = stage.leave.enter_context(prometheus_api.running(folder, _PROMETHEUS))
    gone = [False]

    def act(seconds: float) -> None:
        for page in (*pages, second):
            waiting = 200 + 60 * _CHANCE.random() + 3 * seconds
            text = f"# TYPE jobs_waiting gauge\njobs_waiting {waiting:.0f}\n"
            page.answer("/metrics", text, headers={"Content-Type": "text/plain; version=0.0.4"})
        if seconds > _TURN and not gone[0]:
            gone[0] = True
            second.stop()

    stage.acts.append(act)
    return {
        "name": "prometheus",
        "prometheus": {
            "url": f"http://{api.address}",
            "queries": [
                {
                    "metric": "jobs_waiting",
                    "expr": "sum(jobs_waiting)",
                    "labels": [],
                    "warning": 5000,
                }
            ],
        },
    }


def _page(stage: Stage, name: str, port: int) -> HttpServer:
    server = HttpServer()
    server.port = port
    server.start(stage.listen(name, port))
    stage.leave.callback(server.stop)
    return server


def alertmanager(stage: Stage) -> dict[str, Any]:
    """A server with an alert that pages, one that it inhibits, and one that is silenced."""
    folder = stage.folder("alertmanager")
    made = stage.leave.enter_context(alertmanager_server.serving(folder, _ALERTMANAGER))
    now = datetime.now(UTC)
    made.post(
        "silences",
        {
            "matchers": [{"name": "alertname", "value": "CertificateExpires", "isRegex": False}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(minutes=50)).isoformat(),
            "createdBy": "alice",
            "comment": "ordered, comes tomorrow",
        },
    )
    told = [0.0]

    def act(seconds: float) -> None:
        if time.monotonic() - told[0] < 5:
            return
        told[0] = time.monotonic()
        made.post("alerts", _alerts(late=seconds > _TURN))

    act(0)
    stage.acts.append(act)
    return {"name": "alertmanager", "alertmanager": made.url}


def _alerts(*, late: bool) -> list[dict[str, Any]]:
    found = [
        _alert("CertificateExpires", "ticket", "shop.example", "certificate ends in 6 days"),
        _alert("QueueGrows", "ticket", "app.example", "mails wait: 1,204 and growing"),
    ]
    if late:
        found += [
            _alert("DiskFull", "page", "db.example", "/var/lib/mysql is 97 % full"),
            _alert("SlowQueries", "warning", "db.example", "12 queries a second take over 1 s"),
        ]
    return found


def _alert(name: str, severity: str, instance: str, summary: str) -> dict[str, Any]:
    labels = {"alertname": name, "severity": severity, "instance": instance, "cluster": "shop"}
    return {"labels": labels, "annotations": {"summary": summary}}
