"""A step as it would run, whole, and the question whether it is to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets import format as fmt
from widgets.databases.session import pair_lines
from widgets.frame import Frame
from widgets.runbook.words import MEANINGS, ROLES, WORDS, marking_sign
from widgets.text import Line, Seg, broken, line

if TYPE_CHECKING:
    from checks.runbooks.views import StepOffer

__all__ = ["command_lines", "offer_lines"]


def command_lines(text: str, width: int) -> list[Line]:
    """The command as it is written, nothing of it cut; its own lines and blanks are kept."""
    lines = []
    room = max(8, width - 4)
    for row in text.rstrip().splitlines() or [""]:
        pieces = [row[at : at + room] for at in range(0, len(row), room)] or [""]
        lines += [
            line(Seg("  + " if at else "   ", "dim"), Seg(p, "value"))
            for at, p in enumerate(pieces)
        ]
    return lines


def offer_lines(offer: StepOffer, frame: Frame) -> list[Line]:
    """All that is to be seen before it runs: marking, command, values, target, bound."""
    width = frame.width
    marking = f" {marking_sign(offer.marking, frame.glyphs)} {WORDS[offer.marking]}"
    lines = [line(Seg(marking, ROLES[offer.marking]), Seg(f": {MEANINGS[offer.marking]}", "dim"))]
    lines += [line(" ", Seg(row, "label")) for row in broken(offer.description, width - 2)]
    lines += [line(), *command_lines(offer.text, width), line()]
    return lines + pair_lines(_pairs(offer), width)


def _pairs(offer: StepOffer) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, value in offer.variables]
    if offer.target:
        pairs.append(("target", offer.target))
    if offer.login:
        pairs.append(("redis", f"logs in as the check {offer.login} does"))
    bound = (
        f"ended if it takes longer than {fmt.span(offer.timeout)}" if not offer.interactive else ""
    )
    pairs.append((offer.language.value, bound or "takes the terminal until it ends"))
    return pairs
