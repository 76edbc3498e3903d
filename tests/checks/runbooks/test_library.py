"""All runbooks by name, the user's before the built-in ones, as they are on disk now."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.config import RunbooksConfig
from checks.runbooks.checking import doubts
from checks.runbooks.library import Library
from checks.runbooks.linking import first_known
from checks.runbooks.links import Link, is_elsewhere, link_of
from checks.runbooks.reading import parse_runbook

STEP = "```bash {name=look safe}\ndf -h\n```\n"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


def library(tmp_path: Path) -> Library:
    made = Library(RunbooksConfig((str(tmp_path / "runbooks" / "*.md"),), tmp_path, Path()))
    made.refresh()
    return made


def test_a_users_runbook_goes_before_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    own = library(tmp_path)
    built_in = own.get("host-disk-full")
    assert built_in is not None
    assert built_in.built_in
    written(tmp_path / "runbooks" / "host-disk-full.md", f"# Ours\n{STEP}")
    assert own.refresh()
    ours = own.get("host-disk-full")
    assert ours is not None
    assert (ours.title, ours.path, ours.built_in) == (
        "Ours",
        "runbooks/host-disk-full.md",
        False,
    )
    assert own.names.count("host-disk-full") == 1


def test_changes_on_disk_are_noticed_and_nothing_else_is(tmp_path: Path) -> None:
    path = written(tmp_path / "runbooks" / "api.md", f"# One\n{STEP}")
    own = library(tmp_path)
    first = own.get("api")
    assert not own.refresh()
    assert own.get("api") is first
    written(path, f"# Second\n{STEP}")
    again = own.get("api")
    assert again is not None
    assert again.title == "Second"
    assert first is not None
    assert again.digest != first.digest
    path.unlink()
    assert own.refresh()
    assert own.get("api") is None


def test_a_broken_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    written(tmp_path / "runbooks" / "good.md", STEP)
    written(tmp_path / "runbooks" / "host-load-high.md", "---\nvariables: 5\n---\n")
    own = library(tmp_path)
    assert own.get("good") is not None
    # Not the built-in one in its place, which says something else.
    assert own.get("host-load-high") is None
    assert [str(each) for each in own.problems] == [
        "runbooks/host-load-high.md:2: variables: expected names with patterns, 100 at most: "
        "{NAME: regular expression}"
    ]
    assert own.missing("host-load-high").startswith("the runbook host-load-high cannot be used: ")
    assert own.missing("goood") == 'there is no runbook "goood"; did you mean "good"?'


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    written(tmp_path / "a" / "api.md", STEP)
    written(tmp_path / "b" / "api.md", STEP)
    own = Library(RunbooksConfig((str(tmp_path / "*" / "*.md"),), tmp_path, Path()))
    own.refresh()
    assert [str(each) for each in own.problems] == [
        'b/api.md: the name "api" is taken by a/api.md; rename one'
    ]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("api-down", Link("api-down")),
        ("runbooks/api-down", Link("api-down")),
        ("./runbooks/api-down.md#restart", Link("api-down", "restart")),
        ("https://wiki.example/runbooks/api-down?x=1#restart", Link("api-down", "restart")),
        ("https://wiki.example/runbooks/api-down/", Link("api-down")),
    ],
)
def test_links_lead_to_a_name_and_a_step(text: str, link: Link) -> None:
    assert link_of(text) == link
    assert is_elsewhere(text) == text.startswith("https")


def test_the_first_link_that_is_known_counts(tmp_path: Path) -> None:
    written(tmp_path / "runbooks" / "ours.md", STEP)
    names = library(tmp_path).names
    found = first_known(names, "https://wiki.example/x", "ours#look", "target-down")
    assert found == Link("ours", "look")
    assert first_known(names, "", "", "target-down") == Link("target-down")
    assert first_known(names, "https://wiki.example/nowhere") is None


DOUBTFUL = """\
```bash
top
echo "$QUEU" # systemctl restart x
```
```bash {safe}
echo done; sudo -n systemctl restart nginx
ssh host 'rm -r /srv/x'
```
```bash
$ kubectl delete pod x
```
```sql {safe target=cache}
WITH gone AS (DELETE FROM jobs RETURNING 1) SELECT * FROM gone
```
```sql {target=shp}
SELECT ':x', 'DELETE', pid FROM t -- DROP TABLE t
```
```http {safe}
POST http://127.0.0.1/flush
```
```http
FETCH /x
```
```bash {safe login target=shop}
redis CONFIG SET maxmemory 1gb
```
```bash
echo "$PID"
```
```bash {capture=PID safe}
pgrep -f 'kill|rm' | tail -n 1
```
"""


def test_what_is_probably_not_meant_is_told_with_its_line() -> None:
    made = parse_runbook(DOUBTFUL, name="x", path="x.md").runbook
    assert made is not None
    told = [str(each) for each in doubts(made, {"cache": "redis", "shop": "postgres"})]
    assert told == [
        "x.md:1: step top: $QUEU is known nowhere; did you mean $QUEUE?",
        'x.md:1: step top: "top" goes on until somebody types; mark it interactive, or have it end',
        'x.md:5: step ssh: is marked safe, so that it runs unasked, and holds "systemctl restart"',
        'x.md:9: step kubectl-delete: a line begins with "$ ", which is a prompt and no command',
        'x.md:12: step with-gone-as: target: "cache" is a check of kind redis, which takes no SQL',
        'x.md:12: step with-gone-as: is marked safe, so that it runs unasked, and holds "DELETE"',
        'x.md:15: step select-x-delete: target: no check is called "shp"; did you mean "shop"?',
        "x.md:18: step post-http-127-0-0-1-flush: is marked safe, so that it runs unasked, and "
        'holds "POST"',
        "x.md:21: step fetch-x: its first line is no request; write GET http://host:port/path",
        'x.md:24: step redis: target: "shop" is a check of kind postgres; login is for those '
        "of redis",
        'x.md:24: step redis: is marked safe, so that it runs unasked, and holds "redis '
        'CONFIG SET"',
        "x.md:27: step echo: $PID is found out by the step pgrep, which stands below",
    ]
