"""A widget that draws cached lines and sends only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import TRANSPARENT, Color
from textual.filter import ANSIToTruecolor
from textual.geometry import Offset, Region, Size
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from widgets.glyphs import Glyphs, glyphs_for
from widgets.ink import style_of
from widgets.strip import LeanStrip
from widgets.text import Line, Seg, changed_spans, pad_segs

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["NO_CURVES", "LineView", "PictureView"]


NO_CURVES: Final = "no-curves"
"""A variable of the theme that is there where no curve is to be drawn."""
_NONE: Final[Mapping[str, str]] = {}


class _Styles(dict[tuple[str, bool], Style]):
    """How each role is written on ``ground``, on the cursor's where the second of the key is set;
    worked out when it is first asked for.
    """

    def __init__(self, variables: Mapping[str, str] = _NONE, ground: Color = TRANSPARENT) -> None:
        super().__init__()
        self.variables = variables
        self._ground = ground

    def __missing__(self, key: tuple[str, bool]) -> Style:
        style = self[key] = style_of(*key, self.variables, self._ground)
        return style


class LineView(Widget):
    """Lines of styled text on the line API.

    Subclasses say in :meth:`compose_lines` what is to be seen now and call
    :meth:`update_lines` when that may have changed; lines are compared with those on
    screen, and the changed spans alone are painted. Nothing repaints by itself.
    """

    DEFAULT_CSS = "LineView { height: 1fr; }"

    use_ascii: reactive[bool] = reactive(False, repaint=False, layout=False)

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, markup=False)
        self._lines: list[Line] = []
        self._marked: frozenset[int] = frozenset()
        self._styles_of = _Styles()
        self._composed: list[Line] = []
        self._fitted_to = 0
        self._composed_for: tuple[Size, Glyphs] | None = None
        self._strips: dict[int, Strip] = {}

    @property
    def glyphs(self) -> Glyphs:
        shown = self.parent is not None
        return glyphs_for(
            self.use_ascii, curves=not shown or NO_CURVES not in self.app.theme_variables
        )

    @property
    def _to_compose_for(self) -> tuple[Size, Glyphs]:
        """What the lines would be composed for now."""
        return self.size, self.glyphs

    def watch_use_ascii(self) -> None:
        self._composed = []
        self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        """What to show in ``width`` by ``height`` cells, now; a pure function of state."""
        raise NotImplementedError

    def marked_lines(self) -> frozenset[int]:
        """The lines, by place, that carry the cursor's background."""
        return frozenset()

    def update_lines(self) -> None:
        """Compose anew and paint what differs from the screen."""
        width, height = self.size
        if width <= 0 or height <= 0 or not self.screen.is_current:
            # Hidden: what was drawn is out of date when it is shown again.
            self._composed_for = None
            return
        lines = self.compose_lines(width, height)[:height]
        fresh = self._fitted(lines, width)
        marked = self.marked_lines()
        regions = self._differences(fresh, marked, width)
        self._lines, self._marked, self._composed_for = fresh, marked, self._to_compose_for
        if regions:
            # Textual empties this set only in the rendering that render_line replaces.
            self._dirty_regions.clear()
            self.refresh(*regions)

    def _fitted(self, lines: list[Line], width: int) -> list[Line]:
        """``lines`` as wide as the view; lines that are the same objects stay as they were."""
        before = zip(self._composed, self._lines, strict=False) if width == self._fitted_to else ()
        known = {id(line): fitted for line, fitted in before}
        self._composed, self._fitted_to = lines, width
        return [known.get(id(line)) or self._drawable(line.fitted(width)) for line in lines]

    def _drawable(self, line: Line) -> Line:
        if not self.use_ascii or line.text.isascii():
            return line
        return replace(line, segs=tuple(Seg(self.glyphs.text(t), role) for t, role in line.segs))

    def _differences(self, fresh: list[Line], marked: frozenset[int], width: int) -> list[Region]:
        regions = []
        blank = pad_segs((), width)
        for y in range(max(len(fresh), len(self._lines))):
            old = self._lines[y].segs if y < len(self._lines) else blank
            new = fresh[y].segs if y < len(fresh) else blank
            if (y in marked) != (y in self._marked):
                regions.append(Region(0, y, width, 1))
            elif old != new:
                spans = changed_spans(old, new)
                regions.extend(Region(start, y, end - start, 1) for start, end in spans)
        return regions

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual makes them of a widget without borders, without what that costs."""
        if self.gutter.width or self.gutter.height:
            return super().render_lines(crop)
        # What is asked for once is: the library looks for each of it in the tree of widgets.
        to_compose_for = self._to_compose_for
        if self._composed_for != to_compose_for:
            self._draw_anew()
        width = to_compose_for[0].width
        missing = [y for y in crop.line_range if y not in self._strips]
        if missing:
            self._strips.update(zip(missing, self._filtered(missing, width), strict=True))
        strips = [self._strips[y] for y in crop.line_range]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _filtered(self, places: Iterable[int], width: int) -> Iterator[Strip]:
        # Themes give no ANSI colours where they were to be translated.
        filters = [f for f in self.get_line_filters() if not isinstance(f, ANSIToTruecolor)]
        for strip in self._strips_at(places, width):
            for filtering in filters:
                strip = strip.apply_filter(filtering, self.background_colors[1])  # noqa: PLW2901
            yield strip

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        if not regions:
            self._strips.clear()
        for region in regions:
            for y in region.line_range:
                self._strips.pop(y, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        if self._composed_for != self._to_compose_for:
            self._draw_anew()
        return next(self._strips_at((y,), self.size.width))

    def _strips_at(self, places: Iterable[int], width: int) -> Iterator[Strip]:
        """The lines at ``places``, ``width`` cells wide."""
        style = self._styles().__getitem__
        selection = self.text_selection
        for y in places:
            if y >= len(self._lines):
                yield Strip.blank(width, style(("text", False)))
                continue
            marked = y in self._marked
            segs = self._lines[y].segs
            strip = LeanStrip([Segment(text, style((role, marked))) for text, role in segs], width)
            yield self._with_selection(strip, y, selection) if selection else strip

    def place_at(self, x: int, y: int) -> Offset:
        """The line, and the character in it, at the cell ``x``, ``y`` of the screen.

        Textual reads this from its own marks on the text, whose making costs a third of
        drawing it.
        """
        column, row = x - self.region.x, y - self.region.y
        if not 0 <= row < len(self._lines):
            return Offset(max(0, column), max(0, row))
        text, cells = self._lines[row].text, 0
        for place, character in enumerate(text):
            cells += get_character_cell_size(character)
            if cells > column:
                return Offset(place, row)
        return Offset(len(text), row)

    def _with_selection(self, strip: Strip, y: int, selection: Selection) -> Strip:
        """``strip`` with what the mouse has selected in it."""
        span = selection.get_span(y)
        if span is not None:
            text = strip.text
            start = cell_len(text[: span[0]])
            end = strip.cell_length if span[1] == -1 else cell_len(text[: span[1]])
            chosen = self.screen.get_component_rich_style("screen--selection")
            inside = Segment.apply_style(strip.crop(start, end), post_style=chosen)
            strip = Strip.join([strip.crop(0, start), Strip(inside), strip.crop(end)])
        return strip

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as it stands on screen."""
        text = "\n".join(line.text.rstrip() for line in self._lines)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def _styles(self) -> _Styles:
        """How the roles are written in the theme that is on."""
        variables = self.app.theme_variables
        if variables is not self._styles_of.variables:
            self._styles_of = _Styles(variables, self.background_colors[1])
        return self._styles_of

    def notify_style_update(self) -> None:
        self._styles_of = _Styles()
        self._strips.clear()
        super().notify_style_update()

    def on_resize(self, event: events.Resize) -> None:
        if self._composed_for != self._to_compose_for:
            self._draw_anew()
            self.refresh()

    def _draw_anew(self) -> None:
        """Compose for another size, or with other characters. Painting does so before the event
        of it has come.
        """
        self._lines, self._composed = [], []
        self._strips.clear()
        self._composed_for = self._to_compose_for
        width, height = self.size
        self._lines = self._fitted(self.compose_lines(width, height)[:height], width)
        self._marked = self.marked_lines()


class PictureView(LineView):
    """Shows something of :attr:`snapshot`, to which its screen binds it."""

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, layout=False)

    def watch_snapshot(self) -> None:
        self.update_lines()

    def let_go(self) -> None:
        """Hold the picture no longer, of which nothing is seen any more; what was drawn stays."""
        self.set_reactive(PictureView.snapshot, None)
