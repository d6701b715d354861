"""Data by URL in the demo: a holder's made-up file, and what the order names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.cli.demo.places import DATA_AT
from jiaozi.cli.house import wiring
from jiaozi.order.rules.wishes import DataFile, Wishes


def wishes(job: dict[str, Any], holder: UUID) -> Wishes:
    """Put a sample's inputs into its holder's folder, and say what the order names."""
    data = job.get("data")
    if data is None:
        return Wishes()
    folder = wiring("environment").environment().folder("data", str(holder))
    folder.mkdir(parents=True, exist_ok=True)
    inputs = [_input(folder / name, lines) for name, lines in data["inputs"].items()]
    outputs = [
        DataFile(name=name, url=f"file://{folder / name}", size_bytes=most) for name, most in data["outputs"].items()
    ]
    return Wishes(data_at=DATA_AT, inputs=tuple(inputs), outputs=tuple(outputs))


def _input(path: Path, lines: int) -> DataFile:
    """Write so many made-up readings of a made-up sensor."""
    content = "".join(f"{number},{20 + number * 7_919 % 1_000 / 100:.2f}\n" for number in range(lines)).encode()
    path.write_bytes(content)
    sum_ = hashlib.sha256(content).hexdigest()
    return DataFile(name=path.name, url=f"file://{path}", size_bytes=len(content), sha256=sum_)
