"""What is known of programs by their names: what they speak, and whether that is news.

A database server is known by its name and gets its own kind of check without being
asked anything. What speaks HTTP is asked last. What would answer a connection with a line in
its log (mail, ssh), or is nobody's service (name services of the machine itself, editors), is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from checks.discovery.model import Process

__all__ = [
    "DEFAULT_PORTS",
    "LEFT_OUT",
    "QUIET_PORTS",
    "WEB_PORTS",
    "Program",
    "Role",
    "app_name",
    "is_interpreter",
    "program_names",
    "program_of",
]


class Role(Enum):
    """What becomes of a program's ports."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    REDIS = "redis"
    HTTP = "http"
    """It is asked for its health page."""
    TCP = "tcp"
    """It is watched for whether it takes connections."""
    RELAY = "relay"
    """It passes connections on to somebody who must first be found out."""
    NONE = "none"
    """It is left out."""

    @property
    def is_database(self) -> bool:
        """Whether it is a kind of check of its own."""
        return self in {Role.POSTGRES, Role.MYSQL, Role.REDIS}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is known.

    ``ports`` are those that are watched, all where empty; ``web`` are those of them, or
    besides them, that speak HTTP.
    """

    role: Role
    name: str = ""
    ports: frozenset[int] = frozenset()
    web: frozenset[int] = frozenset()

    def role_at(self, port: int) -> Role:
        """What becomes of this port of it."""
        if port in self.web:
            return Role.HTTP
        return Role.NONE if self.ports and port not in self.ports else self.role


DEFAULT_PORTS: Final = {Role.POSTGRES: 5432, Role.MYSQL: 3306, Role.REDIS: 6379}

WEB_PORTS: Final = frozenset(
    {80, 81, 443, 591, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9000, 9090, 9443}
)
"""Ports at which HTTP may be expected of a program that does not say what it is."""

QUIET_PORTS: Final = frozenset(
    {7, 9, 13, 19, 21, 22, 23, 25, 37, 53, 79, 88, 109, 110, 111, 113, 119, 135, 139, 143, 179}
    | {389, 427, 445, 464, 465, 512, 513, 514, 515, 548, 554, 587, 631, 636, 646, 873, 902, 989}
    | {990, 992, 993, 995, 1025, 1080, 1433, 1521, 1720, 1723, 1883, 2000, 2049, 2181, 2375, 2376}
    | {2379, 2380, 3128, 3260, 3268, 3269, 3389, 3690, 4222, 4369, 5005, 5060, 5061, 5222, 5269}
    | {5353, 5666, 5671, 5672, 5900, 6000, 6010, 7000, 7199, 8005, 8009, 9042, 9092, 9418, 9999}
    | {10000, 11211, 25672, 26257, 27017, 27018, 33060, 50000, 61613, 61616}
)
"""Ports at which HTTP would only leave lines in a log."""

LEFT_OUT: Final = Program(Role.NONE)

_DATABASES: Final = {
    Role.POSTGRES: "postgres postmaster edb-postgres",
    Role.MYSQL: "mysqld mariadbd mysqld-debug",
    Role.REDIS: "redis-server valkey-server keydb-server keydb-pro-server dragonfly kvrocks",
}
_SERVERS_OF_PAGES: Final = (
    "apache2 httpd caddy lighttpd grafana grafana-server prometheus alertmanager pushgateway "
    "victoria-metrics vmalert vmagent loki tempo promtail kibana influxd minio gitea forgejo "
    "consul vault nomad jaeger jaeger-all-in-one otelcol gunicorn uvicorn hypercorn daphne puma "
    "unicorn uwsgi php dotnet netdata meilisearch typesense qdrant"
)
_PASSING_ON: Final = (
    "docker-proxy rootlessport rootlesskit slirp4netns pasta passt haproxy envoy traefik nginx "
    "openresty angie varnishd kube-proxy"
)
_NOT_WATCHED: Final = (
    "systemd init sshd ssh autossh dropbear systemd-resolve systemd-resolved systemd-networkd "
    "systemd-journal-remote rpcbind rpc.statd rpc.mountd rpc.nfsd cupsd cups-browsed avahi-daemon "
    "chronyd ntpd dnsmasq connmand exim exim4 master sendmail smtpd dovecot imap-login pop3-login "
    "opensmtpd saslauthd dockerd containerd crio podman kubectl kubelet cloudflared tailscaled "
    "zerotier-one openvpn stunnel stunnel4 socat smbd nmbd winbindd snmpd iscsid inetd xinetd "
    "in.tftpd vsftpd proftpd pure-ftpd xrdp xrdp-sesman Xorg Xvnc Xtigervnc x11vnc vino-server "
    "gnome-remote-de code code-server epmd etcd onwatch gdbserver rsync dhclient pcscd nscd sssd "
    "teamviewerd anydesk spotify firefox chrome chromium thunderbird slack discord "
    "mysqlrouter mysqld_safe"
)
_LISTENING: Final = {
    "memcached": ("memcached", {11211}, set[int]()),
    "mongod": ("mongodb", {27017, 27018, 27019}, set[int]()),
    "mongos": ("mongos", {27017}, set[int]()),
    "pgbouncer": ("pgbouncer", set[int](), set[int]()),
    "named": ("named", {53}, set[int]()),
    "unbound": ("unbound", {53}, set[int]()),
    "pdns_server": ("pdns", {53}, {8081}),
    "nats-server": ("nats", {4222}, {8222}),
    "mosquitto": ("mosquitto", {1883, 8883}, set[int]()),
    "slapd": ("slapd", {389, 636}, set[int]()),
    "redis-sentinel": ("redis-sentinel", set[int](), set[int]()),
    "clickhouse-server": ("clickhouse", {9000}, {8123}),
    "php-fpm": ("php-fpm", set[int](), set[int]()),
    "rabbitmq": ("rabbitmq", {5672, 5671}, {15672, 15692}),
    "kafka": ("kafka", {9092, 9093, 9094}, set[int]()),
    "zookeeper": ("zookeeper", {2181}, set[int]()),
    "cassandra": ("cassandra", {9042}, set[int]()),
    "activemq": ("activemq", {61616}, {8161}),
    "elasticsearch": ("elasticsearch", {9200}, {9200}),
}
_INSIDE: Final = (
    ("beam.smp", re.compile(r"rabbit"), "rabbitmq"),
    ("java", re.compile(r"^kafka\.Kafka$"), "kafka"),
    ("java", re.compile(r"QuorumPeerMain$"), "zookeeper"),
    ("java", re.compile(r"CassandraDaemon$"), "cassandra"),
    ("java", re.compile(r"activemq"), "activemq"),
    ("java", re.compile(r"^org\.(elasticsearch|opensearch)\."), "elasticsearch"),
)
"""What a virtual machine runs, by one of its arguments."""

_EDITORS: Final = re.compile(
    r"/\.(vscode|cursor|windsurf)[^/]*/|/\.?(jetbrains|jupyter)|jupyter|ipykernel|debugpy"
    r"|language.?server|tsserver|/\.cache/",
    re.IGNORECASE,
)

_KNOWN: Final[dict[str, Program]] = {
    **{name: Program(role) for role, names in _DATABASES.items() for name in names.split()},
    **{name: Program(Role.HTTP, name) for name in _SERVERS_OF_PAGES.split()},
    **{name: Program(Role.RELAY, name) for name in _PASSING_ON.split()},
    **dict.fromkeys(_NOT_WATCHED.split(), LEFT_OUT),
    **{
        key: Program(Role.TCP, name, frozenset(ports), frozenset(web))
        for key, (name, ports, web) in _LISTENING.items()
    },
}
_VERSION: Final = re.compile(r"[-_]?\d+(\.\d+)*$")
_SENTINEL: Final = "[sentinel]"


def program_names(process: Process) -> Iterator[str]:
    """What a program may be known by: the name it gave itself, its file's name, without version."""
    title = process.argv[0].split(" ", 1)[0] if process.argv else ""
    for word in (title, process.name):
        name = PurePosixPath(word.partition(": ")[0].rstrip(":")).name
        if name:
            yield name
            yield _VERSION.sub("", name)


