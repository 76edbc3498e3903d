"""``onwatch dashboard import``: takes over a dashboard of Grafana's."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from checks.dashboards.grafana.reading import read_grafana
from checks.dashboards.model import Dashboard
from checks.dashboards.probing import cannot_be_shown, doubts_about
from checks.model import clean
from checks.swapping import swap_in
from tui.config.files import homeless, irreplaceable
from tui.refusal import ArgumentError

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Say what the configuration needs, or write it; 1 where a panel cannot be shown."""
    path = Path(args.file)
    found = read_grafana(path, trusted=True)
    notes = [*found.notes, *doubts_about(found)]
    if args.output:
        notes += _write(args, found)
    else:
        print("dashboards:")
        print(f"  - file: {json.dumps(args.file, ensure_ascii=False)}")
    for note in notes:
        sys.stderr.write(f"{clean(note, 500)}\n")
    unshown = [one for one in found.panels if cannot_be_shown(one, found.variables)]
    whole = len(found.panels)
    sys.stderr.write(f"{found.title}: {whole - len(unshown)} of {whole} panels are shown\n")
    return 1 if unshown else 0


def _write(args: argparse.Namespace, found: Dashboard) -> list[str]:
    """Write it as an item; what is lost by that."""
    from tui.output.dashboard_config import as_yaml, losses  # noqa: PLC0415 - for this option

    output = Path(args.output)
    if os.path.lexists(output) and not args.force:
        why = "is there already: --force overwrites it"
        raise ArgumentError("", f"{args.output} {why}")
    if irreplaceable(output):
        why = "is no file that could be overwritten"
        raise ArgumentError("", f"{args.output} {why}")
    try:
        if problem := homeless(output):
            raise ArgumentError("", problem)
        swap_in(output, as_yaml(found))
    except OSError as error:
        why = f"cannot be written: {error.strerror or error}"
        raise ArgumentError("", f"{args.output} {why}") from None
    print(f"wrote {clean(output)}: its item belongs under dashboards: in your configuration")
    return list(losses(found))
