"""pydantic without a look for its plugins.

To find any it imports what reads the metadata of packages, and with that archives, tables and
mail: 0.9 MB that a monitor does not need, 1.6 MB where it asks nothing over HTTP. Its
``PYDANTIC_DISABLE_PLUGINS`` keeps it from looking, not from importing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import Any, Final

__all__ = ["unplug"]

_LOADER: Final = "pydantic.plugin._loader"


def unplug() -> None:
    """Have pydantic know of no plugins; call it before the first model is made."""
    if _LOADER not in sys.modules:
        stand_in = ModuleType(_LOADER)
        vars(stand_in).update(get_plugins=_none, __getattr__=_really)
        sys.modules[_LOADER] = stand_in


def _none() -> Iterable[Any]:
    return ()


def _really(name: str) -> Any:
    """What another version of pydantic wants of the module besides: then it has that one."""
    if name.startswith("__"):
        raise AttributeError(name)
    del sys.modules[_LOADER]
    return getattr(import_module(_LOADER), name)
