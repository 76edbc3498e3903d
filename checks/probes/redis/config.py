"""The configuration of a Redis check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from checks.bounds import Rising
from checks.expectations import LatencyBounds
from checks.settings import KindConfig, LabelName, MetricName, Model, Secret
from checks.tls import Tls

__all__ = [
    "LAYOUTS",
    "Address",
    "KeySource",
    "Queue",
    "RedisConfig",
    "Value",
    "parse_url",
]

_SCHEMES: Final = ("redis", "rediss", "unix")
_SOURCES: Final = ("list", "set", "zset", "hash", "stream", "value")

LAYOUTS: Final = ("celery", "laravel", "sidekiq", "bull", "rq")
"""The libraries whose keys are known."""

Ratio = Annotated[float, Field(gt=0, le=1)]
Bound = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL leads: a socket's ``path``, or ``host`` and ``port``."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: bool = False
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.path or f"{host}:{self.port}"


def parse_url(text: str) -> Address:
    """The address that ``text`` names. Raises ValueError with a sentence; never quotes it,
    since it may hold a password."""
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES:
        raise ValueError("write redis://host:port/db, rediss://host:port/db or unix:///path")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"db"})
    if unknown:
        raise ValueError(f"the URL's option {unknown[0]!r} is not known; only db is")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ValueError("a unix URL names the socket: unix:///run/redis/redis.sock")
        return Address(
            path=unquote(parts.path),
            db=_database(options.get("db", "")),
            username=username,
            password=password,
        )
    path = parts.path.strip("/")
    return Address(
        host=parts.hostname or "127.0.0.1",
        port=_port(parts),
        tls=parts.scheme == "rediss",
        db=_database(options.get("db", path)),
        username=username,
        password=password,
    )


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or 6379
    except ValueError:
        raise ValueError("the URL's port is not a number from 1 to 65535") from None


def _database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError("what follows the port in the URL is the number of the database")
    return int(text)


class KeySource(Model):
    """The key whose length or number is a queue's figure: exactly one of its kinds."""

    list: str | None = None
    """Key of a list; its length counts."""
    set: str | None = None
    """Key of a set; its members count."""
    zset: str | None = None
    """Key of a sorted set; its members count."""
    hash: str | None = None
    """Key of a hash; its fields count."""
    stream: str | None = None
    """Key of a stream; its entries count, or with `group` those not yet delivered."""
    value: str | None = None
    """Key of a string that holds the number itself."""
    group: str | None = None
    """Consumer group of the stream."""

    @model_validator(mode="after")
    def _one_kind(self) -> KeySource:
        if sum(getattr(self, kind) is not None for kind in _SOURCES) != 1:
            raise ValueError(f"give exactly one of {', '.join(_SOURCES)}")
        if self.group is not None and self.stream is None:
            raise ValueError("group goes with stream")
        return self

    @property
    def kind(self) -> str:
        """Which of the fields is given."""
        return next(kind for kind in _SOURCES if getattr(self, kind) is not None)

    @property
    def key(self) -> str:
        """The key itself."""
        return str(getattr(self, self.kind))


