"""What this machine can do to hold a job in: tried for real, in a process that ends afterwards."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from jiaozi.engines.process import sandbox
from jiaozi.engines.process.cgroups import Group


def main(folder: str) -> None:
    """Print one line of JSON: do namespaces work, and if not why; does a control group hold a memory limit."""
    why = _try_namespaces(folder)
    group = Group(f"probe-{os.getpid()}")
    group.limit(memory_mib=64, cores=1)
    memory = group.memory
    group.remove()
    sys.stdout.write(json.dumps({"namespaces": not why, "why": why, "memory": memory}) + "\n")


def _try_namespaces(folder: str) -> str:
    place = tempfile.mkdtemp(prefix=".probe-", dir=folder)
    home = Path(place, "home")
    for name in (home, home / "tmp", home / ".shm", Path(place, "root")):
        name.mkdir()
    told, tell = os.pipe()
    outer = os.fork()
    if outer == 0:
        _build_twice_forked(place, tell)
    os.close(tell)
    with os.fdopen(told, encoding="utf-8", errors="replace") as answer:
        why = answer.read()
    os.waitpid(outer, 0)
    shutil.rmtree(place)
    return why


def _build_twice_forked(place: str, tell: int) -> None:
    try:
        sandbox.leave_machine()
        inner = os.fork()
        if inner == 0:
            sandbox.build(f"{place}/root", f"{place}/home", uid=os.geteuid(), software=())
            os._exit(0)
        os.waitpid(inner, 0)
    except BaseException as problem:  # noqa: BLE001 - whatever it is, it is the answer
        os.write(tell, f"{type(problem).__name__}: {problem}".encode())
    finally:
        os._exit(0)
