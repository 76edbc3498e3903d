"""What an endpoint of the demo's service answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.demo.wire import Response, json_response

__all__ = ["Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answers, with what the request log wants to know of it."""

    status: int
    value: Mapping[str, Any]
    provider: str | None = None
    error: str | None = None

    @classmethod
    def refused(cls, status: int, sentence: str, provider: str | None = None) -> Reply:
        """A refusal; only what is the service's own fault counts as an error in the log."""
        return cls(status, {"error": sentence}, provider, sentence if status >= 500 else None)

    def response(self) -> Response:
        return json_response(self.value, self.status)
