"""The pages: what they link to is there, and every kind and screen has one with a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import pytest

from checks import registry
from tui.numbered import NUMBERED, Numbered

ROOT = Path(__file__).parents[2]
_PAGES = {"databases": "databases.md", "timeline": "incidents.md"}
"""Of screens whose page is not called after them."""
PAGES = sorted(chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md")))
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"(!?)\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def links(page: Path) -> Iterator[tuple[bool, str]]:
    """Whether it is a picture, and where it leads; not those within code."""
    for found in _LINK.finditer(_CODE.sub("", _FENCE.sub("", page.read_text()))):
        yield bool(found[1]), unquote(found[2])


def anchors(page: Path) -> set[str]:
    """What links may name after ``#``: headings as GitHub spells them."""
    titles = _HEADING.findall(_FENCE.sub("", page.read_text()))
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", t)) for t in titles)
    return {title.strip().lower().replace(" ", "-") for title in plain}


def pictures(page: Path) -> list[str]:
    return [Path(where).name for is_picture, where in links(page) if is_picture]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for _, where in links(page):
        if re.match(r"[a-z]+:", where):
            continue
        path, _, anchor = where.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} leads to {where}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: there is no heading for {where}"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_kind_has_a_page_with_its_picture_near_its_top(kind: str) -> None:
    page = ROOT / "docs" / "checks" / f"{kind}.md"
    assert f"check-{kind}.png" in pictures(page)
    first = page.read_text().splitlines()[:40]
    assert any(f"check-{kind}.png" in line for line in first)
    assert any("```yaml" in line for line in first), "the shortest configuration comes first"
    assert (ROOT / "screenshots" / f"check-{kind}.svg").exists()


@pytest.mark.parametrize("screen", NUMBERED, ids=lambda screen: screen.name)
def test_every_screen_has_a_page_with_its_picture_that_the_readme_leads_to(
    screen: Numbered,
) -> None:
    page = ROOT / "docs" / _PAGES.get(screen.name, f"{screen.name}-screen.md")
    assert any(name.startswith(f"{screen.name}-") for name in pictures(page))
    assert f"docs/{page.name}" in {where for _, where in links(ROOT / "README.md")}


@pytest.mark.parametrize(
    ("page", "stem"), [("overview", "overview"), ("details-screen", "details")]
)
def test_the_overview_and_the_details_have_pages_with_their_pictures(page: str, stem: str) -> None:
    shown = pictures(ROOT / "docs" / f"{page}.md")
    assert any(name.startswith(f"{stem}-") for name in shown)


def test_help_and_palette_are_shown_with_the_keys() -> None:
    assert {"help.png", "palette.png"} <= set(pictures(ROOT / "docs" / "keys.md"))


def test_every_kind_is_in_the_readme() -> None:
    named = {where for _, where in links(ROOT / "README.md")}
    assert {f"docs/checks/{kind}.md" for kind in registry.KINDS} <= named
