"""Checks that were discovered, as a commented configuration file."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import yaml

from checks.discovery.plan import Planned
from checks.model import clean
from checks.probe import CheckSpec

__all__ = ["as_config"]

_HEAD: Final = """\
# What onwatch found running on {host}, {time}.
# Yours to change: delete what you do not care for, add bounds and passwords, and ask
# `onwatch validate` whether it is right. Every key: `onwatch schema`.
version: 1

defaults: {{interval: 5s, timeout: 3s}}

checks:
"""
_SECTIONS: Final = {
    "http": "Web services. A 2xx answer is expected, and of a health document that it says so.\n"
    "Redirects are not followed, since they may lead elsewhere. More: expect, auth, headers.",
    "metrics": "Pages of metrics, scraped as Prometheus does. More: expect (bounds on single\n"
    "ones), keep and drop, requests (which counters feed the requests screen).",
    "postgres": "PostgreSQL. The password comes from ~/.pgpass or $PGPASSWORD, or from\n"
    "password: {file: …}, {env: …} or {command: […]}.",
    "mysql": "MySQL and MariaDB. User and password come from ~/.my.cnf, or from\n"
    "password: {file: …}, {env: …} or {command: […]}.",
    "redis": "Redis. A password goes into password: {file: …}, {env: …} or {command: […]};\n"
    "queues and values that applications keep in it can be watched too.",
    "sqlite": "SQLite files that programs hold open. More: request_log, queries, size.",
    "tcp": "What takes connections and is watched for no more than that.",
    "host": "This machine.",
}
_VARIABLE: Final = re.compile(r"\$\{[A-Z_]+\}")


def as_config(planned: Sequence[Planned], others: Iterable[CheckSpec]) -> str:
    """The text of a file that makes the same checks as were discovered, and no secret in it."""
    host = clean(socket.gethostname(), 60)
    time = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    blocks: list[str] = []
    seen: set[str] = set()
    for one in planned:
        heading = [] if one.spec.kind in seen else _section(one.spec.kind)
        seen.add(one.spec.kind)
        blocks.append("\n".join([*heading, *_check(one.spec, one.written, _remarks(one))]))
    blocks += ["\n".join([*_section(spec.kind), *_check(spec, {}, [])]) for spec in others]
    return _HEAD.format(host=host, time=time) + "\n\n".join(blocks) + "\n"


def _section(kind: str) -> list[str]:
    return [f"  # {line}" for line in _SECTIONS[kind].splitlines()]


def _check(spec: CheckSpec, written: Mapping[str, Any], remarks: Iterable[str]) -> Iterator[str]:
    yield from (f"  # {clean(remark, 200)}" for remark in remarks)
    yield f"  - name: {_scalar(spec.name)}"
    if spec.interval != 5.0:
        yield f"    interval: {spec.interval:g}s"
    if not written:
        yield f"    {spec.kind}: {{}}"
        return
    yield f"    {spec.kind}:"
    yield from (f"      {line}" for line in _lines(written))


def _remarks(one: Planned) -> Iterator[str]:
    service, process = one.service, one.service.process
    if one.missed:
        yield f"It did not run when this was written: {one.spec.expected}."
    elif service.unit:
        yield f"It runs as {service.unit}."
    elif process is not None and service.kind == "sqlite":
        yield f"Held open by {process.name}."
    elif process is not None and service.kind in {"http", "tcp"} and process.name != one.spec.name:
        yield f"Served by {process.name}."
    if one.note:
        yield f"{one.note[0].upper()}{one.note[1:]}."


def _lines(written: Mapping[str, Any]) -> Iterator[str]:
    for key, value in written.items():
        yield f"{key}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    """``value`` in one line of YAML."""
    dumped: str = yaml.safe_dump(
        _escaped(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    )
    return dumped.strip().removesuffix("\n...")


def _escaped(value: Any) -> Any:
    """``value`` with every ``$`` that is to stay one doubled."""
    if isinstance(value, Mapping):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    if isinstance(value, str) and not _VARIABLE.fullmatch(value):
        return value.replace("$", "$$")
    return value
