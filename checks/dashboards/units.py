"""Units of figures: Grafana's names for them, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checks.model import clean

__all__ = ["UNITS", "unit_of"]

UNITS: Final[Mapping[str, tuple[str, float]]] = {
    **dict.fromkeys(("", "none", "short", "string", "locale", "sishort"), ("", 1.0)),
    "percent": ("%", 1.0),
    "%": ("%", 1.0),
    "percentunit": ("ratio", 1.0),
    "ratio": ("ratio", 1.0),
    **dict.fromkeys(("bytes", "decbytes", "B"), ("B", 1.0)),
    **dict.fromkeys(("kbytes", "KiB"), ("B", 1024.0)),
    **dict.fromkeys(("mbytes", "MiB"), ("B", 1024.0**2)),
    **dict.fromkeys(("gbytes", "GiB"), ("B", 1024.0**3)),
    **dict.fromkeys(("tbytes", "TiB"), ("B", 1024.0**4)),
    **dict.fromkeys(("deckbytes", "kB"), ("B", 1e3)),
    **dict.fromkeys(("decmbytes", "MB"), ("B", 1e6)),
    **dict.fromkeys(("decgbytes", "GB"), ("B", 1e9)),
    **dict.fromkeys(("Bps", "binBps", "B/s"), ("B/s", 1.0)),
    **dict.fromkeys(("KBs", "KiBs"), ("B/s", 1024.0)),
    **dict.fromkeys(("MBs", "MiBs"), ("B/s", 1024.0**2)),
    "s": ("s", 1.0),
    **dict.fromkeys(("dtdurations", "dthms", "clocks"), ("s", 1.0)),
    **dict.fromkeys(("ms", "dtdurationms", "clockms"), ("s", 1e-3)),
    **dict.fromkeys(("µs", "us"), ("s", 1e-6)),
    "ns": ("s", 1e-9),
    "m": ("s", 60.0),
    "h": ("s", 3600.0),
    "d": ("s", 86400.0),
    **dict.fromkeys(
        ("ops", "reqps", "rps", "wps", "iops", "cps", "eps", "mps", "pps", "hertz", "/s"),
        ("/s", 1.0),
    ),
    **dict.fromkeys(("opm", "rpm", "wpm", "cpm", "reqpm"), ("/min", 1.0)),
    **dict.fromkeys(("bps", "binbps"), ("bit/s", 1.0)),
    **dict.fromkeys(("bits", "decbits"), ("bit", 1.0)),
    **dict.fromkeys(("celsius", "°C"), ("°C", 1.0)),
    "rotrpm": ("rpm", 1.0),
    "volt": ("V", 1.0),
    "amp": ("A", 1.0),
    "watt": ("W", 1.0),
    **dict.fromkeys(("rothz", "Hz"), ("Hz", 1.0)),
    "currencyUSD": ("$", 1.0),
    "currencyEUR": ("€", 1.0),
}
"""Grafana's names of units and our own: what figures have then, and what they are multiplied
by."""


def unit_of(name: str) -> tuple[str, float]:
    """Our unit for the unit called ``name``, and the factor from one to the other.

    What is not known is a text that stands behind numbers, as is Grafana's ``suffix:req``.
    """
    known = UNITS.get(name)
    if known is not None:
        return known
    kind, colon, text = name.partition(":")
    if colon and kind in ("suffix", "si", "prefix", "count", "currency", "bool", "time"):
        return (clean(text, 12) if kind in ("suffix", "si", "count", "currency") else ""), 1.0
    return clean(name, 12), 1.0
