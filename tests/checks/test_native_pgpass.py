"""``.pgpass`` as libpq reads it; psql is the oracle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.native.pgpass import PassFile, pass_file_path, read_pass_file
from tests.servers.postgres import PostgresServers


def parsed(text: str, tmp_path: Path, mode: int = 0o600) -> PassFile:
    path = tmp_path / "pass"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(mode)
    return read_pass_file(path)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("h:5432:db:me:right", "right"),
        ("h:5432:db:me:right\r\n", "right"),
        ("*:*:*:*:right", "right"),
        ("other:5432:db:me:no\nh:5432:db:me:right\nh:5432:db:me:late", "right"),
        ("*:*:*:*:first\nh:5432:db:me:exact", "first"),
        ("# h:5432:db:me:comment\nh:*:db:me:right", "right"),
        (r"h:5432:db:me:a\:b\\c", r"a:b\c"),
        (r"h:5432:db:me:ends\\", "ends\\"),
        ("h:5432:db:me:with:more", "with"),
        ("h:5432:db:me: spaces ", " spaces "),
        ("h:5432:db:me:ünïcode", "ünïcode"),
        (r"h:5432:d\b:me:escaped", "escaped"),
        (r"\h:5432:db:me:escaped", "escaped"),
        ("h:5432:db:me", ""),
        ("h:5432:db:you:no", ""),
        ("h:5433:db:me:no", ""),
        ("h*:5432:db:me:no", ""),
        (r"\*:5432:db:me:no", ""),
        (" h:5432:db:me:no", ""),
        ("", ""),
        ("\n\n:::\n", ""),
    ],
)
def test_the_first_line_that_matches(text: str, password: str, tmp_path: Path) -> None:
    assert parsed(text, tmp_path).password("h", 5432, "db", "me") == password


@pytest.mark.parametrize(
    ("line", "host", "matches"),
    [
        ("localhost:*:*:*:p", "/run/postgresql", True),
        ("localhost:*:*:*:p", "/var/run/postgresql", True),
        ("localhost:*:*:*:p", "/tmp", True),
        ("localhost:*:*:*:p", "/srv/sockets", False),
        ("/srv/sockets:*:*:*:p", "/srv/sockets", True),
        ("/run/postgresql:*:*:*:p", "/run/postgresql", True),
        ("localhost:*:*:*:p", "localhost", True),
        ("localhost:*:*:*:p", "127.0.0.1", False),
        (r"fe80\:\:1:*:*:*:p", "fe80::1", True),
    ],
)
def test_sockets_are_localhost(line: str, host: str, matches: bool, tmp_path: Path) -> None:
    assert bool(parsed(line, tmp_path).password(host, 5432, "db", "me")) is matches


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_file_that_others_may_use_does_not_count(mode: int, tmp_path: Path) -> None:
    found = parsed("*:*:*:*:right", tmp_path, mode)
    assert found.password("h", 5432, "db", "me") == ""
    path = tmp_path / "pass"
    assert found.problem == f"{path} is ignored, since others may read it; run: chmod 600 {path}"


def test_files_that_are_none(tmp_path: Path) -> None:
    assert read_pass_file(tmp_path / "nothing") == PassFile(tmp_path / "nothing")
    assert read_pass_file(tmp_path / "nothing" / "below").problem == ""
    assert read_pass_file(tmp_path).problem == f"{tmp_path} cannot be read: Is a directory"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert read_pass_file(pipe).problem == f"{pipe} is not a regular file"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "pass"
    path.write_bytes(b"\xff\xfe:*:*:*:no\n*:*:*:*:right\n")
    path.chmod(0o600)
    assert read_pass_file(path).password("h", 5432, "db", "me") == "right"


def test_the_password_is_not_in_the_representation(tmp_path: Path) -> None:
    assert "hunter2" not in repr(parsed("*:*:*:*:hunter2", tmp_path))


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pass_file_path({}) == tmp_path / ".pgpass"
    assert pass_file_path({"PGPASSFILE": "/x/y"}) == Path("/x/y")


LINES = (
    *("{h}:{p}:postgres:me:right", "*:*:*:*:right", "{h}:{p}:*:me:wrong\n*:*:*:*:right"),
    *(r"\*:*:*:*:right", r"{h}:*:*:m\e:right", r"*:*:*:*:righ\t", "*:*:*:*:right:more"),
    *("{h}*:*:*:*:right", " *:*:*:*:right", "#*:*:*:*:right", "*:*:*:*:right\r\n"),
    *("*:*:*:*:right ", "localhost:*:*:*:right", "{s}:*:*:*:right", "*:*:other:*:right"),
)


def test_psql_agrees(postgres_servers: PostgresServers, monkeypatch: pytest.MonkeyPatch) -> None:
    server = postgres_servers.create()
    server.allow("local all postgres trust", "host all all 127.0.0.1/32 scram-sha-256")
    server.start()
    at_socket = ("-h", str(server.socket_folder), "-p", str(server.port), "-d", "postgres", "-X")
    made = server.run(
        "psql", *at_socket, "-U", "postgres", "-c", "CREATE ROLE me LOGIN PASSWORD 'right'"
    )
    assert made.returncode == 0, made.stderr
    path = server.home / "pass"
    monkeypatch.setenv("PGPASSFILE", str(path))
    for line in LINES:
        path.write_text(line.format(h="127.0.0.1", p=server.port, s=server.socket_folder) + "\n")
        path.chmod(0o600)
        os.chown(path, server.home.stat().st_uid, -1)
        at_tcp = ("-h", "127.0.0.1", "-p", str(server.port), "-d", "postgres", "-X", "-w")
        psql = server.run("psql", *at_tcp, "-U", "me", "-c", "SELECT 1").returncode == 0
        ours = read_pass_file(path).password("127.0.0.1", server.port, "postgres", "me")
        assert (ours == "right") is psql, line
