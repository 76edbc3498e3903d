"""Whatever stands in a script or a file of samples, it is read or refused with its line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from checks.errors import ConfigError
from checks.promqltest.reader import read_script
from checks.promqltest.runner import run_script
from checks.samples.openmetrics import read_openmetrics
from tests.checks.promqltest.skipped import OWN

SCRIPTS = [path.read_text() for path in sorted(OWN.glob("*.test"))]
PIECES = [
    "\n", " ", "_", "x", "x99999999", "{", "}", "{{", "}}", '"', "\\", "'", "`", "#", "@st", "-1m",
    "NaN", "Inf", "stale", "0x10", "1e999", "eval", "expect", "expect fail msg:", "load 1m",
    "clear", "at", "from", "step 1ms", "regex: (", "\x00", "\ud7ff", "é", "9" * 400,
]  # fmt: skip


def changed(text: str, chance: random.Random) -> str:
    """``text`` with some pieces put in, taken out or moved."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(3)
        if kind == 0:
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        else:
            text = text[:at] + text[at - 20 : at] + text[at:]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_any_script_is_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    refused: list[str] = []
    for _ in range(60):
        text = chance.choice(SCRIPTS)
        start = text.find("\n\n", chance.randrange(len(text)))
        try:
            script = read_script(changed(text[start : start + 400], chance), "a.test")
            run_script(script)
        except ConfigError as error:
            refused.append(str(error))
    assert [said for said in refused if not said.startswith("a.test:") or "\n" in said] == []
    assert 5 < len(refused) < 60


LINES = [
    'a_total{b="c"} 1 1700000000',
    'a_total{b="c"} 2.5 1700000001.25',
    "up 1 1700000000",
    "up NaN 1700000002 # {a=\"b\"} 1 2",
    "# TYPE up gauge",
    "# HELP up A text.",
    "# EOF",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_any_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / "a.om"
    read, refused = 0, list[str]()
    for _ in range(150):
        text = "\n".join([*chance.choices(LINES[:-1], k=5), "# EOF", ""])
        path.write_bytes(changed(text, chance).encode("utf-8", "surrogatepass"))
        try:
            read += read_openmetrics(str(path)).samples > 0
        except ConfigError as error:
            refused.append(str(error))
    assert [said for said in refused if not said.startswith(f"{path}:")] == []
    assert 5 < read < 150
