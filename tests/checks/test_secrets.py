"""Secrets: read from where the configuration says, shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.credentials import read_command, read_env, read_file
from checks.errors import SecretError
from checks.model import Part, Result, Status, Table
from checks.secrets import MASK, Masker, mask_url


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


def test_a_file_that_everybody_can_read_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("hunter22\nsecond line\n")
    file.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
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
