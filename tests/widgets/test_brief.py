"""A sentence that has no room says first what happened."""

from __future__ import annotations

import pytest

from widgets.brief import brief


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        (
            "connection to 127.0.0.1:29999 refused: is the server running?",
            30,
            "refused by 127.0.0.1:29999; i…",
        ),
        ("connection to 127.0.0.1:29999 refused", 20, "refused by 127.0.0.…"),
        (
            "HTTP 200 after 536 ms: status degraded, provider borealis",
            30,
            "status degraded, provider bor…",
        ),
        ("HTTP 503 after 1.2 s: no database", 24, "HTTP 503: no database"),
        # Where there is room nothing is turned round, and what is not known is only cut.
        ("HTTP 200 after 536 ms: status degraded", 38, "HTTP 200 after 536 ms: status degraded"),
        ("HTTP 200 after 536 ms", 12, "HTTP 200 af…"),
        ("600 waiting, 12/min more", 12, "600 waiting…"),
    ],
)
def test_what_has_no_room_begins_with_its_reason(text: str, width: int, shown: str) -> None:
    assert brief(text, width) == shown
