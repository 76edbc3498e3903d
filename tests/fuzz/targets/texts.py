"""What makes text safe to show, and what text is sent as."""

from __future__ import annotations

import base64
import re

from checks.command_lines import command_line
from checks.model import Result, Status, Table, clean, clean_lines
from checks.secrets import Masker, mask_url, url_secrets
from tests.fuzz.oracle import check_line, check_lines, check_result
from tests.fuzz.target import Target
from tui.clipboard import MOST, written
from tui.keynames import split, why_not

__all__ = ["TARGETS"]

SEEDS = (
    b"plain text, nothing else",
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1bPq\x1b\\ \x9b2J tab\there\r\nnext\x0c",
    "é 日本 \u202eevil\u2066 \u200b\u00ad\ufeff 👍🏽 ⚠️ 1⃣ \ue000".encode(),
    b"https://bob:s3cret-value@h/x?token=abc&page=2#f redis://:s3cret-value@c:1",
)
TOKENS = (
    *(b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x07", b"\x1b\\", b"\xc2\x9b", b"\xc2\x9d"),
    *(b"\xc2\x9c",),
    *(b"\x00", b"\x7f", b"\t", b"\r", b"\n", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xe2\x80\x8b"),
    *(b"m",),
    *(b"\xef\xb8\x8f", b"\xf0\x9f\x8f\xbd", b"\xed\xa0\x80", b"\xff", b"\xf3\xa0\x84\x80", b"0;1"),
    *(b"://", b"a://b:c@d", b"@", b":", b"?", b"&password=", b"token=x&", b"s3cret-value", b"="),
    *(b"/",),
)  # fmt: skip


def cleaned(data: bytes) -> None:
    for text in (data.decode("utf-8", "surrogateescape"), data.decode("latin-1")):
        for limit in (1, 40, 500):
            made = clean(text, limit)
            check_line(made, limit)
            assert clean(made, limit) == made, "cleaned twice it is another"
        lines = clean_lines(text)
        check_lines(lines)


_SECRETS = ("s3cret-value", "p@ss", "s3cret")


def masked(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    masker = Masker(_SECRETS)
    once = masker.text(text)
    assert not [secret for secret in _SECRETS if secret in once], "a secret survives"
    assert masker.text(once) == once, "masked twice it is another"
    for secret in url_secrets(text[:5_000]):
        if len(secret) > 3:
            masker.learn(secret)
    result = Result(
        Status.CRITICAL,
        text,
        value=text,
        raw=text[:30_000],
        facts=(("k", text),),
        events=(text,),
        tables=(Table("t", ("c",), ((text,),)),),
    )
    shown = masker.result(result)
    check_result(shown)
    assert not [secret for secret in _SECRETS if secret in repr(shown)], "a secret survives"
    mask_url(text)


def command(data: bytes) -> None:
    words = data.decode("utf-8", "surrogateescape").split("\n")
    shown = command_line(words)
    assert len(shown) <= len(data) * 4 + 100


COMMANDS = (
    b"mysql\n-psecret\n-u\nroot\n--password=x",
    b"curl\n-u\nbob:secret\n-H\nAuthorization: Bearer x\nhttps://a:b@c/",
    b"sudo\nredis-cli\n-a\nsecret\n--pass\nx\n--token\n-\n",
)
_COPIED = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def clipboard(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for environ in (
        {"TERM": "xterm"},
        {"TERM": "tmux-256color", "TMUX": "x"},
        {"TERM": "screen", "STY": "x"},
        {"TERM": "linux"},
    ):
        sent = written(text, environ)
        if "STY" in environ:
            sent = sent.replace("\x1b\\", "").replace("\x1bP", "")
        found = _COPIED.match(sent)
        if environ["TERM"] == "linux" or len(text.encode()) > MOST:
            assert not sent
        else:
            assert found is not None
            assert base64.b64decode(found[1]).decode() == text


def key_names(data: bytes) -> None:
    for key in split(data.decode("utf-8", "replace"))[:200]:
        check_words(why_not(key))


def check_words(text: str) -> None:
    assert isinstance(text, str)


KEYS = (b"ctrl+x, f5,A,?", b"ctrl+[", b"shift+tab,alt+left", b"pgdn,del,~,space")
KEY_TOKENS = (
    b"ctrl+",
    b"shift+",
    b"+",
    b",",
    b"[",
    b" ",
    b"enter",
    b"\xff",
    b"\0",
    b"f99",
    b"\xc3\xa9",
)

TARGETS = (
    Target("clean", cleaned, SEEDS, TOKENS),
    Target("masked", masked, SEEDS, TOKENS),
    Target(
        "command-line", command, COMMANDS, (*TOKENS[-10:], b"-", b"--", b"-p", b"\n", b"curl\n")
    ),
    Target("clipboard", clipboard, SEEDS, TOKENS),
    Target("key-names", key_names, KEYS, KEY_TOKENS, bound=2_000),
)