class Queue(Rising):
    """One queue by its keys, or several by the layout of the library that keeps them."""

    name: str = ""
    """The queue's name, its `queue` label."""
    layout: Literal["celery", "laravel", "sidekiq", "bull", "rq"] | None = None
    """The library whose keys hold the queue `name`."""
    celery: tuple[str, ...] = ()
    """Names of Celery queues: lists of that name, tasks under way in `unacked`."""
    laravel: tuple[str, ...] = ()
    """Names of Laravel queues: `queues:<name>`, its `:delayed` and its `:reserved`."""
    sidekiq: tuple[str, ...] = ()
    """Names of Sidekiq queues: `queue:<name>`."""
    bull: tuple[str, ...] = ()
    """Names of Bull or BullMQ queues: `bull:<name>:wait`, `:active`, `:delayed`, `:failed`."""
    rq: tuple[str, ...] = ()
    """Names of RQ queues: `rq:queue:<name>`, `rq:wip:`, `rq:scheduled:` and `rq:failed:<name>`."""
    prefix: str = ""
    """What the library puts in front of its keys (`laravel_database_`)."""
    size: KeySource | None = None
    """What waits."""
    processing: KeySource | None = None
    """What workers have taken and not finished."""
    failed: KeySource | None = None
    """What failed for good."""
    warning: Bound | None = None
    """More than this waiting is a WARNING."""
    critical: Bound | None = None
    """More than this waiting is CRITICAL."""

    @model_validator(mode="after")
    def _one_form(self) -> Queue:
        lists = (bool(getattr(self, layout)) for layout in LAYOUTS)
        if sum((*lists, self.layout is not None, self.by_keys)) != 1:
            raise ValueError(
                "give a name with size, a name with layout, or a list of names as "
                f"{', '.join(LAYOUTS[:-1])} or {LAYOUTS[-1]}"
            )
        if (self.layout or self.by_keys) and not self.name:
            raise ValueError("the queue needs a name")
        if self.by_keys and self.size is None:
            raise ValueError("the queue needs a size, as in size: {list: jobs}")
        return self

    def names(self, layout: str) -> tuple[str, ...]:
        """The names of its queues that are kept in ``layout``."""
        listed: tuple[str, ...] = getattr(self, layout)
        return listed or ((self.name,) if self.layout == layout else ())

    @property
    def by_keys(self) -> bool:
        """Whether its keys are given one by one."""
        return any((self.size, self.processing, self.failed))


class Value(Model):
    """A number an application keeps in Redis, as a metric."""

    metric: MetricName
    """Name of the metric."""
    type: Literal["gauge", "counter"] = "gauge"
    """Whether it goes up and down, or only up."""
    key: str
    """Key of the string or hash."""
    field: str | None = None
    """Field of the hash."""
    labels: dict[LabelName, str] = Field(default_factory=dict)
    """Labels of the metric."""


class RedisConfig(KindConfig):
    """A Redis, Valkey or KeyDB server, its queues and the numbers kept in it."""

    shorthand: ClassVar[str] = "url"

    url: Annotated[str, Field(repr=False)] = "redis://127.0.0.1:6379/0"
    """`redis://host:port/db`, `rediss://…` for TLS, or `unix:///path?db=0`."""
    username: str = ""
    """User of the server's ACL; without it `password` is the default user's."""
    password: Secret | None = None
    """The password, or where it is kept."""
    client_name: Annotated[str, Field(pattern=r"^[!-~]*$")] = "onwatch"
    """Name of the connection in CLIENT LIST; empty for none."""
    tls: Tls = Tls()
    """Certificates of a rediss:// connection."""
    latency: LatencyBounds = LatencyBounds()
    """Bounds on the round trip."""
    memory_warning: Ratio = 0.9
    """Share of the memory limit, where keys are not evicted, from which it is a WARNING."""
    clients_warning: Ratio = 0.9
    """Share of maxclients from which it is a WARNING."""
    replica_lag: LatencyBounds = LatencyBounds(warning=10.0, critical=60.0)
    """Bounds on how far behind a replica may be."""
    replicas: Bound = 0
    """How many replicas a master should have; fewer is a WARNING."""
    slowlog: Annotated[int, Field(ge=0, le=128)] = 20
    """How many of the newest slow log entries to show; 0 leaves the slow log alone."""
    queues: tuple[Queue, ...] = ()
    """Queues kept in this database."""
    values: tuple[Value, ...] = ()
    """Numbers kept in this database."""

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        parse_url(url)
        return url

    @model_validator(mode="after")
    def _one_password(self) -> RedisConfig:
        if self.password is not None and parse_url(self.url).password:
            raise ValueError("give the password in url or in password, not in both")
        return self

    def instance(self) -> str:
        return str(parse_url(self.url))

    def address(self) -> str:
        where = parse_url(self.url)
        return f"{where}/{where.db}" if where.db and not where.path else str(where)
