"""What a template may call, with the types that each function wants of its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import quote_plus, urlsplit

from checks.templates import builtin, comparing, humanize, patterns
from checks.templates.errors import CallError
from checks.templates.formatting import MAX_TEXT, go_print, go_printf, go_println
from checks.templates.quoting import quote
from checks.templates.values import Arguments, Html, Sample, Samples, is_true

__all__ = ["FUNCTIONS", "NAMES", "Function", "Query", "Surroundings"]

Query = Callable[[str], Iterable[tuple[Mapping[str, str] | Iterable[tuple[str, str]], float]]]
"""An expression to the labels and values of its result; what it raises becomes the reason."""

MAX_ARGUMENTS_DEPTH: Final = 20
"""How deep the results of ``args`` may hold each other."""
MAX_SAMPLES: Final = 10_000
"""How many samples of a query's result a template gets to see."""

_ANY: Final = "interface {}"
_SAMPLES: Final = "template.queryResult"
_SAMPLE: Final = "*template.sample"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What functions know beside their arguments: the query engine, URL and time of evaluation."""

    query: Query | None
    external_url: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the Go types of its parameters, and of those that may follow (or none).

    ``call`` gets the arguments alone, or the :class:`Surroundings` first where ``knows`` is set.
    ``stops_at``: the first argument of this truth is the result, and those behind it are not
    evaluated. ``steps`` is how many of an expansion's it takes, and again for each chunk of its
    arguments.
    """

    call: Callable[..., object]
    parameters: tuple[str, ...] = ()
    more: str = ""
    knows: bool = False
    steps: int = 1
    stops_at: bool | None = None


_DURATION: Final = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
_MILLISECONDS: Final = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_LONGEST_DURATION: Final = 100
_LONGEST_MS: Final = 2**63 // 1_000_000


def _query(around: Surroundings, expression: str) -> Samples:
    if around.query is None:
        raise CallError("nothing can be queried here")
    result = islice(around.query(expression), MAX_SAMPLES)
    return Samples(Sample(dict(labels), float(value)) for labels, value in result)


def _first(samples: Samples) -> Sample:
    if not samples:
        raise CallError("first() called on vector with no elements")
    return samples[0]


def _sample(sample: Sample | None) -> Sample:
    if sample is None:
        raise CallError("runtime error: invalid memory address or nil pointer dereference")
    return sample


def _sorted(label: str, samples: Samples) -> Samples:
    return Samples(sorted(samples, key=lambda sample: sample.labels.get(label, "")))


def _arguments(*values: object) -> Arguments:
    arguments = Arguments((f"arg{at}", value) for at, value in enumerate(values))
    if arguments.weight > MAX_TEXT or arguments.depth > MAX_ARGUMENTS_DEPTH:
        raise CallError("they hold too much")
    return arguments


def _title(text: str) -> str:
    """The first letter of each word in upper case, the others as they are.

    Words end where Unicode's segmentation ends them: not at ``_``, nor at a mark between letters.
    """
    return re.sub(r"(?<![\w])(?<!\w['.:·’])([^\W\d_])", lambda found: found[1].title(), text)


def _split_port(address: str) -> tuple[str, str] | None:
    """Host and port of ``address`` (Go's net.SplitHostPort); None where it is no such pair."""
    host, colon, port = address.rpartition(":")
    if not colon or "[" in port or "]" in port:
        return None
    if host.startswith("["):
        inner = host[1:-1]
        return (inner, port) if host.endswith("]") and not {"[", "]"} & set(inner) else None
    return None if {":", "[", "]"} & set(host) else (host, port)


def _strip_port(address: str) -> str:
    pair = _split_port(address)
    return pair[0] if pair else address


def _strip_domain(address: str) -> str:
    host, port = _split_port(address) or (address, "")
    if _is_ip(host):
        return address
    name = host.split(".", 1)[0]
    return f"{name}:{port}" if port else name


