"""Names of users by their numbers, each looked up once."""

from __future__ import annotations

import os
import pwd

__all__ = ["Users"]


class Users:
    """The users of this machine; ``proc`` is where processes are described."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._names: dict[int, str] = {}

    def name(self, uid: int | None) -> str:
        """What the user ``uid`` is called, the number of one without a name; empty for None."""
        if uid is None:
            return ""
        name = self._names.get(uid)
        if name is None:
            try:
                name = pwd.getpwuid(uid).pw_name
            except KeyError:
                name = str(uid)
            self._names[uid] = name
        return name

    def of_process(self, pid: int) -> str:
        """Who the process ``pid`` belongs to; empty where that is not known."""
        try:
            uid = os.stat(f"{self._proc}/{pid}").st_uid  # noqa: PTH116 - thousands a look
        except OSError:
            return ""
        return self.name(uid)
