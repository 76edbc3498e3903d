"""The configuration of a PostgreSQL check."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from checks.bounds import Rising
from checks.expectations import LatencyBounds
from checks.probes.postgres.address import Address, parse_url
from checks.queries import UserQuery
from checks.requests.config import RequestLog
from checks.settings import KindConfig, Secret, Size
from checks.tls import Tls

__all__ = ["PostgresConfig", "SlotBounds"]

Ratio = Annotated[float, Field(gt=0, le=1)]


class SlotBounds(Rising):
    """Bounds on the write-ahead log that a replication slot keeps from being removed."""

    warning: Size | None = 5_000_000_000
    """WARNING from this size on."""
    critical: Size | None = 50_000_000_000
    """CRITICAL from this size on."""


class PostgresConfig(KindConfig):
    """A PostgreSQL server, seen from one of its databases."""

    shorthand: ClassVar[str] = "url"

    url: Annotated[str, Field(repr=False)] = "postgresql:///"
    """`postgresql://user@host:port/database`; a unix socket is
    `postgresql:///database?host=/run/postgresql`. libpq's `sslmode`, `sslrootcert`, `sslcert`,
    `sslkey`, `passfile` and `service` may follow `?`."""
    service: str | None = None
    """Name of a service in `pg_service.conf`, which gives what `url` leaves out."""
    password: Secret | None = None
    """The password, or where it is kept; without it the service's, `PGPASSWORD` or
    `.pgpass` counts, as with psql."""
    tls: Tls | None = None
    """TLS is required and verified; without it TLS is used where it is offered, unverified."""
    latency: LatencyBounds = LatencyBounds()
    """Bounds on the round trip."""
    connections_warning: Ratio = 0.8
    """Share of the connections that users may have from which it is a WARNING."""
    connections_critical: Ratio = 0.95
    """Share of the connections that users may have from which it is CRITICAL."""
    longest_transaction: LatencyBounds = LatencyBounds(warning=3600.0)
    """Bounds on how long a transaction has been open."""
    idle_in_transaction: LatencyBounds = LatencyBounds(warning=300.0)
    """Bounds on how long a session has held a transaction open without doing anything."""
    longest_query: LatencyBounds = LatencyBounds(warning=1800.0)
    """Bounds on how long a statement has been running."""
    lock_wait: LatencyBounds = LatencyBounds(warning=10.0, critical=120.0)
    """Bounds on how long a session has waited for a lock."""
    replication_lag: LatencyBounds = LatencyBounds(warning=30.0, critical=300.0)
    """Bounds on how far behind a replica may be."""
    replicas: Annotated[int, Field(ge=0)] = 0
    """How many replicas a primary should have; fewer is a WARNING."""
    slots: SlotBounds = SlotBounds()
    """Bounds on what a replication slot retains."""
    wraparound_warning: Ratio = 0.5
    """Share of the transaction numbers used since the oldest row was frozen from which it is
    a WARNING."""
    wraparound_critical: Ratio = 0.8
    """The same, from which it is CRITICAL: at 100 % the server takes no more writes."""
    tables: Annotated[int, Field(ge=0, le=500)] = 50
    """How many tables and indexes, the largest first, have figures of their own; 0 for none."""
    statements: Annotated[int, Field(ge=0, le=200)] = 20
    """How many statements of `pg_stat_statements`, the costliest first, have figures of their
    own; 0 for none."""
    queries: list[UserQuery] = Field(default_factory=list)
    """Queries of your own that become samples."""
    request_log: RequestLog | None = None
    """A table with a row for each request."""

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        parse_url(url)
        return url

    @model_validator(mode="after")
    def _consistent(self) -> PostgresConfig:
        address = parse_url(self.url)
        if self.password is not None and address.password:
            raise ValueError("give the password in url or in password, not in both")
        if self.service and address.service:
            raise ValueError("give the service in url or in service, not in both")
        if self.tls is not None and address.security.mode:
            raise ValueError("say how TLS is used in url (sslmode) or in tls, not in both")
        if self.connections_warning > self.connections_critical:
            raise ValueError("connections_warning must not be above connections_critical")
        if self.wraparound_warning > self.wraparound_critical:
            raise ValueError("wraparound_warning must not be above wraparound_critical")
        return self

    def parsed(self) -> Address:
        """The address as configured, nothing filled in."""
        return parse_url(self.url)

    def service_name(self) -> str:
        """The service that fills in what the address leaves out; empty for none."""
        return self.service or self.parsed().service

    def instance(self) -> str:
        address = self.parsed()
        if not (address.host or address.hostaddr) and self.service:
            return f"service {self.service}"
        return str(address)

    def address(self) -> str:
        database = self.parsed().database
        return f"{self.instance()}/{database}" if database else self.instance()
