"""The `postgres` check: a PostgreSQL server; see `docs/checks/postgres.md`."""

from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.kind import KIND
from checks.probes.postgres.probe import PostgresProbe

__all__ = ["KIND", "PostgresConfig", "PostgresProbe"]
