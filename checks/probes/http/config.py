"""What a user may say of an http check."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from checks.expectations import (
    JmesPath,
    JsonValues,
    LatencyBounds,
    Pattern,
    RemainingBounds,
    Texts,
)
from checks.model import Status
from checks.secrets import mask_url
from checks.settings import Duration, KindConfig, Model, NamedFile, Secret, Size

__all__ = ["ENV", "Auth", "Basic", "Endpoint", "Expect", "HttpConfig", "Tls", "check_proxy"]

ENV: Final = "env"
"""In place of a proxy's url: the one that the environment names."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOUR_NUMBERS: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")

Code = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=r"^[1-5]xx$")]
"""A status code, or a class of them: ``2xx``."""
Codes = Annotated[
    tuple[Code, ...],
    Field(min_length=1),
    BeforeValidator(lambda v: v if isinstance(v, list | tuple) else [v]),
]


def check_proxy(value: str) -> str:
    """``value`` as a proxy's url; ValueError where it is none that can be used."""
    url = value.strip()
    url = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a url: {error}") from None
    if parts.scheme != "http":
        raise ValueError(f"proxies are spoken to by http://, not by {parts.scheme}://")
    if not parts.hostname or _CONTROLS.search(url) or not url.isascii():
        raise ValueError("expected http://proxy:3128, http://user@proxy:3128 or env")
    if not port:
        raise ValueError("give the proxy's port: http://proxy:3128")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("nothing may follow the proxy's port")
    return url


HealthWord = Annotated[str, Field(min_length=1, max_length=40)]
"""A word in which a health document says how something is."""
Meaning = Literal["ok", "warning", "critical"]


class Expect(Model):
    """What the answer must be."""

    status: Codes = ("2xx",)
    """Status codes or classes, any of which will do."""
    json_: dict[JmesPath, JsonValues] = Field(default={}, alias="json")
    """JMESPath expressions, each with its value or a list of values any of which will do."""
    text: Texts = ()
    """Texts that must all stand in the body."""
    regex: Pattern = ""
    """A regular expression that must match somewhere in the body."""
    not_regex: Pattern = ""
    """A regular expression that must match nowhere in the body."""
    headers: dict[str, Pattern] = Field(default={})
    """Answer headers, each with a regular expression that must match within its value."""
    latency: LatencyBounds | None = None
    """Bounds of the time from the name look-up to the last byte."""
    certificate_expiry: RemainingBounds | None = None
    """Time that must remain to the certificate; otherwise 14d and 3d, less for short-lived ones."""

    @property
    def judges_status(self) -> bool:
        """Whether the user said what the status must be."""
        return "status" in self.model_fields_set

    @property
    def judges_body(self) -> bool:
        """Whether it says what the body must be, so that a health document need not."""
        return bool(self.json_ or self.text or self.regex or self.not_regex)


class Basic(Model):
    """User name and password."""

    username: str
    """The user's name."""
    password: Secret = ""
    """The password, or its source."""


class Auth(Model):
    """How the check identifies itself: exactly one way."""

    basic: Basic | None = None
    """HTTP basic authentication."""
    bearer: Secret | None = None
    """A token, sent as ``Authorization: Bearer …``."""

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("give exactly one of basic, bearer")
        return self


class Tls(Model):
    """How the server's certificate is judged, and which one we show."""

    ca: Annotated[str, NamedFile()] = ""
    """File or folder with the CA certificates to trust in place of the system's."""
    cert: Annotated[str, NamedFile()] = ""
    """Client certificate (PEM), with its chain."""
    key: Annotated[str, NamedFile()] = ""
    """Its private key (PEM), where the certificate's file does not hold it."""
    verify: bool = True
    """Whether the certificate must be valid; its expiry is watched either way."""
    server_name: str = ""
    """Name that the certificate must be for, where it is not the url's host."""

    @model_validator(mode="after")
    def _key_has_certificate(self) -> Tls:
        if self.key and not self.cert:
            raise ValueError("key is given without cert")
        return self


