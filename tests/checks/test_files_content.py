"""Whether a backup is whole: of real dumps and archives, whole, cut off and damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Status
from checks.probes.files.config import FilesConfig
from checks.probes.files.content import inspect
from checks.probes.files.probe import FilesProbe
from checks.probes.files.unpacking import StoppedError
from tests.checks.host_trees import host_target
from tests.servers.mariadb import OWNER, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase
from tui.demo.postgres_programs import root_of

MYSQL = (
    b"/*M!999999\\- enable the sandbox mode */ \n"
    b"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n"
    + b"INSERT INTO `request_logs` VALUES (1,'a'),(2,'b');\n" * 2_000
    + b"-- Dump completed on 2026-11-27  2:00:07\n"
)
POSTGRES = (
    b"--\n-- PostgreSQL database dump\n--\n\n-- Dumped by pg_dump version 15.14\n"
    + b"COPY public.documents (id) FROM stdin;\n1\n\\.\n" * 2_000
    + b"--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"
)
BUDGET = 1_000_000
MYSQL_LZMA = b"\x09\x04\x05\x00"
"""How an archive's own header of LZMA begins."""


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("data")
        member.size = 50_000
        archive.addfile(member, io.BytesIO(os.urandom(50_000)))
    return buffer.getvalue()


def _zip(name: str = "a.sql", how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        archive.writestr(name, MYSQL)
        archive.writestr("b.bin", os.urandom(20_000))
    return buffer.getvalue()


def _sqlite() -> bytes:
    with closing(sqlite3.connect(":memory:")) as database, database:
        database.execute("CREATE TABLE t (a)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
        database.commit()
        return database.serialize()


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.sql", MYSQL, "MariaDB dump, whole"),
        ("a.sql", MYSQL.replace(b"MariaDB dump", b"MySQL dump"), "MySQL dump, whole"),
        ("a.sql", POSTGRES, "PostgreSQL dump, whole"),
        ("a.sql.gz", gzip.compress(MYSQL), "gzip with a MariaDB dump, whole: "),
        ("a.sql.gz", gzip.compress(MYSQL[:50_000]) + gzip.compress(MYSQL[50_000:]),
         "gzip with a MariaDB dump, whole: "),
        ("a.sql.bz2", bz2.compress(POSTGRES), "bzip2 with a PostgreSQL dump, whole: "),
        ("a.sql.xz", lzma.compress(POSTGRES), "xz with a PostgreSQL dump, whole: "),
        ("a.tar", _tar(), "tar archive, whole"),
        ("a.tgz", gzip.compress(_tar()), "gzip with a tar archive, whole: "),
        ("a.zip", _zip(), "zip of 2 files, whole: "),
        ("app.db", _sqlite(), "SQLite database, whole"),
        ("dump.rdb", b"REDIS0011\xfa\x09redis-ver" + bytes(90) + b"\xff12345678", "Redis database"),
        ("a.json", b'{"dashboard": {"panels": []}}\n', "JSON, whole"),
        ("a.dump", b"PGDMP\x01\x0e\x00" + bytes(500), "pg_dump archive"),
        ("notes", b"any text at all", "what format it has is not known"),
        ("my.cnf", b"[mysqld]\nport = 3306\n", "what format it has is not known"),
        ("app.log", b"[2026-11-27 02:00:00] done\n", "what format it has is not known"),
    ],
)  # fmt: skip
def test_what_is_whole_is_said_to_be(tmp_path: Path, name: str, data: bytes, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = inspect(path, BUDGET)
    assert found.sound is True, found.text
    assert text in found.text


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.sql", b"", "it is empty"),
        ("a.sql", MYSQL[:-60], "its end is missing (-- Dump completed): the dump was cut off"),
        ("a.sql", POSTGRES[:-100], "its end is missing (-- PostgreSQL database dump complete)"),
        ("a.sql", b"mysqldump: Got error: 1045: Access denied for user 'root'\n",
         "it holds no dump but a complaint: mysqldump: Got error: 1045"),
        ("a.sql.gz", gzip.compress(MYSQL)[:-200], "gzip: it ends in the middle: it was cut off"),
        ("a.sql.gz", gzip.compress(MYSQL[:-60]), "gzip: its end is missing (-- Dump completed)"),
        ("a.sql.gz", gzip.compress(MYSQL)[:-8] + bytes(8), "gzip: it is damaged"),
        ("a.sql.gz", b"<html>404 Not Found</html>", "is called .gz and is no gzip: it begins"),
        ("a.bz2", bz2.compress(MYSQL)[:-20], "bzip2: it ends in the middle"),
        ("a.xz", lzma.compress(MYSQL)[:-20], "xz: it ends in the middle"),
        ("a.zip", _zip()[:-30], "zip: it is damaged"),
        ("a.zip", _zip("é.sql").replace(b"\xc3\xa9", b"\xc3("), "zip: it is damaged"),
        ("a.zip", _zip(how=zipfile.ZIP_LZMA).replace(MYSQL_LZMA, bytes(4)), "zip: it is damaged"),
        ("a.zip", _zip(how=zipfile.ZIP_BZIP2).replace(b"1AY&SY", bytes(6)), "zip: it is damaged"),
        ("a.tar", _tar()[:40_000], "its end is missing (two blocks of zeros)"),
        ("app.db", _sqlite()[:-4_096], "it was cut off"),
        ("dump.rdb", b"REDIS0011\xfa\x09redis-ver" + bytes(90), "the end mark and checksum"),
        ("a.json", b'{"dashboard": {"panels": [', "its end is missing (the last brace)"),
    ],
)  # fmt: skip
def test_what_is_cut_off_or_damaged_is_found(
    tmp_path: Path, name: str, data: bytes, text: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = inspect(path, BUDGET)
    assert found.sound is False, found.text
    assert text in found.text


def test_of_what_is_larger_than_the_budget_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(os.urandom(3_000_000), 1))
    found = inspect(path, BUDGET)
    assert found.sound is True
    assert "sound, the rest was not read" in found.text
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.bin", os.urandom(3_000_000))
    told = inspect(path, BUDGET).text
    assert told.startswith("zip: its first 1.")
    assert "sound, the rest was not read" in told
    # A small file that would become a very large one takes neither time nor memory.
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(bytes(20_000_000), 6))
    assert "the rest was not read" in inspect(path, BUDGET).text


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_795_737_600.0)


