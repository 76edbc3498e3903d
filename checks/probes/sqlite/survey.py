"""What an SQLite database tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from checks.errors import TargetError
from checks.model import SampleBuilder, Table
from checks.probes.sqlite.dialect import SqliteDialect
from checks.probes.sqlite.file import DatabaseFile, Session

__all__ = ["ROWS_SQL", "SURVEY_SQL", "Survey", "TableRows", "human_size", "survey", "table_rows"]

SURVEY_SQL: Final = (
    "-- Fast tier, every run. The header and the schema: some pages of the file, mostly cached.\n"
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'; PRAGMA page_size; "
    "PRAGMA page_count; PRAGMA freelist_count; PRAGMA journal_mode; PRAGMA encoding; "
    "PRAGMA schema_version; PRAGMA user_version; PRAGMA application_id"
)
"""What :func:`survey` asks, for people."""
ROWS_SQL: Final = (
    "-- Slow tier. ANALYZE's figures, else the largest rowid: a page or two for each table.\n"
    "SELECT tbl, MAX(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl; "
    "SELECT MAX(rowid) FROM …"
)
"""What :func:`table_rows` asks, for people."""
_MOST_TABLES: Final = 100


@dataclass(frozen=True, slots=True)
class Survey:
    """Figures of the whole database; sizes in bytes.

    What was committed may be in the write-ahead log alone, so ``file_size`` can be less
    than the pages take, and more where pages were given up that no checkpoint has cut off.
    """

    file_size: int
    wal_size: int
    page_size: int
    pages: int
    free_pages: int
    journal_mode: str
    encoding: str
    schema_version: int
    user_version: int
    application_id: int
    tables: int

    @property
    def size(self) -> int:
        """What readers see: all pages, wherever they are."""
        return self.pages * self.page_size

    @property
    def empty(self) -> bool:
        """Whether there is not even the first page, which every database has that was ever
        written to, also one whose tables were all dropped."""
        return not self.pages and not self.file_size

    def sizes(self) -> str:
        """The size, and what it lies in where that is not the file alone."""
        places = []
        if self.file_size != self.size:
            places.append(f"{human_size(self.file_size)} in the file")
        if self.wal_size:
            places.append(f"{human_size(self.wal_size)} of write-ahead log")
        where = f" ({', '.join(places)})" if places else ""
        return f"{human_size(self.size)}{where}"

    def samples(self, to: SampleBuilder) -> None:
        to.add("sqlite_database_size_bytes", self.size)
        to.add("sqlite_file_size_bytes", self.file_size)
        to.add("sqlite_wal_size_bytes", self.wal_size)
        to.add("sqlite_page_size_bytes", self.page_size)
        to.add("sqlite_page_count", self.pages)
        to.add("sqlite_freelist_pages", self.free_pages)
        to.add("sqlite_schema_version", self.schema_version)
        to.add("sqlite_user_version", self.user_version)
        to.add("sqlite_tables", self.tables)
        to.add("sqlite_info", 1, {"journal_mode": self.journal_mode, "encoding": self.encoding})

    def facts(self) -> tuple[tuple[str, str], ...]:
        free = self.free_pages / self.pages if self.pages else 0.0
        return (
            ("size", f"{human_size(self.size)} in {self.pages:,} pages of {self.page_size:,} B"),
            ("file", human_size(self.file_size)),
            ("free", f"{human_size(self.free_pages * self.page_size)} ({free:.0%})"),
            ("journal", self.journal_mode),
            ("write-ahead log", human_size(self.wal_size)),
            ("tables", f"{self.tables:,}"),
            ("schema version", str(self.schema_version)),
            ("user version", str(self.user_version)),
            ("application id", f"{self.application_id:#x}"),
            ("encoding", self.encoding),
        )


@dataclass(frozen=True, slots=True)
class TableRows:
    """Estimated rows of each table, and how each estimate came about."""

    estimates: tuple[tuple[str, int, str], ...] = ()

    def samples(self, to: SampleBuilder) -> None:
        for name, rows, _ in self.estimates:
            to.add("sqlite_table_rows_estimate", rows, {"table": name})

    def table(self) -> Table:
        largest = sorted(self.estimates, key=lambda row: (-row[1], row[0]))
        rows = tuple((name, f"≈ {count:,}", origin) for name, count, origin in largest)
        return Table("Tables", ("table", "rows", "estimate from"), rows, frozenset({"rows"}))


def survey(session: Session, file: DatabaseFile) -> Survey:
    """One page read and a look at the schema. Raises TargetError."""
    tables = session.value("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'")
    page_size = session.value("PRAGMA page_size")
    pages = session.value("PRAGMA page_count")
    return Survey(
        file_size=file.size,
        wal_size=file.wal_size,
        page_size=page_size,
        pages=pages,
        free_pages=session.value("PRAGMA freelist_count"),
        journal_mode="wal" if session.wal else session.value("PRAGMA journal_mode"),
        encoding=session.value("PRAGMA encoding"),
        schema_version=session.value("PRAGMA schema_version"),
        user_version=session.value("PRAGMA user_version"),
        application_id=session.value("PRAGMA application_id"),
        tables=tables,
    )


def table_rows(session: Session) -> TableRows:
    """Estimates that read a page or two a table: ANALYZE's figure where it was run, else
    the largest rowid (which deleted rows make too large)."""
    tables = session.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%'"
        " ESCAPE '!' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name LIMIT ?1",
        (_MOST_TABLES,),
    )
    analysed = _analysed(session)
    found = []
    for (name,) in tables:
        if name in analysed:
            found.append((name, analysed[name], "ANALYZE"))
            continue
        largest = _largest_rowid(session, name)
        if largest is not None:
            found.append((name, largest, "largest rowid"))
    return TableRows(tuple(found))


def _analysed(session: Session) -> dict[str, int]:
    if not session.value("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"):
        return {}
    found = session.rows("SELECT tbl, MAX(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
    return {table: count for table, count in found if count is not None}


def _largest_rowid(session: Session, name: str) -> int | None:
    """None of a table without rowids, and of one that calls a column of its own so."""
    try:
        found = session.value(f"SELECT MAX(rowid) FROM {SqliteDialect().quote(name)}")  # noqa: S608
    except TargetError as error:
        if error.reason != "config":
            raise
        return None
    if found is None:
        return 0
    return found if isinstance(found, int) else None


def human_size(size: float) -> str:
    """``size`` bytes as people say it: ``4.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
