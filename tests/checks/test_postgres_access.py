"""Logging in at a PostgreSQL server: what is refused, and that a refused password rests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import trustme

from checks.model import Result, Status
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch, until
from tui.demo.postgres_server import PostgresServer

SCRAM = (
    "local all postgres trust",
    "host all postgres 127.0.0.1/32 trust",
    "local all all scram-sha-256",
    "host all all 127.0.0.1/32 scram-sha-256",
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def locked(postgres_module_servers: PostgresServers) -> PostgresDatabase:
    """A server that asks everybody but its superuser for a password; ``onwatch``'s is right."""
    return _locked(postgres_module_servers)


@pytest.fixture
def changing(postgres_servers: PostgresServers) -> PostgresDatabase:
    """The same, for a test that changes its files or roles."""
    return _locked(postgres_servers)


def _locked(servers: PostgresServers) -> PostgresDatabase:
    server = servers.create(log_connections="on")
    server.allow(*SCRAM)
    server.start()
    database = PostgresDatabase(server)
    database.psql("CREATE ROLE onwatch LOGIN PASSWORD 'right' IN ROLE pg_monitor")
    return database


class Log:
    """What a server says from now on."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._begin = len(server.said())

    @property
    def text(self) -> str:
        return self._server.said()[self._begin :]

    @property
    def failed_logins(self) -> int:
        """What an administrator would count."""
        return self.text.count("password authentication failed for user")


async def test_a_password_lets_us_in(
    locked: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(locked.url_of("onwatch"), password="right")
    assert result.status is Status.OK, result.message
    assert postgres_watch.masker.text("it is right") == "it is •••"


async def test_a_refused_password_is_not_sent_again(
    locked: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    log = Log(locked.server)
    probe = postgres_watch.probe(locked.url_of("onwatch"), password={"env": "ONWATCH_TEST"})
    os.environ["ONWATCH_TEST"] = "wrong-one"
    try:
        for _ in range(5):
            result = await probe.run()
            assert result.status is Status.UNKNOWN
            assert result.reason == "auth"
            assert result.up
            told = "user onwatch from postgres.password ($ONWATCH_TEST): correct it"
            assert f"refused the password of {told}" in result.message
            assert "wrong-one" not in result.message
        assert log.failed_logins == 1
        assert result.samples.get("pg_up") == 1
        os.environ["ONWATCH_TEST"] = "wrong-two"
        await probe.run()
        await probe.run()
        assert log.failed_logins == 2
        os.environ["ONWATCH_TEST"] = "right"
        assert (await probe.run()).status is Status.OK
    finally:
        del os.environ["ONWATCH_TEST"]


async def test_the_queries_connection_does_not_send_a_refused_password_either(
    locked: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    log = Log(locked.server)
    query = {"metric": "one", "sql": "SELECT 1 AS value"}
    probe = postgres_watch.probe(locked.url_of("onwatch"), password="wrong", queries=[query])
    await probe.run()
    await probe.run()
    assert log.failed_logins == 1


async def test_a_server_that_changes_its_mind_lets_us_in_again(
    changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(changing.url_of("onwatch"), password="changed")
    assert (await probe.run()).reason == "auth"
    changing.server.allow("host all all 127.0.0.1/32 trust")
    changing.server.reload()

    until(lambda: "SIGHUP" in changing.server.said())
    assert (await probe.run()).status is Status.OK


async def test_no_password_is_no_failed_login(
    locked: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    log = Log(locked.server)
    result = await postgres_watch.once(locked.url_of("onwatch"))
    assert result.status is Status.UNKNOWN
    assert result.reason == "auth"
    line = f"127.0.0.1:{locked.port}:postgres:onwatch:PASSWORD"
    assert "asks user onwatch for a password and there is none" in result.message
    assert f"give postgres.password, or write {line} into ~/.pgpass" in result.message
    assert log.failed_logins == 0
    assert "FATAL" not in log.text


@pytest.mark.parametrize("method", ["md5", "password"])
async def test_other_ways_to_ask_for_a_password(
    method: str, changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    changing.psql("SET password_encryption = 'md5'; ALTER ROLE onwatch PASSWORD 'right'")
    changing.server.allow(
        "host all postgres 127.0.0.1/32 trust", f"host all all 127.0.0.1/32 {method}"
    )
    changing.server.restart()
    assert (
        await postgres_watch.once(changing.url_of("onwatch"), password="right")
    ).status is Status.OK
    refused = await postgres_watch.once(changing.url_of("onwatch"), password="wrong")
    assert refused.reason == "auth"


async def test_a_password_in_the_url(
    locked: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    url = f"postgresql://onwatch:right@127.0.0.1:{locked.port}/postgres"
    assert (await postgres_watch.once(url)).status is Status.OK


def pass_file(home: Path, text: str, mode: int = 0o600) -> Path:
    path = home / ".pgpass"
    path.write_text(text)
    path.chmod(mode)
    return path


async def test_pgpass(
    locked: PostgresDatabase, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    pass_file(tmp_path, f"other:*:*:*:nope\n127.0.0.1:{locked.port}:*:onwatch:right\n")
    assert (await postgres_watch.once(locked.url_of("onwatch"))).status is Status.OK


async def test_pgpass_of_a_socket_is_localhost(
    locked: PostgresDatabase, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    pass_file(tmp_path, f"{locked.server.socket_folder}:*:*:onwatch:right\n")
    url = locked.socket_url.replace("postgres@", "onwatch@")
    assert (await postgres_watch.once(url)).status is Status.OK


async def test_pgpass_that_others_may_read_does_not_count(
    locked: PostgresDatabase, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    path = pass_file(tmp_path, "*:*:*:*:right\n", 0o640)
    result = await postgres_watch.once(locked.url_of("onwatch"))
    assert result.reason == "auth"
    assert f"{path} is ignored, since others may read it; run: chmod 600 {path}" in result.message
    path.chmod(0o600)
    assert (await postgres_watch.once(locked.url_of("onwatch"))).status is Status.OK


async def test_pgpassfile_and_pgpassword(
    locked: PostgresDatabase,
    postgres_watch: PostgresWatch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = pass_file(tmp_path, "*:*:*:onwatch:right\n").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("PGPASSFILE", str(path))
    assert (await postgres_watch.once(locked.url_of("onwatch"))).status is Status.OK
    monkeypatch.setenv("PGPASSWORD", "wrong-one")
    result = await postgres_watch.once(locked.url_of("onwatch"))
    assert "from PGPASSWORD: correct it" in result.message


async def test_a_passfile_in_the_url(
    locked: PostgresDatabase, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    pass_file(tmp_path, "*:*:*:onwatch:right\n").rename(tmp_path / "elsewhere")
    url = f"{locked.url_of('onwatch')}?passfile=elsewhere"
    assert (await postgres_watch.once(url)).status is Status.OK


async def test_a_service(
    locked: PostgresDatabase,
    postgres_watch: PostgresWatch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = f"[shop]\nhost=127.0.0.1\nport={locked.port}\nuser=onwatch\ndbname=postgres\n"
    (tmp_path / "services").write_text(lines + "password=right\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    result = await postgres_watch.once("postgresql://", service="shop")
    assert result.status is Status.OK, result.message
    by_url = await postgres_watch.once("postgresql:///?service=shop")
    assert by_url.status is Status.OK
    missing = await postgres_watch.once("postgresql://", service="shoe")
    assert missing.status is Status.UNKNOWN
    assert missing.reason == "config"
    assert "there is no service shoe" in missing.message


async def test_a_service_file_that_everybody_can_read_is_mentioned(
    locked: PostgresDatabase,
    postgres_watch: PostgresWatch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "pg_service.conf"
    path.write_text(f"[shop]\nhost=127.0.0.1\nport={locked.port}\nuser=onwatch\npassword=wrong\n")
    path.chmod(0o644)
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path))
    result = await postgres_watch.once("postgresql:///postgres", service="shop")
    assert "from the service file" in result.message
    assert f"everybody can read the password in {path}" in result.message


async def test_an_unknown_database(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    url = f"postgresql://postgres@127.0.0.1:{postgres_server.port}/nothing"
    result = await postgres_watch.once(url)
    assert result.status is Status.UNKNOWN
    assert result.reason == "config"
    assert result.message == (
        f"127.0.0.1:{postgres_server.port} has no database nothing: correct it in postgres.url "
        "(tried again every 5 min)"
    )


async def test_an_unknown_role(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server.url_of("nobody_here"))
    assert result.reason == "auth"
    assert "knows no role nobody_here: CREATE ROLE nobody_here LOGIN" in result.message


@pytest.mark.parametrize("wrong", ["database", "role"])
@pytest.mark.parametrize("password", [False, True])
async def test_a_login_that_can_come_to_nothing_is_not_tried_at_every_run(
    wrong: str, password: bool, changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    if not password:
        changing.server.allow("host all all 127.0.0.1/32 trust")
        changing.server.reload()
        until(lambda: "SIGHUP" in changing.server.said())
    changing.psql("CREATE ROLE nologin PASSWORD 'right'")
    user, name = ("onwatch", "nothing") if wrong == "database" else ("nologin", "postgres")
    url = f"postgresql://{user}:right@127.0.0.1:{changing.port}/{name}?sslmode=disable"
    log = Log(changing.server)
    probe = postgres_watch.probe(url)
    first = await probe.run()
    assert first.status is Status.UNKNOWN
    for _ in range(4):
        again = await probe.run()
        assert (again.message, again.reason, again.up) == (first.message, first.reason, True)
    assert log.text.count("FATAL") == 1
    changing.psql("CREATE DATABASE nothing" if wrong == "database" else "ALTER ROLE nologin LOGIN")
    await postgres_watch.clock.advance(301)
    assert (await probe.run()).status is Status.OK
    assert log.text.count("FATAL") == 1


async def test_a_server_that_goes_away_ends_the_pause(
    changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(f"{changing.url_of('onwatch')}thing", password="right")
    assert (await probe.run()).reason == "config"
    changing.server.stop()
    assert (await probe.run()).reason == "refused"
    changing.server.start()
    changing.psql("CREATE DATABASE postgresthing")
    assert (await probe.run()).status is Status.OK


async def test_a_role_that_may_not_log_in(
    changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    changing.psql("ALTER ROLE onwatch NOLOGIN")
    result = await postgres_watch.once(changing.url_of("onwatch"), password="right")
    assert result.reason == "auth"
    assert "role onwatch may not log in" in result.message
    changing.psql("ALTER ROLE onwatch LOGIN; REVOKE CONNECT ON DATABASE postgres FROM public")
    result = await postgres_watch.once(changing.url_of("onwatch"), password="right")
    assert result.reason == "permission"
    assert "GRANT CONNECT ON DATABASE postgres TO onwatch" in result.message


async def test_no_line_in_pg_hba(changing: PostgresDatabase, postgres_watch: PostgresWatch) -> None:
    changing.server.allow("local all all trust")
    changing.server.reload()
    until(lambda: "SIGHUP" in changing.server.said())
    result = await postgres_watch.once(changing.url_of("onwatch"), password="right")
    assert result.status is Status.UNKNOWN
    assert result.reason == "auth"
    assert "keeps user onwatch out of database postgres" in result.message
    assert "pg_hba.conf" in result.message


async def test_peer_authentication(
    changing: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    changing.server.allow("local all all peer")
    changing.server.reload()
    until(lambda: "SIGHUP" in changing.server.said())
    result = await postgres_watch.once(changing.socket_url)
    assert result.reason == "auth"
    assert "only from the system account of that name" in result.message


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(
    authority: trustme.CA, postgres_full_module_servers: PostgresServers
) -> PostgresDatabase:
    """A server that speaks TLS, as ``db.example`` and ``localhost``."""
    return _secured(authority, postgres_full_module_servers)


@pytest.fixture
def strict(authority: trustme.CA, postgres_full_servers: PostgresServers) -> PostgresDatabase:
    """The same, for a test that changes its files."""
    return _secured(authority, postgres_full_servers)


def _secured(authority: trustme.CA, servers: PostgresServers) -> PostgresDatabase:
    server = servers.create(ssl="on")
    certificate = authority.issue_cert("db.example", "localhost")
    for name, pem in (
        ("server.crt", certificate.cert_chain_pems[0]),
        ("server.key", certificate.private_key_pem),
    ):
        path = server.data / name
        path.write_bytes(pem.bytes())
        os.chown(path, server.data.stat().st_uid, server.data.stat().st_gid)
        path.chmod(0o600)
    server.start()
    return PostgresDatabase(server)


@pytest.fixture(autouse=True)
def _trusted(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))


def phases(result: Result) -> set[str]:
    return {name for name, _ in result.phases}


async def over_tls(database: PostgresDatabase) -> set[bool]:
    """Whether each of our sessions is encrypted."""
    rows = await database.fetch(
        "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
        " WHERE a.application_name = 'onwatch'"
    )
    return {bool(row[0]) for row in rows}


async def test_tls_with_the_name_verified(
    secured: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    url = f"postgresql://postgres@localhost:{secured.port}/postgres"
    probe = postgres_watch.probe(url, tls={"ca": "ca.pem"})
    result = await probe.run()
    assert result.status is Status.OK, result.message
    assert "tls" in phases(result)
    assert await over_tls(secured) == {True}


async def test_files_of_tls_that_are_renewed_are_read_anew(
    secured: PostgresDatabase, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "renewed.pem")
    url = f"postgresql://postgres@localhost:{secured.port}/postgres"
    probe = postgres_watch.probe(url, tls={"ca": "renewed.pem"})
    assert (await probe.run()).reason == "tls"
    shutil.copy(tmp_path / "ca.pem", tmp_path / "renewed.pem")
    result = await probe.run()
    assert result.status is Status.OK, result.message


async def test_tls_with_another_name(
    secured: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(secured.url, tls={"ca": "ca.pem"})
    assert result.status is Status.CRITICAL
    assert result.reason == "tls"
    assert "the certificate of 127.0.0.1" in result.message
    named = await postgres_watch.once(
        secured.url, tls={"ca": "ca.pem", "server_name": "db.example"}
    )
    assert named.status is Status.OK
    by_url = await postgres_watch.once(f"{secured.url}?sslmode=verify-ca&sslrootcert=ca.pem")
    assert by_url.status is Status.OK
    full = await postgres_watch.once(f"{secured.url}?sslmode=verify-full&sslrootcert=ca.pem")
    assert full.reason == "tls"


async def test_tls_from_an_authority_that_is_not_trusted(
    secured: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    url = f"postgresql://postgres@localhost:{secured.port}/postgres"
    result = await postgres_watch.once(url, tls={})
    assert result.reason == "tls"
    assert "is refused" in result.message
    unverified = postgres_watch.probe(url, tls={"verify": "none"})
    assert (await unverified.run()).status is Status.OK
    required = postgres_watch.probe(f"{url}?sslmode=require")
    assert (await required.run()).status is Status.OK
    assert await over_tls(secured) == {True}


async def test_tls_is_used_where_it_is_offered_and_left_out_on_demand(
    secured: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(secured.url)
    await probe.run()
    assert await over_tls(secured) == {True}
    await probe.close()
    await postgres_watch.probe(f"{secured.url}?sslmode=disable").run()
    assert await over_tls(secured) == {False}


async def test_tls_demanded_or_forbidden_by_pg_hba(
    strict: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    strict.server.allow("hostnossl all all 127.0.0.1/32 trust")
    strict.server.restart()
    assert (await postgres_watch.once(strict.url)).status is Status.OK
    assert (await postgres_watch.once(f"{strict.url}?sslmode=require")).reason == "auth"
    strict.server.allow("hostssl all all 127.0.0.1/32 trust")
    strict.server.restart()
    assert (await postgres_watch.once(f"{strict.url}?sslmode=allow")).status is Status.OK
    plain = await postgres_watch.once(f"{strict.url}?sslmode=disable")
    assert plain.reason == "auth"
    assert "use TLS if its lines say hostssl" in plain.message


async def test_tls_with_a_certificate_of_our_own(
    strict: PostgresDatabase, authority: trustme.CA, postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(strict.server.data / "root.crt"))
    (strict.server.data / "root.crt").chmod(0o644)
    strict.server.settings["ssl_ca_file"] = "root.crt"
    strict.server.allow("hostssl all all 127.0.0.1/32 cert")
    strict.server.restart()
    certificate = authority.issue_cert(common_name="postgres")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    url = f"postgresql://postgres@localhost:{strict.port}/postgres"
    result = await postgres_watch.once(url, tls={"ca": "ca.pem", "cert": "own.pem"})
    assert result.status is Status.OK, result.message
    without = await postgres_watch.once(url, tls={"ca": "ca.pem"})
    assert without.up
    assert without.reason == "auth"


async def test_a_server_without_tls(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server.url, tls={"verify": "none"})
    assert result.reason == "tls"
    assert "offers no TLS: set ssl = on there, or leave postgres.tls out" in result.message


async def test_a_certificate_file_that_is_missing(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server.url, tls={"ca": "nowhere.pem"})
    assert result.status is Status.UNKNOWN
    assert "a file of postgres.tls is missing" in result.message