async def test_a_backup_is_read_once_and_again_when_it_is_another(
    tmp_path: Path, clock: FakeClock
) -> None:
    lanes = Lanes()
    path = tmp_path / "latest.sql.gz"

    def put(data: bytes, age: float) -> None:
        path.write_bytes(data)
        os.utime(path, (clock.wall() - age,) * 2)

    put(gzip.compress(MYSQL), 3_600)
    config = FilesConfig.model_validate({"path": "latest.sql.gz", "readable": True})
    probe = FilesProbe(config, host_target(clock, lanes, tmp_path))
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("onwatch_files_readable") == 1
    assert any("gzip with a MariaDB dump" in part.message for part in result.parts)
    await clock.advance(5)
    put(gzip.compress(MYSQL)[:-100], 600)
    damaged = await probe.run()
    assert (damaged.status, damaged.reason) == (Status.CRITICAL, "protocol")
    assert damaged.message.startswith("latest.sql.gz cannot be restored from: gzip: it ends in")
    assert damaged.samples.get("onwatch_files_readable") == 0
    await probe.close()
    lanes.close()


def test_what_follows_is_found_also_where_its_beginning_lies_in_two_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = gzip.compress(MYSQL[:50_000]), gzip.compress(MYSQL[50_000:])
    monkeypatch.setattr("checks.probes.files.unpacking._PIECE", len(first) + 1)
    path = tmp_path / "a.sql.gz"
    path.write_bytes(first + second)
    found = inspect(path, BUDGET)
    assert found.sound is True, found.text
    path.write_bytes(first + second[:-9])
    assert inspect(path, BUDGET).sound is False


def test_of_an_archive_with_a_password_nobody_can_tell(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    within, listed = b"PK\x03\x04\x14\x00", b"PK\x01\x02\x14\x03\x14\x00"
    data = _zip()
    for head in (within, listed):
        assert head + bytes(2) in data
        data = data.replace(head + bytes(2), head + b"\x01\x00")
    path.write_bytes(data)
    found = inspect(path, BUDGET)
    assert found.sound is None
    assert found.text.startswith("zip: it is encrypted")


async def test_a_reading_that_failed_inside_keeps_nobody_from_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("checks.probes.files.content.inspect", broken)
    clock, lanes, path = FakeClock(), Lanes(), tmp_path / "a.sql"
    path.write_bytes(MYSQL)
    os.utime(path, (clock.wall() - 3_600,) * 2)
    config = FilesConfig.model_validate({"path": "a.sql", "readable": True})
    probe = FilesProbe(config, host_target(clock, lanes, tmp_path))
    with pytest.raises(RuntimeError):
        await probe.run()
    await probe.close()
    assert lanes._lanes == {}


def test_reading_ends_when_nobody_wants_to_know_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(MYSQL))
    with pytest.raises(StoppedError):
        inspect(path, BUDGET, lambda: True)


@pytest.mark.skipif(shutil.which("mariadb-dump") is None, reason="needs mariadb-dump")
def test_a_dump_of_a_real_mariadb_server(tmp_path: Path, mariadb_server: MariadbDatabase) -> None:
    mariadb_server.execute("CREATE TABLE logs (id INT)", "INSERT INTO logs VALUES (1), (2)")
    socket = f"--socket={mariadb_server.server.socket}"
    program = ["mariadb-dump", "--no-defaults", socket, f"--user={OWNER}", f"--password={PASSWORD}"]
    done = subprocess.run([*program, mariadb_server.name], capture_output=True, check=True)
    path = tmp_path / "dump.sql"
    path.write_bytes(done.stdout)
    assert inspect(path, BUDGET).text == "MariaDB dump, whole"
    path.write_bytes(done.stdout[:-50])
    assert inspect(path, BUDGET).sound is False
    refused = subprocess.run([*program, "no_such"], capture_output=True, check=False)
    path.write_bytes(refused.stderr)
    assert "it holds no dump but a complaint" in inspect(path, BUDGET).text


async def test_dumps_of_a_real_postgresql_server(
    tmp_path: Path, postgres_full: PostgresDatabase, postgres_full_binaries: Path
) -> None:
    program = postgres_full_binaries / "pg_dump"
    root = root_of(postgres_full_binaries)
    libraries = root.glob("**/lib/*-linux-gnu") if root is not None else ()
    env = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
    path = tmp_path / "dump"
    for options, text in (([], "PostgreSQL dump, whole"), (["-Fc"], "pg_dump archive")):
        done = subprocess.run(
            [program, *options, f"--dbname={postgres_full.url}"],
            capture_output=True,
            check=True,
            env=env,
        )
        path.write_bytes(done.stdout)
        assert inspect(path, BUDGET).text.startswith(text)
