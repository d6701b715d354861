"""Time SkyPilot's optimizer on a catalogue of so many regions; run by the Python of ``make setup-skypilot``.

Prints one line of JSON with the milliseconds of each task, by the wall's clock and of the processor. Nothing of the
network is asked: the catalogue is a file made here, of the cloud whose catalogue has the fewest columns, and the one
cloud that is enabled is said by hand, because its credentials are what SkyPilot would look for. One instance type with
8 cards is offered in every region at a price of its own, so every region is a candidate, as every centre is in the
quote that this is compared with.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

HEAD = (
    *("InstanceType", "AcceleratorName", "AcceleratorCount", "vCPUs", "MemoryGiB"),
    *("Price", "Region", "GpuInfo", "SpotPrice"),
)


def _write(file: Path, *rows: tuple[object, ...]) -> None:
    file.parent.mkdir(parents=True)
    with file.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows(rows)


def _catalogue(home: Path, regions: int) -> None:
    chance, folder = Random(3), home / ".sky" / "catalogs" / "v8"
    _write(folder / "common" / "accelerators.csv", ("AcceleratorName", "Memory", "Clouds"), ("A100", "40GB", "Lambda"))
    offered = [
        ("gpu_8x_a100", "A100", 8.0, 124.0, 1800.0, round(8 * chance.uniform(1, 3), 2), f"region-{number:03}", "", "")
        for number in range(regions)
    ]
    _write(folder / "lambda" / "vms.csv", HEAD, *offered)


def main() -> None:
    """Make the catalogue, warm up, time the tasks one by one."""
    regions, tasks = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HOME": folder, "SKYPILOT_DISABLE_USAGE_COLLECTION": "1", "SKYPILOT_MINIMIZE_LOGGING": "1"}
        _catalogue(Path(folder), regions)
        import sky
        from sky import check, clouds, optimizer

        check.get_cached_enabled_clouds_or_refresh = lambda *_, **__: [clouds.Lambda()]
        taken, worked = [], []
        for number in range(tasks + 1):
            with sky.Dag() as dag:
                task = sky.Task(f"task-{number}", run="true")
                task.set_resources(sky.Resources(accelerators={"A100": 8}))
            began, busy = time.perf_counter(), time.process_time()
            optimizer.Optimizer.optimize(dag, quiet=True)
            taken.append((time.perf_counter() - began) * 1_000)
            worked.append((time.process_time() - busy) * 1_000)
            if task.best_resources is None:
                raise SystemExit("SkyPilot chose nothing")
        chosen = str(task.best_resources.region)
        told = {"version": sky.__version__, "regions": regions, "chosen": chosen}
        print(json.dumps(told | {"ms": taken[1:], "worked_ms": worked[1:]}))


if __name__ == "__main__":
    main()
