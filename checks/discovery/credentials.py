"""As whom to log in to a server that was found: what clients of it would use here.

Looked at are this process's own environment and the files that the databases' own clients read;
no other process's environment, and no server's settings. A password is never written down:
the configuration that ``onwatch init`` makes refers to where it is kept.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from checks.dial import place
from checks.discovery.model import Service
from checks.native.pg_service import find_service, service_file_paths, service_names
from checks.native.pgpass import pass_file_path, read_pass_file

__all__ = ["Login", "logins"]


@dataclass(frozen=True, slots=True)
class Login:
    """What a check of the server is configured with.

    ``config`` is for its model and may hold a password, ``written`` is the same for a file and
    holds none; ``note`` says where the credentials are from.
    """

    config: Mapping[str, Any]
    written: Mapping[str, Any]
    note: str = ""


def logins(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    """Ways to log in to ``service``, the best first; the last one is that without credentials.

    May block on a hung home directory.
    """
    yield from _by_url(service, environ)
    yield from _WAYS[service.kind](service, environ)


_URLS: Final = {
    "postgres": (("postgresql", "postgres"), ("DATABASE_URL", "POSTGRES_URL", "POSTGRESQL_URL")),
    "mysql": (("mysql", "mariadb", "mysql2"), ("DATABASE_URL", "MYSQL_URL", "MARIADB_URL")),
    "redis": (("redis", "rediss", "unix"), ("REDIS_URL", "DATABASE_URL")),
}
"""Schemes and variables of each kind's URLs; the first scheme is the check's own."""
_OTHERS_OPTIONS: Final = re.compile(r"\?.*$")


def _by_url(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    """A URL in the environment that leads to the server; whose driver it names is left out."""
    schemes, names = _URLS[service.kind]
    for name in names:
        url = environ.get(name, "")
        scheme, _, rest = url.partition("://")
        base = scheme.partition("+")[0]
        if not rest or base not in schemes or not _leads_to(url, service):
            continue
        note = f"as {name} says"
        if base == scheme and scheme != "mysql2":
            yield Login({"url": url}, {"url": f"${{{name}}}"}, note)
        own = schemes[0] if base not in {"rediss", "unix"} else base
        # Frameworks add options of their own.
        for tail in (rest, _OTHERS_OPTIONS.sub("", rest)):
            written = {"url": _without_password(f"{own}://{tail}")}
            yield Login(
                {"url": f"{own}://{tail}"}, written, f"{note}; its password is not kept here"
            )


def _leads_to(url: str, service: Service) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _USUAL[service.kind]
        options = parse_qs(parts.query)
    except ValueError:
        return False
    path = next(
        (options[key][0] for key in ("host", "socket", "unix_socket") if key in options), ""
    )
    if parts.scheme == "unix":
        path = unquote(parts.path)
    if path.startswith("/"):
        return bool(service.path) and path in {service.path, _folder(service)}
    return port == service.port and _is_here(host or path, service)


_USUAL: Final = {"postgres": 5432, "mysql": 3306, "redis": 6379}


def _is_here(host: str, service: Service) -> bool:
    """Whether ``host`` is this machine, as far as that can be told without asking anybody."""
    here = {"", "localhost", "127.0.0.1", "::1", service.host, socket.gethostname().lower()}
    return host.lower() in here or host.startswith("127.")


def _without_password(url: str) -> str:
    return re.sub(r"(://[^/@:?#]*):[^/@]*@", r"\1@", url)


def _folder(service: Service) -> str:
    return str(PurePosixPath(service.path).parent) if service.path else ""


def _postgres(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    user, database = environ.get("PGUSER", ""), environ.get("PGDATABASE", "")
    given = user or database or environ.get("PGPASSWORD")
    if given and _names(environ, service, "PGHOST", "PGPORT", "PGSERVICE"):
        url = _postgres_url(service, user, database or "postgres", environ.get("PGHOST", ""))
        yield _same({"url": url}, "as PGUSER, PGPASSWORD and their like say")
    yield from _of_services(service, environ)
    yield from _of_pass_file(service, environ)
    # The server's own administrator is who root is taken for, if anybody.
    yield _same({"url": _postgres_url(service, "" if os.geteuid() else "postgres", "postgres")})


def _postgres_url(service: Service, user: str, database: str, host: str = "") -> str:
    at = f"{quote(user, safe='')}@" if user else ""
    name = quote(database, safe="")
    folder = host if host.startswith("/") else "" if host else _folder(service)
    if folder:
        port = f"&port={service.port}" if service.port != _USUAL["postgres"] else ""
        return f"postgresql://{at}/{name}?host={quote(folder)}{port}"
    return f"postgresql://{at}{place(host or service.host, service.port)}/{name}"


def _names(
    environ: Mapping[str, str], service: Service, host: str, port: str, unless: str = ""
) -> bool:
    """Whether the variables ``host`` and ``port`` lead to the server, or say nothing else."""
    where = environ.get(host, "")
    number = environ.get(port, "") or str(_USUAL[service.kind])
    if environ.get(unless) or number != str(service.port or _USUAL[service.kind]):
        return False
    return where == _folder(service) if where.startswith("/") else _is_here(where, service)


def _of_services(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    """The first service of ``pg_service.conf`` that leads to the server and names a user."""
    paths = service_file_paths(environ)
    chosen = environ.get("PGSERVICE")
    for name in (chosen,) if chosen else service_names(paths):
        found = find_service(name, paths)
        host = found.parameters.get("hostaddr") or found.parameters.get("host", "")
        port = found.parameters.get("port") or str(_USUAL["postgres"])
        if found.problem or port != str(service.port) or not found.parameters.get("user"):
            continue
        if host == _folder(service) if host.startswith("/") else _is_here(host, service):
            url = _postgres_url(service, "", "", host).replace("/?", "?")
            yield _same({"url": url, "service": name}, f"service {name} of {found.path}")


def _of_pass_file(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    """The first line of ``.pgpass`` that is for the server and names a user."""
    path = pass_file_path(environ)
    if path is None:
        return
    for entry in read_pass_file(path).entries:
        host = entry.host or (service.host or _folder(service))
        fits = entry.port in {None, str(service.port)}
        here = host == _folder(service) if host.startswith("/") else _is_here(host, service)
        if entry.user and fits and here:
            url = _postgres_url(service, entry.user, entry.database or "postgres", host)
            yield _same({"url": url}, f"the password is in {path}")
            return


def _mysql(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    """``.my.cnf`` is for the check to read: it gives what its URL leaves out."""
    port = "MYSQL_TCP_PORT" if environ.get("MYSQL_TCP_PORT") else "MYSQL_PORT"
    if _names(environ, service, "MYSQL_HOST", port):
        database = quote(environ.get("MYSQL_DATABASE", ""), safe="")
        for user, name in (
            (environ.get("MYSQL_USER", ""), "MYSQL_PASSWORD"),
            (environ.get("MYSQL_USER", ""), "MYSQL_PWD"),
            ("root", "MYSQL_ROOT_PASSWORD"),
        ):
            if user and environ.get(name):
                url = _mysql_url(service, user, database)
                yield _same({"url": url, "password": {"env": name}}, f"as {name} says")
    yield _same({"url": _mysql_url(service)})


def _mysql_url(service: Service, user: str = "", database: str = "") -> str:
    at = f"{quote(user, safe='')}@" if user else ""
    if service.path:
        return f"mysql://{at}/{database}?socket={quote(service.path)}"
    return f"mysql://{at}{place(service.host, service.port)}/{database}"


def _redis(service: Service, environ: Mapping[str, str]) -> Iterator[Login]:
    if service.host:
        url = f"redis://{place(service.host, service.port)}"
    else:
        url = f"unix://{quote(service.path)}"
    if environ.get("REDISCLI_AUTH"):
        yield _same({"url": url, "password": {"env": "REDISCLI_AUTH"}}, "as REDISCLI_AUTH says")
    yield _same({"url": url})


def _same(config: Mapping[str, Any], note: str = "") -> Login:
    return Login(config, config, note)


_WAYS: Final[dict[str, Callable[[Service, Mapping[str, str]], Iterator[Login]]]] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "redis": _redis,
}
