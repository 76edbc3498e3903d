"""URLs and requests are what httpx makes of them, which weighs more than onwatch would carry."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.probes.http.request import Request, headers_of
from checks.probes.http.url import InvalidUrlError, Url

_TEXTS = [
    "http://example.com",
    "http://example.com:80/",
    "https://example.com:443/a/./b/../c?x=1&y=%20#there",
    "HTTPS://Example.COM:8443/Pfad mit Leer?q=a b#f",
    "http://user:pass@example.com:8080/x",
    "http://user:p@ss@example.com/x",
    "http://müller.de/ü?ä=ö",
    "http://中国.icom.museum/",
    "http://[::1]:9090/metrics",
    "http://[fe80::1%25eth0]/",
    "http://192.168.0.1/%zz/%7e~",
    "http://h/a?b?c#d?e",
    "http://h?",
    "http://h/?#",
    "http://h:/",
    "http://h//double//slash/..",
    "http://h/../../etc",
    "http://h/a`b{c}|d\\e^f[g]\"<>'",
    "http://under_score.example/",
    "/only/a/path?x",
    "//other.example/x",
    "?only=query",
    "relative/path",
    "../up",
    "",
    "#fragment",
    "ftp://h/x",
    "mailto:somebody@example.com",
]
_REFUSED = [
    "http://999.1.1.1/",
    "http://[::zz]/",
    "http://h:port/",
    "http://h/\n",
    "http://h/\x7f",
    f"http://h/{'x' * 65_536}",
    "http://xn--\u0080.de/",
    "http://a..中.de/",
]
_ODD = st.text(
    st.sampled_from("ab./:?#@[]%20~ \"<>`{}|\\^ü中;=&'!\x7f") | st.characters(codec="utf-8"),
    max_size=30,
)


def _theirs(url: httpx.URL) -> tuple[str, str, int | None, str]:
    return url.scheme, url.raw_host.decode(), url.port, url.raw_path.decode()


def _ours(url: Url) -> tuple[str, str, int | None, str]:
    return url.scheme, url.host, url.port, url.target


@pytest.mark.parametrize("text", _TEXTS)
def test_a_url_is_taken_apart_and_made_plain(text: str) -> None:
    assert _ours(Url.of(text)) == _theirs(httpx.URL(text))


@pytest.mark.parametrize("text", _REFUSED)
def test_what_is_no_url_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(httpx.InvalidURL):
        httpx.URL(text)
    with pytest.raises(InvalidUrlError, match=r"\w"):
        Url.of(text)


@pytest.mark.parametrize("base", ["http://h/a/b?c", "https://h:8443", "http://[::1]/x/"])
@pytest.mark.parametrize("text", _TEXTS)
def test_a_redirect_leads_where_it_says(base: str, text: str) -> None:
    joined = Url.of(base).joined(text)
    assert _ours(joined) == _theirs(httpx.URL(base).join(text))


@settings(max_examples=300, deadline=None)
@given(_ODD, _ODD, _ODD)
def test_odd_texts_come_to_the_same_or_are_refused(host: str, path: str, query: str) -> None:
    for text in (f"http://{host}/{path}?{query}", f"https://h{path}", path + query):
        try:
            theirs = _theirs(httpx.URL(text))
        except (httpx.InvalidURL, UnicodeError):
            with pytest.raises(InvalidUrlError):
                Url.of(text)
            continue
        try:
            ours = _ours(Url.of(text))
        except InvalidUrlError:
            continue
        assert ours == theirs


@settings(max_examples=300, deadline=None)
@given(_ODD)
def test_an_odd_location_leads_to_the_same_or_nowhere(location: str) -> None:
    try:
        ours = Url.of("http://h/a/b?c").joined(location)
    except InvalidUrlError:
        return
    theirs = httpx.URL("http://h/a/b?c").join(location)
    assert _ours(ours) == _theirs(theirs)


def test_a_url_shows_neither_its_user_nor_its_fragment() -> None:
    assert str(Url.of("http://user:secret@h:81/a?b#c")) == "http://h:81/a?b"
    assert str(Url.of("https://[::1]:443")) == "https://[::1]"


@pytest.mark.parametrize(
    ("base", "asked", "target"),
    [
        ("http://h", "/api/x", "/api/x"),
        ("http://h/", "/api/x?y=1", "/api/x?y=1"),
        ("http://h/base/?old=1", "/api", "/base/api"),
        ("http://h/base", "api?a b", "/base/api?a%20b"),
        ("http://h/a%2Fb", "/ü", "/a%2Fb/%C3%BC"),
        ("http://h/base", "?x=1", "/base?x=1"),
    ],
)
def test_a_path_is_asked_beneath_the_urls_own(base: str, asked: str, target: str) -> None:
    assert Url.of(base).beneath(asked).target == target
    assert Url.of(base).beneath(asked).netloc == "h"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("content", [b"", b"body"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "other", "X-Own": "own", "accept": "text/html"},
        {"content-length": "4"},
        {"Transfer-Encoding": "chunked", "user-agent": "theirs"},
    ],
)
def test_a_request_has_the_headers_that_it_needs(
    method: str, content: bytes, headers: dict[str, str]
) -> None:
    own = {"User-Agent": "onwatch", "Accept": "*/*"}
    both = httpx.Headers(own)
    both.update(headers)
    theirs = httpx.Request(method, "http://h:81/x", headers=both, content=content or None)
    ours = Request(method, Url.of("http://h:81/x"), headers_of(own, headers), content)
    assert list(ours.headers) == theirs.headers.raw


def test_a_header_may_be_in_any_language() -> None:
    assert headers_of({"X-Own": "ü"}) == [(b"X-Own", "ü".encode())]
