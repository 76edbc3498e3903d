"""The example, damaged in a thousand ways: it loads, or every complaint has a line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from checks.errors import ConfigError
from tools.reference import PAGE
from tui.config import load

EXAMPLE = (PAGE.parent.parent / "examples" / "onwatch.yaml").read_text()
BITS = (
    "\t", ":", "- ", "{", "}", "[", "]", "'", '"', "&a ", "*a ", "<<: *a", "!x ", "${", "${A}",
    "$$", "null", "~", "5", "-1", "true", "1e999", "x", "\n", "#", "|", "> ", "? ", "%", "@", "`",
    "\u202e", "é", "---\n", "...", "9" * 30, ".inf", "0x",
)  # fmt: skip
JARGON = ("Input should", "pydantic", "function-", "_type", "Value error")


def damaged(seed: int) -> str:
    """The example with up to three accidents."""
    chance = random.Random(seed)
    text, words = EXAMPLE, EXAMPLE.split()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(BITS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 20) :]
            case 2:
                text = text.replace(chance.choice(words), chance.choice((*BITS, *words)), 1)
            case _:
                text = text[:at] + text[(at * 7) % len(text) :][:30] + text[at:]
    return text


def complaint(path: Path, text: str) -> ConfigError | None:
    path.write_text(text)
    try:
        load(str(path), {})
    except ConfigError as error:
        return error
    return None


@pytest.mark.parametrize("batch", range(4))
def test_no_damage_brings_more_than_sentences(batch: int, tmp_path: Path) -> None:
    refused = 0
    for seed in range(batch * 250, (batch + 1) * 250):
        error = complaint(tmp_path / "onwatch.yaml", damaged(seed))
        if error is not None:
            refused += 1
            assert error.problems
            assert all(problem.line for problem in error.problems), f"{seed}: {error}"
            assert not [word for word in JARGON if word in str(error)], f"{seed}: {error}"
    assert 50 < refused < 250
