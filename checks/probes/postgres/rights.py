"""A slow piece: what the role may see and do, and which extensions there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.findings import Finding
from checks.model import SampleBuilder, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse

__all__ = ["Rights"]


class Rights:
    """Read first, since others depend on it."""

    name = "rights"

    def __init__(self) -> None:
        self.role = ""
        self.sees_all = True
        self.signals = False
        self.superuser = False
        self.statements_schema = ""
        """Schema of pg_stat_statements, quoted; empty where it is not installed."""
        self.statements_version: tuple[int, ...] = ()

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, within=within)
        if not rows:
            return False
        row = rows[0]
        self.role = ask.text(row["role"])
        self.sees_all = row["sees_all"] and row["reads_settings"]
        self.signals = row["signals"]
        self.superuser = row["superuser"]
        self.statements_schema = row["statements_schema"] or ""
        self.statements_version = _version(row["statements_version"] or "")
        return True

    def add(self, to: SampleBuilder) -> None:
        pass

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterable[Finding]:
        return ()

    @property
    def blindness(self) -> str:
        """The sentence for sessions of others that are hidden from the role."""
        return (
            "sessions of other roles are hidden: what they do and for how long cannot be seen, "
            f"only who waits for a lock: GRANT pg_monitor TO {self.role or 'this role'}"
        )

    def notes(self) -> Iterator[str]:
        """What cannot be seen for want of rights."""
        if not self.sees_all:
            yield (
                f"role {self.role} does not see what other roles' sessions do, nor all settings: "
                f"GRANT pg_monitor TO {self.role}"
            )


def _version(text: str) -> tuple[int, ...]:
    """``1.10`` as a tuple."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())
