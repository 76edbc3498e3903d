"""The configuration of a MySQL or MariaDB check."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from checks.expectations import LatencyBounds
from checks.probes.mysql.address import Address, parse_url
from checks.probes.mysql.reading import condition_objection, objection
from checks.queries import UserQuery
from checks.requests.config import RequestLog
from checks.settings import KindConfig, Secret
from checks.tls import Tls

__all__ = ["MysqlConfig"]

Ratio = Annotated[float, Field(gt=0, le=1)]


def _only_reads(query: UserQuery) -> UserQuery:
    """Refuses a query that does more; one by one, so that its own line is named."""
    wrong = objection(query.sql)
    if wrong:
        raise ValueError(f"query {query.metric} {wrong}")
    return query


class MysqlConfig(KindConfig):
    """A MySQL or MariaDB server."""

    shorthand: ClassVar[str] = "url"

    url: Annotated[str, Field(repr=False)] = "mysql:///"
    """`mysql://user@host:port/database`, or `mariadb://`; a unix socket is
    `mysql://user@/database?socket=/run/mysqld/mysqld.sock`. Without a host it is the socket of
    this machine. `ssl-mode`, `ssl-ca`, `ssl-cert` and `ssl-key` may follow `?`."""
    password: Secret | None = None
    """The password, or where it is kept; without it the one of `.my.cnf` counts, as with the
    clients."""
    option_files: bool = True
    """Whether what is left out here is taken from `.my.cnf` and its like."""
    tls: Tls | None = None
    """TLS is required and verified; without it TLS is used where it is offered, unverified."""
    latency: LatencyBounds = LatencyBounds()
    """Bounds on the round trip."""
    connections_warning: Ratio = 0.8
    """Share of `max_connections` from which it is a WARNING."""
    connections_critical: Ratio = 0.95
    """Share of `max_connections` from which it is CRITICAL."""
    longest_transaction: LatencyBounds = LatencyBounds(warning=3600.0)
    """Bounds on how long a transaction has been open."""
    idle_in_transaction: LatencyBounds = LatencyBounds(warning=300.0)
    """Bounds on how long a session has held a transaction open without doing anything."""
    longest_query: LatencyBounds = LatencyBounds(warning=1800.0)
    """Bounds on how long a statement has been running."""
    lock_wait: LatencyBounds = LatencyBounds(warning=10.0, critical=120.0)
    """Bounds on how long a session has waited for a lock."""
    replication_lag: LatencyBounds = LatencyBounds(warning=30.0, critical=300.0)
    """Bounds on how far behind this server may be, where it is a replica."""
    replicas: Annotated[int, Field(ge=0)] = 0
    """How many replicas this server should have; fewer is a WARNING."""
    tables: Annotated[int, Field(ge=0, le=500)] = 50
    """How many tables, the largest first, have figures of their own; 0 for none."""
    statements: Annotated[int, Field(ge=0, le=200)] = 20
    """How many statements of `performance_schema`, the costliest first, have figures of their
    own; 0 for none."""
    queries: list[Annotated[UserQuery, AfterValidator(_only_reads)]] = Field(default_factory=list)
    """Queries of your own that become samples."""
    request_log: RequestLog | None = None
    """A table with a row for each request."""

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        parse_url(url)
        return url

    @field_validator("request_log")
    @classmethod
    def _only_a_condition(cls, log: RequestLog | None) -> RequestLog | None:
        wrong = condition_objection(log.where) if log is not None and log.where else ""
        if wrong:
            raise ValueError(f"where {wrong}")
        return log

    @model_validator(mode="after")
    def _consistent(self) -> MysqlConfig:
        address = self.parsed()
        if self.password is not None and address.password:
            raise ValueError("give the password in url or in password, not in both")
        if self.tls is not None and address.security.mode:
            raise ValueError("say how TLS is used in url (ssl-mode) or in tls, not in both")
        if self.connections_warning > self.connections_critical:
            raise ValueError("connections_warning must not be above connections_critical")
        return self

    def parsed(self) -> Address:
        """The address as configured, nothing filled in."""
        return parse_url(self.url)

    def instance(self) -> str:
        return str(self.parsed())

    def address(self) -> str:
        database = self.parsed().database
        return f"{self.instance()}/{database}" if database else self.instance()
