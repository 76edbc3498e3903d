"""What should run and does not is missed; what nobody wants to run is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.discovery.absent import expectations, missing
from checks.discovery.model import Service
from checks.discovery.settings import clusters, mysql_place, redis_place
from checks.discovery.units import is_gone

MARIADB = "mariadb.service"


class Root:
    """A machine's files."""

    def __init__(self, path: Path, *, systemd: bool = True) -> None:
        self.path = path
        self.systemctl = str(path / "no-systemctl")
        if systemd:
            (path / "run/systemd/system").mkdir(parents=True)

    def write(self, path: str, text: str = "") -> Path:
        made = self.path / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        return made

    def install(self, unit: str, text: str = "[Install]\nWantedBy=multi-user.target\n") -> None:
        self.write(f"usr/lib/systemd/system/{unit}", text)

    def enable(self, unit: str, wanted_by: str = "etc/systemd/system/multi-user.target") -> None:
        link = self.path / f"{wanted_by}.wants/{unit}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"/usr/lib/systemd/system/{unit}")

    def run(self, unit: str, group: str = "sys/fs/cgroup/system.slice") -> None:
        (self.path / group / unit).mkdir(parents=True)

    def says(self, text: str) -> None:
        """What ``systemctl show`` prints."""
        script = self.write("bin/systemctl", f"#!/bin/sh\ncat <<'E'\n{text}\nE\n")
        script.chmod(0o755)
        self.systemctl = str(script)

    def missed(self, *found: Service) -> list[tuple[str, str, int, str]]:
        """Kind, host, port and reason of what is missed while ``found`` run."""
        expected = expectations(self.path, self.systemctl)
        return [
            (one.service.kind, one.service.host, one.service.port, one.why)
            for one in missing(expected, found)
        ]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


@pytest.fixture
def container(tmp_path: Path) -> Root:
    """A machine that systemd does not run."""
    return Root(tmp_path, systemd=False)


# Units.


def test_an_enabled_unit_that_does_not_run_is_missed(root: Root) -> None:
    root.install(MARIADB)
    root.enable(MARIADB)
    why = "mariadb.service is enabled and does not run: systemctl start mariadb"
    assert root.missed() == [("mysql", "127.0.0.1", 3306, why)]


def test_systemd_says_why(root: Root) -> None:
    root.install(MARIADB)
    root.enable(MARIADB)
    root.says("Id=mariadb.service\nActiveState=failed\nSubState=failed\nResult=oom-kill")
    ((_, _, _, why),) = root.missed()
    assert why == "mariadb.service is enabled and has failed (oom-kill): systemctl status mariadb"
    root.says("Id=mariadb.service\nActiveState=activating\nSubState=auto-restart\nResult=exit-code")
    ((_, _, _, why),) = root.missed()
    assert why == (
        "mariadb.service is enabled and is being restarted (exit-code): systemctl status mariadb"
    )


def test_a_systemctl_that_hangs_costs_its_answer_alone(root: Root) -> None:
    root.install(MARIADB)
    root.enable(MARIADB)
    script = root.write("bin/systemctl", "#!/bin/sh\nexec sleep 5\n")
    script.chmod(0o755)
    root.systemctl = str(script)
    ((_, _, _, why),) = root.missed()
    assert "does not run" in why


@pytest.mark.parametrize(
    "group",
    ["sys/fs/cgroup/system.slice", "sys/fs/cgroup/systemd/system.slice"],
)
def test_a_unit_that_runs_is_missed_only_where_its_database_does_not_listen(
    root: Root, group: str
) -> None:
    for unit in (MARIADB, "nginx.service"):
        root.install(unit)
        root.enable(unit)
        root.run(unit, group)
    assert root.missed(Service("mysql", "127.0.0.1", 3306)) == []
    why = "mariadb.service runs and nobody listens at port 3306: systemctl status mariadb"
    assert root.missed() == [("mysql", "127.0.0.1", 3306, why)]


