"""Getting in: passwords and where they are kept, sockets, plugins, TLS; and what being kept
out costs this host and its accounts. Counted on the server."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pymysql
import pytest
import trustme

from checks.model import Status
from checks.probes.mysql.session import AGAIN, BROKEN_OFF
from tests.servers.mariadb import (
    MONITOR,
    OWNER,
    PASSWORD,
    MariadbDatabase,
    MariadbServers,
    MysqlWatch,
    facts_of,
)


def own_address() -> str:
    """This machine's address on its network: of the loopback's the server keeps no count."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but the loopback's")
        return str(probe.getsockname()[0])


def marks(database: MariadbDatabase) -> dict[str, int]:
    """What the server has counted of connections that came to nothing."""
    names = ("Aborted_connects", "Access_denied_errors", "Aborted_clients", "Connections")
    return {name: database.status(name) for name in names}


def rise(database: MariadbDatabase, before: dict[str, int]) -> dict[str, int]:
    """What was counted since; our own looks are left out."""
    now = marks(database)
    # Each look at one of the variables is a connection.
    looks = len(now)
    return {
        name: now[name] - before[name] - (looks if name == "Connections" else 0) for name in now
    }


def blocked(database: MariadbDatabase) -> list[tuple[int, int]]:
    """Errors that the server holds against hosts, and those of hosts it has blocked."""
    sql = "SELECT SUM_CONNECT_ERRORS, COUNT_HOST_BLOCKED_ERRORS FROM performance_schema.host_cache"
    return [(int(errors), int(refused)) for errors, refused in database.fetch(sql)]


@pytest.fixture
def open_server(mariadb_servers: MariadbServers) -> MariadbDatabase:
    """A server that counts what hosts do wrong, and blocks them after three times."""
    return mariadb_servers.start(
        "--bind-address=0.0.0.0", "--performance-schema=ON", "--max-connect-errors=3"
    )


async def test_a_wrong_password_is_told_with_the_file_it_is_from(
    open_server: MariadbDatabase, mysql_watch: MysqlWatch, tmp_path: Path
) -> None:
    file = tmp_path / "gateway.password"
    file.write_text("wrong\n")
    file.chmod(0o600)
    result = await mysql_watch.once(open_server, password={"file": str(file)})
    assert f"the password from mysql.password (the file {file}): correct it" in result.message


async def test_a_wrong_password_is_sent_once(
    open_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(open_server, password="wrong")
    before = marks(open_server)

    results = [await probe.run()] + [await mysql_watch.again(probe, 3600) for _ in range(10)]

    for result in results:
        assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "auth", True)
        assert result.message == (
            f"127.0.0.1:{open_server.port} refuses user {MONITOR} with the password from "
            "mysql.password: correct it; until it changes only reachability is checked"
        )
        assert result.samples.get("mysql_up") == 1
    assert rise(open_server, before) == {
        "Aborted_connects": 1,
        "Access_denied_errors": 1,
        "Aborted_clients": 0,
        "Connections": 1,
    }


