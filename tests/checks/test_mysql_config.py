"""The configuration of a mysql check: URLs, bounds, and queries that only read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.native.my_cnf import OptionFiles
from checks.probes.mysql.address import Address, Security, parse_url
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.login import _filled
from checks.probes.mysql.reading import objection


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mysql:///", Address()),
        ("mysql:///shop", Address(database="shop")),
        ("mysql://db", Address(host="db")),
        (
            "mariadb://me:p%40ss@db.example:3307/a%2Fb",
            Address("db.example", 3307, user="me", database="a/b", password="p@ss"),
        ),
        ("mysql://me@[fe80::1]:3306/", Address("fe80::1", 3306, user="me")),
        (
            "mysql://me@/shop?socket=/run/x.sock",
            Address(socket="/run/x.sock", user="me", database="shop"),
        ),
        ("mysql://localhost/shop?unix_socket=/x", Address(socket="/x", database="shop")),
        (
            "mysql://db/?ssl-mode=VERIFY_CA&ssl_ca=ca.pem&charset=utf8mb4",
            Address("db", security=Security("verify-ca", "ca.pem")),
        ),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgres://db", "write mysql://user@host:port/database"),
        ("mysql://db:many", "port is not a number"),
        ("mysql://db:99999", "port is not a number"),
        ("mysql://[::1", "Invalid IPv6 URL"),
        ("mysql://a,b/", "one check watches one server"),
        ("mysql://db/?socket=/x", "give a host or a socket"),
        ("mysql:///?socket=x.sock", "whole path"),
        ("mysql://db/?nonsense=1", "'nonsense' is not known"),
        ("mysql://db/?ssl-mode=maybe", "ssl-mode is one of"),
        ("mysql://db/?x", "option=value"),
    ],
)
def test_urls_that_are_wrong(url: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        MysqlConfig(url=url)


def test_no_error_quotes_a_password() -> None:
    with pytest.raises(ValidationError) as told:
        MysqlConfig(url="mysql://me:sesame@db:many/")
    assert "sesame" not in str(told.value)
    assert "sesame" not in repr(MysqlConfig(url="mysql://me:sesame@db/"))


def test_what_goes_together() -> None:
    wrong = (
        {"url": "mysql://me:x@db/", "password": "y"},
        {"url": "mysql://db/?ssl-mode=required", "tls": {}},
        {"connections_warning": 0.9, "connections_critical": 0.8},
        {"lock_wait": {"warning": 10, "critical": 5}},
        {"tables": -1},
    )
    for fields in wrong:
        with pytest.raises(ValidationError):
            MysqlConfig.model_validate(fields)


def test_what_is_shown_of_an_address() -> None:
    config = MysqlConfig(url="mysql://me:sesame@db/shop")
    assert (config.instance(), config.address()) == ("db:3306", "db:3306/shop")
    assert MysqlConfig(url="mysql://me@/?socket=/x.sock").instance() == "/x.sock"
    assert MysqlConfig().instance() == "localhost:3306"
    assert MysqlConfig.model_validate("mysql://db/").parsed().host == "db"


def test_what_tls_an_address_asks_for() -> None:
    assert Security().tls() is None
    assert Security("PREFERRED").tls() is None
    assert Security("disabled", "ca.pem").tls() is None
    required = Security("REQUIRED").tls()
    assert required is not None
    assert required.verify == "none"
    verified = Security("verify_identity", "ca.pem", "c.pem", "k.pem").tls()
    assert verified is not None
    assert (verified.verify, verified.ca, verified.key) == ("full", "ca.pem", "k.pem")
    by_file = Security(ca="ca.pem").tls()
    assert by_file is not None
    assert by_file.verify == "ca"


def test_option_files_fill_in_what_an_address_leaves_out() -> None:
    files = OptionFiles(
        {"host": "db", "port": "3307", "user": "me", "database": "shop", "socket": "/x.sock"}
    )
    assert _filled(Address(), files) == Address("db", 3307, "", "me", "shop")
    assert _filled(Address("other", user="you"), files) == Address("other", 0, "", "you", "shop")
    local = OptionFiles({"host": "localhost", "socket": "/x.sock", "port": "3307"})
    assert _filled(Address(), local) == Address(socket="/x.sock")
    assert _filled(Address(socket="/y.sock"), local) == Address(socket="/y.sock")


READ = (
    "SELECT 1",
    " \n-- a comment\n/* another */ SELECT 1;",
    "(SELECT 1) UNION (SELECT 2)",
    "SELECT 'a;b', \"--\", '/*!', 'into outfile' FROM `t;x`",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "SHOW STATUS",
    "VALUES (1), (2)",
    "# c\nSELECT 1 -- ; DROP TABLE x",
    "SELECT 'it''s', 'a\\'b;c'",
    "TABLE t",
)


@pytest.mark.parametrize("sql", READ)
def test_statements_that_read(sql: str) -> None:
    assert objection(sql) == ""


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM t", "must be one SELECT"),
        ("/* x */ DROP TABLE t", "must be one SELECT"),
        ("EXPLAIN ANALYZE SELECT 1", "must be one SELECT"),
        ("ANALYZE DELETE FROM t", "must be one SELECT"),
        ("CALL p()", "must be one SELECT"),
        ("SET GLOBAL read_only = 0", "must be one SELECT"),
        ("", "must be one SELECT"),
        ("1 SELECT", "must be one SELECT"),
        ("SELECT 1; DELETE FROM t", "must be one statement"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "must not write its rows"),
        ("SELECT 1\nINTO\tDUMPFILE '/tmp/x'", "must not write its rows"),
        ("SELECT 1 INTO @a", "must not write its rows"),
        ("/*!50000 DELETE */ FROM t", "must not hold code in a comment"),
        ("SELECT 1 /*M! INTO OUTFILE '/x' */", "must not hold code in a comment"),
    ],
)
def test_statements_that_do_more_than_read(sql: str, why: str) -> None:
    assert objection(sql).startswith(why)
    with pytest.raises(ValidationError, match="query figure must"):
        MysqlConfig.model_validate({"queries": [{"metric": "figure", "sql": sql or " "}]})


@pytest.mark.parametrize(
    "where",
    [
        "method <> 'OPTIONS'",
        "path LIKE '/api/%' AND (status_code < 400 OR error IS NULL)",
        "note <> ') INTO OUTFILE ;' /* what a comment says; ( */",
        "id IN (SELECT id FROM kept)\n",
    ],
)
def test_conditions_of_a_request_log(where: str) -> None:
    log = {"table": "request_logs", "time": "created_at", "where": where}
    MysqlConfig.model_validate({"request_log": log})


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("1=1) INTO OUTFILE '/tmp/x' -- ", "must be one condition"),
        ("1=1) -- ", "must be one condition"),
        ("(1=1", "must be one condition"),
        ("1=1; DELETE FROM t", "must be one condition"),
        ("(SELECT 1 INTO @a)", "must not write its rows"),
        ("1=1 /*! ) INTO OUTFILE '/tmp/x' -- */", "must not hold code in a comment"),
    ],
)
def test_conditions_that_are_more_than_that(where: str, why: str) -> None:
    log = {"table": "request_logs", "time": "created_at", "where": where}
    with pytest.raises(ValidationError, match=f"where {why}"):
        MysqlConfig.model_validate({"request_log": log})


def test_a_query_that_writes_is_named_by_its_place() -> None:
    good = {"metric": "good", "sql": "SELECT 1 AS value"}
    bad = {"metric": "bad", "sql": "DELETE FROM t"}

    with pytest.raises(ValidationError) as caught:
        MysqlConfig.model_validate({"url": "mysql:///", "queries": [good, bad]})

    (error,) = caught.value.errors()
    assert error["loc"] == ("queries", 1)
    assert "query bad must be one SELECT" in error["msg"]