def test_units_that_are_disabled_masked_or_removed_are_not_missed(root: Root) -> None:
    root.install("nginx.service")
    root.enable(MARIADB)
    root.install("redis-server.service")
    root.enable("redis-server.service")
    (root.path / "etc/systemd/system/redis-server.service").symlink_to("/dev/null")
    assert root.missed() == []


def test_units_that_are_nobodys_server_are_not_missed(root: Root) -> None:
    for unit in ("cron.service", "fstrim.service", "getty@tty1.service", "shop.service"):
        root.install(unit)
        root.enable(unit)
    assert root.missed() == []


def test_a_server_of_the_kind_elsewhere_does_not_stand_for_the_one_that_is_missed(
    root: Root,
) -> None:
    root.install(MARIADB)
    root.enable(MARIADB)
    assert len(root.missed(Service("mysql", "127.0.0.1", 3307))) == 1
    assert root.missed(Service("mysql", path="/x.sock", unit=MARIADB)) == []


def test_a_unit_under_two_names_is_missed_once(root: Root) -> None:
    for unit in ("mysql.service", MARIADB):
        root.install(unit)
        root.enable(unit)
    assert len(root.missed()) == 1


def test_debians_postgresql_clusters_are_missed_by_their_own_units(root: Root) -> None:
    root.install("postgresql.service")
    root.install("postgresql@.service")
    root.enable("postgresql.service")
    root.write("etc/postgresql/15/main/postgresql.conf", "port = 5433 # ours\n")
    root.write("etc/postgresql/15/main/start.conf", "# comment\nauto\n")
    root.write("etc/postgresql/14/old/postgresql.conf", "port = 5432\n")
    root.write("etc/postgresql/14/old/start.conf", "manual\n")
    why = (
        "postgresql@15-main.service is enabled and does not run: systemctl start postgresql@15-main"
    )
    assert root.missed() == [("postgres", "127.0.0.1", 5433, why)]
    assert root.missed(Service("postgres", "127.0.0.1", 5433)) == []


def test_other_postgresql_units_are_missed_at_the_usual_port(root: Root) -> None:
    root.install("postgresql-16.service")
    root.enable("postgresql-16.service")
    assert [one[:3] for one in root.missed()] == [("postgres", "127.0.0.1", 5432)]


@pytest.mark.parametrize(
    ("unit", "kind", "port"),
    [
        ("nginx.service", "http", 80),
        ("apache2.service", "http", 80),
        ("redis-server.service", "redis", 6379),
        ("redis.service", "redis", 6379),
        ("valkey.service", "redis", 6379),
        ("mysqld.service", "mysql", 3306),
        ("memcached.service", "tcp", 11211),
        ("rabbitmq-server.service", "tcp", 5672),
        ("grafana-server.service", "http", 3000),
    ],
)
def test_servers_that_are_known_by_their_units(root: Root, unit: str, kind: str, port: int) -> None:
    root.install(unit)
    root.enable(unit)
    assert [one[:3] for one in root.missed()] == [(kind, "127.0.0.1", port)]


def test_an_instance_of_a_template_has_its_own_settings(root: Root) -> None:
    root.install("redis-server@.service")
    root.enable("redis-server@sessions.service")
    root.write("etc/redis/redis-sessions.conf", "port 6390\n")
    assert [one[:3] for one in root.missed()] == [("redis", "127.0.0.1", 6390)]
    root.run(
        "redis-server@sessions.service",
        r"sys/fs/cgroup/system.slice/system-redis\x2dserver.slice",
    )
    ((_, _, _, why),) = root.missed()
    assert "runs and nobody listens" in why


# Data without systemd.


def test_data_of_somebodys_without_its_server_is_missed(container: Root) -> None:
    container.write("usr/sbin/mariadbd")
    container.write("var/lib/mysql/shop/orders.frm")
    why = "/var/lib/mysql holds data and no server runs: start it"
    assert container.missed() == [("mysql", "127.0.0.1", 3306, why)]


def test_data_that_nobody_has_put_there_is_not_missed(container: Root) -> None:
    container.write("usr/sbin/mariadbd")
    for name in ("mysql", "performance_schema", "sys", "#innodb_temp"):
        container.write(f"var/lib/mysql/{name}/x")
    container.write("var/lib/mysql/ibdata1")
    assert container.missed() == []


