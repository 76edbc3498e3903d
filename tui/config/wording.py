"""The words for what pydantic finds wrong.

No value is repeated, since any may hold a secret. Sentences of a model's own validators
are passed on, the passwords of URLs in them masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from math import nan
from typing import Any, Final

from pydantic_core import ErrorDetails

from checks.documents import keys
from checks.documents.keys import nearest
from checks.secrets import mask_url
from checks.settings import duration_text, parse_duration

__all__ = [
    "ALSO_CALLED",
    "expected_type",
    "literal",
    "meant",
    "nearest",
    "sentence",
    "unknown_key",
    "wrong_type",
]

_EXPECTED: Final = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "keys and values",
    "mapping": "keys and values",
    "model": "keys and values",
    "model_attributes": "keys and values",
    "dataclass": "keys and values",
    "none_required": "nothing",
}
_PATTERNS: Final = {
    r"^[a-zA-Z_:][a-zA-Z0-9_:]*$": "a metric name: letters, digits, _ and :, no digit first",
    r"^[1-5]xx$": "a status code, or a class of them such as 2xx",
    r"^[a-zA-Z_][a-zA-Z0-9_]*$": "a label name: letters, digits and _, no digit first",
}
_BOUNDS: Final = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}
_LENGTHS: Final = {
    "string_too_short": ("min_length", "at least {} character(s)"),
    "string_too_long": ("max_length", "at most {} characters"),
    "too_short": ("min_length", "at least {} item(s)"),
    "too_long": ("max_length", "at most {} items"),
}


ALSO_CALLED: Final = {
    "address": ("host", "url", "server", "target", "endpoint", "port"),
    "age": ("uptime", "older_than"),
    "argv": ("cmd", "command", "exec", "program", "script", "run", "args"),
    "certificate_expiry": ("expires", "expiry", "days", "expire_days"),
    "command": ("cmd", "cmdline", "pattern", "argv", "exe"),
    "connections_warning": ("connections", "max_connections"),
    "count": ("min", "max", "instances", "number", "packets"),
    "cwd": ("dir", "directory", "folder", "workdir", "working_directory"),
    "depends_on": ("parent", "parents", "requires", "needs"),
    "descriptors": ("fds", "files", "open_files"),
    "env": ("environment", "vars"),
    "exit_codes": ("returncode", "return_codes", "codes"),
    "expect": ("assert", "contains", "match", "status", "status_code"),
    "filesystems": ("disks", "mounts", "mountpoints", "paths", "disk"),
    "host": ("address", "hostname", "ip", "target", "url"),
    "interval": ("every", "period", "frequency", "schedule"),
    "labels": ("tags",),
    "latency": ("response_time", "slow", "max_time", "rtt"),
    "loss": ("packet_loss",),
    "memory": ("mem", "rss", "ram"),
    "minimum_version": ("min_version", "tls_version"),
    "name": ("hostname", "domain", "title", "id"),
    "path": ("file", "filename", "database", "db"),
    "pid_file": ("pidfile", "pid"),
    "replication_lag": ("lag",),
    "runbook": ("docs", "documentation", "playbook"),
    "server": ("nameserver", "resolver"),
    "server_name": ("sni",),
    "timeout": ("deadline", "patience"),
    "type": ("record", "record_type", "query_type"),
    "units": ("unit", "services", "service"),
    "url": ("address", "uri", "link", "dsn", "host", "endpoint", "target"),
    "username": ("user", "login"),
    "verify": ("insecure", "skip_verify"),
}
"""What keys are called elsewhere, where that is not similar enough to be found by itself."""


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The sentence for a key that there is not."""
    return keys.unknown_key(key, known, ALSO_CALLED)


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence on a name that there is not: which of ``known`` is meant."""
    near = nearest(word, known)
    return f'; did you mean "{near}"?' if near else ""


def sentence(error: ErrorDetails, value: object) -> str:
    """What is wrong with ``value``, for every error but unknown keys."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if value is None:
        return "has no value"
    expected = expected_type(error)
    if expected:
        return wrong_type(expected, value)
    return _limit(kind, context, value) or _choice(error, value) or _plain(error["msg"])


def wrong_type(expected: str, value: object) -> str:
    """The sentence for a value of another type than ``expected``."""
    quotes = "; put it in quotes" if "text" in expected and isinstance(value, int | float) else ""
    return f"expected {expected}, not {_kind_of(value)}{quotes}"


def expected_type(error: ErrorDetails) -> str:
    """What was expected where the value is of the wrong type; empty for other errors."""
    stem, _, ending = error["type"].rpartition("_")
    if ending in ("type", "parsing", "required"):
        return _EXPECTED.get(stem) or _EXPECTED.get(error["type"], "")
    return "a whole number" if error["type"] == "int_from_float" else ""


def literal(error: ErrorDetails) -> str:
    """The values that a literal allows, empty for other errors."""
    if error["type"] not in ("literal_error", "enum"):
        return ""
    return str(error.get("ctx", {}).get("expected", "")).replace("'", "")


def _kind_of(value: object) -> str:
    """What a value is, without saying which."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "empty text"
        case list():
            return "a list"
        case _:
            return "keys and values"


def _limit(kind: str, context: dict[str, Any], value: object) -> str:
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        return f"expected {_PATTERNS.get(pattern, f'text that matches {pattern}')}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {_bound(float(context.get(name, nan)), value)}"
    if kind in _LENGTHS:
        name, words = _LENGTHS[kind]
        return f"expected {words.format(context.get(name))}"
    return ""


def _bound(limit: float, value: object) -> str:
    """``limit`` as it would be written: as a duration where ``value`` is one with its unit."""
    if isinstance(value, str) and limit > 0:
        with suppress(ValueError):
            parse_duration(value)
            return duration_text(limit)
    return f"{limit:g}"


def _choice(error: ErrorDetails, value: object) -> str:
    choices = literal(error).replace(" or ", ", ").split(", ")
    if choices == [""]:
        return ""
    hint = meant(value, choices) if isinstance(value, str) else ""
    return f"expected {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}{hint}"


def _plain(message: str) -> str:
    for prefix in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(prefix)
    return mask_url(message.replace("Input should be", "expected"))
