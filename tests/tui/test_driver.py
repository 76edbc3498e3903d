"""Reading keys without waking up for nothing."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator

import pytest
from textual.events import Key
from textual.message import Message

from tests.patience import PATIENCE
from tui.driver import Bell, OnwatchDriver


class Reading:
    """The driver's reading of what is written to a pipe, in a thread of its own."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self.heard: queue.Queue[Message] = queue.Queue()
        self.bell = Bell()
        driver = object.__new__(OnwatchDriver)
        driver.fileno, driver._bell = self._reader, self.bell
        driver.process_message = self._take  # type: ignore[method-assign]
        self.thread = threading.Thread(target=driver.run_input_thread, daemon=True)
        self.thread.start()

    def _take(self, message: Message) -> None:
        self.heard.put(message)

    def type(self, data: bytes) -> None:
        os.write(self._writer, data)

    def key(self) -> str:
        event = self.heard.get(timeout=PATIENCE)
        assert isinstance(event, Key)
        return event.key

    def close(self) -> None:
        for end in (self._reader, self._writer, self.bell.heard, self.bell._rung):
            os.close(end)

    def settle(self) -> None:
        """Wait until it sleeps for longer than between two parts of a key."""
        self.thread.join(0.5)


@pytest.fixture
def reading() -> Iterator[Reading]:
    made = Reading()
    yield made
    made.bell.set()
    made.thread.join(PATIENCE)
    assert not made.thread.is_alive()
    made.close()


def test_the_end_is_heard_at_once(reading: Reading) -> None:
    reading.settle()
    reading.bell.set()
    reading.thread.join(PATIENCE)
    assert not reading.thread.is_alive()


def test_escape_by_itself_is_a_key_after_a_moment(reading: Reading) -> None:
    reading.settle()
    reading.type(b"\x1b")
    assert reading.key() == "escape"
    reading.settle()
    reading.type(b"\x1b[A")
    assert reading.key() == "up"


def test_a_bell_that_was_cleared_is_silent() -> None:
    bell = Bell()
    bell.set()
    bell.clear()
    with pytest.raises(BlockingIOError):
        os.read(bell.heard, 1)
    os.close(bell.heard)
    os.close(bell._rung)
