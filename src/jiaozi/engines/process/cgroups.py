"""A control group per job, where the machine lets us make one: exact memory and processor limits, exact meters.

Version 1 spreads the controllers over several mounts, version 2 has them in one. What can't be set up is left out:
``memory`` says whether the memory limit holds here, else the supervisor falls back to per-process limits.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_PERIOD_US = 100_000
_MIB = 1024 * 1024
_REMOVE_TRIES = 200
_REMOVE_PAUSE_S = 0.005


class Group:
    """One job's control groups; every reading is None where its controller is missing."""

    def __init__(self, name: str) -> None:
        self._folders: dict[str, Path] = {}
        self._two = False
        for controller, parent, two in _controllers():
            folder = parent / "jiaozi" / name
            if two and not _delegate(parent):
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                continue
            if not two or (folder / f"{controller}.max").exists() or controller == "cpuacct":
                self._folders[controller] = folder
                self._two = self._two or two
        self.memory = False

    def limit(self, *, memory_mib: int, cores: int) -> None:
        """Set the limits that can be set."""
        self.memory = self._write("memory", "memory.max" if self._two else "memory.limit_in_bytes", memory_mib * _MIB)
        if self._two:
            self._write("memory", "memory.swap.max", 0)
            self._write("cpu", "cpu.max", f"{cores * _PERIOD_US} {_PERIOD_US}")
        else:
            self._write("memory", "memory.memsw.limit_in_bytes", memory_mib * _MIB)
            self._write("cpu", "cpu.cfs_period_us", _PERIOD_US)
            self._write("cpu", "cpu.cfs_quota_us", cores * _PERIOD_US)

    def doors(self) -> tuple[str, ...]:
        """Give the files into which a process writes 0 to enter, and all that it starts later with it."""
        return tuple(sorted({str(folder / "cgroup.procs") for folder in self._folders.values()}))

    def cpu_ms(self) -> int | None:
        """Processor time of all processes that were ever in it."""
        if not self._two:
            spent_ns = self._read("cpuacct", "cpuacct.usage")
            return None if spent_ns is None else spent_ns // 1_000_000
        spent_us = self._field("cpuacct", "cpu.stat", "usage_usec")
        return None if spent_us is None else spent_us // 1_000

    def memory_peak_mib(self) -> int | None:
        """The most at once, rounded up."""
        name = "memory.peak" if self._two else "memory.max_usage_in_bytes"
        peak = self._read("memory", name)
        return None if peak is None else -(-peak // _MIB)

    def oom_kills(self) -> int:
        """How many processes the kernel ended because the limit was reached."""
        name = "memory.events" if self._two else "memory.oom_control"
        return self._field("memory", name, "oom_kill") or 0

    def remove(self) -> None:
        """Take the groups away once they are empty."""
        for folder in set(self._folders.values()):
            for _ in range(_REMOVE_TRIES):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(_REMOVE_PAUSE_S)
                else:
                    break

    def _write(self, controller: str, name: str, value: object) -> bool:
        folder = self._folders.get(controller)
        if folder is None:
            return False
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            os.write(handle, str(value).encode())
        except OSError:
            return False
        finally:
            os.close(handle)
        return True

    def _read(self, controller: str, name: str) -> int | None:
        folder = self._folders.get(controller)
        try:
            return int((folder / name).read_text()) if folder else None
        except (OSError, ValueError):
            return None

    def _field(self, controller: str, name: str, key: str) -> int | None:
        folder = self._folders.get(controller)
        if folder is None:
            return None
        with contextlib.suppress(OSError):
            for line in (folder / name).read_text().splitlines():
                word, _, value = line.partition(" ")
                if word == key and value.isdigit():
                    return int(value)
        return None


def _controllers() -> list[tuple[str, Path, bool]]:
    """Find where each controller is mounted: (controller, mount point, whether that is version 2)."""
    found: dict[str, tuple[str, Path, bool]] = {}
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        before, _, after = line.partition(" - ")
        point, kind = Path(before.split()[4]), after.split()[0]
        if kind == "cgroup":
            for controller in after.split()[2].split(","):
                if controller in {"memory", "cpu", "cpuacct"}:
                    found[controller] = (controller, point, False)
        elif kind == "cgroup2":
            with contextlib.suppress(OSError):
                present = (point / "cgroup.controllers").read_text().split()
                if "memory" in present:
                    for controller in ("memory", "cpu", "cpuacct"):
                        found.setdefault(controller, (controller, point, True))
    return list(found.values())


def _delegate(parent: Path) -> bool:
    """Let version 2 groups below ``jiaozi`` use the controllers; False where the machine keeps them to itself."""
    try:
        (parent / "jiaozi").mkdir(exist_ok=True)
        for folder in (parent, parent / "jiaozi"):
            (folder / "cgroup.subtree_control").write_text("+memory +cpu")
    except OSError:
        return False
    return True
