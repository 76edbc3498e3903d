"""Slow pieces: how much of tables and indexes is empty space, estimated from statistics.

The arithmetic is that of the layout of pages (PostgreSQL's documentation, "Database Page Layout"
and "B-Tree Structure"): pages that there are, less those that the rows would fill.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from checks.findings import Finding
from checks.model import SampleBuilder, Table
from checks.probe import Metric
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse

__all__ = ["BLOAT_METRICS", "Bloat", "bloat_of_indexes", "bloat_of_tables"]

_TABLE: Final = ("schemaname", "relname")
_INDEX: Final = (*_TABLE, "idxname")


class Bloat:
    """One statement of these, and its samples."""

    def __init__(self, name: str, metric: str, labels: tuple[str, ...], most: int) -> None:
        self._name = name
        self._metric = metric
        self._labels = labels
        self._most = most
        self._database = ""
        self._rows: list[tuple[dict[str, str], int, int]] = []

    @property
    def name(self) -> str:
        return self._name

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self._name, self._most, within=within)
        self._rows = [self._row(ask, row) for row in rows or ()]
        return rows is not None

    def _row(self, ask: Asker, row: Any) -> tuple[dict[str, str], int, int]:
        labels = {label: ask.text(row[label]) for label in self._labels}
        return {"datname": ask.link.database, **labels}, row["real_size"], row["needed"]

    def add(self, to: SampleBuilder) -> None:
        for labels, real, needed in self._rows:
            to.add(f"{self._metric}_real_size", real, labels)
            to.add(f"{self._metric}_bloat_size", max(0, real - needed), labels)
            to.add(f"{self._metric}_bloat_pct", max(0.0, 100 * (real - needed) / real), labels)

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterable[Finding]:
        return ()


def bloat_of_tables(most: int) -> Bloat:
    """Of the ``most`` largest tables."""
    return Bloat("bloat_tables", "pg_bloat_table", _TABLE, most)


def bloat_of_indexes(most: int) -> Bloat:
    """Of the ``most`` largest B-tree indexes."""
    return Bloat("bloat_indexes", "pg_bloat_btree", _INDEX, most)


def _metrics(prefix: str, what: str, labels: tuple[str, ...]) -> tuple[Metric, ...]:
    full = ("datname", *labels)
    return (
        Metric(f"{prefix}_real_size", "gauge", f"size of the {what}", "bytes", full),
        Metric(f"{prefix}_bloat_size", "gauge", "empty space in it, estimated", "bytes", full),
        Metric(f"{prefix}_bloat_pct", "gauge", "the same as a percentage of it", "", full),
    )


BLOAT_METRICS: Final = (
    *_metrics("pg_bloat_table", "table, without what lies apart from it", _TABLE),
    *_metrics("pg_bloat_btree", "index", _INDEX),
)
