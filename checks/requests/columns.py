"""The columns that a request log's configuration names, against those its table has.

Not every database refuses an unknown name: SQLite takes ``"statuscode"`` for a text when no
column is called so, and a misspelt setting would yield figures nobody measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from checks.errors import TargetError
from checks.requests.config import RequestLog

__all__ = ["configured", "missing_table", "require_columns"]

_LISTED = 8


def configured(log: RequestLog) -> tuple[str, ...]:
    """Every column that ``log`` names, each once."""
    names = (
        log.id,
        log.time.column,
        log.status,
        log.duration.column if log.duration is not None else None,
        log.error,
        *log.labels,
    )
    return tuple(dict.fromkeys(name for name in names if name is not None))


def require_columns(log: RequestLog, columns: Collection[str], hidden: Iterable[str] = ()) -> None:
    """See that the table has all columns that ``log`` names; case does not matter.

    ``columns`` are the table's; ``hidden`` further names that it answers to.

    Raises:
        TargetError: ``config``, with each wrong name and the nearest right one.
    """
    known = {name.lower() for name in (*columns, *hidden)}
    missing = [name for name in configured(log) if name.lower() not in known]
    if len(missing) == 1:
        near = _nearest(missing[0], columns)
        hint = f'did you mean "{near}"?' if near else f"it has {_listed(columns)}"
        raise TargetError("config", f'table {log.table} has no column "{missing[0]}"; {hint}')
    if missing:
        wrong = ", ".join(_with_nearest(name, columns) for name in missing)
        raise TargetError("config", f"table {log.table} has no columns {wrong}")


def missing_table(table: str, tables: Collection[str]) -> TargetError:
    """There is no ``table``; ``tables`` are those there are."""
    near = _nearest(table, tables)
    hint = f'; did you mean "{near}"?' if near else ""
    return TargetError("config", f"no such table: {table}{hint}")


def _with_nearest(name: str, columns: Collection[str]) -> str:
    near = _nearest(name, columns)
    return f'"{name}" (did you mean "{near}"?)' if near else f'"{name}"'


def _nearest(name: str, names: Collection[str]) -> str | None:
    by_lower = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), list(by_lower), n=1)
    return by_lower[found[0]] if found else None


def _listed(columns: Collection[str]) -> str:
    shown = ", ".join(list(columns)[:_LISTED])
    return f"{shown}, …" if len(columns) > _LISTED else shown
