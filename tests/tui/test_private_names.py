"""What we use of Textual although it promises nothing about it: the reason for the pin."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest
from textual.strip import Strip

from widgets.strip import LeanStrip

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
    "textual.command:CommandPalette._action_command_list": "(self, action)",
    "textual.command:CommandPalette._refresh_command_list": (
        "(self, command_list, commands, clear_current)"
    ),
    "textual.drivers.linux_driver:LinuxDriver._disable_line_wrap": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._disable_mouse_support": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._enable_bracketed_paste": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._enable_mouse_support": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._get_terminal_size": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._query_in_band_window_resize": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._request_terminal_sync_mode_support": "(self)",
    "textual.drivers.linux_driver:LinuxDriver._sigcont_application": "",
    "textual.screen:Screen._on_timer_update": "(self)",
    "textual.keys:_character_to_key": "(character)",
    "textual.keys:REPLACED_KEYS": "",
}
"""Each with the parameters we rely on; none for what is no function."""

KEPT = {
    "rich.console:Console": ("_color_system",),
    "textual.app:App": ("_clipboard", "_driver", "_filters", "_resize_event", "_resize_timer"),
    "textual.drivers.linux_driver:LinuxDriver": (
        "_auto_restart",
        "_file",
        "_loop",
        "_mouse",
        "_must_signal_resume",
    ),
    "textual.screen:Screen": (
        "_compositor",
        "_dirty_widgets",
        "_layout_required",
        "_repaint_required",
    ),
    "textual.widget:Widget": ("_dirty_regions",),
}
"""What objects keep under these names, by their class."""


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


def _with_source(found: type) -> list[type]:
    """``found`` and what it inherits from, as far as it is Textual's or Rich's."""
    return [each for each in found.__mro__ if each.__module__.startswith(("textual", "rich"))]


@pytest.mark.parametrize("name", KEPT)
def test_textual_still_keeps_it_under_that_name(name: str) -> None:
    module, _, path = name.partition(":")
    found = getattr(import_module(module), path)
    sources = "".join(inspect.getsource(each) for each in _with_source(found))
    for kept in KEPT[name]:
        assert re.search(rf"\bself\.{kept}\b[^=\n]*= ", sources), f"{name} has no {kept}"


def test_a_lean_strip_has_all_that_a_strip_has() -> None:
    strip = LeanStrip([])
    assert [slot for slot in Strip.__slots__ if not hasattr(strip, slot)] == []
