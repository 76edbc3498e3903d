"""Inputs for hypothesis: seeds and tokens put together, then damaged; JSON of its own kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from tests.fuzz.target import Target

__all__ = ["inputs"]

_MOST_EDITS: Final = 6
_REPEATS: Final = (2, 3, 50, 1_000, 20_000)

Edit = Callable[[bytes], bytes]


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Bytes that look like the target's own for the most part."""
    token = st.sampled_from(target.tokens or (b"",))
    seed = st.sampled_from(target.seeds)
    made = st.lists(st.one_of(token, seed, st.binary(max_size=8)), max_size=12).map(b"".join)
    start = st.one_of(seed, made, _structured(target.name))
    edited = st.builds(_edited, start, st.lists(_edit(token), max_size=_MOST_EDITS))
    return edited.map(lambda data: data[: target.bound])


def _edited(data: bytes, edits: list[Edit]) -> bytes:
    for edit in edits:
        data = edit(data)[:1_000_000]
    return data


def _edit(token: st.SearchStrategy[bytes]) -> st.SearchStrategy[Edit]:
    place = st.integers(0, 1_000)
    return st.one_of(
        st.builds(_insert, place, st.one_of(token, st.binary(max_size=4))),
        st.builds(_delete, place, st.integers(1, 30)),
        st.builds(_repeat, place, st.integers(1, 30), st.sampled_from(_REPEATS)),
        st.builds(_replace, place, st.one_of(token, st.binary(min_size=1, max_size=4))),
        st.builds(_move, place, place, st.integers(1, 60)),
    )


def _at(data: bytes, place: int) -> int:
    return len(data) * place // 1_000


def _insert(place: int, piece: bytes) -> Edit:
    return lambda data: data[: _at(data, place)] + piece + data[_at(data, place) :]


def _delete(place: int, count: int) -> Edit:
    return lambda data: data[: _at(data, place)] + data[_at(data, place) + count :]


def _replace(place: int, piece: bytes) -> Edit:
    return lambda data: data[: _at(data, place)] + piece + data[_at(data, place) + len(piece) :]


def _repeat(place: int, length: int, times: int) -> Edit:
    def repeat(data: bytes) -> bytes:
        at = _at(data, place)
        return data[:at] + data[at : at + length] * times + data[at + length :]

    return repeat


def _move(place: int, other: int, length: int) -> Edit:
    def move(data: bytes) -> bytes:
        at = _at(data, place)
        piece, rest = data[at : at + length], data[:at] + data[at + length :]
        return rest[: _at(rest, other)] + piece + rest[_at(rest, other) :]

    return move


_WORDS: Final = (
    *("status", "checks", "components", "details", "services", "entries", "info", "error", "name"),
    *("ok", "up", "down", "UP", "warn", "healthy", "Degraded", "message", "version", "uptime"),
    *("componentId", "observedValue", "observedUnit", "started_at", "process", "data", "results"),
)


def _structured(name: str) -> st.SearchStrategy[bytes]:
    """Well-formed inputs, where the format has a grammar that damage alone seldom meets."""
    if name == "health":
        return _documents().map(lambda value: json.dumps(value).encode())
    if name in ("config", "config-in-python"):
        return _configurations()
    if name == "exposition":
        return st.lists(_samples(), max_size=12).map(lambda lines: "\n".join(lines).encode())
    if name == "perfdata":
        return st.lists(_datum(), max_size=8).map(lambda data: ("OK | " + " ".join(data)).encode())
    return st.nothing()


def _documents() -> st.SearchStrategy[object]:
    text = st.one_of(st.sampled_from(_WORDS), st.text(max_size=8))
    number = st.one_of(st.integers(), st.floats(), st.just(10**400))
    leaf = st.one_of(text, st.booleans(), st.none(), number)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=5)
        ),
        max_leaves=25,
    )


_KINDS: Final = (
    *("http", "tcp", "redis", "mysql", "postgres", "sqlite", "host", "dns", "tls", "ping"),
    *("process", "systemd", "metrics", "command"),
)
_FIELDS: Final = (
    *("name", "interval", "timeout", "labels", "depends_on", "runbook", "enabled", "url", "path"),
    *("expect", "address", "argv", "rows", "queries", "requests", "space", "json", "status"),
    *("latency", "warning", "critical", "match", "keep", "drop", "pattern", "units", "tls", "auth"),
)


def _configurations() -> st.SearchStrategy[bytes]:
    key = st.sampled_from((*_KINDS, *_FIELDS))
    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**6), 10**12),
        st.floats(),
        st.sampled_from(
            ("5s", "80%", "a:1", "http://h/", "/x", "(?P<name>x)", "${A:-b}", "1d", "*")
        ),
        st.text(max_size=6),
    )
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(key, inner, max_size=4)
        ),
        max_leaves=10,
    )
    check = st.builds(
        lambda kind, body, more: {"name": kind, kind: body, **more},
        st.sampled_from(_KINDS),
        value,
        st.dictionaries(key, value, max_size=3),
    )
    # JSON is YAML.
    return st.lists(check, max_size=4).map(
        lambda checks: json.dumps({"version": 1, "checks": checks}).encode()
    )


def _samples() -> st.SearchStrategy[str]:
    name = st.text("abz_:09", min_size=1, max_size=6)
    label = st.builds(lambda k, v: f'{k}="{v}"', name, st.text('ab\\n"}{, é', max_size=6))
    value = st.one_of(st.floats().map(repr), st.sampled_from(("+Inf", "0x1", "1_0", "", "1e400")))
    return st.builds(
        lambda n, labels, v, tail: f"{n}{{{','.join(labels)}}} {v}{tail}",
        name,
        st.lists(label, max_size=3),
        value,
        st.sampled_from(("", " 1395066363000", " 1.5", " # {} 1", " ", "\r")),
    )


def _datum() -> st.SearchStrategy[str]:
    number = st.one_of(
        st.floats().map(repr), st.integers().map(str), st.sampled_from(("", "U", "~"))
    )
    inside = st.sampled_from(("", "@"))
    bounds = number | st.builds(lambda a, b, at: f"{at}{a}:{b}", number, number, inside)
    return st.builds(
        lambda label, v, unit, more: f"{label}={v}{unit};{';'.join(more)}",
        st.sampled_from(("a", "'b c'", "'d''e'", "/", "é")),
        number,
        st.sampled_from(("", "s", "ms", "%", "KB", "EB", "c", "x")),
        st.lists(bounds, max_size=5),
    )
