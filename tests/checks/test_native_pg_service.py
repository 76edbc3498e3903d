"""``pg_service.conf`` as libpq reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.native.pg_service import find_service, service_file_paths, service_names

TEXT = """\
# a comment
[shop]
host=db.example
port = 5433
user=me
password=a=b c # not a comment

[empty]

[shop]
host=late

[nested]
service=shop

[directory]
ldap://ldap.example/dc=x
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "services"
    path.write_text(TEXT)
    path.chmod(0o600)
    return path


def test_a_service(file: Path) -> None:
    found = find_service("shop", [file])
    assert found.found
    assert found.path == file
    assert dict(found.parameters) == {
        "host": "db.example",
        "port": "5433",
        "user": "me",
        "password": "a=b c # not a comment",
    }
    assert found.problem == ""
    assert not found.exposed
    assert "a=b" not in repr(found)


def test_a_service_without_parameters(file: Path) -> None:
    found = find_service("empty", [file])
    assert found.found
    assert dict(found.parameters) == {}


def test_services_that_cannot_be_followed(file: Path) -> None:
    assert "names another service" in find_service("nested", [file]).problem
    assert "LDAP" in find_service("directory", [file]).problem


def test_the_first_file_that_has_it_counts(file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("[shop]\nhost=mine\n")
    assert find_service("shop", [own, file]).parameters["host"] == "mine"
    assert find_service("empty", [own, file]).path == file
    assert service_names([own, file]) == ("shop", "empty", "nested", "directory")


def test_a_service_that_is_nowhere(file: Path, tmp_path: Path) -> None:
    found = find_service("shoe", [tmp_path / "nothing", file])
    assert not found.found
    assert found.problem == ""
    assert not find_service("shop", [tmp_path]).found
    assert service_names([tmp_path / "nothing", tmp_path]) == ()


def test_a_password_that_everybody_can_read(file: Path) -> None:
    file.chmod(0o644)
    assert find_service("shop", [file]).exposed
    assert not find_service("empty", [file]).exposed


def test_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    own, *system = service_file_paths({})
    assert own == tmp_path / ".pg_service.conf"
    assert Path("/etc/postgresql-common/pg_service.conf") in system
    assert service_file_paths({"PGSERVICEFILE": "/a", "PGSYSCONFDIR": "/b"}) == (
        Path("/a"),
        Path("/b/pg_service.conf"),
    )
