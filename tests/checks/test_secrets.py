"""Secrets: read from where the configuration says, shown nowhere."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from checks.credentials import read_command, read_env, read_file
from checks.errors import SecretError
from checks.model import Part, Result, Status, Table
from checks.secrets import MASK, Masker, mask_url, url_secrets


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://:hunter22@cache:6379/0", "redis://:•••@cache:6379/0"),
        ("GET https://bob:pa:ss@h/x?a=1", "GET https://bob:•••@h/x?a=1"),
        ("https://h/x?token=abc&b=2", "https://h/x?token=•••&b=2"),
        ("https://h/x?b=2&api_key=zzz#f", "https://h/x?b=2&api_key=•••#f"),
        ("http://user@host/path", "http://user@host/path"),
        ("no url here: a@b", "no url here: a@b"),
    ],
)
def test_passwords_in_urls_are_masked(text: str, masked: str) -> None:
    assert mask_url(text) == masked


def test_a_known_secret_is_masked_in_every_text_of_a_result() -> None:
    masker = Masker(["s3cret-value"])
    evil = "the s3cret-value leaked"
    result = Result(
        Status.CRITICAL,
        evil,
        reason="auth",
        value="s3cret-value",
        raw=evil,
        parts=(Part(evil, Status.OK, evil, "s3cret-value"),),
        facts=(("k", evil),),
        events=(evil,),
        tables=(Table("t", ("c",), ((evil,),)),),
    )
    masked = masker.result(result)
    assert "s3cret" not in repr(masked)
    assert masked.message == f"the {MASK} leaked"
    assert masked.status is Status.CRITICAL


def test_one_secret_within_another_is_masked_whole() -> None:
    masker = Masker(["abcd", "abcdef"])
    assert masker.text("x abcdef y abcd") == f"x {MASK} y {MASK}"


def test_of_a_source_that_gives_ever_new_ones_the_first_and_the_last_are_known() -> None:
    masker, source, other = Masker(["lasting"]), object(), object()
    masker.learn("from-another", other)
    masker.learn("another-renewed", other)
    tokens = [f"token-{number:03}-of-many" for number in range(100)]
    for token in tokens:
        masker.learn(token, source)
    known = [token for token in tokens if masker.text(f"said {token}!") == f"said {MASK}!"]
    assert known == [tokens[0], *tokens[-8:]]
    said = "lasting, from-another, another-renewed: token-099-of-many"
    assert masker.text(said) == f"{MASK}, {MASK}, {MASK}: {MASK}"
    assert masker.result(Result(Status.OK, "token-099-of-many")).message == MASK
    assert masker.begun("ends with token-099-of") == len("token-099-of")


def test_what_a_source_gives_again_is_known_on() -> None:
    masker, source = Masker(), object()
    for number in range(100):
        masker.learn("comes-back", source)
        masker.learn(f"another-{number}", source)
    masker.learn("within", source)
    masker.learn("what-is-within-it", source)
    said = "comes-back another-99 what-is-within-it"
    assert masker.text(said) == f"{MASK} {MASK} {MASK}"


def test_a_thousand_new_tokens_take_neither_time_nor_memory() -> None:
    masker, source = Masker(), object()
    began = time.thread_time()
    for number in range(1_000):
        masker.learn(f"{number:08}" * 100, source)
        assert masker.text("nothing of it") == "nothing of it"
    assert time.thread_time() - began < 1.0


def test_a_file_that_everybody_can_read_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    file = tmp_path / "my pw"
    file.write_text("hunter22\nsecond line\n")
    file.chmod(0o644)
    with pytest.raises(SecretError, match=f"run: chmod 600 '{file}'$"):
        read_file(file)
    file.chmod(0o640)
    assert read_file(file) == "hunter22"


def test_missing_sources_say_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONWATCH_TEST_PW", raising=False)
    with pytest.raises(SecretError, match="ONWATCH_TEST_PW is not set"):
        read_env("ONWATCH_TEST_PW")
    with pytest.raises(SecretError, match=r"gone: No such file"):
        read_file(tmp_path / "gone")


async def test_a_command_gives_its_first_line(tmp_path: Path) -> None:
    assert await read_command(["printf", "pass\nmore\n"], 5, tmp_path) == "pass"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["/nonexistent/tool"], "cannot run the credential command tool"),
        (["false"], "ended with exit code 1"),
        (["true"], "is empty"),
        (["sh", "-c", "sleep 60 & sleep 60"], "gave nothing within 0.2 s"),
    ],
)
async def test_a_command_that_gives_nothing(argv: list[str], sentence: str, tmp_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(SecretError, match=sentence):
        await read_command(argv, 0.2, tmp_path)
    assert len(set(Path("/proc/self/fd").iterdir()) - before) <= 1


async def test_what_a_command_leaves_behind_keeps_nothing_of_ours_open(tmp_path: Path) -> None:
    """An agent, say, which keeps the output of whoever started it; asked at every run."""
    agent = "setsid sh -c 'echo $$ >>agents; exec sleep 60' & echo secret"
    before = len(list(Path("/proc/self/fd").iterdir()))
    try:
        for _ in range(3):
            with pytest.raises(SecretError, match=r"gave nothing within 0.3 s"):
                await read_command(["sh", "-c", agent], 0.3, tmp_path)
        await asyncio.sleep(0)
        # The loop's own way to hear of ended programs is open from the first one on.
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    finally:
        for pid in (tmp_path / "agents").read_text().split():
            os.kill(int(pid), signal.SIGKILL)


async def test_a_command_that_ends_as_it_is_given_up_is_no_error_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = os.killpg

    def too_late(group: int, number: int) -> None:
        kill(group, number)
        raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", too_late)
    with pytest.raises(SecretError, match=r"gave nothing within 0.1 s"):
        await read_command(["sleep", "60"], 0.1, tmp_path)


async def test_a_credential_printed_in_two_goes_is_taken_whole(tmp_path: Path) -> None:
    argv = ["sh", "-c", "printf abcd; sleep 0.2; printf 'efgh\\n'"]
    assert await read_command(argv, 5, tmp_path) == "abcdefgh"


def test_a_named_pipe_is_refused_at_once_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretError, match="not a regular file"):
        read_file(tmp_path / "pipe")


def test_what_is_secret_in_a_url_is_known_as_written_and_decoded() -> None:
    url = "https://bob:p%40ss@h/x?api_key=abc%2Fdef-123&page=2&key=main"
    assert url_secrets(url) == ["p%40ss", "p@ss", "abc%2Fdef-123", "abc/def-123"]
    masked = Masker(url_secrets(url)).text("echo: abc/def-123 and p@ss on main")
    assert masked == f"echo: {MASK} and {MASK} on main"


def test_hostile_text_is_masked_in_no_time() -> None:
    began = time.thread_time()
    mask_url("?" + "password" * 4000 + " ://" + "a" * 20_000)
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("login with hunter2sec…", "login with •••…"),
        ("login with hunter2sec\n…", "login with •••\n…"),
        ("at mysql://root:other…", "at mysql://root:•••…"),
        ("at http://example.org:8080…", "at http://example.org:8080…"),
        ("at http://example.org/a:b…", "at http://example.org/a:b…"),
        ("a long path…", "a long path…"),
    ],
)
def test_the_beginning_of_a_secret_that_was_cut_off_is_masked(text: str, shown: str) -> None:
    masker = Masker(["hunter2secret"])
    assert masker.text(text) == shown
    assert masker.result(Result(Status.OK, text.replace("\n", ""))).message == shown.replace(
        "\n", ""
    )
