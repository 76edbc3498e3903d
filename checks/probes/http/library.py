"""httpx without its command line.

Where the libraries of that happen to be there, httpx imports it along with itself: a progress
bar, a highlighter and a parser of arguments, 3 MB that a check never needs.
"""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"


def _import_without(name: str) -> None:
    """Import httpx as if the module ``name`` could not be imported, which it allows for."""
    if "httpx" in sys.modules or name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import_module("httpx")
    finally:
        del sys.modules[name]


_import_without(_COMMAND_LINE)

import httpx  # noqa: E402 - see above
