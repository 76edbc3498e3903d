"""An onwatch that is killed amid a step: ``python -m … FOLDER TEXT``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from checks.runbooks.audit import Audit
from tests.checks.runbooks.running_kit import place_at


async def main(folder: Path, text: str) -> None:
    async with place_at(folder) as place:
        place.audit = Audit(folder / "steps.jsonl", place.env.masker, place.env.clock)
        await place.run(text, timeout=120)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