def test_data_whose_program_was_removed_is_not_missed(container: Root) -> None:
    container.write("var/lib/mysql/shop/orders.frm")
    container.write("var/lib/redis/dump.rdb")
    assert container.missed() == []


def test_data_says_nothing_where_systemd_knows_what_is_to_run(root: Root) -> None:
    root.write("usr/sbin/mariadbd")
    root.write("var/lib/mysql/shop/orders.frm")
    assert root.missed() == []


def test_data_of_postgresql_and_redis(container: Root) -> None:
    container.write("usr/lib/postgresql/15/bin/postgres")
    container.write("etc/postgresql/15/main/postgresql.conf", "")
    container.write("var/lib/postgresql/15/main/base/5/1")
    assert container.missed() == []
    container.write("var/lib/postgresql/15/main/base/16384/1")
    container.write("usr/bin/redis-server")
    container.write("etc/redis/redis.conf", "port 6380\ndir /var/lib/redis\n")
    container.write("var/lib/redis/dump.rdb")
    assert [one[:3] for one in container.missed()] == [
        ("postgres", "127.0.0.1", 5432),
        ("redis", "127.0.0.1", 6380),
    ]
    assert (
        container.missed(
            Service("postgres", "127.0.0.1", 5432), Service("redis", "127.0.0.1", 6380)
        )
        == []
    )


# Settings.


@pytest.mark.parametrize("port", ["9" * 5000, "70000", "-1", "²", ""])
def test_a_port_that_is_none_is_the_usual_one(root: Root, port: str) -> None:
    root.write("etc/redis/redis.conf", f"port {port}\n")
    assert redis_place(root.path).port == 6379


def test_the_place_of_mysql(root: Root) -> None:
    assert mysql_place(root.path).port == 3306
    root.write("etc/mysql/my.cnf", "[client]\nport=1\n!includedir /etc/mysql/conf.d/\n")
    root.write("etc/mysql/mariadb.conf.d/50-server.cnf", "[mysqld]\nport = 3307\n")
    root.write("etc/mysql/mariadb.conf.d/60-ours.cnf", "[mariadb]\nsocket='/run/my.sock'\n")
    place = mysql_place(root.path)
    assert (place.port, place.path) == (3307, "/run/my.sock")
    root.write("etc/mysql/mariadb.conf.d/70-off.cnf", "[mysqld]\nskip_networking\n")
    assert mysql_place(root.path).port == 0


def test_the_place_of_redis(root: Root) -> None:
    assert redis_place(root.path).port == 6379
    root.write("etc/redis/redis.conf", "# port 1\nport 0\nunixsocket /run/redis/r.sock\n")
    place = redis_place(root.path)
    assert (place.port, place.path) == (0, "/run/redis/r.sock")


def test_the_places_of_postgresql(root: Root) -> None:
    root.write(
        "etc/postgresql/15/main/postgresql.conf",
        "data_directory = '/srv/pg'\nport = 5433\nunix_socket_directories = '/run/pg, /tmp'\n",
    )
    (cluster,) = clusters(root.path)
    assert (cluster.place.port, cluster.place.path, cluster.place.data) == (
        5433,
        "/run/pg",
        "/srv/pg",
    )


# Whether the past is missed.


def test_a_unit_that_somebody_has_put_away_is_gone(root: Root) -> None:
    assert is_gone(root.path, MARIADB)
    root.install(MARIADB)
    assert is_gone(root.path, MARIADB)
    root.enable(MARIADB)
    assert not is_gone(root.path, MARIADB)
    root.install("static.service", "[Service]\nExecStart=/bin/true\n")
    assert not is_gone(root.path, "static.service")
    root.install("postgresql@.service")
    root.enable("postgresql@15-main.service", "run/systemd/generator/postgresql.service")
    assert not is_gone(root.path, "postgresql@15-main.service")


def test_without_systemd_no_unit_is_gone(container: Root) -> None:
    assert not is_gone(container.path, MARIADB)
