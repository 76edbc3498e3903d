"""What somebody who controls a label, a row or a file tries to do to whoever runs a step."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from checks.runbooks.model import Language, Runbook, Step
from checks.runbooks.running.environment import environment
from checks.runbooks.variables import bind
from checks.runbooks.views import RunState
from tests.checks.runbooks.running_kit import Place

ATTACKS = [
    "$(touch x)",
    "`touch x`",
    "'; DROP TABLE jobs; --",
    '"; touch x; "',
    "'; touch x; '",
    "-rf",
    "web1 -rf /",
    "a[$(touch x)]",
    "web1\ntouch x",
    "web1\r\nX-Admin: yes",
    "\x1b]0;pwned\x07",
    "web1;touch x",
    "web1|touch x",
    "web1&&touch x",
    "${IFS}touch${IFS}x",
    "*",
    "~root",
    "web1>x",
    "x" * 600,
]
"""Values of labels."""


def bound(text: str, value: str, language: Language = Language.BASH) -> str:
    """Why ``value`` is refused for a step with this text."""
    step = Step("look", "look", language, text)
    return bind(step, Runbook("b", "B", "b.md", "", (step,), ()), {"INSTANCE": value}).refused


@pytest.mark.parametrize("value", ATTACKS)
@pytest.mark.parametrize("language", [Language.BASH, Language.HTTP])
def test_the_first_wall_is_the_variable_s_pattern(language: Language, value: str) -> None:
    text = "echo ${INSTANCE}" if language is Language.BASH else "GET http://web1/${INSTANCE}"
    refused = bound(text, value, language)
    assert "$INSTANCE" in refused
    assert "is refused" in refused
    assert refused.isprintable()


@pytest.mark.parametrize("value", [value for value in ATTACKS if "\0" not in value])
async def test_the_second_wall_is_the_environment(place: Place, value: str) -> None:
    """A value that came past its pattern is a value still, where its author quotes it."""
    before = set(place.folder.iterdir())
    ran = await place.run(
        'printf %s "$INSTANCE" >said; [ "$INSTANCE" = web1 ]; echo ended', {"INSTANCE": value}
    )
    assert ran.output.lines == ("ended",)
    assert (place.folder / "said").read_bytes() == value.encode()
    assert {path.name for path in set(place.folder.iterdir()) - before} == {"said"}


async def test_an_arithmetic_test_is_why_there_is_a_pattern(place: Place) -> None:
    """bash evaluates what a variable holds, quoted or not: only the pattern keeps that out."""
    await place.run('[[ "$INSTANCE" -gt 1 ]]', {"INSTANCE": "a[$(touch x)]"})
    assert (place.folder / "x").exists()
    assert bound('[[ "$INSTANCE" -gt 1 ]]', "a[$(touch x)]")


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "IFS", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "SHELLOPTS", "PS4"),
        *("PROMPT_COMMAND", "PYTHONPATH", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYOPT"),
        *("GIT_SSH_COMMAND", "PAGER", "EDITOR", "HOME", "TMPDIR", "GLOBIGNORE", "NODE_OPTIONS"),
        *("MANPAGER", "LESSOPEN", "SSH_ASKPASS", "SUDO_ASKPASS", "http_proxy", "A-B", "1X", ""),
        *("OPENSSL_CONF", "JAVA_TOOL_OPTIONS", "LOCPATH", "GCONV_PATH", "BASH_FUNC_ls%%"),
        *("KUBECONFIG", "SSH_AUTH_SOCK", "TERM", "TERMINFO", "XDG_RUNTIME_DIR", "CURL_HOME"),
    ],
)
async def test_no_label_tells_a_program_what_to_do(place: Place, name: str) -> None:
    """A label called ``ld_preload`` would be a variable of that name."""
    ran = await place.run("echo ran", {name: "/tmp/evil"})
    assert ran.ended.state is RunState.FAILED
    assert ran.output.lines == ()
    assert "cannot be given to a step" in ran.ended.said


def test_a_zero_byte_ends_no_value() -> None:
    with pytest.raises(Exception, match="holds a zero byte"):
        environment({"INSTANCE": "web1\0x"})


async def test_values_are_not_in_the_list_of_processes(place: Place) -> None:
    ran = await place.run(
        "tr '\\0' ' ' </proc/$$/cmdline; test \"$TOKENISH\"", {"TOKENISH": "abcd"}
    )
    assert "abcd" not in ran.text


async def test_a_runbook_that_changes_meanwhile(audited: Place, tmp_path: Path) -> None:
    file = tmp_path / "book.md"
    file.write_text("```bash\necho harmless\n```\n")
    shown = hashlib.sha256(file.read_bytes()).hexdigest()
    ran = await audited.run("echo harmless", file=file, digest=shown)
    assert ran.output.lines == ("harmless",)
    file.write_text("```bash\ntouch ran\n```\n")
    ran = await audited.run("echo harmless", file=file, digest=shown)
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert "has changed since it was shown: look again" in ran.ended.said
    file.unlink()
    ran = await audited.run("echo harmless", file=file, digest=shown)
    assert "cannot be read any more" in ran.ended.said
    assert ran.output.lines == ()
    assert audited.audit is not None
    assert len(audited.audit.entries()) == 2


async def test_output_cannot_reach_the_terminal(place: Place) -> None:
    text = (
        r"printf '\033]52;c;cm0gLXJm\007\033[2J\033Ptmux;\033\033[5n\033\\\n'; "
        r"printf '\xe2\x80\xae\xc2\x9b31mX\n'"
    )
    ran = await place.run(text)
    assert all(line.isprintable() for line in ran.output.lines)
    assert ran.output.last_line == "X"
