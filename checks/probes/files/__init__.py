"""Kind ``files``: backups, dumps, folders: their age, size, number, and whether they are whole."""

from checks.probes.files.kind import KIND

__all__ = ["KIND"]
