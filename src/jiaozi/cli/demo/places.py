"""The operator's file of a demo: two folders of this machine between which orders' data may be moved."""

from __future__ import annotations

import json
from pathlib import Path

from jiaozi.cli.demo.names import CENTRES

DATA_AT = "deyang"
"""The site where the holders' folders are said to lie: the demo's link from there has a demo price."""


def offer(folder: Path, landing: Path | None) -> Path:
    """Write the operator's file: each holder's own folder, and where data lands at both centres."""
    here, below = folder.resolve(), (landing or folder / "landing").resolve()
    for each in (here / "data", below / "in", below / "out"):
        each.mkdir(parents=True, exist_ok=True)
    root = f"file://{here}/data/{{holder}}"
    given = {
        "roots": [root],
        "spool": str(here / "moves"),
        "landings": dict.fromkeys(CENTRES, f"file://{below}"),
        "places": {root: DATA_AT},
    }
    path = here / "staging.json"
    path.write_text(json.dumps(given, indent=1), encoding="utf-8")
    return path
