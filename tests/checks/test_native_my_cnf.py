"""MySQL's and MariaDB's option files: read as the clients read them, which are asked where
they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from checks.native.my_cnf import OptionFiles, option_files, read_option_files

CLIENT = shutil.which("mariadb")


def read(path: Path, text: str, mode: int = 0o600) -> OptionFiles:
    path.write_text(text)
    path.chmod(mode)
    return read_option_files((path,))


def by_the_client(path: Path) -> dict[str, str]:
    """What MariaDB's own client understands; its list shows passwords as asterisks."""
    assert CLIENT is not None
    printed = subprocess.run(
        [CLIENT, f"--defaults-file={path}", "--print-defaults"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    options = printed.partition("following arguments:\n")[2].strip()
    pairs = (option.partition("=") for option in options.split(" --"))
    return {name.removeprefix("--").replace("_", "-"): value for name, _, value in pairs}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ('  "two words"  ', "two words"),
        ("'single'", "single"),
        ("with # a comment", "with"),
        ('"with # a sign"', "with # a sign"),
        ("a;b", "a;b"),
        (r"tab\there", "tab\there"),
        (r"back\\slash", "back\\slash"),
        (r"sp\sace", "sp ace"),
        (r"other\qescape", r"other\qescape"),
        ("'open", "'open"),
        ("a=b=c", "a=b=c"),
        ("", ""),
        ('""', ""),
        (r"ends\\", "ends\\"),
        (r"ends" + "\\", "ends\\"),
    ],
)
def test_a_value_is_what_the_client_takes_it_for(tmp_path: Path, written: str, value: str) -> None:
    path = tmp_path / "my.cnf"

    found = read(path, f"[client]\nuser = {written}\n")

    assert found.get("user") == value
    if CLIENT is not None:
        assert by_the_client(path).get("user", "") == value.strip()


def test_groups_and_the_order_of_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a.cnf", tmp_path / "b.cnf"
    first.write_text("[client]\nuser=one\nhost=here\n[mysqld]\nport=1\n[mysql]\ndatabase=shop\n")
    second.write_text("[client-mariadb]\nuser=two\n\n; a comment\n# another\n[other]\nhost=no\n")
    for path in (first, second):
        path.chmod(0o600)

    found = read_option_files((first, second, tmp_path / "missing.cnf"))

    assert dict(found.values) == {"user": "two", "host": "here", "database": "shop"}
    assert found.origin["user"] == second
    assert found.problems == ()


def test_names_may_be_written_otherwise(tmp_path: Path) -> None:
    found = read(
        tmp_path / "my.cnf", "[client]\nloose-ssl_ca=/ca.pem\nPORT = 3307\nssl-verify-server-cert\n"
    )

    assert found.get("ssl-ca") == "/ca.pem"
    assert found.get("port") == "3307"
    assert found.has("ssl-verify-server-cert")
    assert not found.has("ssl-key")


def test_what_is_included(tmp_path: Path) -> None:
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (folder / "b.cnf").write_text("[client]\nuser=b\n")
    (folder / "a.cnf").write_text("[client]\nuser=a\nport=7\n")
    (folder / "c.txt").write_text("[client]\nuser=c\n")
    (tmp_path / "other.cnf").write_text("[client]\nhost=db\n")

    found = read(
        tmp_path / "my.cnf",
        f"[client]\nuser=me\n!includedir {folder}\n!include {tmp_path}/other.cnf\n!include\n",
    )

    assert dict(found.values) == {"user": "b", "port": "7", "host": "db"}


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "my.cnf"

    assert read(path, f"[client]\nuser=me\n!include {path}\n").get("user") == "me"


def test_a_file_that_everybody_may_write_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "my.cnf"

    found = read(path, "[client]\npassword=sesame\n", mode=0o666)

    assert found.get("password") == ""
    assert found.problems == (
        f"{path} is ignored, since everybody may write it; run: chmod o-w {path}",
    )


def test_a_password_that_others_may_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "my.cnf"

    found = read(path, "[client]\npassword=sesame\n[mysql]\npassword=sesame\n", mode=0o644)

    assert found.get("password") == "sesame"
    assert found.problems == (
        f"others may read {path}, which holds a password; run: chmod 600 {path}",
    )
    assert "sesame" not in repr(found)


def test_what_is_no_file_and_what_may_not_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    found = read_option_files((tmp_path / "pipe", tmp_path, loop))

    assert dict(found.values) == {}
    assert found.problems == (f"{loop} cannot be read: Too many levels of symbolic links",)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "my.cnf"
    path.write_bytes(b"[client\n\xff\xfe\n[client]\nuser=\xff\n[")
    path.chmod(0o600)

    assert read_option_files((path,)).get("user") == "�"


def test_where_the_clients_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    system = (Path("/etc/my.cnf"), Path("/etc/mysql/my.cnf"))

    assert option_files({}) == (*system, Path("/home/me/.my.cnf"))
    assert option_files({"MYSQL_HOME": "/opt/db"}) == (
        *system,
        Path("/opt/db/my.cnf"),
        Path("/home/me/.my.cnf"),
    )


def test_an_include_that_is_no_path_is_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path / "my.cnf", "!include a\0b\n!includedir \0\n[client]\nuser=u\n")
    assert found.get("user") == "u"


def test_folders_that_include_themselves_come_to_an_end(tmp_path: Path) -> None:
    began = time.process_time()
    found = read(tmp_path / "my.cnf", "[client]\nuser=u\n" + "!includedir .\n" * 70_000)
    assert found.get("user") == "u"
    assert time.process_time() - began < 1