def _check_host(host: str) -> None:
    """Raises ValueError for what httpx takes for no host."""
    if _FOUR_NUMBERS.fullmatch(host):
        IPv4Address(host)
    if host.isascii():
        return
    import idna  # noqa: PLC0415 - for names in other alphabets alone

    try:
        idna.encode(host)
    except idna.IDNAError as error:
        raise ValueError(f"{host!r} is no host's name: {error}") from None


class Endpoint(KindConfig):
    """An HTTP or HTTPS address, and how it is asked."""

    shorthand: ClassVar[str] = "url"

    url: str
    """What to ask: ``https://host:port/path?query``."""
    headers: dict[str, Secret] = Field(default={})
    """Request headers; a value may be a credential's source."""
    auth: Auth | None = None
    """Credentials."""
    redirects: int = Field(default=5, ge=0, le=20)
    """Redirects that are followed; with 0 the redirect itself is judged."""
    tls: Tls = Tls()
    """Certificates."""
    keep_alive: Duration = 60.0
    """How long a connection is used before a new one is made; 0 makes one for every run."""
    proxy: str = ""
    """Proxy to ask by, `http://user@proxy:3128`; `env` for the one that the environment names."""
    proxy_password: Secret | None = None
    """The password of the proxy's user, or its source."""
    socket: str = ""
    """Unix socket to ask over in place of the url's host and port: `/run/app.sock`."""

    @field_validator("proxy")
    @classmethod
    def _usable_proxy(cls, value: str) -> str:
        return value if value in {"", ENV} else check_proxy(value)

    @field_validator("url")
    @classmethod
    def _usable_url(cls, value: str) -> str:
        value = value.strip()
        if _CONTROLS.search(value):
            raise ValueError("the url has control characters in it")
        try:
            parts = urlsplit(value)
            port = parts.port
            _check_host(parts.hostname or "")
        except ValueError as error:
            raise ValueError(f"not a url: {error}") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected http://host… or https://host…")
        if port == 0:
            raise ValueError("port 0 cannot be connected to")
        return value

    @field_validator("headers")
    @classmethod
    def _usable_headers(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        for name, content in value.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header")
            if isinstance(content, str) and _CONTROLS.search(content):
                raise ValueError(f"the header {name} has control characters in it")
        return value

    @model_validator(mode="after")
    def _one_credential(self) -> Endpoint:
        if self.auth is not None and "@" in urlsplit(self.url).netloc:
            raise ValueError("give the user in the url or in auth, not in both")
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.socket and self.proxy:
            raise ValueError("give socket or proxy, not both")
        if "\0" in self.socket:
            raise ValueError("socket has control characters in it")
        if self.proxy_password is not None:
            parts = urlsplit(self.proxy)
            if not parts.username:
                raise ValueError("proxy_password wants a user: proxy: http://user@proxy:3128")
            if parts.password:
                raise ValueError(
                    "give the proxy's password in proxy or in proxy_password, not in both"
                )
        return self

    def instance(self) -> str:
        if self.socket:
            return self.socket
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def address(self) -> str:
        parts = urlsplit(self.url)
        return mask_url(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())


class HttpConfig(Endpoint):
    """An HTTP or HTTPS address that must answer as expected."""

    method: str = "GET"
    """The request's method."""
    body: str = ""
    """The request's body."""
    expect: Expect = Expect()
    """What the answer must be; without it, a 2xx whose health document says it is well."""
    health_document: bool = True
    """Whether the answer's own verdict counts; it never does where `expect` judges the body."""
    health_words: dict[HealthWord, Meaning] = Field(default={})
    """What the document's words mean, where that is unusual: `{degraded: critical}`."""
    max_body: Size = Field(default=1_000_000, gt=0)
    """Bytes of the body that are read, before and after decompression."""

    @property
    def statuses(self) -> dict[str, Status]:
        """What words of the health document mean."""
        return {word: Status(meaning) for word, meaning in self.health_words.items()}

    @field_validator("method")
    @classmethod
    def _usable_method(cls, value: str) -> str:
        if not _TOKEN.fullmatch(value) or value.upper() == "CONNECT":
            raise ValueError("expected a method such as GET, HEAD or POST")
        return value.upper()
