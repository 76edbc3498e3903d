"""What came and went between two looks: mounts and interfaces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.probes.host.mounts import Mount

__all__ = ["Seen"]


class Seen:
    """Compares what is there with what was there before; says nothing of the first look."""

    def __init__(self) -> None:
        self._mounts: dict[str, Mount] | None = None
        self._links: dict[str, bool] | None = None

    def mounts(self, mounts: Iterable[Mount]) -> list[str]:
        """Sentences on the mounts that are new, and on those that are gone."""
        now = {mount.point: mount for mount in mounts}
        before, self._mounts = self._mounts, now
        if before is None:
            return []
        gone = [f"{point} is no longer mounted" for point in before if point not in now]
        come = [
            f"{point} was mounted ({mount.type} from {mount.device})"
            for point, mount in now.items()
            if point not in before
        ]
        other = [
            f"on {point} another filesystem is mounted now ({mount.type} from {mount.device})"
            for point, mount in now.items()
            if point in before and before[point].identity != mount.identity
        ]
        return [*gone, *come, *other]

    def links(self, up: Mapping[str, bool]) -> list[str]:
        """Sentences on the interfaces that lost their link or have it again, and on new ones."""
        before, self._links = self._links, dict(up)
        if before is None or not up:
            return []
        changed = [
            f"interface {name} is {'up again' if state else 'down: it has lost its link'}"
            for name, state in up.items()
            if name in before and before[name] is not state
        ]
        gone = [f"interface {name} is gone" for name in before if name not in up]
        return [*changed, *gone]
