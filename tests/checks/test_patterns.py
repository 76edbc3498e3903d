"""Patterns of the user's on texts of others: bounded, and otherwise as Python's own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from checks.clock import SystemClock
from checks.lanes import Lanes
from checks.model import Status
from checks.patterns import Matcher, SlowPatternError
from checks.probe import CheckSpec, ProbeEnv
from checks.registry import kind
from checks.resolver import Resolver
from checks.runner import Runner
from checks.secrets import Masker
from tests.checks.http_kit import ask
from tests.checks.process_kit import WAIT, child, mark
from tests.reliability import UserSees
from tests.servers.dns import DnsServer, asked
from tests.servers.http import HttpServer

SLOW = "^(a|aa)+$"
"""Tries more ways than there are atoms before it says no."""
HOSTILE = "a" * 80 + "!"

TEXTS = (
    "",
    "ok",
    "OK - 3 of 3 running\nload 0.93\n",
    '{"status": "ok", "checks": {"db": {"ms": 3}}}',
    "version 2.14.0-rc1",
    "naïve Straße İstanbul ſ K",
    "value{e<=1} x{d} [ok] (ok) a{} a{,} ab{i}",
    "12:30:01 ERROR queue=mail depth=1,204",
    "✅ database: 3 ms\n❌ mail: refused\r\n",
    "aaa\x00b\ttab",
    "192.168.0.1 :: fe80::1",
    "yes\n",
)
PATTERNS = (
    "ok",
    "^ok$",
    "(?i)OK",
    r"(?i:straße|İstanbul)",
    r"(?i)[k-s]",
    r"\d+ of \d+",
    r"(?m)^load (?P<load>\d+\.\d\d)$",
    r"(?s)OK.*load",
    r"^(?!.*(ERROR|FATAL))",
    r'{"status"',
    r'"status": ?"(ok|up)"',
    r"\{.*\}",
    "value{e<=1}",
    "x{d}",
    "ab{i}",
    "a{}",
    "a{,} ",
    "a{2}",
    "a{1,}b?",
    "a{,2}",
    "[{}]{1,3}",
    r"[^\w\s]{2}",
    r"\bERROR\b.*depth=(?P<depth>[\d,]+)",
    r"(\d)\1",
    r"(?P<q>[\"']).*?(?P=q)",
    r"(?<=version )\d+(?:\.\d+){2}",
    r"(?<!n)aïve",
    r"\Ayes\Z",
    "yes$",
    r"^(?P<status>\S+) (?P<name>[^:]+)(?:: (?P<message>.*))?$",
    r"[\u2705\u274c]",
    r"\N{WHITE HEAVY CHECK MARK}",
    r"\x00b\t",
    r"[]\[(]ok[])]",
    r"(?x) version \s+ (\d+) # the {major} one",
    "(?a)na\\w",
    r"(a+)+$",
    "(a)?(?(1)b|c)",
    r"a++b|[0-9]*+:",
    "(?>a|ab)c",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_python_finds_is_found(pattern: str) -> None:
    for multiline in (False, True):
        own = re.compile(pattern, re.MULTILINE if multiline else 0)
        matcher = Matcher(pattern, multiline=multiline)
        for text in TEXTS:
            wanted, found = own.search(text), matcher.search(text)
            assert (found is None) is (wanted is None), text
            if wanted is not None and found is not None:
                assert found.span() == wanted.span()
                assert found.groupdict() == wanted.groupdict()


def test_a_search_without_end_is_given_up() -> None:
    began = time.thread_time()
    with pytest.raises(SlowPatternError, match="longer than 100 ms on this answer"):
        Matcher(SLOW).search(HOSTILE)
    assert time.thread_time() - began < 1


def test_all_lines_of_an_answer_share_the_time() -> None:
    began = time.thread_time()
    with pytest.raises(SlowPatternError):
        # Each line alone takes some ten milliseconds.
        list(Matcher(SLOW).searches(["a" * 26 + "!"] * 10_000))
    assert time.thread_time() - began < 1


def test_who_has_no_pattern_does_not_import_it() -> None:
    code = (
        "import sys; from checks.registry import kind\n"
        "for name in ('http', 'command', 'dns', 'process'): kind(name)\n"
        "import checks.engine; sys.exit('regex' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "expect",
    [{"regex": SLOW}, {"not_regex": SLOW}, {"headers": {"X-Tag": SLOW}}],
    ids=["regex", "not_regex", "headers"],
)
async def test_an_answer_made_to_hold_up_a_pattern(
    http_server: HttpServer, user_sees: UserSees, expect: dict[str, Any]
) -> None:
    url = http_server.answer("/", HOSTILE, headers={"X-Tag": HOSTILE})
    result = await ask("http", {"url": url, "expect": expect}, timeout=5.0)
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    user_sees("an answer made to hold up a pattern of the configuration", result)


async def test_what_is_certain_counts_beside_a_slow_pattern(http_server: HttpServer) -> None:
    url = http_server.answer("/", HOSTILE, status=500)
    result = await ask("http", {"url": url, "expect": {"regex": SLOW}}, timeout=5.0)
    assert result.status is Status.CRITICAL
    assert "HTTP 500" in result.message


@pytest.mark.parametrize(
    "keys", [{"expect": SLOW}, {"rows": r"^(?P<name>(a|aa)+)(?P<status>)$"}], ids=["expect", "rows"]
)
async def test_the_output_of_a_command(keys: dict[str, str]) -> None:
    result = await ask("command", {"argv": ["echo", HOSTILE], **keys}, timeout=5.0)
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert "took longer than 100 ms" in result.message


@pytest.mark.parametrize("step", [1, 81], ids=["a byte at a time", "at once"])
async def test_the_answer_of_a_port(raw_server: Any, step: int) -> None:
    def talk(connection: socket.socket) -> None:
        for at in range(0, len(HOSTILE), step):
            connection.sendall(HOSTILE[at : at + step].encode())
        connection.recv(1)

    config = {"address": f"127.0.0.1:{raw_server(talk).port}", "expect": "^(a|aa)+b"}
    result = await ask("tcp", config, timeout=5.0)
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "limit", True)
    assert "took longer than 100 ms" in result.message


async def test_an_answer_in_bytes_and_lines(raw_server: Any) -> None:
    port = raw_server(lambda connection: connection.sendall("220 naïve\r\nOK\xff".encode())).port
    for expect in ("naïve.*OK", "^220 .{6}", "OK.{2}$"):
        result = await ask("tcp", {"address": f"127.0.0.1:{port}", "expect": expect}, timeout=5.0)
        assert result.status is Status.OK, result.message


async def test_a_record_of_a_name(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "TXT", f'"{HOSTILE}"')
    result = await asked(dns_server, type="TXT", match='^"?(a|aa)+$', timeout=5.0)
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert "took longer than 100 ms" in result.message


async def test_the_command_line_of_a_process(tmp_path: Path) -> None:
    word = mark()
    pattern = f"{word} (a|aa)+$"
    config = kind("process").config.model_validate({"command": pattern})
    spec = CheckSpec(name="app", kind="process", config=config, interval=5.0, timeout=5.0)
    clock = SystemClock()
    lanes = Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), tmp_path)
    runner = Runner(spec, env, {})
    try:
        with child(WAIT, word, HOSTILE):
            _, result = await runner.run()
    finally:
        await runner.close()
        lanes.close()
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert result.message.startswith(f"the pattern {word} (a|aa)+$ took longer than 100 ms")
