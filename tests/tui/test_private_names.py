"""What we use of Textual although it promises nothing about it: the reason for the pin."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

NAMES = {
    "rich.style:Style._attributes": "",
    "rich.style:Style._link_id": "",
    "rich.style:Style._set_attributes": "",
    "textual._compositor:ChopsUpdate": "(chops, spans, chop_ends)",
    "textual._compositor:Compositor.render_strips": "(self, size)",
    "textual._compositor:CompositorUpdate.render_segments": "(self, console)",
    "textual._compositor:LayoutUpdate": "(strips, region)",
    "textual._styles_cache:StylesCache.get_inner_outer.cache_clear": "",
    "textual._xterm_parser:XTermParser.feed": "(self, data)",
    "textual._xterm_parser:XTermParser.tick": "(self)",
    "textual.app:App._check_resize": "(self)",
    "textual.app:App._refresh_truecolor_filter": "(self, theme)",
    "textual.app:App._display": "(self, screen, renderable)",
    "textual.screen:Screen._on_timer_update": "(self)",
    "textual.keys:_character_to_key": "(character)",
    "textual.keys:REPLACED_KEYS": "",
}
"""Each with the parameters we rely on; none for what is no function."""


@pytest.mark.parametrize("name", NAMES)
def test_textual_still_has_what_it_keeps_to_itself(name: str) -> None:
    module, _, path = name.partition(":")
    advice = "this Textual cannot be used: adapt tui, or keep the pin in pyproject.toml"
    found: object = import_module(module)
    for part in path.split("."):
        assert hasattr(found, part), f"{name} is gone; {advice}"
        found = getattr(found, part)
    if NAMES[name]:
        assert callable(found)
        given = ", ".join(inspect.signature(found).parameters)
        assert f"({given})" == NAMES[name], f"{name} takes {given}; {advice}"
