"""Statements of database sessions as they are shown: one line, no credential in it."""

from __future__ import annotations

import time

import pytest

from checks.databases.statements import statement

SECRET = "hunter2"

WITH_SECRET = [
    # PostgreSQL
    "ALTER ROLE bob PASSWORD 'hunter2'",
    "CREATE USER bob LOGIN ENCRYPTED PASSWORD E'x\\'hunter2' VALID UNTIL 'infinity'",
    "ALTER ROLE a PASSWORD 'x\\'; ALTER ROLE b PASSWORD 'hunter2'",
    "alter role bob\n\tpassword $$hunter2$$",
    "alter role bob password $x$a$$hunter2$x$ valid until 'x'",
    "ALTER ROLE bob PASSWORD U&'hunter2'",
    "ALTER ROLE bob PASSWORD 'hunter2",
    "ALTER ROLE bob PASSWORD E'x\\'hunter2 and then it was cut off \\",
    "ALTER ROLE bob PASSWORD 'it''s hunter2'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=x password=hunter2 dbname=y' PUBLICATION p",
    "CREATE USER MAPPING FOR bob SERVER s OPTIONS (user 'bob', password 'hunter2')",
    "ALTER SYSTEM SET primary_conninfo = 'user=x password=''hunter2'' host=y'",
    "SELECT dblink_connect('c', 'host=x user=y hunter2')",
    "SELECT dblink_connect('postgresql://bob:hunter2@db/x')",
    "SELECT pgp_sym_encrypt('data', 'hunter2')",
    "SELECT crypt('hunter2', gen_salt('bf'))",
    # MySQL and MariaDB
    "CREATE USER 'bob'@'%' IDENTIFIED BY 'hunter2' REQUIRE SSL",
    'CREATE USER `bob` IDENTIFIED BY "hunter2"',
    "CREATE USER a@b IDENTIFIED BY 'x', c@d IDENTIFIED WITH ed25519 USING 'hunter2'",
    "CREATE USER a@b IDENTIFIED BY PASSWORD '*hunter2'",
    "ALTER USER bob IDENTIFIED BY 'x' REPLACE 'hunter2'",
    "GRANT ALL ON *.* TO 'x'@'y' IDENTIFIED BY 'hunter2' WITH GRANT OPTION",
    "SET PASSWORD FOR 'bob'@'%' = PASSWORD('hunter2')",
    "SET PASSWORD = 'hunter2'",
    "SET PASSWORD FOR bob@localhost TO 'hunter2'",
    "CHANGE MASTER TO MASTER_HOST='db1', MASTER_PASSWORD='hunter2', MASTER_PORT=3306",
    "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'hunter2'",
    "START REPLICA USER='repl' PASSWORD='hunter2'",
    "ALTER USER bob IDENTIFIED BY _utf8mb4'hunter2'",
    "SELECT AES_ENCRYPT('data', 'hunter2')",
    "SELECT AES_ENCRYPT('it\\'s data', 'hunter2')",
    # Applications
    "UPDATE users SET password = 'hunter2' WHERE id = 3",
    "UPDATE users SET api_key='hunter2'",
    "UPDATE users SET password = md5('hunter2')",
    "SELECT * FROM users WHERE \"password\" = 'hunter2'",
    "SELECT * FROM users WHERE `users`.`token` = 'hunter2'",
    "SELECT * FROM users WHERE password IN ('x', 'hunter2')",
    "SELECT * FROM users WHERE password NOT LIKE 'hunter2'",
    "INSERT INTO users (name, password) VALUES ('bob', 'hunter2')",
    "INSERT INTO users SET name = 'bob', secret_answer = 'hunter2'",
    "REPLACE INTO users (name, passwd) SELECT 'bob', 'hunter2'",
    "SELECT login(password => 'hunter2')",
    'SELECT \'{"password": "hunter2"}\'::jsonb',
    "SELECT http_get('https://x/?token=hunter2')",
    "COPY t FROM PROGRAM 'curl -H \"Authorization: Bearer hunter2\" x'",
    "ALTER ROLE bob PASS\x07WORD 'hunter2'",
]


@pytest.mark.parametrize("sql", WITH_SECRET)
def test_a_credential_is_masked(sql: str) -> None:
    shown = statement(sql)
    assert SECRET not in shown
    assert "•••" in shown


def test_a_hash_in_hexadecimal_is_masked() -> None:
    sql = "CREATE USER a IDENTIFIED WITH caching_sha2_password AS 0x68756E746572"
    assert statement(sql) == "CREATE USER a IDENTIFIED WITH caching_sha2_password AS •••"


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        (
            "CREATE USER 'bob'@'%' IDENTIFIED BY 'hunter2' REQUIRE SSL",
            "CREATE USER 'bob'@'%' IDENTIFIED BY '•••' REQUIRE SSL",
        ),
        (
            "SET PASSWORD FOR 'bob'@'%' = PASSWORD('hunter2')",
            "SET PASSWORD FOR 'bob'@'%' = PASSWORD('•••')",
        ),
        (
            "ALTER ROLE bob PASSWORD 'hunter2' VALID UNTIL 'infinity'",
            "ALTER ROLE bob PASSWORD '•••' VALID UNTIL 'infinity'",
        ),
        (
            "SELECT * FROM users WHERE password = 'hunter2' AND name = 'bob'",
            "SELECT * FROM users WHERE password = '•••' AND name = 'bob'",
        ),
    ],
)
def test_what_stands_around_a_credential_stays(sql: str, shown: str) -> None:
    assert statement(sql) == shown


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM request_logs WHERE status = 'ok'",
        "SELECT password FROM users WHERE name = 'bob'",
        "UPDATE users SET password = $1 WHERE id = $2",
        "UPDATE users SET password = ? WHERE id = ?",
        "UPDATE users SET password = NULL WHERE id = 3",
        "SELECT u.id FROM users u JOIN v ON u.password = v.password",
        "SELECT it FROM t WHERE a = 'it''s' -- fine",
        "",
    ],
)
def test_other_statements_stay_as_they_are(sql: str) -> None:
    assert statement(sql) == sql


def test_it_is_one_printable_line() -> None:
    assert statement("\x1b[31mSELECT\n  1,\u202e\t2\r\n;") == "SELECT 1, 2 ;"


def test_it_is_cut_after_it_was_masked() -> None:
    sql = "ALTER ROLE bob PASSWORD '" + "hunter2" * 100 + "'"
    assert statement(sql, 40) == "ALTER ROLE bob PASSWORD '•••'"
    assert statement("SELECT " + "x" * 100, 20) == "SELECT xxxxxxxxxxxx…"


@pytest.mark.parametrize(
    "piece",
    [
        *("password ", "insert (", "md5(", "_md5", "replace password ", "identified ", "'"),
        *("password 'a',", "password (", "set password ", "$a$ password ", "password=\\"),
        *("authorization ", "password in ", '"password', "0x password", "dblink ('"),
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    statement(piece * (16_000 // len(piece)))
    assert time.process_time() - began < 0.5
