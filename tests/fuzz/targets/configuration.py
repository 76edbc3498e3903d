"""Configurations: YAML text to checks, or sentences with a line each."""

from __future__ import annotations

from pathlib import Path

from yaml.resolver import BaseResolver

from checks.address import host_port
from checks.documents import document
from checks.documents.slow_yaml import Parser
from checks.errors import ConfigError
from tests.fuzz.oracle import check_line, check_told
from tests.fuzz.target import Target
from tests.fuzz.targets.native import file_of
from tui.commands.validate import _refused_keys, _refused_theme
from tui.config import load

__all__ = ["TARGETS"]

_EXAMPLE = (Path(__file__).parents[3] / "examples" / "onwatch.yaml").read_bytes()
SEEDS = (
    b"version: 1\nchecks:\n  - {name: a, http: 'http://localhost/'}\n",
    b"version: 1\nchecks:\n- name: a\n  tcp: ${HOST:-b}:1\n  interval: 5s\n  depends_on: [b]\n",
    b"version: 1\nx: &a {b: [1, 2.5, true, ~]}\ny: *a\n<<: *a\nchecks: []\n",
    b"version: 1\nkeybindings: {app.quit: 'ctrl+q,q'}\ntheme: nord\ninclude: [other*.yaml]\n",
    b"version: 1\ndefaults: {interval: 1m, labels: {a: b}}\nchecks:\n"
    b"- {name: d, dns: {name: a, type: MX}}\n"
    b"- name: c\n  command: {argv: [ls], rows: '(?P<name>a)(?P<status>b)'}\n",
    _EXAMPLE,
)  # fmt: skip
TOKENS = (
    *(b"\n", b"  ", b"\t", b": ", b"- ", b"{", b"}", b"[", b"]", b"'", b'"', b"&a ", b"*a"),
    *(b"<<: *a",),
    *(b"!x ", b"!!int ", b"!!binary ", b"${", b"${A}", b"${A:-", b"$$", b"~", b"null", b"true"),
    *(b"1e999",),
    *(b"9" * 30, b"9" * 5000, b".inf", b"0x", b"0o9", b"---\n", b"...\n", b"|\n", b">-\n", b"? "),
    *(b"%YAML 9\n",),
    *(b"\xe2\x80\xae", b"\xff", b"\0", b"\xef\xbb\xbf", b"\x85", b"#", b"@", b"`", b"checks:\n"),
    *(b"http:",),
    *(b"name: ", b"interval: ", b"expect:", b"match: '(a+)+$'", b"match: '('", b"labels:"),
    *(b"include: x\n",),
    *(b"host: {}", b"redis: ", b"mysql: ", b"postgres: ", b"metrics: ", b"systemd: "),
    *(b"process: ", b"ping: "),
    *(b"a: &a [*a,*a]\n", b"[[[[[[", b"{{{{{{", b"- - - - - ", b"? ? ? ", b"url: http://["),
    *(b"1d", b"-5s"),
)  # fmt: skip
_JARGON = ("pydantic", "Input should", "Value error", "Traceback", "_type")


def run(data: bytes) -> None:
    path = file_of(data)
    try:
        loaded = load(str(path), {"HOST": "h"}, key_judge=_refused_keys, theme_judge=_refused_theme)
    except ConfigError as error:
        check_told(error)
        for problem in error.problems:
            assert problem.file
            check_line(problem.text)
            check_line(problem.key, 5_000)
            # A word of the file's own may be repeated to whoever wrote it.
            jargon = [w for w in _JARGON if w in problem.text and w.encode() not in data]
            assert not jargon, problem
        return
    assert len({check.name for check in loaded.engine.checks}) == len(loaded.engine.checks)


class _InPython(Parser, BaseResolver):
    """As checks.documents.document makes it where there is no libyaml."""

    def __init__(self, text: str) -> None:
        Parser.__init__(self, text)
        BaseResolver.__init__(self)


_InPython.yaml_implicit_resolvers = document._Loader.yaml_implicit_resolvers


def in_python(data: bytes) -> None:
    """The same, read by PyYAML's own parser."""
    fast = document._Loader
    document._Loader = _InPython  # type: ignore[misc,assignment]
    try:
        run(data)
    finally:
        document._Loader = fast  # type: ignore[misc]


def address(data: bytes) -> None:
    try:
        host, port = host_port(data.decode("utf-8", "replace"), 53)
    except ValueError:
        return
    assert host
    assert 0 < port < 65_536


TARGETS = (
    Target("config", run, SEEDS, TOKENS),
    Target("config-in-python", in_python, SEEDS[:-1], TOKENS, bound=20_000),
    Target(
        "host-port",
        address,
        (b"db:5432", b"[::1]:53", b"fe80::1%eth0", b"10.0.0.1"),
        (b":", b"[", b"]", b"%", b"0", b"65536", b"\xd9\xa3", b" ", b"\0", b"a", b"::", b"."),
    ),
)
