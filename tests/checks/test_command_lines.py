"""Command lines for people: what looks like a secret in them is masked, nothing else is."""

from __future__ import annotations

import time

import pytest

from checks.command_lines import command_line
from checks.probes.command.config import masked

SECRET = "hunter2"


@pytest.mark.parametrize(
    "words",
    [
        ["mysqldump", f"-p{SECRET}", "shop"],
        ["/usr/bin/mariadb", f"-p{SECRET}"],
        ["app", "--password", SECRET, "-v"],
        ["app", f"--db-password={SECRET}"],
        ["app", f"--api-key={SECRET}"],
        ["app", "--api_key", SECRET],
        ["app", f"--token:{SECRET}"],
        ["env", f"PGPASSWORD={SECRET}", "psql"],
        ["java", f"-Ddb.password={SECRET}", "-jar", "app.jar"],
        ["redis-cli", "-a", SECRET, "ping"],
        ["mongodump", "-u", "me", "-p", SECRET],
        ["ldapsearch", "-x", "-w", SECRET, "-b", "dc=shop"],
        ["curl", "-u", f"me:{SECRET}", "http://h/"],
        ["curl", f"-ume:{SECRET}", "http://h/"],
        ["curl", f"--user=me:{SECRET}", "http://h/"],
        ["sshpass", "-p", SECRET, "ssh", "host"],
        ["/usr/bin/sshpass", f"-p{SECRET}", "ssh", "host"],
        ["curl", "-H", f"Authorization: Bearer {SECRET}", "http://h/"],
        ["curl", "-H", f"X-Api-Key: {SECRET}"],
        ["psql", f"postgresql://me:{SECRET}@db/shop"],
        ["curl", f"http://h/?access_token={SECRET}&x=1"],
        ["sh", "-c", f"cd /srv && mysqldump -p{SECRET} shop"],
        ["sh", "-c", f"exec app --password {SECRET} -v"],
    ],
)
def test_a_secret_is_masked(words: list[str]) -> None:
    shown = command_line(words)
    assert SECRET not in shown
    assert "•••" in shown
    assert shown.startswith(words[0])


@pytest.mark.parametrize(
    "words",
    [
        ["curl", f"-ubob:{SECRET}", "http://h/"],
        ["sshpass", "-p", SECRET, "ssh", "host"],
        ["check_http", "-H", "h", "-a", f"bob:{SECRET}"],
    ],
)
def test_nor_is_it_among_the_facts_of_a_check_that_runs_it(words: list[str]) -> None:
    assert SECRET not in " ".join(masked(words))


@pytest.mark.parametrize(
    "words",
    [
        ["nginx: master process", "/usr/sbin/nginx", "-g", "daemon on;"],
        ["sshd:", "/usr/sbin/sshd", "-D"],
        ["mysqldump", "-p", "shop"],
        ["python", "-m", "http.server", "--bind", "::1"],
        ["app", "--author", "me", "--passive"],
        ["postgres:", "walwriter"],
        ["ssh", "-p2222", "host"],
        ["ssh", "-p", "2222", "mongo1"],
        ["sshpass", "-f", "/run/pw", "ssh", "-p", "2222", "host"],
        ["curl", "-u", "me", "-o", "a:b", "http://h/"],
        ["docker", "run", "-p", "80:80", "mongo1"],
        [],
    ],
)
def test_what_is_none_stays(words: list[str]) -> None:
    assert command_line(words) == " ".join(words)


@pytest.mark.parametrize(
    "word", ["-" + "a_" * 2_000, "pass" * 1_000, "--" + "x." * 2_000 + "=", "token" * 800 + "="]
)
def test_no_word_takes_long(word: str) -> None:
    began = time.thread_time()
    command_line(["app", word, word])
    assert time.thread_time() - began < 0.5
