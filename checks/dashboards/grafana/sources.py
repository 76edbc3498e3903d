"""Which kind of data source a panel's queries go to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from checks.dashboards.grafana.node import Node
from checks.model import clean

__all__ = ["LOGS", "PROMETHEUS", "SQL", "Sources", "spoken"]

PROMETHEUS: Final = "prometheus"
SQL: Final[Mapping[str, str]] = {
    "mysql": "mysql",
    "postgres": "postgres",
    "grafana-postgresql-datasource": "postgres",
    "postgresql": "postgres",
    "frser-sqlite-datasource": "sqlite",
    "sqlite": "sqlite",
}
"""Kinds of checks by the data sources that ask the same databases."""
LOGS: Final = frozenset({"loki", "elasticsearch", "opensearch", "grafana-opensearch-datasource"})
_SPOKEN: Final[Mapping[str, str]] = {
    "loki": "Loki",
    "elasticsearch": "Elasticsearch",
    "influxdb": "InfluxDB",
    "graphite": "Graphite",
    "cloudwatch": "CloudWatch",
    "mssql": "Microsoft SQL Server",
    "tempo": "Tempo",
    "jaeger": "Jaeger",
    "zipkin": "Zipkin",
    "opentsdb": "OpenTSDB",
    "stackdriver": "Google Cloud Monitoring",
    "grafana-azure-monitor-datasource": "Azure Monitor",
    "alexanderzobnin-zabbix-datasource": "Zabbix",
    "__expr__": "an expression of Grafana's own",
    "datasource": "Grafana itself",
    "grafana": "Grafana itself",
}
_VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?|\[\[(\w+)\]\]")
_BY_NAME: Final = ("loki", "elasticsearch", "influxdb", "graphite", "cloudwatch", "mssql", "tempo")


def spoken(kind: str) -> str:
    """What the kind ``kind`` is called."""
    return _SPOKEN.get(kind) or clean(kind, 60)


class Sources:
    """The data sources of a dashboard: by its inputs, by its variables, by their names."""

    def __init__(self, dashboard: Node) -> None:
        self._kinds: dict[str, str] = {}
        for one in dashboard.objects("__inputs"):
            self._kinds[one["name"].text] = one["pluginId"].text
        for one in dashboard["templating"].objects("list"):
            if one["type"].text == "datasource":
                self._kinds[one["name"].text] = one["query"].text

    def kind(self, target: Node, panel: Node) -> str:
        """``prometheus``, a kind of SQL check, ``sql`` where it is not known which, or the name
        of what cannot be asked."""
        named = self._named(target["datasource"]) or self._named(panel["datasource"])
        sql = bool(target["rawSql"] or target["rawQueryText"] or target["queryText"])
        if named in SQL and (sql or not target["expr"]):
            return SQL[named]
        if named in SQL:
            # A name that says so alone: the query is none in SQL.
            return PROMETHEUS
        if named and "prometheus" not in named and not named.startswith("victoriametrics"):
            return named
        return "sql" if sql and not named else PROMETHEUS

    def _named(self, source: Node) -> str:
        """The kind that ``source`` names; empty where it says none."""
        if source["type"].text:
            return source["type"].text.lower()
        name = source.text or source["uid"].text
        found = _VARIABLE.fullmatch(name.strip())
        if found is not None:
            return self._kinds.get(found[1] or found[2], "").lower()
        lower = name.lower()
        if lower in ("-- mixed --", "-- dashboard --", "default", ""):
            return ""
        for kind, ours in SQL.items():
            if kind in lower:
                return ours
        return next((kind for kind in _BY_NAME if kind in lower), "")
