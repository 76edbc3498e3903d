"""Whose socket is whose, and what becomes of it: on a ``/proc`` of our own making."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from checks.discovery.listeners import listening
from checks.discovery.machine import Machine
from checks.discovery.model import Listener, Process, Service, local_host
from checks.discovery.owners import Endpoint, endpoints
from checks.discovery.processes import Scan, scan, unit_of
from checks.discovery.programs import Role, app_name, program_of
from checks.discovery.roles import role_of
from checks.discovery.services import ServiceMaker, main_ports
from checks.discovery.survey import Survey
from checks.lanes import Lanes
from tests.checks.discovery_kit import Proc, machine

EPHEMERAL = range(32_768, 61_000)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path / "proc")


def seen(proc: Proc) -> list[Endpoint]:
    listeners = listening(proc.path)
    inodes = [one.inode for one in listeners]
    found = scan(proc.path, inodes, time.monotonic() + 1, 0, Scan())
    return endpoints(listeners, found, proc.path)


# Listeners.


def test_the_kernel_lists_listening_sockets_before_connections() -> None:
    """So reading may end at the first that is not: with many connections it costs nothing."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        for server in servers:
            for _ in range(20):
                stack.enter_context(socket.create_connection(server.getsockname()))
        ports = {server.getsockname()[1] for server in servers}
        assert ports <= {one.port for one in listening(Path("/proc"))}
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    states = [line.split()[3] == "0A" for line in lines]
    assert states == sorted(states, reverse=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::", "0.0.0.0"])
def test_addresses_are_read_as_the_kernel_prints_them(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        (found,) = [one for one in listening(Path("/proc")) if one.port == port]
    assert found.host == address


def test_unix_sockets_that_listen_are_found_and_others_are_not(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as bound:
        server.bind(str(tmp_path / "a b.sock"))
        server.listen()
        bound.bind(str(tmp_path / "idle.sock"))
        paths = [one.path for one in listening(Path("/proc"))]
    assert str(tmp_path / "a b.sock") in paths
    assert str(tmp_path / "idle.sock") not in paths


@pytest.mark.parametrize(
    ("hosts", "apart", "reached"),
    [
        (["0.0.0.0", "::"], False, "127.0.0.1"),
        (["::"], False, "127.0.0.1"),
        (["::"], True, "::1"),
        (["192.0.2.5", "127.0.0.1"], False, "127.0.0.1"),
        (["127.0.1.1"], False, "127.0.1.1"),
        (["192.0.2.5", "192.0.2.4"], False, "192.0.2.4"),
    ],
)
def test_where_a_port_is_reached(hosts: list[str], apart: bool, reached: str) -> None:
    listeners = [Listener(n, host, 80) for n, host in enumerate(hosts)]
    assert local_host(listeners, apart=apart) == reached


# Processes.


def test_a_server_and_not_its_workers_owns_the_socket_they_share(proc: Proc) -> None:
    proc.listen("0100007F", 8000, 77)
    proc.add(Process(50, "gunicorn", ("gunicorn: worker",), started=20), "socket:[77]")
    proc.add(Process(60, "gunicorn", ("gunicorn: master [shop]",), started=10), "socket:[77]")
    (found,) = seen(proc)
    assert found.process is not None
    assert found.process.pid == 60


def test_what_systemd_holds_for_a_server_is_the_servers(proc: Proc) -> None:
    proc.listen("0100007F", 8000, 77)
    proc.add(Process(1, "systemd", ("/sbin/init",), started=1), "socket:[77]")
    proc.add(Process(60, "web", ("/srv/web",), started=10), "socket:[77]")
    (found,) = seen(proc)
    assert found.process is not None
    assert found.process.name == "web"


def test_a_socket_that_systemd_alone_holds_is_left_out_lest_it_starts_the_server(
    proc: Proc,
) -> None:
    proc.listen("0100007F", 8000, 77)
    proc.add(Process(1, "systemd", ("/sbin/init",), started=1), "socket:[77]")
    (found,) = seen(proc)
    assert role_of(found, {}, EPHEMERAL) is Role.NONE


def test_ports_that_workers_share_by_themselves_are_one(proc: Proc) -> None:
    for pid, inode in ((50, 77), (51, 78)):
        proc.listen("00000000", 8000, inode)
        proc.add(Process(pid, "web", ("/srv/web",), started=pid), f"socket:[{inode}]")
    (found,) = seen(proc)
    assert found.process is not None
    assert found.process.pid == 50


def test_the_scan_ends_in_time_and_says_so(proc: Proc) -> None:
    proc.listen("0100007F", 8000, 77)
    proc.add(Process(60, "web", ("/srv/web",)), "socket:[77]")
    found = scan(proc.path, [77], time.monotonic() - 1, 0, Scan())
    assert found.cut
    assert found.owner(77) is None


async def test_a_process_that_hangs_whoever_looks_at_it_costs_the_others_little(
    proc: Proc,
) -> None:
    """As one does that waits for a file server; a pipe that nobody writes to stands for it."""
    proc.listen("0100007F", 6380, 77, uid=os.geteuid())
    proc.add(Process(1, "systemd"))
    proc.add(Process(60, "redis-server", ("redis-server", "127.0.0.1:6380")), "socket:[77]")
    proc.add(Process(70, "hung"))
    (proc.path / "70/cmdline").unlink()
    os.mkfifo(proc.path / "70/cmdline")
    lanes = Lanes()
    survey = Survey(machine(proc=proc.path), lanes)
    began = time.monotonic()
    seen = await survey.look(began + 0.5, {})
    assert time.monotonic() - began < 20
    assert [(one.kind, one.port) for one in seen.services] == [("redis", 6380)]
    assert seen.warnings == ("reading /proc takes its time: what runs is only partly known",)
    assert not seen.settled
    again = await survey.look(time.monotonic() + 0.5, {})
    assert again.warnings == seen.warnings
    # Lets the thread end that waits.
    (proc.path / "70/cmdline").open("w").close()
    lanes.close()


def test_a_proc_that_hides_others_is_noticed(proc: Proc) -> None:
    proc.add(Process(60, "web", ("/srv/web",)))
    assert scan(proc.path, [], time.monotonic() + 1, 0, Scan()).hidden
    proc.add(Process(1, "systemd", ("/sbin/init",)))
    assert not scan(proc.path, [], time.monotonic() + 1, 0, Scan()).hidden


@pytest.mark.parametrize(
    ("group", "unit"),
    [
        ("0::/system.slice/mariadb.service", "mariadb.service"),
        (
            "0::/system.slice/system-postgresql.slice/postgresql@15-main.service",
            "postgresql@15-main.service",
        ),
        ("12:cpu:/\n1:name=systemd:/system.slice/nginx.service\n0::/", "nginx.service"),
        ("0::/system.slice/gunicorn.service/worker", "gunicorn.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", ""),
        ("0::/system.slice/docker-abc.scope", ""),
        ("0::/", ""),
    ],
)
def test_the_unit_of_a_process(proc: Proc, group: str, unit: str) -> None:
    proc.add(Process(60, "web"))
    (proc.path / "60/cgroup").write_text(group + "\n")
    assert unit_of(proc.path, 60) == unit


# Without root: descriptors of other accounts are closed to us.


def by_account(port: int, uid: int, *processes: Process) -> Process | None:
    found = Scan({one.pid: one for one in processes}, closed={one.pid for one in processes})
    (endpoint,) = endpoints([Listener(5, "0.0.0.0", port, uid=uid)], found, Path("/nowhere"))
    return endpoint.process


def test_a_server_with_an_account_of_its_own_is_known_by_it() -> None:
    server = Process(60, "mariadbd", ("/usr/sbin/mariadbd",), uid=110)
    shell = Process(61, "bash", ("bash",), uid=110)
    assert by_account(3399, 110, shell, server) is server


def test_a_server_is_known_by_the_port_among_its_arguments() -> None:
    proxies = [
        Process(n, f"docker-proxy{n}", ("docker-proxy", "-host-port", str(n))) for n in (8080, 8081)
    ]
    assert by_account(8081, 0, *proxies) is proxies[1]
    assert by_account(808, 0, *proxies) is None


def test_a_server_is_known_by_its_usual_port() -> None:
    redis = Process(60, "redis-server", ("redis-server",), uid=0)
    others = Process(61, "mariadbd", ("mariadbd",), uid=0)
    assert by_account(6379, 0, redis, others) is redis
    assert by_account(7000, 0, redis, others) is None


# Containers: the port is a proxy's, the server is seen by its own network.


def contained(proc: Proc, name: str, address: str = "172.17.0.2") -> None:
    argv = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 13306"
    argv += " -container-ip 172.17.0.2 -container-port 3306"
    proc.listen("00000000", 13306, 77)
    proc.add(Process(60, "docker-proxy", tuple(argv.split())), "socket:[77]")
    proc.add(Process(70, name, (name,), started=5))
    inner = Proc(proc.path / "70")
    inner.listen("00000000", 3306, 5)
    trie = f"Local:\n  +-- 172.17.0.0/16 2 0 2\n     |-- {address}\n        /32 host LOCAL\n"
    (proc.path / "70/net/fib_trie").write_text(trie)


def test_a_server_in_a_container_is_known_by_its_process_and_not_asked(proc: Proc) -> None:
    contained(proc, "mariadbd")
    (found,) = seen(proc)
    assert found.process is not None
    assert found.process.name == "mariadbd"
    assert role_of(found, {}, EPHEMERAL) is Role.MYSQL


def test_a_server_of_another_container_is_not_taken_for_it(proc: Proc) -> None:
    contained(proc, "mariadbd", "172.17.0.9")
    (found,) = seen(proc)
    assert role_of(found, {}, EPHEMERAL) is Role.RELAY


# Roles.


def role(
    port: int, name: str = "", argv: str = "", recalled: str = "", uid: int = 0
) -> Role | None:
    process = Process(60, name, tuple((argv or name).split())) if name else None
    endpoint = Endpoint(port, (Listener(5, "127.0.0.1", port, uid=uid),), process)
    return role_of(endpoint, {port: recalled} if recalled else {}, EPHEMERAL)


@pytest.mark.parametrize(
    ("port", "name", "argv", "expected"),
    [
        (5433, "postgres", "/usr/lib/postgresql/15/bin/postgres -D /data", Role.POSTGRES),
        (40000, "mariadbd", "", Role.MYSQL),
        (6380, "redis-server", "redis-server 127.0.0.1:6380", Role.REDIS),
        (6380, "valkey-server", "", Role.REDIS),
        (26379, "redis-sentinel", "redis-sentinel *:26379 [sentinel]", Role.TCP),
        (26379, "redis-server", "redis-server *:26379 [sentinel]", Role.TCP),
        (22, "sshd", "sshd: /usr/sbin/sshd -D", Role.NONE),
        (25, "master", "/usr/lib/postfix/sbin/master -w", Role.NONE),
        (53, "systemd-resolve", "/lib/systemd/systemd-resolved", Role.NONE),
        (11211, "memcached", "", Role.TCP),
        (27017, "mongod", "/usr/bin/mongod --config /etc/mongod.conf", Role.TCP),
        (5672, "beam.smp", "/usr/lib/erlang/bin/beam.smp -sname rabbit", Role.TCP),
        (15672, "beam.smp", "/usr/lib/erlang/bin/beam.smp -sname rabbit", Role.HTTP),
        (25672, "beam.smp", "/usr/lib/erlang/bin/beam.smp -sname rabbit", Role.NONE),
        (9092, "java", "java -cp x kafka.Kafka server.properties", Role.TCP),
        (8080, "java", "java -jar shop.jar", Role.HTTP),
        (9100, "node_exporter", "/usr/bin/node_exporter", Role.HTTP),
        (80, "nginx", "nginx: master process", Role.HTTP),
        (3307, "nginx", "nginx: master process", Role.RELAY),
        (3306, "haproxy", "/usr/sbin/haproxy", Role.MYSQL),
        (8080, "docker-proxy", "/usr/bin/docker-proxy", Role.RELAY),
        (9000, "php-fpm8.2", "php-fpm: master process", Role.TCP),
        (8000, "python3", "python3 app.py", Role.HTTP),
        (41234, "python3", "python3 app.py", Role.NONE),
        (8888, "python3", "python3 -m ipykernel_launcher -f x", Role.NONE),
        (8005, "java", "java -cp x org.apache.catalina.startup.Bootstrap start", Role.NONE),
        (6379, "mystery", "", Role.RELAY),
        (5432, "mystery", "", Role.RELAY),
    ],
)
def test_what_becomes_of_a_port(port: int, name: str, argv: str, expected: Role) -> None:
    assert role(port, name, argv) is expected


def test_whom_nobody_can_see_is_asked_only_where_there_is_reason_to() -> None:
    assert role(3306) is Role.MYSQL
    assert role(8080) is Role.RELAY
    assert role(2049) is Role.NONE
    assert role(2024) is None
    assert role(2024, uid=1000) is Role.RELAY


def test_what_was_found_before_needs_not_be_asked_for_its_protocol() -> None:
    assert role(13306, "docker-proxy", recalled="mysql") is Role.MYSQL
    assert role(2024, recalled="http") is Role.HTTP
    assert role(6380, "redis-server", recalled="mysql") is Role.REDIS


def test_of_a_database_server_one_port_is_watched() -> None:
    server = Process(60, "mysqld", ("/usr/sbin/mysqld", "--port=43306"))
    ports = [(Endpoint(port, (), server), Role.MYSQL) for port in (33060, 43306, 33062)]
    ((found, _),) = main_ports(ports)
    assert found.port == 43306
    plain = Process(61, "redis-server", ("redis-server", "*:6379"))
    ((found, _),) = main_ports([(Endpoint(p, (), plain), Role.REDIS) for p in (16379, 6379)])
    assert found.port == 6379


# Names.


@pytest.mark.parametrize(
    ("argv", "folder", "name"),
    [
        ("python3 /srv/shop/app.py", "/", "shop"),
        ("/usr/bin/python3 /usr/bin/gunicorn shop.wsgi --bind 0.0.0.0:8000", "/", "shop"),
        ("python3 -m uvicorn main:app --port 8000", "/srv/billing", "billing"),
        ("node /opt/orders/server.js", "/", "orders"),
        ("java -Xmx1g -jar /opt/x/pay-1.2.3-SNAPSHOT.jar", "/", "pay"),
        ("java -cp a:b com.acme.Shop", "/", "Shop"),
        ("python3 -m http.server 8000", "/", ""),
        ("/usr/local/bin/shopd --listen :80", "/", "shopd"),
    ],
)
def test_what_a_program_is_called(argv: str, folder: str, name: str) -> None:
    words = tuple(argv.split())
    assert app_name(Process(1, words[0].rpartition("/")[2], words), folder) == name


def test_the_name_in_a_title_counts() -> None:
    assert app_name(Process(1, "gunicorn", ("gunicorn: master [shop]",))) == "shop"


def test_an_application_is_called_as_its_unit(proc: Proc) -> None:
    process = Process(60, "python3", ("python3", "app.py"))
    proc.add(process)
    (proc.path / "60/cgroup").write_text("0::/system.slice/shop-api.service\n")
    maker = ServiceMaker(Scan({60: process}), [], Machine(proc=proc.path))
    made = maker.port(Endpoint(8000, (Listener(5, "0.0.0.0", 8000),), process), Role.HTTP)
    assert (made.program, made.unit, made.lasting) == ("shop-api", "shop-api.service", True)


def test_a_program_of_a_terminal_is_not_missed_when_it_ends(proc: Proc) -> None:
    process = Process(60, "python3", ("python3", "app.py"), terminal=True)
    maker = ServiceMaker(Scan({60: process}), [], Machine(proc=proc.path))
    made = maker.port(Endpoint(8000, (Listener(5, "0.0.0.0", 8000),), process), Role.HTTP)
    assert not made.lasting


def made_by(process: Process, proc: Path, temporary: tuple[str, ...] = ("/tmp/",)) -> Service:
    machine = Machine(proc=proc, temporary=temporary)
    maker = ServiceMaker(Scan({process.pid: process}), [], machine)
    return maker.port(Endpoint(8000, (Listener(5, "0.0.0.0", 8000),), process), Role.HTTP)


@pytest.mark.parametrize(
    ("argv", "cwd", "home"),
    [
        ("redis-server *:7000", "/tmp/play", "/tmp/play"),
        ("mariadbd --datadir=/tmp/db --port=7000", "/", "/tmp/db"),
        ("postgres -D /tmp/pg", "/", "/tmp/pg"),
        ("python3 -u /tmp/app.py", "/", "/tmp/app.py"),
        ("/tmp/build/shopd", "/", "/tmp/build/shopd"),
        # Sockets, locks and what workers beat into lie there of servers that stay.
        ("mariadbd --socket=/tmp/mysql.sock --pid-file=/tmp/my.pid", "/var/lib/mysql", ""),
        ("gunicorn --worker-tmp-dir /tmp/beats shop:app", "/srv/shop", ""),
        ("redis-server *:6379", "/tmpfiles", ""),
    ],
)
def test_what_lives_in_a_temporary_folder_is_not_missed(
    proc: Proc, argv: str, cwd: str, home: str
) -> None:
    words = tuple(argv.split())
    process = Process(60, words[0].rpartition("/")[2], words)
    proc.add(process)
    (proc.path / "60/cwd").symlink_to(cwd)
    made = made_by(process, proc.path)
    assert (made.transient, made.lasting) == (home, not home)


def test_a_unit_that_lives_in_a_temporary_folder_is_missed(proc: Proc) -> None:
    process = Process(60, "python3", ("python3", "/tmp/app.py"))
    proc.add(process)
    (proc.path / "60/cgroup").write_text("0::/system.slice/shop-api.service\n")
    assert made_by(process, proc.path).lasting


@pytest.mark.parametrize(
    ("group", "lasting"),
    [
        ("/user.slice/user-0.slice/session-4.scope", False),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-xterm-2.scope",
            False,
        ),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service", True),
        ("/docker/0123456789ab", True),
    ],
)
def test_what_somebody_started_in_a_session_is_not_missed(
    proc: Proc, group: str, lasting: bool
) -> None:
    process = Process(60, "redis-server", ("redis-server", "*:6379"))
    proc.add(process)
    (proc.path / "60/cgroup").write_text(f"0::{group}\n")
    assert made_by(process, proc.path).lasting is lasting


def test_what_began_minutes_ago_is_young(proc: Proc) -> None:
    second = os.sysconf("SC_CLK_TCK")
    (proc.path / "uptime").write_text("1000.00 0.00\n")
    for started, young in ((710, True), (690, False)):
        process = Process(started, "redis-server", ("redis-server",), started=started * second)
        proc.add(process)
        assert made_by(process, proc.path).young is young


@pytest.mark.parametrize("name", ["postgres", "edb-postgres", "mysqld", "mariadbd", "redis-server"])
def test_database_servers_are_known_by_name(name: str) -> None:
    known = program_of(Process(1, name[:15], (f"/usr/bin/{name}",)))
    assert known is not None
    assert known.role.is_database


@pytest.fixture
def sockets() -> list[Listener]:
    return [
        Listener(1, path="/run/postgresql/.s.PGSQL.5433"),
        Listener(2, path="/run/mysqld/mysqld.sock"),
        Listener(3, path="/run/mysqld/mysqlx.sock"),
        Listener(4, path="/run/redis/redis-server.sock"),
        Listener(5, path="/run/php/php8.2-fpm.sock"),
    ]


def test_sockets_whose_server_cannot_be_seen_are_known_by_their_names(
    sockets: list[Listener],
) -> None:
    maker = ServiceMaker(Scan(), sockets, Machine(proc=Path("/nowhere")))
    found = [(one.kind, one.port, one.path) for one in maker.sockets([])]
    assert found == [
        ("postgres", 5433, "/run/postgresql/.s.PGSQL.5433"),
        ("mysql", 0, "/run/mysqld/mysqld.sock"),
        ("redis", 0, "/run/redis/redis-server.sock"),
    ]


def test_the_socket_of_a_server_whose_port_is_found_is_not_a_second_one(
    sockets: list[Listener],
) -> None:
    maker = ServiceMaker(Scan(), sockets[:3], Machine(proc=Path("/nowhere")))
    ports = [(5433, Role.POSTGRES), (3306, Role.MYSQL)]
    found = [
        maker.port(Endpoint(port, (Listener(9, "127.0.0.1", port),)), role) for port, role in ports
    ]
    assert [one.path for one in found] == [sockets[0].path, sockets[1].path]
    assert maker.sockets(found) == []
