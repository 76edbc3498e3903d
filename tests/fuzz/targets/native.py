"""The files of the databases' own clients."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from checks.native.my_cnf import read_option_files
from checks.native.pg_service import find_service, service_names
from checks.native.pgpass import read_pass_file
from tests.fuzz.target import Target

__all__ = ["TARGETS", "file_of"]

MY_CNF = (
    b"[client]\nuser = onwatch\npassword='a#b'\nhost=db ; x\n#c\n!includedir conf.d\n",
    b'[mysql]\nloose-ssl_ca=/x\nssl\n[client-mariadb]\npass="a\\nb"\nport=3307 # x\n',
)
MY_CNF_TOKENS = (
    *(b"[client]\n", b"]", b"=", b"#", b"'", b'"', b"\\", b"\\s", b"!include fuzzed\n", b"!"),
    *(b"!includedir .\n", b"password=", b"\n", b"\r", b"\0", b"\xff", b";", b"_", b"\xe2\x80\xa8"),
    *(b"!include ../x\0y\n", b"!include " + b"a" * 5000 + b"\n", b"!include ~/x\n"),
)
PGPASS = (b"# c\nlocalhost:5432:*:onwatch:se\\:cret\n*:*:*:*:x\\\\y\r\n", b"a:b:c:d\n:::::\n")
PGPASS_TOKENS = (b":", b"\\", b"*", b"\n", b"#", b"\r", b"\0", b"\xff", b"localhost:5432:a:b:c\n")
SERVICE = (b"[shop]\nhost=db\nport=5433\npassword=x\n# c\n[other]\nldap://x\n", b"[a]\nservice=b\n")
SERVICE_TOKENS = (b"[shop]\n", b"[", b"]", b"=", b"\n", b"#", b"ldap", b"service=", b"\0", b"\xff")


@cache
def _folder() -> Path:
    # Kept until the end of the program, in memory where there is such a place.
    return Path(tempfile.mkdtemp(prefix="fuzzed-", dir="/dev/shm" if _shm() else None))


def _shm() -> bool:
    return os.access("/dev/shm", os.W_OK)


def file_of(data: bytes) -> Path:
    """A file for one's own eyes that holds ``data``."""
    path = _folder() / "fuzzed.cnf"
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def my_cnf(data: bytes) -> None:
    found = read_option_files((file_of(data),))
    assert found.values.keys() == found.origin.keys()
    # As a name it is no secret.
    assert "a#b" not in repr(found) or any("a#b" in name for name in found.values)


def pgpass(data: bytes) -> None:
    found = read_pass_file(file_of(data))
    for host in ("localhost", "/run/postgresql"):
        assert isinstance(found.password(host, 5432, "shop", "onwatch"), str)
    assert "password=" not in repr(found)


def pg_service(data: bytes) -> None:
    path = file_of(data)
    for name in service_names((path,))[:20]:
        assert find_service(name, (path,)).found
    find_service("shop", (path,))


TARGETS = (
    Target("my-cnf", my_cnf, MY_CNF, MY_CNF_TOKENS),
    Target("pgpass", pgpass, PGPASS, PGPASS_TOKENS),
    Target("pg-service", pg_service, SERVICE, SERVICE_TOKENS),
)
