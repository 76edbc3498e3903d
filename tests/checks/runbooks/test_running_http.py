"""Steps that are HTTP requests, against a real server."""

from __future__ import annotations

import json

import pytest

from checks.runbooks.http_text import http_parts
from checks.runbooks.model import Language
from checks.runbooks.running.http_request import filled
from checks.runbooks.running.model import NotRunError
from checks.runbooks.views import RunState
from checks.secrets import MASK
from tests.checks.runbooks.running_kit import Place, Ran, target_of
from tests.servers.http import HttpServer


async def ask(place: Place, text: str, **more: object) -> Ran:
    variables = more.pop("variables", None)
    return await place.run(text, variables, language=Language.HTTP, **more)  # type: ignore[arg-type]


async def test_a_request_is_sent_once_and_its_answer_shown(
    place: Place, http_server: HttpServer
) -> None:
    cookie = {"Set-Cookie": "session=abc", "Content-Type": "application/json"}
    http_server.answer("/queues", b'{"queue":"default","size":3}', headers=cookie)
    ran = await ask(
        place,
        f"POST {http_server.url}/queues?q=${{QUEUE}}\nX-Reason: ${{WHY}}\n\n"
        '{"queue": "${QUEUE}", "size": ${SIZE}}',
        variables={"QUEUE": 'a&b=c/"d\\', "WHY": "on call", "SIZE": "3"},
    )
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 0)
    assert ran.ended.said.startswith("HTTP 200 OK after ")
    (request,) = http_server.requests
    assert (request.method, request.path) == ("POST", "/queues?q=a%26b%3Dc%2F%22d%5C")
    assert request.headers["x-reason"] == "on call"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"queue": 'a&b=c/"d\\', "size": 3}
    assert ran.output.lines[0] == "HTTP 200 OK"
    assert f"Set-Cookie: {MASK}" in ran.output.lines
    assert ran.output.lines[-4:] == ("{", '  "queue": "default",', '  "size": 3', "}")


async def test_what_is_refused_is_exit_code_1(place: Place, http_server: HttpServer) -> None:
    http_server.answer("/gone", "no such queue\n", status=404)
    ran = await ask(place, f"GET {http_server.url}/gone", capture="WORD")
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 1)
    assert ran.output.last_line == "no such queue"
    assert ran.ended.captured is None


async def test_a_word_is_captured(place: Place, http_server: HttpServer) -> None:
    http_server.answer("/leader", '"node-2"\n')
    ran = await ask(place, f"GET {http_server.url}/leader", capture="NODE")
    assert ran.ended.captured == ("NODE", "node-2")


async def test_redirects_of_what_changes_something_are_not_followed(
    place: Place, http_server: HttpServer
) -> None:
    http_server.answer("/old", status=307, headers={"Location": "/new"})
    http_server.answer("/new", "there")
    ran = await ask(place, f"DELETE {http_server.url}/old")
    assert ran.ended.said.startswith("HTTP 307 ")
    assert [request.path for request in http_server.requests] == ["/old"]
    ran = await ask(place, f"GET {http_server.url}/old")
    assert ran.output.last_line == "there"


async def test_the_check_s_credentials_go_to_its_own_server_alone(
    place: Place, http_server: HttpServer
) -> None:
    other = HttpServer()
    other.start()
    try:
        other.answer("/")
        config = {
            "url": f"{http_server.url}/health",
            "headers": {"X-Tenant": "shop"},
            "auth": {"bearer": "hunter2hunter2"},
        }
        target = target_of("http", config, "web")
        for server in (http_server, other):
            await ask(place, f"GET {server.url}/", target=target)
    finally:
        other.stop()
    assert http_server.requests[0].headers["authorization"] == "Bearer hunter2hunter2"
    assert http_server.requests[0].headers["x-tenant"] == "shop"
    assert not {"authorization", "x-tenant"} & set(other.requests[0].headers)


async def test_an_answer_has_its_bounds(place: Place, http_server: HttpServer) -> None:
    http_server.answer("/large", b"y\n" * 900_000)
    ran = await ask(place, f"GET {http_server.url}/large")
    assert ran.output.lines[0] == "HTTP 200 OK"
    assert ran.output.lines[-2:] == (
        "(126,000 more lines are left out)",
        "(the rest is left out: it has more than 256,000 bytes)",
    )
    http_server.answer("/image", b"\x89PNG\0\0", headers={"Content-Type": "image/png"})
    ran = await ask(place, f"GET {http_server.url}/image")
    assert ran.output.last_line == "(6 bytes that are no text)"


