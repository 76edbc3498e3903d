"""The rules that docs/metrics.md calls contradictions are silent in Prometheus itself, too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.exporters import rule_files
from tests.exporters.node_scenes import NODE
from tests.exporters.postgres_scenes import POSTGRES

SERVER: Final = 'job="db",instance="db:5432",server="db:5432"'
TABLE: Final = f'{SERVER},datname="shop",schemaname="public",relname="orders"'
CHANGED: Final = {
    f"pg_stat_user_tables_n_tup_{kind}{{{TABLE}}}": "1000x12" for kind in ("del", "upd", "hot_upd")
}
BOX: Final = 'job="node",instance="box",nodename="box"'
CONDITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "PostgresqlTableNotAutoVacuumed": {
        **CHANGED,
        f"pg_settings_autovacuum_vacuum_threshold{{{SERVER}}}": "50x12",
        f"pg_stat_user_tables_last_autovacuum{{{TABLE}}}": "0x12",
    },
    "PostgresqlTableNotAutoAnalyzed": {
        **CHANGED,
        f"pg_settings_autovacuum_analyze_threshold{{{SERVER}}}": "50x12",
        f"pg_stat_user_tables_last_autoanalyze{{{TABLE}}}": "0x12",
    },
    "PostgresqlUnusedReplicationSlot": {
        f'pg_replication_slots_active{{{SERVER},slot_name="spare"}}': "0x12",
        f"pg_replication_is_replica{{{SERVER}}}": "0x12",
    },
    "PostgresqlTooManyLocksAcquired": {
        f'pg_locks_count{{{SERVER},datname="shop",mode="accesssharelock"}}': "900x12",
        f"pg_settings_max_locks_per_transaction{{{SERVER}}}": "64x12",
        f"pg_settings_max_connections{{{SERVER}}}": "20x12",
    },
    "HostKernelVersionDeviations": {
        f'node_uname_info{{{BOX},release="6.1.0"}}': "1x5 stale",
        f'node_uname_info{{{BOX},release="6.1.1"}}': "_x5 1x6",
    },
}
"""What an exporter says while the condition of each holds."""


def _tests() -> Iterator[dict[str, object]]:
    """A test of promtool's for each: the rule as it is written returns nothing, mended it does."""
    for scenes in (POSTGRES, NODE):
        for scene in scenes.known.values():
            if scene.mend is None:
                continue
            written = rule_files.rule(scenes.exporter, scene.rule)
            texts = (
                written.expression.text,
                rule_files.mended(written, *scene.mend).expression.text,
            )
            short = scenes is NODE
            yield {
                "interval": "5m" if short else "1d",
                "input_series": [
                    {"series": series, "values": values}
                    for series, values in CONDITIONS[scene.rule].items()
                ],
                "promql_expr_test": [
                    {
                        "expr": f"count({text}) or vector(0)",
                        "eval_time": "50m" if short else "11d",
                        "exp_samples": [{"labels": "{}", "value": count}],
                    }
                    for count, text in enumerate(texts)
                ],
            }


def test_prometheus_returns_nothing_for_what_contradicts_itself(
    promtool: Path, tmp_path: Path
) -> None:
    rule_files.require()
    tests = list(_tests())
    assert len(tests) == len(CONDITIONS)
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [], "tests": tests}))
    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
