"""Hunting by atheris: inputs grown from those that reach new code. One target a process.

``python -m tests.fuzz.guided TARGET CORPUS libFuzzer's options``
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    guided: Any = import_module("atheris")  # not to be had everywhere
    with guided.instrument_imports(include=["checks", "tui.config", "tui.typed", "tui.economy"]):
        from tests.fuzz.targets import load  # noqa: PLC0415 - instrumented

        target = load(name)
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate((*target.seeds, *target.tokens)):
        (folder / f"seed-{number}").write_bytes(seed)
    guided.Setup([sys.argv[0], *sys.argv[3:], str(folder)], target.run)
    guided.Fuzz()


if __name__ == "__main__":
    main()