async def test_a_server_that_hangs(place: Place, http_server: HttpServer) -> None:
    http_server.answer("/slow", delay=30)
    ran = await ask(place, f"POST {http_server.url}/slow", timeout=1.0)
    assert ran.ended.state is RunState.TIMED_OUT
    assert "whether the server has done what was asked is not known" in ran.ended.said
    ran = await ask(
        place, f"POST {http_server.url}/slow", cancel_once=lambda: len(http_server.requests) == 2
    )
    assert ran.ended.state is RunState.CANCELLED


async def test_a_server_that_is_not_there(place: Place, unused_tcp_port: int) -> None:
    ran = await ask(place, f"GET http://127.0.0.1:{unused_tcp_port}/")
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert "refused" in ran.ended.said


URL = "http://web1:8080"


@pytest.mark.parametrize(
    ("text", "value", "url"),
    [
        ("GET http://${X}/health", "web1:8080", "http://web1:8080/health"),
        ("GET http://${X}/health", "[::1]:80", "http://[::1]:80/health"),
        ("GET http://web1:${X}/", "8080", "http://web1:8080/"),
        ("GET ${X}/restart", "https://web1/a?b=c", "https://web1/a?b=c/restart"),
        (f"GET {URL}/q/${{X}}/purge", "a/../b?c#d", f"{URL}/q/a%2F..%2Fb%3Fc%23d/purge"),
        (f"GET {URL}/?q=${{X}}&all=0", "x&all=1", f"{URL}/?q=x%26all%3D1&all=0"),
        ("GET ${U}/${X}", ".evil.example/a", "http://web1/.evil.example%2Fa"),
        ("GET ${U}?q=${X}", "a/b", "http://web1?q=a%2Fb"),
        ("GET ${U}:${X}/health", "8080", "http://web1:8080/health"),
        ("GET ${P}${X}", "evil.example/a", "http://web1/p?q=evil.example%2Fa"),
    ],
)
def test_where_a_value_lands_says_how_it_is_written(text: str, value: str, url: str) -> None:
    given = {"X": value, "U": "http://web1", "P": "http://web1/p?q="}
    assert filled(http_parts(text), given).url == url


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("GET http://${X}/health", "evil.example/x?", "is no host and port"),
        ("GET http://${X}/health", "user@evil.example", "is no host and port"),
        ("GET http://web1.${X}/health", "a b", "is no host and port"),
        ("GET ${X}/restart", "file:///etc/passwd", "is no URL"),
        ("GET ${X}/restart", "http://admin@web1", "is no URL without a user"),
        ("GET ${U}${X}", ".evil.example", "would change the host"),
        ("GET ${U}${X}/", "evil.example", "would change the host"),
        ("GET ${U}.${X}/", "evil.example", "would change the host"),
        ("GET ${U}${X}", "80", "would change the host"),
        ("GET ${U}@${X}", "80", "would change the host"),
        ("GET ${U}:${X}", "a:80", "would change the host"),
        (f"GET {URL}/q/${{X}}/purge", "..", "would lead to another path"),
        (f"GET {URL}/\nX-Queue: ${{X}}", "a\r\nX-Admin: yes", "must be plain ASCII"),
        (f'POST {URL}/\n\n{{"a": ${{X}}}}', '1, "admin": true', "stands outside quotes in JSON"),
        (f"GET {URL}/${{Y}}", "", "there is no value for ${Y}"),
        ("FETCH nothing", "", "its first line is no request"),
    ],
)
def test_a_value_becomes_no_more_than_a_value(text: str, value: str, why: str) -> None:
    with pytest.raises(NotRunError) as caught:
        filled(http_parts(text), {"X": value, "U": "http://web1"})
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_forms_and_texts() -> None:
    kind = "Content-Type: application/x-www-form-urlencoded"
    form = filled(http_parts(f"POST {URL}/\n{kind}\n\nq=${{X}}&all=0"), {"X": "a b&all=1"})
    assert form.body == "q=a+b%26all%3D1&all=0"
    assert filled(http_parts(f"POST {URL}/\n\nhello ${{X}}"), {"X": "a b"}).body == "hello a b"