def program_of(process: Process) -> Program | None:
    """What is known of the program; None where nothing is."""
    if any(_SENTINEL in word or word == "--sentinel" for word in process.argv):
        return _KNOWN["redis-sentinel"]
    for name in program_names(process):
        for machine, sign, inner in _INSIDE:
            if name == machine and any(sign.search(word) for word in process.argv[1:]):
                return _KNOWN[inner]
        if name in _KNOWN:
            return _KNOWN[name]
    if any(_EDITORS.search(word) for word in process.argv[:6]):
        return LEFT_OUT
    return None


_LANGUAGES: Final = (
    "python pypy node nodejs deno bun ruby perl php java dotnet beam.smp uwsgi gunicorn uvicorn "
    "hypercorn daphne puma unicorn flask sh bash dash tini dumb-init npm"
)
_COMMON: Final = (
    "main app application server index manage runserver wsgi asgi run start serve cli bin boot "
    "__main__ __init__ current src dist build www html public root home srv opt usr lib tmp "
    "http.server http prod production development dev test config settings launcher"
)
_INTERPRETERS: Final = frozenset(_LANGUAGES.split())
_SAYS_NOTHING: Final = _INTERPRETERS | frozenset(_COMMON.split())


def is_interpreter(process: Process) -> bool:
    """Whether it runs somebody's program, and is not known for anything itself."""
    return any(name in _INTERPRETERS for name in program_names(process))


_WORD: Final = re.compile(r"[A-Za-z][\w.@+-]{1,39}")
_JAR_VERSION: Final = re.compile(r"[-_]v?\d[\w.]*(-SNAPSHOT)?$")


def app_name(process: Process, folder: str = "") -> str:
    """What people would call it: its program, or what an interpreter was given to run.

    ``folder`` is where it runs, asked where its arguments name nothing but ``app.py``.
    Empty where it could not be told from any other program of its language.
    """
    names = [name for name in program_names(process) if _WORD.fullmatch(name)]
    if names and not any(name in _INTERPRETERS for name in names):
        return names[0]
    for word in (*_spoken(process.argv), PurePosixPath(folder).name):
        if _WORD.fullmatch(word) and word.lower() not in _SAYS_NOTHING:
            return word
    return ""


def _spoken(argv: tuple[str, ...]) -> Iterator[str]:
    """The words of a command line that may be an application's name."""
    skip = False
    titled = _TITLE.search(argv[0]) if argv else None
    if titled:
        yield titled[1].partition(":")[0].split(".")[0]
    for word in argv[1:12]:
        if skip or word.startswith("-"):
            # Options of Java take their value apart; of others it is a number or an address.
            skip = not skip and word in {"-cp", "-classpath", "--class-path", "--module-path"}
            continue
        path = PurePosixPath(word.partition(":")[0])
        stem = path.stem if path.suffix in _SUFFIXES else path.name
        if "/" not in word and "." in stem:
            parts = stem.split(".")
            yield from parts[::-1] if parts[-1][:1].isupper() else parts
            continue
        yield _JAR_VERSION.sub("", stem) if path.suffix == ".jar" else stem
        yield path.parent.name


_TITLE: Final = re.compile(r"\[([^\]]+)\]")
"""``gunicorn: master [shop]``."""
_SUFFIXES: Final = frozenset({".py", ".pyc", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".jar"})
