"""Which values steps ask for, which they get, and which are refused."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from checks.probe import CheckSpec
from checks.registry import kind
from checks.runbooks.facts import of_alert, of_check
from checks.runbooks.model import Language, Runbook, Step
from checks.runbooks.reading import parse_runbook
from checks.runbooks.shell_names import shell_uses
from checks.runbooks.sql_text import sql_parameters, sql_statements
from checks.runbooks.variables import Bound, bind, objection, uses, variable_of

NOT_THERE = "has no value: neither the alert's labels nor its target have it; give it "


@pytest.mark.parametrize(
    ("text", "needed", "optional"),
    [
        ('echo $INSTANCE "${HOST}" ${PORT:-80} \'$NO\' \\$NO', "INSTANCE HOST", "PORT"),
        ("echo $lower $1 $? $@ ${#} $$ $NAMEd", "", ""),
        ("X=$X; echo $X", "X", ""),
        ("X=1; echo $X ${X#a}", "", ""),
        ("for I in $LIST; do echo $I; done", "LIST", ""),
        ("while read -r A B; do echo $A $B; done <<< $C", "C", ""),
        ("export A=$B; local C; echo $A $C", "B", ""),
        ("awk '{print $NF}' | grep \"$JOB\" # $COMMENT", "JOB", ""),
        ("cat <<EOF\n$IN it's\nEOF\ncat <<'E'\n$OUT\nE\necho $AFTER", "IN AFTER", ""),
        ("P=$(ps -p \"$PID\" | head)\nkill \"$P\"", "PID", ""),
        ('echo "${CHECK:-$JOB}" "it\'s $Q"', "Q", "CHECK JOB"),
        ("echo $((COUNT + 1)) $(( ($(date +%s%N) - b) / 2 )); (( M > 3 ))", "COUNT M", ""),
        ("ssh host \"ls $DIR\" 'ls $THERE' $'\\'$NOR'", "DIR", ""),
        ("echo ${V:?must} ${W##*/} ${U:=d} $U ${#LEN}", "V W LEN", "U"),
        ("(A=1); { B=2; }; [ $A -gt $B ] && f() { local D=$1; echo $D; }", "", ""),
        ("echo `date $FORMAT` \"$(echo \"$DEEP\")\"", "FORMAT DEEP", ""),
    ],
)  # fmt: skip
def test_a_shell_step_asks_for_what_it_does_not_set_itself(
    text: str, needed: str, optional: str
) -> None:
    found = shell_uses(text)
    assert (" ".join(found.needed), " ".join(found.optional)) == (needed, optional)


def test_what_the_shell_has_anyway_is_asked_of_nobody() -> None:
    step = Step("s", "s", Language.BASH, "echo $PATH $HOME $RANDOM $BASH_VERSION $LC_ALL $QUEUE")
    assert list(uses(step).needed) == ["QUEUE"]


def test_parameters_of_sql_are_found_outside_of_texts_alone() -> None:
    text = """SELECT ':no', "x:no", :pid::int, a::text, arr[1:2] -- :no
        /* :no /* :no */ :no */ , $$ :no $$, $q$ :no $q$, E'it\\'s :no', :Slot_name := 1"""
    found = sql_parameters(text)
    assert [each.name for each in found] == ["PID", "SLOT_NAME"]
    assert [text[each.start : each.end] for each in found] == [":pid", ":Slot_name"]
    mysql = "SELECT 'it\\'s :no', \"a\\\":no\", `:no`, :id # :no"
    assert [each.name for each in sql_parameters(mysql, "mysql")] == ["ID"]


def test_statements_are_told_apart_where_they_end() -> None:
    text = "SELECT ';'; -- one; two\nSELECT $$;$$;\n/* ; */ ;"
    assert sql_statements(text) == ("SELECT ';'", "-- one; two\nSELECT $$;$$")


def test_a_quote_that_does_not_end_takes_no_time() -> None:
    began = time.process_time()
    for text in ("'" * 60_000, "$a$" * 20_000, "/*" * 30_000, "$(" * 30_000, "\\" * 60_000):
        sql_parameters(text)
        sql_statements(text, "mysql")
        shell_uses(text)
    assert time.process_time() - began < 2


def book(text: str) -> Runbook:
    made = parse_runbook(text, name="book", path="book.md").runbook
    assert made is not None
    return made


BOOK = """\
---
variables:
  QUEUE: "[a-z:]+"
  SERVICE: {default: php-fpm}
---
```bash {name=find capture=PID}
pgrep php
```
```bash {name=mend}
systemctl restart "$SERVICE" # $NO
kill "$PID"; echo "$QUEUE ${PORT:-1}"
```
"""


def test_values_come_from_steps_alerts_checks_and_the_files_head() -> None:
    made = book(BOOK)
    mend = made.steps[1]
    alert = of_alert((("queue", "emails:high"), ("path", "/x")), 0.93, "QueueBacklog")
    assert alert == {
        "QUEUE": "emails:high",
        "LABEL_PATH": "/x",
        "ALERTNAME": "QueueBacklog",
        "VALUE": "0.93",
    }
    bound = bind(mend, made, {"PID": "17"}, alert, {"PORT": "6379", "PID": "1"})
    assert bound.refused == ""
    assert bound.values == (
        ("SERVICE", "php-fpm"),
        ("PID", "17"),
        ("QUEUE", "emails:high"),
        ("PORT", "6379"),
    )