async def test_a_corrected_password_is_taken_up(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong")
    secret.chmod(0o600)
    probe = mysql_watch.probe(mariadb_server, password={"file": str(secret)})
    assert (await probe.run()).reason == "auth"

    secret.write_text(PASSWORD)

    assert (await mysql_watch.again(probe)).status is Status.OK


async def test_while_refused_a_server_that_is_down_is_seen(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start()
    probe = mysql_watch.probe(database, password="wrong")
    assert (await probe.run()).reason == "auth"
    database.server.kill()

    result = await mysql_watch.again(probe)

    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert result.samples.get("mysql_up") == 0
    database.server.start()
    assert (await mysql_watch.again(probe)).reason == "auth"


async def test_being_refused_never_blocks_this_host(
    open_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    url = f"mysql://{MONITOR}@{own_address()}:{open_server.port}/"
    probe = mysql_watch.probe(url, password="wrong")

    for _ in range(20):
        assert (await mysql_watch.again(probe)).reason == "auth"

    assert blocked(open_server) == [(0, 0)]


async def test_a_login_that_breaks_off_becomes_rare(
    open_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    try:
        open_server.execute("INSTALL SONAME 'auth_ed25519'")
    except pymysql.err.OperationalError:
        pytest.skip("MariaDB's plugin auth_ed25519 is not here: it comes with mariadb-server")
    open_server.execute(
        "CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('x')",
    )
    probe = mysql_watch.probe(f"mysql://modern@127.0.0.1:{open_server.port}/", password="x")
    before = marks(open_server)

    results = [await mysql_watch.again(probe) for _ in range(BROKEN_OFF + 10)]

    assert {(result.status, result.reason) for result in results} == {(Status.UNKNOWN, "auth")}
    assert results[-1].message == (
        f"127.0.0.1:{open_server.port} wants user modern to log in by ed25519, which is not "
        "supported: give onwatch a user of its own, or ALTER USER modern IDENTIFIED VIA "
        "mysql_native_password USING PASSWORD('…')"
    )
    assert rise(open_server, before)["Connections"] == BROKEN_OFF
    await mysql_watch.again(probe, AGAIN)
    await mysql_watch.again(probe, AGAIN)
    assert rise(open_server, before)["Connections"] == BROKEN_OFF + 1 + len(before)
    open_server.execute("ALTER USER modern@'%' IDENTIFIED BY 'x'")
    assert (await mysql_watch.again(probe, 3600)).status is Status.OK


async def test_the_socket_lets_the_systems_user_in(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    result = await mysql_watch.once(mariadb_server.socket_url)

    assert result.status is Status.OK, result.message
    assert dict(result.facts)["account"] == f"{mariadb_server.server.admin}@localhost"


async def test_a_user_of_the_socket_alone_is_told_so(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute("CREATE OR REPLACE USER local@'%' IDENTIFIED VIA unix_socket")

    result = await mysql_watch.once(mariadb_server.url_of("local"))

    assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
    assert "only from the system account of that name, over the unix socket" in result.message


async def test_a_socket_that_leads_nowhere(mysql_watch: MysqlWatch, tmp_path: Path) -> None:
    missing = await mysql_watch.once(f"mysql:///?socket={tmp_path}/none.sock")
    assert (missing.status, missing.reason) == (Status.CRITICAL, "refused")
    assert missing.message.startswith(f"there is no socket {tmp_path}/none.sock")

    long = await mysql_watch.once(f"mysql:///?socket=/{'x' * 200}.sock")
    assert (long.status, long.reason) == (Status.UNKNOWN, "config")


async def test_knocking_at_a_socket(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start()
    database.execute("CREATE USER local@'%' IDENTIFIED BY 'y'")
    url = f"mysql://local@/?socket={database.server.socket}"
    probe = mysql_watch.probe(url, password="wrong")
    assert (await probe.run()).reason == "auth"
    before = marks(database)

    assert (await mysql_watch.again(probe)).reason == "auth"
    assert rise(database, before)["Connections"] == 0
    database.server.kill()

    result = await mysql_watch.again(probe)
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, where nothing else is found."""
    for name in ("MYSQL_HOME", "MARIADB_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def option_file(home: Path, *lines: str, mode: int = 0o600) -> Path:
    path = home / ".my.cnf"
    path.write_text("\n".join(["[client]", *lines, ""]))
    path.chmod(mode)
    return path


async def test_an_option_file_gives_what_is_left_out(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, home: Path
) -> None:
    option_file(
        home,
        "host = 127.0.0.1",
        f"port = {mariadb_server.port}",
        f"user = {OWNER}",
        f'password = "{PASSWORD}"',
    )

    result = await mysql_watch.once("mysql:///", option_files=True)

    assert result.status is Status.OK, result.message
    assert dict(result.facts)["account"] == f"{OWNER}@%"


async def test_an_option_files_password_is_its_users(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, home: Path
) -> None:
    path = option_file(home, f"user={OWNER}", f"password={PASSWORD}")
    url = f"mysql://{MONITOR}@127.0.0.1:{mariadb_server.port}/"

    other = await mysql_watch.once(url, option_files=True, password=None)
    assert (other.reason, other.message) == (
        "auth",
        f"127.0.0.1:{mariadb_server.port} refuses user {MONITOR} without a password: give "
        f"mysql.password, or write it into ~/.my.cnf (user={MONITOR}, password=…)",
    )

    path.write_text(f"[client]\nuser={MONITOR}\npassword=wrong\n")
    wrong = await mysql_watch.once(url, option_files=True, password=None)
    assert f"with the password from {path}" in wrong.message


async def test_an_option_file_that_others_may_read_is_told(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, home: Path
) -> None:
    path = option_file(home, f"password={PASSWORD}", mode=0o644)
    url = f"mysql://{MONITOR}@127.0.0.1:{mariadb_server.port}/"

    result = await mysql_watch.once(url, option_files=True, password=None)

    assert result.status is Status.OK
    assert f"others may read {path}, which holds a password; run: chmod 600 {path}" in (
        facts_of(result).notes
    )


async def test_an_option_file_that_everybody_may_write_does_not_count(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, home: Path
) -> None:
    path = option_file(home, f"password={PASSWORD}", mode=0o666)
    url = f"mysql://{MONITOR}@127.0.0.1:{mariadb_server.port}/"

    result = await mysql_watch.once(url, option_files=True, password=None)

    assert result.reason == "auth"
    assert f"{path} is ignored, since everybody may write it" in result.message


@pytest.mark.parametrize(
    ("line", "url"),
    [("port = many", "mysql:///"), ("ssl-mode = perhaps", "mysql://127.0.0.1:1/")],
)
async def test_nonsense_in_an_option_file(
    mysql_watch: MysqlWatch, home: Path, line: str, url: str
) -> None:
    path = option_file(home, line)

    result = await mysql_watch.once(url, option_files=True)

    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert str(path) in result.message


async def test_a_password_that_is_no_latin(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute("CREATE OR REPLACE USER kanji@'%' IDENTIFIED BY 'pässwörd 密码'")

    result = await mysql_watch.once(
        mariadb_server.url_of("kanji").rpartition("/")[0], password="pässwörd 密码"
    )

    assert result.status is Status.OK, result.message


async def test_passwords_are_shown_nowhere(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    secret = "s3cret-value"
    url = f"mysql://{MONITOR}:{secret}@127.0.0.1:{mariadb_server.port}/"
    probe = mysql_watch.probe(url, password=None)

    result = await probe.run()

    assert result.reason == "auth"
    assert secret not in repr(result) + repr(probe._config) + repr(probe.__dict__)


async def test_databases_and_hosts_that_are_not_for_us(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    base = f"mysql://{MONITOR}@127.0.0.1:{mariadb_server.port}"
    before = marks(mariadb_server)
    unknown = mysql_watch.probe(f"{base}/nowhere")
    results = [await mysql_watch.again(unknown) for _ in range(4)]
    assert {(one.status, one.reason) for one in results} == {(Status.UNKNOWN, "config")}
    assert results[0].message.endswith("has no database nowhere: correct it in mysql.url")
    assert rise(mariadb_server, before)["Connections"] == 1

    mariadb_server.execute("CREATE OR REPLACE USER poor@'%' IDENTIFIED BY 'x'")
    denied = await mysql_watch.once(mariadb_server.url_of("poor"), password="x")
    assert (denied.status, denied.reason) == (Status.UNKNOWN, "permission")
    assert denied.message == (
        f"user poor may not use database {mariadb_server.name} at "
        f"127.0.0.1:{mariadb_server.port}, or there is no such database: correct it in "
        f"mysql.url, or GRANT SELECT ON {mariadb_server.name}.* TO 'poor'@'%'"
    )


async def test_a_host_that_is_not_allowed(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--skip-name-resolve")
    database.execute(
        f"RENAME USER {MONITOR}@'%' TO {MONITOR}@'10.1.2.3'",
        f"RENAME USER {OWNER}@'%' TO {OWNER}@'10.1.2.3'",
        "FLUSH PRIVILEGES",
    )

    result = await mysql_watch.once(database)

    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "permission", True)
    assert "lets nobody in from this host" in result.message


async def test_a_blocked_host(mariadb_servers: MariadbServers, mysql_watch: MysqlWatch) -> None:
    database = mariadb_servers.start(
        "--bind-address=0.0.0.0", "--performance-schema=ON", "--max-connect-errors=1"
    )
    for _ in range(3):
        with socket.create_connection((own_address(), database.port)) as link:
            link.recv(10)

    result = await mysql_watch.once(f"mysql://{MONITOR}@{own_address()}:{database.port}/")

    assert (result.status, result.reason) == (Status.UNKNOWN, "permission")
    assert "has blocked this host after many broken connections" in result.message


StartSecure = Callable[..., MariadbDatabase]


@pytest.fixture
def start_secure(
    mariadb_servers: MariadbServers, authority: trustme.CA, tmp_path: Path
) -> StartSecure:
    """Starts servers with a certificate for ``localhost`` that ``ca.pem`` has signed."""
    folder = mariadb_servers.folder
    certificate = authority.issue_cert("localhost")
    files = {"cert.pem": certificate.cert_chain_pems[0], "key.pem": certificate.private_key_pem}
    for name, blob in files.items():
        blob.write_to_path(folder / name)
        (folder / name).chmod(0o644)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return lambda *options: mariadb_servers.start(
        f"--ssl-cert={folder}/cert.pem",
        f"--ssl-key={folder}/key.pem",
        "--performance-schema=ON",
        *options,
    )


@pytest.fixture
def secure_server(start_secure: StartSecure) -> MariadbDatabase:
    return start_secure()


def cipher(database: MariadbDatabase, user: str = MONITOR) -> set[str]:
    """How the sessions of ``user`` are encrypted."""
    sql = (
        "SELECT t.PROCESSLIST_USER, s.VARIABLE_VALUE"
        " FROM performance_schema.status_by_thread AS s"
        " JOIN performance_schema.threads AS t USING (THREAD_ID)"
        " WHERE s.VARIABLE_NAME = 'Ssl_cipher'"
    )
    return {value for name, value in database.fetch(sql) if name == user}


async def test_tls_verifies_the_name(
    secure_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    url = f"mysql://{MONITOR}@localhost:{secure_server.port}/"
    tls = {"ca": "ca.pem"}

    good = await mysql_watch.once(url, tls=tls)
    assert good.status is Status.OK, good.message
    named = await mysql_watch.once(
        url.replace("localhost", "127.0.0.1"), tls={**tls, "server_name": "localhost"}
    )
    assert named.status is Status.OK, named.message
    assert cipher(secure_server) != {""}
    assert "" not in cipher(secure_server)

    other = await mysql_watch.once(url.replace("localhost", "127.0.0.1"), tls=tls)
    assert (other.status, other.reason) == (Status.CRITICAL, "tls")
    assert "mysql.tls.server_name" in other.message


async def test_files_of_tls_that_are_renewed_are_read_anew(
    secure_server: MariadbDatabase, mysql_watch: MysqlWatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "renewed.pem")
    url = f"mysql://{MONITOR}@localhost:{secure_server.port}/"
    probe = mysql_watch.probe(url, tls={"ca": "renewed.pem"})
    assert (await probe.run()).reason == "tls"
    shutil.copy(tmp_path / "ca.pem", tmp_path / "renewed.pem")
    result = await mysql_watch.again(probe)
    assert result.status is Status.OK, result.message


async def test_tls_that_is_offered_is_used(
    secure_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(secure_server)
    assert (await probe.run()).status is Status.OK
    assert "" not in cipher(secure_server)

    plain = mysql_watch.probe(f"{secure_server.url_of(OWNER)}?ssl-mode=disabled", password=PASSWORD)
    assert (await plain.run()).status is Status.OK
    assert "" in cipher(secure_server, OWNER)


async def test_a_certificate_nobody_trusts_does_not_block_this_host(
    secure_server: MariadbDatabase, mysql_watch: MysqlWatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    url = f"mysql://{MONITOR}@localhost:{secure_server.port}/"
    probe = mysql_watch.probe(url, tls={"ca": "other.pem"})
    before = marks(secure_server)

    results = [await mysql_watch.again(probe) for _ in range(BROKEN_OFF + 10)]

    assert {(one.status, one.reason) for one in results} == {(Status.CRITICAL, "tls")}
    assert rise(secure_server, before)["Connections"] == BROKEN_OFF


async def test_tls_that_does_not_come_about_is_left_out_where_nobody_asked_for_it(
    start_secure: StartSecure, mysql_watch: MysqlWatch
) -> None:
    database = start_secure("--tls-version=TLSv1.1")
    url = f"mysql://{MONITOR}@localhost:{database.port}/"

    plain = await mysql_watch.once(url)
    assert plain.status is Status.OK, plain.message
    assert cipher(database) == {""}

    required = await mysql_watch.once(url, tls={"ca": "ca.pem"})
    assert (required.status, required.reason) == (Status.CRITICAL, "tls")


async def test_tls_that_is_asked_for_and_not_offered(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    # From 11.4 on MariaDB offers it with a certificate of its own making.
    plain = mariadb_servers.start("--skip-ssl")
    result = await mysql_watch.once(plain, tls={"verify": "none"})

    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
    assert "offers no TLS" in result.message


async def test_files_of_tls_that_are_no_good(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    result = await mysql_watch.once(mariadb_server, tls={"ca": "missing.pem"})

    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert "mysql.tls" in result.message
