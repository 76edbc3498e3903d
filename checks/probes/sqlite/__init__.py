"""The `sqlite` check: a database file, queries on it, a request log in it.

See `docs/checks/sqlite.md` and `docs/request-logs.md`.
"""

from checks.probes.sqlite.probe import KIND, SqliteConfig, SqliteProbe

__all__ = ["KIND", "SqliteConfig", "SqliteProbe"]
