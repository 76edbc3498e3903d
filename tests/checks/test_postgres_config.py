"""How a PostgreSQL check is described: URLs, services, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.probes.postgres.address import Address, Security, parse_url, with_service
from checks.probes.postgres.config import PostgresConfig
from checks.tls import Tls


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "postgresql://me:pa%3Ass@db.example:5433/shop",
            Address(host="db.example", port=5433, user="me", database="shop", password="pa:ss"),
        ),
        ("postgres://db.example/shop", Address(host="db.example", database="shop")),
        ("postgresql:///shop", Address(database="shop")),
        ("postgresql://", Address()),
        ("postgresql://me@/shop", Address(user="me", database="shop")),
        (
            "postgresql:///shop?host=/run/postgresql",
            Address(host="/run/postgresql", database="shop"),
        ),
        (
            "postgresql://%2Fvar%2FRun:6000/shop",
            Address(host="/var/Run", port=6000, database="shop"),
        ),
        ("postgresql://[fe80::1]:5433/a", Address(host="fe80::1", port=5433, database="a")),
        ("postgresql://[::1]/a%20b", Address(host="::1", database="a b")),
        (
            "postgresql://h/a?user=me&dbname=b&port=1&hostaddr=10.0.0.1",
            Address(host="h", user="me", database="b", port=1, hostaddr="10.0.0.1"),
        ),
        (
            "postgresql://h?sslmode=verify-ca&sslrootcert=/ca.pem",
            Address(host="h", security=Security("verify-ca", "/ca.pem")),
        ),
        ("postgresql://?service=shop", Address(service="shop")),
        (
            "postgresql://h/a?schema=public&connect_timeout=3&application_name=x",
            Address(host="h", database="a"),
        ),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://h/a", "write postgresql://user@host:port/database"),
        ("h:5432", "write postgresql://"),
        ("postgresql://h:port/a", "the URL's port is not a number from 1 to 65535"),
        ("postgresql://h:0/a", "port is not a number"),
        ("postgresql://h:70000/a", "port is not a number"),
        ("postgresql://a,b/x", "one check watches one server"),
        ("postgresql://h?sslmode=strict", "the URL's sslmode is one of disable, allow"),
        ("postgresql://h?sslmod=require", "the URL's option 'sslmod' is not known"),
        ("postgresql://h?nothing", "is not option=value"),
        ("postgresql://[::1/a", ""),
        ("postgresql://[::1]x/a", ""),
    ],
)
def test_urls_that_are_none(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_url(url)
    assert sentence in str(caught.value)


def test_no_sentence_quotes_a_password() -> None:
    for url in ("postgresql://me:hunter2@h:x/a", "postgresql://h?password=hunter2&x=y"):
        with pytest.raises(ValidationError) as caught:
            PostgresConfig.model_validate({"url": url})
        assert "hunter2" not in str(caught.value)


def test_the_representation_hides_the_password() -> None:
    config = PostgresConfig.model_validate({"url": "postgresql://me:hunter2@h/a"})
    assert "hunter2" not in repr(config)
    assert "hunter2" not in repr(config.parsed())


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("?sslmode=require", Tls(verify="none")),
        ("?sslmode=require&sslrootcert=ca.pem", Tls(ca="ca.pem", verify="ca")),
        ("?sslmode=verify-ca&sslrootcert=ca.pem", Tls(ca="ca.pem", verify="ca")),
        ("?sslmode=verify-full", Tls(verify="full")),
        ("?sslmode=verify-ca&sslrootcert=system", Tls(verify="full")),
        ("?sslrootcert=system", Tls(verify="full")),
        ("?sslmode=verify-full&sslcert=c&sslkey=k", Tls(cert="c", key="k", verify="full")),
        ("?sslmode=prefer", None),
        ("?sslmode=disable", None),
        ("", None),
    ],
)
def test_sslmode(url: str, tls: Tls | None) -> None:
    assert parse_url(f"postgresql://h/a{url}").security.tls() == tls


def test_a_service_fills_in_what_is_left_out() -> None:
    parameters = {
        "host": "db",
        "port": "5433",
        "user": "them",
        "dbname": "theirs",
        "password": "p",
        "sslmode": "require",
        "application_name": "x",
    }
    filled = with_service(parse_url("postgresql://me@/mine"), parameters)
    assert (filled.host, filled.port, filled.user, filled.database) == ("db", 5433, "me", "mine")
    assert filled.password == "p"
    assert filled.security.mode == "require"
    kept = with_service(parse_url("postgresql://here:1/x?sslmode=disable"), parameters)
    assert (kept.host, kept.port, kept.security.mode) == ("here", 1, "disable")
    with pytest.raises(ValueError, match="the service's port"):
        with_service(Address(), {"port": "x"})


def test_what_is_left_out_is_as_clients_have_it() -> None:
    complete = Address(host="h", user="me").complete()
    assert (complete.port, complete.database) == (5432, "me")
    assert Address(hostaddr="10.0.0.1").complete().host == "10.0.0.1"
    nobody = Address(port=1).complete()
    assert nobody.host == "localhost"
    assert nobody.user == nobody.database != ""


@pytest.mark.parametrize(
    ("config", "instance", "address"),
    [
        ("postgresql://me@db.example/shop", "db.example:5432", "db.example:5432/shop"),
        ("postgresql://[::1]:5433/shop", "[::1]:5433", "[::1]:5433/shop"),
        ("postgresql:///", "localhost:5432", "localhost:5432"),
        (
            "postgresql:///shop?host=/run/postgresql",
            "/run/postgresql:5432",
            "/run/postgresql:5432/shop",
        ),
        ({"service": "shop"}, "service shop", "service shop"),
        ("postgresql://?service=shop", "service shop", "service shop"),
    ],
)
def test_instance_and_address(config: Any, instance: str, address: str) -> None:
    made = PostgresConfig.model_validate(config)
    assert made.instance() == instance
    assert made.address() == address


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"url": "postgresql://a:b@h", "password": "c"}, "in url or in password, not in both"),
        ({"url": "postgresql://?service=a", "service": "b"}, "in url or in service"),
        ({"url": "postgresql://h?sslmode=require", "tls": {}}, "in url (sslmode) or in tls"),
        ({"connections_warning": 0.9, "connections_critical": 0.8}, "must not be above"),
        ({"wraparound_warning": 0.9, "wraparound_critical": 0.8}, "must not be above"),
        ({"lock_wait": {"warning": "2m", "critical": "1m"}}, "must not be above"),
        ({"tables": 501}, "less than or equal to 500"),
    ],
)
def test_what_does_not_fit_together(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PostgresConfig.model_validate(config)
    assert sentence in str(caught.value)