def test_what_is_missing_is_said_with_where_it_comes_from() -> None:
    made = book(BOOK)
    bound = bind(made.steps[1], made, {})
    told = "$PID has no value yet: the step find finds it out; run that first; $QUEUE "
    assert bound.refused.startswith(told + NOT_THERE)


@pytest.mark.parametrize(
    "value",
    [
        "$(touch x)",
        "`id`",
        "a;id",
        "a|id",
        "'; DROP TABLE jobs; --",
        'a" b',
        "a[$(id)]",
        "-rf",
        "x -rf",
        "x,-rf",
        "a\nb",
        "a\x1b[2J",
        "a\u202eb",
        "*",
        "~root",
        "x" * 300,
        "",
    ],
)
def test_values_that_could_mean_something_to_a_shell_are_refused(value: str) -> None:
    assert objection("ANY", value, {}).startswith("$ANY is refused: ")
    assert objection("MOUNTPOINT", value, {})
    assert objection("INSTANCE", value, {})


def test_a_pattern_of_the_file_counts_instead_but_no_option_is_let_through() -> None:
    assert objection("LEVEL", "error|warn", {"LEVEL": r"[a-z|]+"}) == ""
    assert objection("LEVEL", "-x", {"LEVEL": ".*"}) == (
        '$LEVEL is refused: "-x" has a word that begins with "-", as options do'
    )
    assert objection("QUEUE", "emails!", {"QUEUE": "[a-z:]+"}) == (
        '$QUEUE is refused: "emails!" does not match [a-z:]+'
    )
    # Half of a value must not be enough.
    assert objection("QUEUE", "a b", {"QUEUE": "a|a b c"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INSTANCE", "db.example:5432"),
        ("INSTANCE", "[2001:db8::1]:443"),
        ("INSTANCE", "/run/redis/redis.sock"),
        ("MOUNTPOINT", "/var/lib/My Files"),
        ("DEVICE", "eth0.100"),
        ("NAME", "getty@tty1.service"),
        ("URL", "https://[2001:db8::1]/health?full=%20"),
        ("VALUE", "1.5e-07"),
        *(("VALUE", of_alert((), value)["VALUE"]) for value in (math.inf, math.nan, 1e300, 0.0)),
        ("QUEUE", "emails:high"),
    ],
)
def test_what_targets_are_really_called_is_let_through(name: str, value: str) -> None:
    assert objection(name, value, {}) == ""


@pytest.mark.parametrize("url", ["http://web1/?a=1&reboot", "http://web1/;reboot"])
def test_a_url_that_another_shell_would_take_for_a_command(url: str) -> None:
    """``ssh`` hands its words to a shell of the other machine; HTTP, and our own books, to none."""
    shell = Step("look", "look", Language.BASH, 'ssh web1 "curl $URL"')
    http = Step("get", "get", Language.HTTP, "GET ${URL}")
    book = Runbook("b", "B", "b.md", "", (shell, http), ())
    assert "does not match" in bind(shell, book, {"URL": url}).refused
    assert bind(http, book, {"URL": url}) == Bound((("URL", url),))
    quotes = Step("look", "look", Language.BASH, 'curl -- "$URL"')
    assert not bind(quotes, replace(book, built_in=True), {"URL": url}).refused


def test_names_that_the_shell_has_for_itself_are_set_by_no_label() -> None:
    names = ("path", "ld_preload", "ifs", "bash_env", "home", "node_options", "node", "le-vel")
    assert [variable_of(name) for name in names] == [
        "LABEL_PATH",
        "LABEL_LD_PRELOAD",
        "LABEL_IFS",
        "LABEL_BASH_ENV",
        "LABEL_HOME",
        "LABEL_NODE_OPTIONS",
        "NODE",
        "LE_VEL",
    ]


@pytest.mark.parametrize(
    ("name", "config", "facts"),
    [
        (
            "postgres",
            "postgresql://app:secret@db.example:5433/shop",
            {"HOST": "db.example", "PORT": "5433", "USER": "app", "DATABASE": "shop"},
        ),
        ("mysql", "mysql://127.0.0.1/gw", {"HOST": "127.0.0.1", "PORT": "3306", "DATABASE": "gw"}),
        ("redis", "redis://:secret@cache:6380/1", {"HOST": "cache", "PORT": "6380"}),
        (
            "http",
            "https://me:secret@shop.example/health?a=b",
            {
                "HOST": "shop.example",
                "PORT": "443",
                "URL": "https://shop.example/health?a=b",
            },
        ),
        ("tls", "mail.example:465", {"HOST": "mail.example", "PORT": "465"}),
    ],
)
def test_a_check_gives_where_its_target_is_and_never_a_password(
    name: str, config: str, facts: dict[str, str]
) -> None:
    spec = CheckSpec("shop", name, kind(name).config.model_validate(config), labels={"env": "prod"})
    found = of_check(spec)
    assert {key: found[key] for key in facts} == facts
    assert (found["CHECK"], found["JOB"], found["ENV" if "ENV" in found else "LABEL_ENV"]) == (
        "shop",
        "shop",
        "prod",
    )
    assert "secret" not in str(found)
