"""What a panel asks: its targets as queries of ours, and why some of them cannot be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from checks.dashboards.grafana.node import Node
from checks.dashboards.grafana.sources import LOGS, PROMETHEUS, Sources, spoken
from checks.dashboards.model import Query
from checks.settings import parse_duration

__all__ = ["Asked", "asked_by", "quantiles"]

_SQL_KINDS: Final = frozenset({"mysql", "postgres", "sqlite", "sql"})
_LE: Final = re.compile(r"_bucket\b")
_QUANTILES: Final = (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99"))


@dataclass(slots=True)
class Asked:
    """The queries, and sentences on what is not asked."""

    queries: list[Query] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def asked_by(panel: Node, sources: Sources) -> Asked:
    """The queries of ``panel``."""
    asked = Asked()
    for target in _targets(panel):
        kind = sources.kind(target, panel)
        if kind == PROMETHEUS:
            query = _of_prometheus(target)
        elif kind in _SQL_KINDS:
            query = _of_sql(target, "" if kind == "sql" else kind)
        else:
            asked.refused.append(_why_not(kind))
            continue
        if query is None:
            what = "an expression" if kind == PROMETHEUS else "a statement"
            asked.refused.append(f"a query of it has no text of {what}")
        else:
            asked.queries.append(query)
    asked.refused = list(dict.fromkeys(asked.refused))
    return asked


def _targets(panel: Node) -> Iterator[Node]:
    """Its targets; a panel that has a query of its own in their place is one, too."""
    count = 0
    for target in panel.objects("targets"):
        count += 1
        if not target["hide"].flag:
            yield target
    if not count and (panel["query"].text or panel["expr"].text or panel["rawSql"].text):
        yield panel


def _of_prometheus(target: Node) -> Query | None:
    expr = target["expr"].text or target["query"].text
    if not expr.strip():
        return None
    only_now = target["instant"].flag and not target["range"].flag
    return Query(
        expr=expr.strip(),
        legend=target["legendFormat"].text.strip(),
        instant=only_now,
        interval=_interval(target["interval"].text),
        name=target["refId"].line,
    )


def _of_sql(target: Node, kind: str) -> Query | None:
    sql = target["rawSql"].text or target["rawQueryText"].text or target["queryText"].text
    if not sql.strip():
        return None
    return Query(sql=sql.strip(), kind=kind, name=target["refId"].line)


def _interval(text: str) -> float:
    """The least step; 0 where it is none, or hangs on a variable."""
    try:
        return parse_duration(text.strip().lstrip(">="))
    except ValueError:
        return 0.0


def _why_not(kind: str) -> str:
    if kind in LOGS:
        return f"it asks {spoken(kind)}; lines of logs are on the logs screen"
    return f"it asks {spoken(kind)}, which onwatch does not read"


def quantiles(queries: list[Query]) -> list[Query]:
    """What a heatmap of a histogram's buckets is shown as."""
    made: list[Query] = []
    for query in queries:
        if query.expr and _LE.search(query.expr):
            made += [
                replace(query, expr=f"histogram_quantile({of}, {query.expr})", legend=name)
                for of, name in _QUANTILES
            ]
        else:
            made.append(query)
    return made
