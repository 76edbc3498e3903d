"""Runbooks: whatever stands in a Markdown file, its fences, and the texts of its steps."""

from __future__ import annotations

from collections.abc import Iterator

from checks.errors import ConfigProblem
from checks.runbooks.checking import doubts
from checks.runbooks.http_text import http_parts
from checks.runbooks.links import link_of
from checks.runbooks.model import Language, Marking, Runbook, Step
from checks.runbooks.reading import MAX_STEP, MAX_STEPS, parse_runbook
from checks.runbooks.sql_text import code_of, sql_parameters, sql_statements
from checks.runbooks.variables import bind, uses
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

BOUND = 1024 * 1024

SEEDS = (
    b"# A\n\ntext *b*\n\n```bash {name=a safe timeout=3s capture=PID}\nls $X\n```\n",
    b"---\nvariables:\n  X: {pattern: '[a-z]+', default: b}\n---\n~~~sql danger\nSELECT :x; S\n",
    b"1. **Look** (x):\n   ```sh interactive\n   read A; echo $A ${B:-$C}\n   ```\n> - ```http\n",
    b'```bash\ncat <<E\n$A\nE\nfor I in $L; do echo "${I%%x}" $((N+1)); done\n```\r\n',
    b"```sql\nSELECT $q$ :no $q$, E'\\'', :a::int /* ; */; -- c\nKILL :b\n```",
    b'```http {target=x}\nPOST http://${HOST}/a?b=${C}\nX: ${D}\n\n{"a": ${E}}\n```',
)
TOKENS = (
    *(b"```", b"~~~", b"```bash ", b"```sql ", b"```http ", b"{", b"}", b"safe", b"danger"),
    *(b"name=", b"timeout=", b"capture=A", b"target=", b"interactive", b"---\n", b"variables:\n"),
    *(b"$A", b"${A", b"${A:-", b"$(", b"$((", b"))", b")", b"`", b"'", b'"', b"\\", b"$'"),
    *(b":a", b"::", b"$$", b"$t$", b"/*", b"*/", b"--", b";", b"#", b"E'", b"''", b"[", b"]("),
    *(b"_", b"*", b"> ", b"- ", b"1. ", b"    ", b"\t", b"\n", b"\n\n", b"| a |\n|---|\n", b"<a"),
    *(
        b"A=",
        b"for A in",
        b"read A",
        b"((",
        b"POST ",
        b"http://",
        b"\xe2\x80\xae",
        b"\xff",
        b"\x00",
    ),
    *(b"&", b"<<E\n"),
)


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    reading = parse_runbook(text, name="x", path="x.md")
    told(reading.problems, text)
    if reading.runbook is not None:
        look(reading.runbook, text)
    # The same as the text of a step, which a file could not always hold.
    step(text[:MAX_STEP])
    link_of(text[:1000])


def told(problems: tuple[ConfigProblem, ...], text: str) -> None:
    lines = text.count("\n") + text.count("\r") + 1
    assert all(0 <= problem.line <= lines for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)


def look(book: Runbook, text: str) -> None:
    names = [each.name for each in book.steps]
    assert len(names) == len(set(names)) <= MAX_STEPS
    assert book.title.isprintable()
    assert [b.text for b in book.blocks if b.kind == "step"] == names
    told(doubts(book, {"x": "mysql"}), text)
    for each in book.steps[:20]:
        bound = bind(each, book, {"A": "b", "X": "-c", "B": "\n"})
        assert all(value in ("b", *book.defaults.values()) for _, value in bound.values)
        assert bound.refused.isprintable()


def step(text: str) -> None:
    for language in Language:
        uses(Step("s", "s", language, text, Marking.ASKS))
    for kind in ("mysql", "postgres"):
        assert len("".join(sql_statements(text, kind))) <= len(text)
        assert all(
            text[each.start] == ":" and text[each.start + 1 : each.end].upper() == each.name
            for each in sql_parameters(text, kind)
        )
        code_of(text, kind)
    http_parts(text)


PIECES = (
    *(
        b"[",
        b"*",
        b"_a",
        b"`",
        b"> ",
        b"- ",
        b"1. a\n",
        b"<a ",
        b"![",
        b"[a]: b\n",
        b"&amp;",
        b"| ",
    ),
    *(b"```bash\nls\n```\n", b"```", b"~", b"$(", b"${A:-", b"$((", b'"$(', b"'", b"/*", b"/* */"),
    *(
        b"$a$",
        b"--\n",
        b":a ",
        b"E'\\",
        b"\\",
        b"<<E\n",
        b"x",
        b"\n",
        b"# a\n",
        b"    a\n",
        b"**a** ",
    ),
    *(b"A=$A\n", b"rm ", b"sudo -n ", b"xargs ", b"timeout 5 ", b"env ", b"systemctl ", b"docker "),
    *(b"redis-cli ", b"find ", b"find x -", b"tail -", b"journalctl -", b"git ", b"UPDATE a "),
)


def large() -> Iterator[bytes]:
    """What repeats, and what nests."""
    for piece in PIECES:
        for count in (1000, 60_000 // len(piece), BOUND // len(piece)):
            yield piece * count
            yield b"```bash\n" + piece * min(count, MAX_STEP // len(piece) - 3) + b"\n```\n"
            yield b"```sql\n" + piece * min(count, MAX_STEP // len(piece) - 3) + b"\n```\n"


TARGETS = (Target("runbook", run, SEEDS, TOKENS, bound=BOUND, large=large),)
