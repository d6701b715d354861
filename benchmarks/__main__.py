"""Print the performance table: ``python -m benchmarks`` runs every benchmark, ``python -m benchmarks ledger`` one.

A benchmark is a module of this package with ``run(console) -> list[Row]``; put it here and it is found. It is imported
only when the scratch database is up and migrated, so it may import the house at its top.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.row import Row
from benchmarks.scratch import scratch_database

_FURNITURE = {"__main__", "alone", "beside", "city", "growth", "row", "scratch", "served", "yardstick"}


def _names(wanted: list[str]) -> list[str]:
    known = sorted(module.name for module in iter_modules(benchmarks.__path__) if module.name not in _FURNITURE)
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return wanted or known


def _show(console: Console, name: str, rows: list[Row]) -> None:
    table = Table(title=name, title_justify="left")
    for heading in ("measure", "on this machine", "ratio: median (min–max)", "target", "met"):
        table.add_column(heading)
    words = {True: "yes", False: "[red]no[/red]", None: ""}
    for row in rows:
        table.add_row(row.measure, row.figure, row.ratio, row.target, words[row.met])
    console.print(table)


def main() -> None:
    """Run the benchmarks that the command line names, or all."""
    names = _names(sys.argv[1:])
    console = Console(width=None if sys.stdout.isatty() else 140)
    with scratch_database():
        for name in names:
            _show(console, name, import_module(f"benchmarks.{name}").run(console))


if __name__ == "__main__":
    main()