def _is_ip(text: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415 - 5 ms, for one function

    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _parse_duration(text: str) -> float:
    """Prometheus' durations, ``1d12h``, in seconds."""
    if text == "0":
        return 0.0
    if not text:
        raise CallError("empty duration string")
    found = _DURATION.fullmatch(text) if len(text) < _LONGEST_DURATION else None
    if found is None:
        raise CallError(f"not a valid duration string: {quote(text)}")
    counts = (int(count or 0) for count in found.groups())
    total = sum(count * unit for count, unit in zip(counts, _MILLISECONDS, strict=True))
    if total > _LONGEST_MS:
        raise CallError("duration out of range")
    return total / 1000


def _link(tab: int) -> Callable[[str], str]:
    return lambda expression: (
        f"/graph?g0.expr={quote_plus(expression, safe='~', errors='replace')}&g0.tab={tab}"
    )


def _last(*values: object) -> object:
    """What ``and`` and ``or`` come to where no argument has decided them."""
    return values[-1]


_GO: Final[dict[str, Function]] = {
    "and": Function(_last, (_ANY,), _ANY, stops_at=False),
    "or": Function(_last, (_ANY,), _ANY, stops_at=True),
    "not": Function(lambda value: not is_true(value), (_ANY,)),
    "call": Function(builtin.call, (_ANY,), _ANY),
    "html": Function(builtin.escape_html, (), _ANY),
    "index": Function(builtin.index, (_ANY,), _ANY),
    "js": Function(builtin.escape_js, (), _ANY),
    "len": Function(builtin.length, (_ANY,)),
    "print": Function(lambda *values: go_print(values), (), _ANY),
    "printf": Function(lambda form, *values: go_printf(form, values), ("string",), _ANY),
    "println": Function(lambda *values: go_println(values), (), _ANY),
    "slice": Function(builtin.slice_of, (_ANY,), _ANY),
    "urlquery": Function(builtin.escape_query, (), _ANY),
    "eq": Function(comparing.eq, (_ANY,), _ANY),
    "ne": Function(comparing.ne, (_ANY, _ANY)),
    "lt": Function(comparing.lt, (_ANY, _ANY)),
    "le": Function(comparing.le, (_ANY, _ANY)),
    "gt": Function(comparing.gt, (_ANY, _ANY)),
    "ge": Function(comparing.ge, (_ANY, _ANY)),
}

_PROMETHEUS: Final[dict[str, Function]] = {
    "query": Function(_query, ("string",), knows=True, steps=500),
    "first": Function(_first, (_SAMPLES,)),
    "label": Function(lambda name, s: _sample(s).labels.get(name, ""), ("string", _SAMPLE)),
    "value": Function(lambda s: _sample(s).value, (_SAMPLE,)),
    "strvalue": Function(lambda s: _sample(s).labels.get("__value__", ""), (_SAMPLE,)),
    "sortByLabel": Function(_sorted, ("string", _SAMPLES)),
    "args": Function(_arguments, (), _ANY),
    "safeHtml": Function(Html, ("string",)),
    "match": Function(patterns.match, ("string", "string"), steps=2),
    "reReplaceAll": Function(patterns.replace_all, ("string", "string", "string"), steps=16),
    "title": Function(_title, ("string",)),
    "toUpper": Function(str.upper, ("string",)),
    "toLower": Function(str.lower, ("string",)),
    "graphLink": Function(_link(0), ("string",)),
    "tableLink": Function(_link(1), ("string",)),
    "stripPort": Function(_strip_port, ("string",)),
    "stripDomain": Function(_strip_domain, ("string",)),
    "humanize": Function(humanize.humanize, (_ANY,)),
    "humanize1024": Function(humanize.humanize_1024, (_ANY,)),
    "humanizeDuration": Function(humanize.humanize_duration, (_ANY,)),
    "humanizePercentage": Function(humanize.humanize_percentage, (_ANY,)),
    "humanizeTimestamp": Function(humanize.humanize_timestamp, (_ANY,)),
    "toTime": Function(humanize.to_time, (_ANY,)),
    "toDuration": Function(humanize.to_duration, (_ANY,)),
    "now": Function(lambda around: around.now_ms / 1000, knows=True),
    "parseDuration": Function(_parse_duration, ("string",)),
    "pathPrefix": Function(lambda around: urlsplit(around.external_url).path, knows=True),
    "externalURL": Function(lambda around: around.external_url, knows=True),
    "urlQueryEscape": Function(
        lambda text: quote_plus(text, safe="~", errors="replace"), ("string",)
    ),
}

FUNCTIONS: Final[Mapping[str, Function]] = _GO | _PROMETHEUS
NAMES: Final = frozenset(FUNCTIONS)
