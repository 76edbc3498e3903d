"""From services to checks: names that stay, addresses, and as whom to log in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.discovery.absent import Expectation
from checks.discovery.credentials import Login, logins
from checks.discovery.model import Service, Web
from checks.discovery.plan import Plan, Planned

POSTGRES = Service("postgres", "127.0.0.1", 5432, "/run/postgresql/.s.PGSQL.5432")
MYSQL = Service("mysql", "127.0.0.1", 3306, "/run/mysqld/mysqld.sock")
REDIS = Service("redis", "127.0.0.1", 6379)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def http(port: int, program: str = "", **web: object) -> Service:
    page = {"path": "/health", "status": 200, **web}
    return Service("http", "127.0.0.1", port, program=program, web=Web(**page))  # type: ignore[arg-type]


def planned(*services: Service, **environ: str) -> list[Planned]:
    plan = Plan(environ)
    plan.update(services, [], {})
    return plan.planned


def names(*services: Service) -> list[str]:
    return [one.spec.name for one in planned(*services)]


def test_services_come_in_the_order_in_which_they_are_looked_for() -> None:
    exporter = http(9100, "node_exporter", path="/metrics")
    cache = Service("tcp", "127.0.0.1", 11211, program="memcached")
    file = Service("sqlite", path="/srv/shop/orders.db")
    assert names(exporter, cache, file, REDIS, POSTGRES, http(8000, "shop")) == [
        "shop",
        "postgres",
        "redis",
        "orders",
        "memcached",
        "node_exporter",
    ]


def test_a_name_follows_from_the_service_alone() -> None:
    other = Service("redis", "127.0.0.1", 6380)
    assert names(other) == ["redis-6380"]
    assert names(other, REDIS) == ["redis", "redis-6380"]
    assert names(Service("redis", path="/run/redis/a.sock"), REDIS) == ["redis", "redis-a"]
    assert names(http(8000), http(8443, tls=True)) == ["http-8000", "https-8443"]
    assert names(http(80, "nginx"), http(8080, "nginx")) == ["nginx", "nginx-8080"]
    files = [Service("sqlite", path=f"/srv/{name}/db.sqlite3") for name in ("a", "b", "c")]
    assert names(*files) == ["db", "b-db", "c-db"]


def test_names_of_others_are_not_given_again() -> None:
    plan = Plan({})
    plan.reserve(["redis"])
    plan.update([REDIS], [], {})
    assert [one.spec.name for one in plan.planned] == ["redis-2"]


def test_names_that_an_earlier_session_gave_are_kept() -> None:
    plan = Plan({})
    plan.update([http(8000, "new"), REDIS], [], {("http", 8000): "shop"})
    assert [one.spec.name for one in plan.planned] == ["shop", "redis"]


def test_what_a_program_calls_itself_cannot_spoil_a_name() -> None:
    assert names(http(8000, "\x1b[31mevil name\n")) == ["evil-name"]


def test_what_is_planned_stays_as_it_is() -> None:
    plan = Plan({})
    assert plan.update([REDIS], [], {})
    (before,) = plan.planned
    assert not plan.update([], [], {})
    assert not plan.update([REDIS], [Expectation(REDIS, "why")], {})
    assert plan.planned == [before]
    assert plan.update([http(8000)], [], {})
    assert plan.planned[1] is before


def test_a_guess_gives_way_to_knowledge() -> None:
    plan = Plan({})
    plan.update([http(8000, "shop", path="/", status=0)], [], {})
    assert plan.planned[0].provisional
    assert plan.update([http(8000, "shop")], [], {})
    (one,) = plan.planned
    assert (one.spec.name, one.spec.config.address()) == ("shop", "http://127.0.0.1:8000/health")
    assert not plan.update([http(8000, "shop", path="/", status=0)], [], {})


def test_what_is_missed_says_why() -> None:
    plan = Plan({})
    plan.update([], [Expectation(REDIS, "redis.service is enabled and does not run")], {})
    (one,) = plan.planned
    assert one.spec.expected == "redis.service is enabled and does not run"
    assert one.spec.config.address() == "127.0.0.1:6379"


def test_what_was_missed_and_is_found_elsewhere_is_watched_there() -> None:
    plan = Plan({})
    plan.update([], [Expectation(Service("mysql", "127.0.0.1", 3306), "why")], {})
    (missed,) = plan.planned
    assert plan.update([MYSQL], [], {})
    (found,) = plan.planned
    assert (found.spec.name, found.missed) == (missed.spec.name, False)
    assert found.spec.config.model_dump()["url"].endswith("socket=/run/mysqld/mysqld.sock")
    assert not plan.update([MYSQL], [], {})


def test_the_check_of_what_was_missed_goes_on_where_it_is_found() -> None:
    plan = Plan({})
    plan.update([], [Expectation(REDIS, "why")], {})
    (missed,) = plan.planned
    assert not plan.update([REDIS], [], {})
    (found,) = plan.planned
    assert found.spec is missed.spec
    assert not found.missed


def test_what_runs_in_a_unit_says_so_once_it_is_gone() -> None:
    (one,) = planned(Service("redis", "127.0.0.1", 6379, unit="redis-server.service"))
    assert one.spec.expected == "it ran as redis-server.service: systemctl status redis-server"


@pytest.mark.parametrize(
    ("service", "config"),
    [
        (http(8000), {"url": "http://127.0.0.1:8000/health", "redirects": 0}),
        (http(80, path="/", status=200), {"url": "http://127.0.0.1/", "redirects": 0}),
        (
            http(443, tls=True),
            {"url": "https://127.0.0.1/health", "redirects": 0, "tls": {"verify": False}},
        ),
        (
            http(8000, path="/", status=401),
            {
                "url": "http://127.0.0.1:8000/",
                "redirects": 0,
                "expect": {"status": ["2xx", 401]},
            },
        ),
        (http(8000, path="/", status=500), {"url": "http://127.0.0.1:8000/", "redirects": 0}),
        (
            Service("http", "::1", 8000, web=Web("/", False, 200)),
            {"url": "http://[::1]:8000/", "redirects": 0},
        ),
        (Service("tcp", "127.0.0.1", 11211), {"address": "127.0.0.1:11211"}),
        (Service("sqlite", path="/srv/a.db"), {"path": "/srv/a.db"}),
    ],
)
def test_how_each_is_watched(service: Service, config: dict[str, object]) -> None:
    (one,) = planned(service)
    assert one.written == config
    assert one.spec.config.model_dump(exclude_unset=True, by_alias=True, mode="json") == config


def test_a_page_of_metrics_is_scraped() -> None:
    (one,) = planned(http(9100, "node_exporter", path="/metrics", metrics=True))
    assert one.spec.kind == "metrics"
    assert one.written == {"url": "http://127.0.0.1:9100/metrics", "redirects": 0}
    assert one.spec.interval == 15.0
    (other,) = planned(http(9100, path="/metrics"))
    assert other.spec.kind == "http"


def test_what_costs_more_than_it_tells_is_asked_seldom() -> None:
    exporter, tcp = http(9100, path="/metrics"), Service("tcp", "127.0.0.1", 11211)
    assert {one.spec.interval for one in planned(exporter, tcp)} == {15.0}
    assert planned(REDIS)[0].spec.interval == 5.0


# Credentials.


def first(service: Service, **environ: str) -> Login:
    return next(logins(service, environ))


def url(service: Service, **environ: str) -> str:
    return str(first(service, **environ).config["url"])


def test_without_credentials_the_socket_is_where_the_system_account_counts() -> None:
    user = "postgres@" if os.geteuid() == 0 else ""
    assert url(POSTGRES) == f"postgresql://{user}/postgres?host=/run/postgresql"
    assert url(MYSQL) == "mysql:///?socket=/run/mysqld/mysqld.sock"
    assert url(REDIS) == "redis://127.0.0.1:6379"


def test_without_a_socket_it_is_the_port() -> None:
    user = "postgres@" if os.geteuid() == 0 else ""
    at = "127.0.0.1", 15432
    assert url(Service("postgres", *at)) == f"postgresql://{user}127.0.0.1:15432/postgres"
    assert url(Service("mysql", *at)) == "mysql://127.0.0.1:15432/"
    socket = Service("redis", path="/run/redis/redis.sock")
    assert url(socket) == "unix:///run/redis/redis.sock"


def test_a_socket_of_another_number_has_it_in_its_url() -> None:
    other = Service("postgres", "127.0.0.1", 5433, "/run/postgresql/.s.PGSQL.5433")
    assert url(other, PGUSER="app", PGPORT="5433") == (
        "postgresql://app@/postgres?host=/run/postgresql&port=5433"
    )


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        (POSTGRES, "DATABASE_URL", "postgres://app:open-sesame@localhost/shop"),
        (POSTGRES, "DATABASE_URL", "postgresql://app:open-sesame@127.0.0.1:5432/shop"),
        (POSTGRES, "DATABASE_URL", "postgresql://app@/shop?host=/run/postgresql"),
        (MYSQL, "DATABASE_URL", "mysql://app:open-sesame@localhost:3306/shop"),
        (MYSQL, "MYSQL_URL", "mariadb://app:open-sesame@127.0.0.1/shop"),
        (REDIS, "REDIS_URL", "redis://:open-sesame@localhost:6379/1"),
    ],
)
def test_a_url_of_the_environment_counts_and_is_not_written_down(
    service: Service, name: str, value: str
) -> None:
    found = first(service, **{name: value})
    assert found.config == {"url": value}
    assert found.written == {"url": f"${{{name}}}"}
    assert found.note == f"as {name} says"


def test_a_url_that_names_a_driver_counts_without_it() -> None:
    found = first(POSTGRES, DATABASE_URL="postgresql+asyncpg://app:open-sesame@localhost/shop")
    assert found.config == {"url": "postgresql://app:open-sesame@localhost/shop"}
    assert found.written == {"url": "postgresql://app@localhost/shop"}
    assert "password is not kept here" in found.note


def test_options_that_only_a_framework_knows_are_left_out() -> None:
    (one,) = planned(
        POSTGRES, DATABASE_URL="postgresql://app:open-sesame@localhost/shop?whatever=1"
    )
    assert one.spec.config.address() == "localhost:5432/shop"
    assert one.written == {"url": "postgresql://app@localhost/shop"}


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://app:open-sesame@db.example/shop",
        "postgresql://app:open-sesame@localhost:5433/shop",
        "postgresql://app:open-sesame@/shop?host=/elsewhere",
        "mysql://app:open-sesame@localhost:5432/shop",
        "postgresql://app:open-sesame@[broken/shop",
        "nonsense",
        "",
    ],
)
def test_a_url_that_leads_elsewhere_does_not_count(value: str) -> None:
    assert url(POSTGRES, DATABASE_URL=value) == url(POSTGRES)


def test_postgresqls_variables_count() -> None:
    assert url(POSTGRES, PGUSER="app", PGPASSWORD="open-sesame") == (
        "postgresql://app@/postgres?host=/run/postgresql"
    )
    given = {"PGUSER": "a b", "PGDATABASE": "shop/1", "PGHOST": "localhost", "PGPORT": "5432"}
    assert url(POSTGRES, **given) == "postgresql://a%20b@localhost:5432/shop%2F1"
    for elsewhere in ({"PGHOST": "db.example"}, {"PGPORT": "5433"}, {"PGHOST": "/elsewhere"}):
        assert url(POSTGRES, PGUSER="app", **elsewhere) == url(POSTGRES)


def test_a_line_of_the_password_file_names_the_user(home: Path) -> None:
    file = home / ".pgpass"
    file.write_text(
        "db.example:5432:*:far:x\nlocalhost:5433:*:other:x\nlocalhost:5432:shop:app:open-sesame\n"
    )
    file.chmod(0o600)
    found = first(POSTGRES)
    assert found.config == {"url": "postgresql://app@localhost:5432/shop"}
    assert found.note == f"the password is in {file}"
    file.chmod(0o644)
    assert first(POSTGRES).note == ""


def test_a_line_for_every_server_counts(home: Path) -> None:
    file = home / ".pgpass"
    file.write_text("*:*:*:monitor:open-sesame\n")
    file.chmod(0o600)
    assert url(POSTGRES) == "postgresql://monitor@127.0.0.1:5432/postgres"


def test_a_service_that_leads_to_the_server_counts(home: Path) -> None:
    (home / ".pg_service.conf").write_text(
        "[far]\nhost=db.example\nuser=far\n\n[here]\nhost=localhost\nport=5432\nuser=app\n"
    )
    found = first(POSTGRES)
    assert found.config["service"] == "here"
    (one,) = planned(POSTGRES)
    assert one.spec.config.address() == "localhost:5432"
    assert url(POSTGRES, PGSERVICE="far").endswith("/postgres?host=/run/postgresql")


def test_mysqls_variables_count() -> None:
    found = first(MYSQL, MYSQL_USER="app", MYSQL_PASSWORD="open-sesame", MYSQL_DATABASE="shop")
    assert found.config == {
        "url": "mysql://app@/shop?socket=/run/mysqld/mysqld.sock",
        "password": {"env": "MYSQL_PASSWORD"},
    }
    found = first(MYSQL, MYSQL_ROOT_PASSWORD="open-sesame")
    assert found.config["url"] == "mysql://root@/?socket=/run/mysqld/mysqld.sock"
    elsewhere = {"MYSQL_HOST": "db", "MYSQL_USER": "app", "MYSQL_PASSWORD": "x"}
    assert url(MYSQL, **elsewhere) == url(MYSQL)


def test_the_password_that_redis_cli_takes_counts() -> None:
    found = first(REDIS, REDISCLI_AUTH="open-sesame")
    assert found.config == {
        "url": "redis://127.0.0.1:6379",
        "password": {"env": "REDISCLI_AUTH"},
    }


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "postgresql://app:open-sesame@localhost/shop"},
        {"DATABASE_URL": "postgresql+psycopg://app:open-sesame@localhost/shop"},
        {"REDIS_URL": "redis://:open-sesame@localhost/0", "REDISCLI_AUTH": "open-sesame"},
        {"PGUSER": "app", "PGPASSWORD": "open-sesame"},
        {"MYSQL_USER": "app", "MYSQL_PWD": "open-sesame"},
    ],
)
def test_no_password_is_shown_or_written(environ: dict[str, str]) -> None:
    for one in planned(POSTGRES, MYSQL, REDIS, **environ):
        shown = [repr(one.spec), one.spec.config.address(), str(one.written), one.note]
        assert "open-sesame" not in "".join(shown)
