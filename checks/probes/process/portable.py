"""What psutil tells of single processes where there is no `/proc` (macOS, BSD)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.probes.process.details import Details

if TYPE_CHECKING:
    import psutil

__all__ = ["PortableDetails"]


class PortableDetails:
    """Asks psutil; what the system refuses is None."""

    def details(self, pid: int) -> Details:
        import psutil  # noqa: PLC0415

        refused: set[str] = set()
        try:
            process = psutil.Process(pid)
        except psutil.Error:
            return Details()
        return Details(
            descriptors=_descriptors(process, refused),
            switches=_switches(process),
            uid=self.owner(pid),
            refused=frozenset(refused),
        )

    def words(self, pid: int) -> tuple[str, ...]:
        import psutil  # noqa: PLC0415

        try:
            return tuple(psutil.Process(pid).cmdline())
        except (psutil.Error, OSError):
            return ()

    def owner(self, pid: int) -> int | None:
        import psutil  # noqa: PLC0415

        try:
            return int(psutil.Process(pid).uids().effective)
        except (psutil.Error, OSError):
            return None


def _descriptors(process: psutil.Process, refused: set[str]) -> int | None:
    import psutil  # noqa: PLC0415

    try:
        return process.num_fds()
    except psutil.AccessDenied:
        refused.add("open descriptors")
    except (psutil.Error, OSError):
        pass
    return None


def _switches(process: psutil.Process) -> tuple[int, int] | None:
    import psutil  # noqa: PLC0415

    try:
        found = process.num_ctx_switches()
    except (psutil.Error, OSError):
        return None
    return found.voluntary, found.involuntary
