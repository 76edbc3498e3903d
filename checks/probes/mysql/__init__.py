"""Kind ``mysql``: a MySQL or MariaDB server."""

from checks.probes.mysql.kind import KIND

__all__ = ["KIND"]
