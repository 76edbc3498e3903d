"""Pauses of the app under random keys, as in the tests of the program."""

from __future__ import annotations

from tests.idle import idle_told_by_the_loop

__all__ = ["idle_told_by_the_loop"]
