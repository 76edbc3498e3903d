"""Colours: readable in every theme, told apart by colour-blind eyes, chosen by the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.command import CommandList
from textual.theme import BUILTIN_THEMES, Theme

from tests.tui.cli_helpers import onwatch
from tests.tui.fakes import FakeSource
from tui.app import OnwatchApp
from tui.terminal import TRUE_COLOUR, Looks
from tui.themes import ANSI_DARK, ANSI_LIGHT, HOUSE_THEMES, first_theme
from widgets.hints import HintLine
from widgets.ink import INKS, contrast, style_of

COLOURED = [theme for theme in HOUSE_THEMES if not theme.ansi]
EVERY = [*COLOURED, *(theme for theme in BUILTIN_THEMES.values() if not theme.ansi)]
GRAPHIC = {"rule", "spark"}
STATUSES = ("text-success", "text-warning", "text-secondary", "text-error")

# Machado, Oliveira and Fernandes (2009), the strongest form of each.
EYES = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def named(theme: Theme) -> str:
    return theme.name


def variables_of(theme: Theme) -> Mapping[str, str]:
    """The theme's variables as the app gathers them."""
    return {**theme.to_color_system().generate(), **theme.variables}


def worst(theme: Theme, roles: set[str], system: ColorSystem | None = None) -> tuple[float, str]:
    """The least contrast of text in ``roles``, under the cursor and not, and whose it is."""
    variables = variables_of(theme)
    ground = Color.parse(variables["background"])
    found = []
    for role in roles:
        for marked in (False, True):
            style = style_of(role, marked, variables, ground)
            assert style.color is not None
            assert style.bgcolor is not None
            pair = [style.color, style.bgcolor]
            if system is not None:
                pair = [colour.downgrade(system) for colour in pair]
            seen = [Color(*colour.get_truecolor()) for colour in pair]
            found.append((contrast(*seen), f"{role}{' under the cursor' if marked else ''}"))
    return min(found)


@pytest.mark.parametrize("theme", EVERY, ids=named)
def test_text_can_be_read_and_curves_be_seen_in_every_theme(theme: Theme) -> None:
    least, role = worst(theme, set(INKS) - GRAPHIC)
    assert least >= 4.5, role
    assert worst(theme, {"spark"})[0] >= 3.0


@pytest.mark.parametrize("theme", COLOURED, ids=named)
def test_house_themes_stay_readable_in_256_colours(theme: Theme) -> None:
    least, role = worst(theme, set(INKS) - GRAPHIC, ColorSystem.EIGHT_BIT)
    assert least >= 4.0, role


def test_the_theme_of_high_contrast_reaches_aaa() -> None:
    (theme,) = (each for each in HOUSE_THEMES if each.name == "onwatch-contrast")
    assert worst(theme, set(INKS) - GRAPHIC)[0] >= 7.0


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def lab(colour: Color, eyes: str) -> tuple[float, float, float]:
    """CIE Lab of ``colour`` as ``eyes`` see it."""
    parts = [linear(part) for part in colour.normalized]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, parts, strict=True))))
        for row in EYES[eyes]
    )

    def root(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047)
    y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def closest(theme: Theme, eyes: str) -> float:
    """How far apart the two most similar statuses of ``theme`` look; 2.3 is just noticeable."""
    variables = variables_of(theme)
    seen = [lab(Color.parse(variables[name]), eyes) for name in STATUSES]
    return min(math.dist(one, other) for one, other in combinations(seen, 2))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", COLOURED, ids=named)
def test_statuses_are_told_apart_by_colour_blind_eyes(theme: Theme, eyes: str) -> None:
    assert closest(theme, eyes) >= (25 if "safe" in theme.name else 19)


@pytest.mark.parametrize(
    ("looks", "theme"),
    [
        (Looks(), "onwatch-dark"),
        (Looks(light=True), "onwatch-light"),
        (Looks(colours=256, light=True), "onwatch-light"),
        (Looks(colours=16), "onwatch-ansi-dark"),
        (Looks(colours=16, light=True), "onwatch-ansi-light"),
        (Looks(colours=0, light=True), "ansi-dark"),
    ],
)
def test_the_terminal_chooses_the_first_theme(looks: Looks, theme: str) -> None:
    assert first_theme(looks) == theme
    assert OnwatchApp(FakeSource(), looks=looks).theme == theme


def test_a_theme_that_is_asked_for_goes_before_what_the_terminal_says() -> None:
    light = Looks(light=True, colours=16)
    assert OnwatchApp(FakeSource(), theme="nord", looks=light).theme == "nord"
    none = Looks(colours=0)
    assert OnwatchApp(FakeSource(), theme="nord", looks=none).theme == "ansi-dark"


@pytest.mark.parametrize("theme", [ANSI_DARK, ANSI_LIGHT], ids=named)
def test_statuses_differ_in_sixteen_colours(theme: Theme) -> None:
    variables = variables_of(theme)
    assert len({variables[name] for name in STATUSES} - {"ansi_default"}) == len(STATUSES)


async def test_a_theme_in_the_configuration_comes_goes_and_is_named_where_it_is_none() -> None:
    async with OnwatchApp(FakeSource(), looks=Looks(colours=TRUE_COLOUR)).run_test() as pilot:
        for wanted, theme in (("onwatch-light", "onwatch-light"), ("", "onwatch-dark")):
            pilot.app.post_message(OnwatchApp.Themed(wanted))
            await pilot.pause()
            assert pilot.app.theme == theme
        pilot.app.post_message(OnwatchApp.Themed("onwatch-lite"))
        await pilot.pause()
        assert pilot.app.theme == "onwatch-dark"
        said = pilot.app.screen.query_one(HintLine).said
        assert said == "theme: no theme onwatch-lite; did you mean onwatch-light?"


def test_validate_names_a_theme_that_there_is_not(tmp_path: Path) -> None:
    config = tmp_path / "onwatch.yaml"
    config.write_text("version: 1\ntheme: onwatch-lite\nchecks: [{name: here, host: }]\n")
    done = onwatch(tmp_path, "validate")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "onwatch.yaml:2: theme: no theme onwatch-lite; did you mean onwatch-light?"
    )
    config.write_text("version: 1\ntheme: onwatch-light\nchecks: [{name: here, host: }]\n")
    assert onwatch(tmp_path, "validate").returncode == 0


async def test_the_chosen_line_of_the_palette_is_seen_without_colours() -> None:
    app = OnwatchApp(FakeSource(), looks=Looks(colours=0))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", "t", "h", "e", "m", "e")
        for _ in range(20):
            await pilot.pause(0.02)
            if app.screen.query_one(CommandList).option_count:
                break
        await pilot.press("down", "down")
        await pilot.pause()
        lines = app.screen._compositor.render_strips(app.size)
        marked = [
            "".join(text for text, style, _ in strip if style is not None and style.underline)
            for strip in lines
        ]
        assert [text.split()[:2] for text in marked if len(text.split()) > 2] == [
            ["theme", "onwatch-contrast"]
        ]
