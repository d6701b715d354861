"""``jiaozi demo``: one voucher's whole life on this machine, told as a story with figures.

It works in a folder of its own (``var/demo``), emptied at the start, on the real services, the real database and real
jobs; the organisations are invented and every value that the city has not published is a demo value.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from jiaozi.cli.demo import places
from jiaozi.cli.house import opened, wiring


class Engines(StrEnum):
    """What runs the demo's jobs."""

    PROCESS = "process"
    SLURM = "slurm"


_FOLDER, _ROOT = Path("var/demo"), Path()
app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def demo(
    *,
    serve: Annotated[bool, typer.Option(help="serve the console's first page after the story")] = True,
    engines: Annotated[
        Engines, typer.Option(help="what runs the jobs: this machine, or two real Slurm clusters on it")
    ] = Engines.PROCESS,
    trace: Annotated[Path | None, typer.Option(help="an SWF trace to bring in as a centre's metered usage")] = None,
    folder: Annotated[Path, typer.Option(help="where the demo keeps its data; emptied at the start")] = _FOLDER,
    root: Annotated[Path, typer.Option(help="the project's folder: programmes, catalogue, samples")] = _ROOT,
) -> None:
    """Run one voucher's whole life as a story · 演示一张算力券的全过程."""
    os.environ["JIAOZI_VAR"] = str(folder)
    os.environ["JIAOZI_DEMO"] = "true"
    os.environ.setdefault("JIAOZI_PROCESS_ENGINE", "true")
    os.environ.setdefault("JIAOZI_PROCESS_ISOLATION", "where_possible")
    started = time.perf_counter()
    if engines is Engines.SLURM:
        _slurm("daemons").require()
    _start_empty(folder)
    with _clusters(engines, folder) as clusters:
        _offer_places(folder, clusters)
        with opened():
            from jiaozi.cli.demo import story  # noqa: PLC0415 - needs Django, which was just set up

            true = story.tell(root, trace, started, clusters)
        if not true:
            raise typer.Exit(1)
        if serve:
            wiring("up").run()


def _offer_places(folder: Path, clusters: Any) -> None:
    """Let orders name data by URL, in folders of this machine; the settings are read anew."""
    os.environ["JIAOZI_STAGING"] = str(places.offer(folder, clusters.landing if clusters else None))
    wiring("environment").environment.cache_clear()


def _clusters(engines: Engines, folder: Path) -> AbstractContextManager[Any]:
    """Hold the clusters up where they are asked for; told to end, leave by the way that ends them."""
    if engines is Engines.PROCESS:
        return nullcontext()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return _slurm("centres").running(folder)  # type: ignore[no-any-return]


def _slurm(name: str) -> Any:
    """Load what belongs to the clusters, where they are asked for."""
    return importlib.import_module(f"jiaozi.cli.demo.slurm.{name}")


def _start_empty(folder: Path) -> None:
    """Forget an earlier demo; nothing else is ever touched."""
    postgres, settings = wiring("postgres"), wiring("environment").environment()
    here = postgres.location(settings.folder("postgres"))
    wiring("up").end_other()
    postgres.stop(here)
    postgres.purge(here)
    for each in ("jobs", "data", "landing", "moves"):
        shutil.rmtree(folder / each, ignore_errors=True)
