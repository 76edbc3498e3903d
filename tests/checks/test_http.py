"""The http check against a real server: expectations, metrics, redirects, credentials."""

from __future__ import annotations

import base64
import gzip
import logging
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.clock import FakeClock
from checks.model import Status, clean_lines
from checks.probes.http import KIND, HttpConfig
from checks.registry import kind
from tests.checks.http_kit import ask, probing
from tests.servers.http import HttpServer


async def test_a_plain_200_is_ok_and_measured(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", "hello"))
    assert result.status is Status.OK
    assert result.up
    assert result.value == "200"
    assert result.message.startswith("HTTP 200 after ")
    samples = result.samples
    assert samples.get("probe_http_status_code") == 200
    assert samples.get("probe_http_content_length") == 5
    assert samples.get("probe_http_uncompressed_body_length") == 5
    assert samples.get("probe_http_version") == 1.1
    assert samples.get("probe_http_ssl") == 0
    assert samples.get("probe_http_redirects") == 0
    assert samples.get("probe_failed_due_to_regex") == 0
    assert samples.get("probe_ip_protocol") == 4
    assert samples.get("probe_dns_lookup_time_seconds") is not None
    assert result.samples.series[0].label("instance") == f"127.0.0.1:{http_server.port}"


async def test_phases_add_up_to_the_duration(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", "x", delay=0.05))
    phases = dict(result.phases)
    assert list(phases) == ["dns", "connect", "first byte", "transfer"]
    assert phases["first byte"] >= 0.05
    assert result.duration == pytest.approx(sum(phases.values()))
    name = "probe_http_duration_seconds"
    assert result.samples.get(name, phase="processing") == phases["first byte"]
    assert result.samples.get(name, phase="tls") == 0
    assert result.samples.get(name, phase="resolve") == phases["dns"]


async def test_every_sample_has_a_documented_metric(http_server: HttpServer) -> None:
    url = http_server.answer("/", {"status": "ok", "services": {"db": "up"}, "tasks": 5})
    result = await ask("http", url)
    documented = {metric.name for metric in KIND.metrics}
    assert {series.name for series in result.samples.series} <= documented
    assert len(set(result.samples.series)) == len(result.samples.series)


async def test_a_status_that_is_not_expected_is_critical(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", "broken", status=503))
    assert result.status is Status.CRITICAL
    assert result.reason == "expectation"
    assert result.up
    assert result.message.startswith("HTTP 503 after ")
    assert result.message.endswith(": expected 2xx")


async def test_expected_codes_and_classes(http_server: HttpServer) -> None:
    url = http_server.answer("/", "teapot", status=418)
    for codes, status in (
        ([200, 418], Status.OK),
        (["4xx"], Status.OK),
        ([200, 204], Status.CRITICAL),
        (401, Status.CRITICAL),
    ):
        result = await ask("http", {"url": url, "expect": {"status": codes}})
        assert result.status is status, codes


async def test_json_expectations_name_path_value_and_wish(http_server: HttpServer) -> None:
    url = http_server.answer("/", {"services": {"database": {"status": "error"}}, "ready": True})
    expect = {"json": {"services.database.status": "connected", "ready": 1}}
    result = await ask("http", {"url": url, "expect": expect})
    assert result.status is Status.CRITICAL
    assert 'services.database.status is "error", expected "connected"' in result.message
    assert "ready is true, expected 1" in result.message


async def test_json_expectations_accept_any_of_a_list(http_server: HttpServer) -> None:
    url = http_server.answer("/", {"state": "standby", "nodes": [1, 2, 3]})
    expect = {"json": {"state": ["active", "standby"], "length(nodes)": 3, "absent": None}}
    result = await ask("http", {"url": url, "expect": expect})
    assert result.status is Status.OK


async def test_text_and_regex(http_server: HttpServer) -> None:
    url = http_server.answer("/", "queue length: 17, all fine")
    good = {"text": ["queue", "fine"], "regex": r"length: \d+", "not_regex": "error"}
    assert (await ask("http", {"url": url, "expect": good})).status is Status.OK
    bad = {"text": "cheese", "regex": r"length: \d{3}", "not_regex": "f.ne"}
    result = await ask("http", {"url": url, "expect": bad})
    assert result.status is Status.CRITICAL
    assert 'the body lacks "cheese"' in result.message
    assert "does not match" in result.message
    assert 'the body has "fine", which it must not' in result.message
    assert result.samples.get("probe_failed_due_to_regex") == 1


async def test_answer_headers(http_server: HttpServer) -> None:
    url = http_server.answer("/", "", headers={"Strict-Transport-Security": "max-age=1"})
    expect = {"headers": {"strict-transport-security": r"max-age=\d{4}", "X-Frame": "."}}
    result = await ask("http", {"url": url, "expect": expect})
    assert result.status is Status.CRITICAL
    assert 'header strict-transport-security is "max-age=1", expected' in result.message
    assert 'header X-Frame is ""' in result.message


@pytest.mark.parametrize(
    ("bounds", "status"),
    [
        ({"warning": "20ms", "critical": "5s"}, Status.WARNING),
        ({"warning": "10ms", "critical": "20ms"}, Status.CRITICAL),
        ({"warning": "5s"}, Status.OK),
    ],
)
async def test_latency_bounds(
    http_server: HttpServer, bounds: dict[str, str], status: Status
) -> None:
    url = http_server.answer("/", "slow", delay=0.05)
    result = await ask("http", {"url": url, "expect": {"latency": bounds}})
    assert result.status is status
    if status is not Status.OK:
        assert result.reason == "latency"
        assert f"slower than the {status.value} bound of 20 ms" in result.message


async def test_method_headers_and_body_arrive(http_server: HttpServer) -> None:
    url = http_server.answer("/hook", "ok")
    config = {"url": url + "?a=1", "method": "post", "headers": {"X-Team": "sre"}, "body": "ping"}
    await ask("http", config)
    request = http_server.requests[-1]
    assert (request.method, request.path, request.body) == ("POST", "/hook?a=1", b"ping")
    assert request.headers["x-team"] == "sre"
    assert request.headers["host"] == f"127.0.0.1:{http_server.port}"


async def test_a_header_may_be_in_any_language(http_server: HttpServer) -> None:
    url = http_server.answer("/", "fine")
    result = await ask("http", {"url": url, "headers": {"X-Team": "Zürich 東"}})
    assert result.status is Status.OK, result.message
    sent = http_server.requests[-1].headers["x-team"]
    assert sent.encode("latin-1").decode() == "Zürich 東"


async def test_head_has_no_body(http_server: HttpServer) -> None:
    url = http_server.answer("/", "0123456789")
    async with probing("http", {"url": url, "method": "HEAD"}) as probe:
        for _ in range(2):
            result = await probe.run()
            assert result.status is Status.OK
    assert result.samples.get("probe_http_content_length") == 10
    assert result.samples.get("probe_http_uncompressed_body_length") == 0


async def test_redirects_are_followed_and_counted(http_server: HttpServer) -> None:
    http_server.answer("/a", status=302, headers={"Location": "/b"})
    http_server.answer("/b", status=301, headers={"Location": http_server.url + "/c"})
    http_server.answer("/c", "there")
    result = await ask("http", {"url": http_server.url + "/a", "expect": {"text": "there"}})
    assert result.status is Status.OK
    assert result.samples.get("probe_http_redirects") == 2
    assert http_server.connections == 1


async def test_a_redirect_itself_can_be_judged(http_server: HttpServer) -> None:
    url = http_server.answer("/", status=301, headers={"Location": "https://example.invalid/"})
    expect = {"status": 301, "headers": {"Location": "^https://"}}
    result = await ask("http", {"url": url, "redirects": 0, "expect": expect})
    assert result.status is Status.OK


async def test_credentials_do_not_follow_to_another_origin(http_server: HttpServer) -> None:
    other = HttpServer()
    other.start()
    try:
        target = other.answer("/", "ok")
        url = http_server.answer("/", status=302, headers={"Location": target})
        config = {"url": url, "auth": {"bearer": "s3cret-token"}, "headers": {"X-Api-Key": "k3y9"}}
        assert (await ask("http", config)).status is Status.OK
    finally:
        other.stop()
    assert http_server.requests[0].headers["authorization"] == "Bearer s3cret-token"
    assert "authorization" not in other.requests[0].headers
    assert "x-api-key" not in other.requests[0].headers


async def test_a_post_becomes_a_get_when_it_is_sent_elsewhere(http_server: HttpServer) -> None:
    url = http_server.answer("/form", status=303, headers={"Location": "/done"})
    http_server.answer("/done", "ok")
    await ask("http", {"url": url, "method": "POST", "body": "x=1"})
    last = http_server.requests[-1]
    assert (last.method, last.path, last.body) == ("GET", "/done", b"")


async def test_basic_auth_from_config_file_and_url(http_server: HttpServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("p w\n")
    secret.chmod(0o600)
    url = http_server.answer("/", "ok")
    auth = {"basic": {"username": "bob", "password": {"file": "secret"}}}
    await ask("http", {"url": url, "auth": auth}, base_dir=tmp_path)
    await ask("http", url.replace("//", "//bob:p%20w@"))
    wanted = "Basic " + base64.b64encode(b"bob:p w").decode()
    assert [r.headers["authorization"] for r in http_server.requests] == [wanted, wanted]


async def test_a_401_without_credentials_asks_for_them(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", status=401))
    assert result.status is Status.UNKNOWN
    assert result.reason == "auth"
    assert result.up
    assert "it wants credentials; give http.auth" in result.message


async def test_a_refused_password_is_not_repeated_until_it_changes(
    http_server: HttpServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    secret.chmod(0o600)
    url = http_server.answer("/", status=401)
    auth = {"basic": {"username": "bob", "password": {"file": "secret"}}}
    async with probing("http", {"url": url, "auth": auth}, base_dir=tmp_path, clock=clock) as probe:
        for _ in range(20):
            result = await probe.run()
            await clock.advance(5)
        assert result.status is Status.UNKNOWN
        assert "the password of bob is refused" in result.message
        sent = [r.headers.get("authorization") for r in http_server.requests]
        assert sent[0] is not None
        assert sent[1:] == [None] * 19
        secret.write_text("right")
        http_server.requests.clear()
        # At its interval, as the engine runs it: each of these runs is refused, too.
        for _ in range(13):
            await clock.advance(5)
            await probe.run()
        right = "Basic " + base64.b64encode(b"bob:right").decode()
        sent = [r.headers.get("authorization") for r in http_server.requests]
        assert [each for each in sent if each] == [right]


async def test_a_token_that_was_renewed_is_taken_up_within_a_minute(
    http_server: HttpServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    secret = tmp_path / "token"
    secret.write_text("old")
    secret.chmod(0o600)
    config = {
        "url": http_server.answer("/", "ok"),
        "auth": {"bearer": {"file": "token"}},
    }
    async with probing("http", config, base_dir=tmp_path, clock=clock) as probe:
        assert (await probe.run()).status is Status.OK
        await clock.advance(600)
        secret.write_text("new")
        http_server.answer("/", status=401)
        assert (await probe.run()).reason == "auth"
        await clock.advance(5)
        await probe.run()
        assert http_server.requests[-1].headers["authorization"] == "Bearer new"
        secret.write_text("newer")
        for _ in range(13):
            await clock.advance(5)
            await probe.run()
        assert http_server.requests[-1].headers["authorization"] == "Bearer newer"


async def test_a_source_that_fails_after_a_401_is_asked_once_a_minute(
    http_server: HttpServer, tmp_path: Path
) -> None:
    clock, asked, secret = FakeClock(), tmp_path / "asked", tmp_path / "secret"
    secret.write_text("wrong")
    password = {"command": ["sh", "-c", f"echo >> {asked}; cat {secret} 2> /dev/null"]}
    auth = {"basic": {"username": "bob", "password": password}}
    url = http_server.answer("/", status=401)
    async with probing("http", {"url": url, "auth": auth}, clock=clock) as probe:
        assert (await probe.run()).reason == "auth"
        secret.unlink()
        reasons = []
        for _ in range(37):
            await clock.advance(5)
            reasons.append((await probe.run()).reason)
    assert asked.read_text().count("\n") == 4
    assert reasons.count("config") == 3


async def test_a_missing_secret_is_a_matter_of_configuration(http_server: HttpServer) -> None:
    config = {"url": http_server.url, "auth": {"bearer": {"env": "ONWATCH_TEST_UNSET"}}}
    result = await ask("http", config)
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert "ONWATCH_TEST_UNSET is not set" in result.message
    assert http_server.requests == []


async def test_a_request_that_cannot_be_sent_is_a_matter_of_configuration(
    http_server: HttpServer,
) -> None:
    config = {"url": http_server.url, "body": "four", "method": "PUT"}
    result = await ask("http", {**config, "headers": {"Content-Length": "3"}})
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert "this request cannot be sent" in result.message


async def test_compressed_answers_are_read(http_server: HttpServer) -> None:
    text = b'{"status": "ok"}'
    for coding, body in (
        ("gzip", gzip.compress(text)),
        ("deflate", zlib.compress(text)),
        ("deflate", zlib.compress(text, wbits=-15)),
    ):
        url = http_server.answer("/", body, headers={"Content-Encoding": coding})
        result = await ask("http", {"url": url, "expect": {"json": {"status": "ok"}}})
        assert result.status is Status.OK, (coding, result.message)


async def test_urls_stay_out_of_messages_and_logs(
    http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = http_server.answer("/", status=302, headers={"Location": "/?token=hunter22"})
    result = await ask("http", url + "?api_key=hunter22")
    assert result.status is Status.CRITICAL
    assert "hunter22" not in result.message
    assert "hunter22" not in caplog.text
    config = HttpConfig(url="https://u:hunter22@shop.example/x?token=hunter22")
    assert config.address() == "https://shop.example/x?token=•••"
    assert config.instance() == "shop.example:443"


async def test_the_raw_answer_shows_the_beginning_in_whole_letters(http_server: HttpServer) -> None:
    letters = "aé€𝄞" * 5_000
    url = http_server.answer("/", letters.encode(), headers={"Content-Type": "text/plain"})
    result = await ask("http", url)
    assert result.raw.rpartition("\n\n")[2].removesuffix("\n…") == clean_lines(letters[:10_000])


async def test_session_cookies_are_not_shown(http_server: HttpServer) -> None:
    url = http_server.answer("/", "x", headers={"Set-Cookie": "sid=abcdef; Path=/"})
    result = await ask("http", url)
    assert "abcdef" not in result.raw
    assert "Set-Cookie: sid=•••; Path=/" in result.raw


async def test_a_403_asks_for_rights_unless_a_status_is_expected(http_server: HttpServer) -> None:
    url = http_server.answer("/", status=403)
    result = await ask("http", url)
    assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
    assert "access is forbidden" in result.message
    result = await ask("http", {"url": url, "expect": {"status": 200}})
    assert (result.status, result.reason) == (Status.CRITICAL, "expectation")


def test_reading_a_configuration_does_not_load_the_http_library() -> None:
    code = """
import sys
from checks.registry import kind
kind("http").config.model_validate("http://h/")
print(sorted({"httpx", "h11", "jmespath"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("ftp://host/", "expected http://host"),
        ("http://", "expected http://host"),
        ("http://host:99999/", "not a url"),
        ("http://192.168.0.300/", "not a url: Octet 300"),
        ("http://a..ü.de/", "not a url: 'a..ü.de' is no host's name"),
        ("http://host\x00/", "control characters"),
        ({"url": "http://h", "method": "GE T"}, "expected a method"),
        ({"url": "http://h", "headers": {"A b": "x"}}, "is not the name of a header"),
        ({"url": "http://h", "headers": {"A": "x\r\nB: y"}}, "control characters"),
        ({"url": "http://h", "expect": {"status": [99]}}, "status"),
        ({"url": "http://h", "expect": {"regex": "("}}, "not a regular expression"),
        ({"url": "http://h", "expect": {"json": {"a..b": 1}}}, "not a JMESPath expression"),
        *(
            (
                {"url": "http://h", "expect": {"json": {wrong: 1}}},
                f"not a JMESPath expression: {why}",
            )
            for wrong, why in (
                ("sta tus", 'unexpected "tus" at column 5 in "sta tus"'),
                ("a[?b=='c", "unclosed ' delimiter at column 7 in "),
                ("length(a", 'something is missing at column 9 in "length(a"'),
                ("", 'nothing stands in ""'),
                ("services[?size(@)]", "the unknown function size() in "),
                ("[length(a, b)]", "length() with 2 arguments in place of 1 in "),
                ("a[::0]", "a step of zero in "),
            )
        ),
        ({"url": "http://h", "expect": {"latency": {"warning": 2, "critical": 1}}}, "above"),
        (
            {"url": "http://h", "expect": {"certificate_expiry": {"warning": 1, "critical": 2}}},
            "below",
        ),
        ({"url": "http://h", "auth": {}}, "exactly one of basic, bearer"),
        ({"url": "http://a:b@h", "auth": {"bearer": "x"}}, "not in both"),
        ({"url": "http://h", "tls": {"key": "k"}}, "key is given without cert"),
    ],
)
def test_a_wrong_configuration_is_refused(config: object, said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        kind("http").config.model_validate(config)
