"""Markdown files as teams have them, read as runbooks."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from textwrap import dedent

import pytest

from checks.runbooks.model import Language, Marking, Runbook
from checks.runbooks.reading import MAX_BYTES, Reading, parse_runbook, read_runbook

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"


def parsed(text: str) -> Reading:
    return parse_runbook(dedent(text), name="book", path="book.md")


def book(text: str) -> Runbook:
    reading = parsed(text)
    assert [str(problem) for problem in reading.problems] == []
    assert reading.runbook is not None
    return reading.runbook


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parsed(text).problems]


def test_fenced_blocks_are_steps_with_what_their_info_string_says() -> None:
    made = book(
        """\
        # CPU high

        What it means.

        ## Restart PHP

        Gives the memory *back*, see `php-fpm`.

        ```bash {name=restart-php danger timeout=2m target=web capture=PID interactive}
        systemctl restart php8.2-fpm
        ```

        ~~~sql safe
        SELECT 1
        ~~~

        ```python
        print("no step")
        ```
        """
    )
    assert made.title == "CPU high"
    first, second = made.steps
    assert (first.name, first.title, first.language) == (
        "restart-php",
        "Restart PHP",
        Language.BASH,
    )
    assert (first.marking, first.timeout, first.target, first.capture) == (
        Marking.DANGER,
        120.0,
        "web",
        "PID",
    )
    assert first.interactive
    assert first.text == "systemctl restart php8.2-fpm"
    assert first.description == "Gives the memory back, see php-fpm."
    assert first.line == 9
    assert (second.name, second.marking, second.marked, second.description) == (
        "select-1",
        Marking.SAFE,
        True,
        "",
    )
    assert [(block.kind, block.text) for block in made.blocks][-3:] == [
        ("step", "restart-php"),
        ("step", "select-1"),
        ("code", 'print("no step")'),
    ]


def test_steps_without_a_mark_ask_and_are_named_by_heading_label_or_command() -> None:
    made = book(
        """\
        ### First Response

        1. **Check application health**:
           ```bash
           # is it up?
           curl http://localhost:8080/health
           ```
        2. Look
           - deeper

             ```sh
             df -h
             ```
        3. ```shell
           df -h
           ```
        """
    )
    assert [(step.name, step.title) for step in made.steps] == [
        ("check-application-health", "Check application health"),
        ("df", "df -h"),
        ("df-2", "df -h"),
    ]
    assert {step.marking for step in made.steps} == {Marking.ASKS}
    assert not any(step.marked for step in made.steps)
    assert made.steps[1].text == "df -h"
    assert made.steps[1].line == 11


def test_a_block_of_several_statements_is_a_step_for_each() -> None:
    made = book(
        """\
        # Database

        ```sql {safe name=look}
        -- Check connection count
        SHOW STATUS WHERE Variable_name = 'Threads;connected';
        -- Check for locks; all of them
        SELECT 1;
        ```
        """
    )
    assert [(step.name, step.title) for step in made.steps] == [
        ("look", "Check connection count"),
        ("look-2", "Check for locks; all of them"),
    ]
    assert made.steps[1].text == "-- Check for locks; all of them\nSELECT 1"


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("bash {saef}", 'unknown word "saef"; did you mean "safe"?'),
        ("bash {safe danger}", "is marked safe and danger; it can be only one of these"),
        (
            "bash {timeout=never}",
            "timeout: 'never' is not a duration; write 500ms, 5s, 1m or 1h30m",
        ),
        ("bash {timeout=0}", "timeout: must be more than 0 and at most 6h"),
        ("bash {capture=pid}", "capture=pid: variables are upper case; write capture=PID"),
        ("bash {capture=PATH}", "capture=PATH: the shell has PATH for itself; take another name"),
        ("bash {name}", "name needs a value: name=…"),
        ("bash {name=}", 'name=: a name has letters, digits, "-", "_" and ".", 64 at most'),
        ("bash {safe=yes}", "safe takes no value"),
        ("bash {target=}", "target is empty; give the name of a check"),
        (
            "bash {login interactive}",
            "is interactive and has a login; who sits before it can log in",
        ),
        (
            "sh {login}",
            "login is for steps in bash; those in SQL log in as their check does",
        ),
        ("bash {name=a", "its braces are not a pair; write ```bash {name=… safe}"),
    ],
)
def test_a_mistake_in_a_step_costs_this_step_alone(info: str, said: str) -> None:
    reading = parsed(f"# A\n\n```{info}\nls\n```\n\n```bash\ndf\n```\n")
    assert [str(problem) for problem in reading.problems] == [f"book.md:3: {said}"]
    assert reading.runbook is not None
    assert [step.name for step in reading.runbook.steps] == ["df"]
    assert ("code", "ls") in [(block.kind, block.text) for block in reading.runbook.blocks]


def test_two_steps_cannot_be_given_one_name() -> None:
    text = "```bash {name=a}\nls\n```\n```bash {name=a}\ndf\n```\n"
    assert problems(text) == ['book.md:4: the name "a" is taken by the step in line 1']


def test_nothing_that_is_not_seen_is_run() -> None:
    for hidden in ("\u202e", "\u200b", "\u00a0", "\ufeff"):
        told = problems(f"```bash\nls {hidden}x\n```\n")
        assert told == [
            f"book.md:1: the block holds U+{ord(hidden):04X}, which nobody sees; write it anew"
        ]


def test_the_head_says_which_values_are_right() -> None:
    made = book(
        """\
        ---
        title: Queues
        owner: shop
        variables:
          QUEUE: "[a-z:]+"
          SERVICE: {pattern: "[a-z0-9.-]+", default: php8.2-fpm}
          LIMIT: {default: 50}
        ---
        # Another title

        ```bash
        echo "$QUEUE"
        ```
        """
    )
    assert made.title == "Queues"
    assert made.patterns == {"QUEUE": "[a-z:]+", "SERVICE": "[a-z0-9.-]+"}
    assert made.defaults == {"SERVICE": "php8.2-fpm", "LIMIT": "50"}
    assert made.steps[0].line == 11


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  QUEUE: '['", "variables.QUEUE: is no regular expression (RE2): missing ]: ["),
        ("  queue: x", "variables.queue: names of variables are upper case: letters, digits and _"),
        ("  PATH: x", "variables.PATH: the shell has this name for itself; take another"),
        (
            "  A: {default: '$(id)'}",
            "variables.A: its default: $A is refused: \"$(id)\" does not match "
            "[A-Za-z0-9_.:/@%+=, -]{1,200}; say what is right with variables: {A: …} in the file",
        ),
        ("  A: {patern: x}", 'variables.A: unknown key "patern"; known are pattern, default, '
         "description"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_head_costs_the_file(line: str, said: str) -> None:
    reading = parsed(f"---\nvariables:\n{line}\n---\n```bash\nls\n```\n")
    assert reading.runbook is None
    assert [str(problem) for problem in reading.problems] == [f"book.md:3: {said}"]


def test_line_ends_of_other_systems_and_tabs_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "dos.md"
    path.write_bytes(
        b"\xef\xbb\xbf# T\r\n\r\n```bash {safe}\r\nif true; then\r\n\techo 1\r\nfi\r\n```\r\n"
    )
    reading = read_runbook(path)
    assert reading.problems == ()
    assert reading.runbook is not None
    assert reading.runbook.steps[0].text == "if true; then\n\techo 1\nfi"
    assert reading.runbook.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_others_can_write_to_is_no_runbook(tmp_path: Path) -> None:
    path = tmp_path / "theirs.md"
    path.write_text("```bash\nls\n```\n")
    path.chmod(0o666)
    link = tmp_path / "link.md"
    link.symlink_to(path)
    for each in (path, link):
        reading = read_runbook(each, shown=each.name)
        assert reading.runbook is None
        assert "refused: others can write to it, and it can run commands" in str(
            reading.problems[0]
        )
    path.chmod(0o644)
    assert read_runbook(link).runbook is not None


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(b"# a\n\n\xff")
    assert "x.md:3: is not UTF-8 text" in str(read_runbook(path, shown="x.md").problems[0])
    path.write_bytes(b"a" * (MAX_BYTES + 1))
    assert "is larger than 1 MiB; split it into several runbooks" in str(
        read_runbook(path).problems[0]
    )
    os.mkfifo(tmp_path / "pipe.md")
    assert "is not a regular file" in str(read_runbook(tmp_path / "pipe.md").problems[0])
    assert "there is no such file" in str(read_runbook(tmp_path / "gone.md").problems[0])


def test_the_size_of_steps_and_their_number_are_bounded() -> None:
    assert problems(f"```bash\n{'x' * 65_537}\n```\n") == [
        "book.md:1: the block is larger than 64 kB; put it into a script"
    ]
    many = parsed("```bash\nls\n```\n" * 501)
    assert many.runbook is not None
    assert len(many.runbook.steps) == 500
    assert [str(each) for each in many.problems] == [
        "book.md:1501: the file has more than 500 steps; split it"
    ]
    assert problems("# a\n" * 20_001) == [
        "book.md: has more than 20,000 lines; split it into several runbooks"
    ]


def test_a_file_that_would_take_long_to_read_is_refused() -> None:
    """Each line of such a quote is looked at again for every other: 22 s of 80 kB, found by
    fuzzing."""
    began = time.process_time()
    assert problems("# a\n" + "> - ```http\n``\n" * 500 + "``\n" * 15_000) == [
        "book.md: its quotes and lists are entangled, which takes too long to read; make it simpler"
    ]
    assert time.process_time() - began < 5
    assert parsed("# a\n" + "> a\n" * 15_000).problems == ()


@pytest.mark.skipif(not SEEDS.exists(), reason="the projects' own files are not here")
@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("aigateway", {"check-application-health", "check-recent-errors", "check-resource-usage"}),
        ("askproai", {"high-cpu-usage", "database-issues", "check-for-locks", "check-table-sizes"}),
        ("moai-flow", {"issue-2-alerts-not-firing"}),
        ("smart-ebook-chat", {"rollback-procedure"}),
        ("xionimus", {"alerting-test"}),
    ],
)
def test_the_runbooks_of_real_projects_work_as_they_are(file: str, steps: set[str]) -> None:
    reading = read_runbook(SEEDS / f"{file}.md", trusted=True)
    assert reading.problems == ()
    assert reading.runbook is not None
    assert steps <= {step.name for step in reading.runbook.steps}
