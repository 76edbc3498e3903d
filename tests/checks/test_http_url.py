"""URLs as they go onto the wire: as httpx has them, which is not asked any more."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.probes.http.request import Request, combined
from checks.probes.http.url import Url

PIECES = (
    "/", "//", "..", ".", "?", "#", "@", ":", "80", "8443", "a", "B", "%20", "%zz", " ", "é", "{",
    "|", "\\", '"', "<", ";", "=", "+", "\t", "\x7f", "日本", "x=y", "&", "'", "[::1]", "http:", "https://o",
)  # fmt: skip
PLACES = ("host", "HOST:80", "h:443", "u:p@h:8080", "[::1]:9", "bücher.example", "1.2.3.4", "h_x")

tails = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
bases = st.builds(
    lambda scheme, place, tail: f"{scheme}://{place}/{tail}",
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(PLACES),
    tails,
)


def ours(base: str, reference: str) -> tuple[str, ...] | None:
    try:
        url = Url.parse(base)
        url = url.join(reference) if reference else url
    except ValueError:
        return None
    return str(url), url.netloc, url.target, url.host, str(url.port)


def theirs(base: str, reference: str) -> tuple[str, ...] | None:
    try:
        url = httpx.URL(base)
        url = (url.join(reference) if reference else url).copy_with(userinfo=b"", fragment=None)
    except (httpx.InvalidURL, ValueError):
        return None
    host = url.raw_host.decode().strip("[]")
    return str(url), url.netloc.decode(), url.raw_path.decode(), host, str(url.port)


@given(bases, tails)
@example("http://host", "")
@example("http://host/a/b?q#f", "../c d?é")
@example("http://host/a", "//Other:80/../x")
@example("https://[::1]/", "https://bücher.example:443")
def test_a_url_and_where_it_leads(base: str, reference: str) -> None:
    if reference.startswith(":") or "?#" in base:
        return  # httpx takes a reference that begins with a colon, and drops an empty query
    expected = theirs(base, reference)
    if expected is not None and ("%3" in expected[1] or ":-" in expected[1]):
        return  # no host's name
    assert ours(base, reference) == expected


@pytest.mark.parametrize("text", ["http://[::1", "http://[1]", "http://1.2.3.400/", "http://h:x/"])
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is caught as that
        Url.parse(text)


def test_what_a_request_sends_beside_its_own_headers() -> None:
    url = Url.parse("http://h:8080/")
    own = combined({"accept": "a", "X-Own": "1"}, {"Accept": "b"})
    assert Request("GET", url, own).fields() == [
        (b"Host", b"h:8080"),
        (b"X-Own", b"1"),
        (b"Accept", b"b"),
    ]
    assert Request("POST", url, {}).fields()[-1] == (b"Content-Length", b"0")
    assert Request("PUT", url, {}, b"four").fields()[-1] == (b"Content-Length", b"4")
    named = combined({"host": "other", "Content-Length": "9"})
    assert Request("POST", url, named, b"four").fields() == [
        (b"host", b"other"),
        (b"Content-Length", b"9"),
    ]
