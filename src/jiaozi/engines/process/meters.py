"""What a job uses, asked from the operating system, and the limits that only a meter can hold.

With control groups the kernel keeps memory and processor limits exactly and counts exactly. Without, memory is the sum
over the tree, looked at several times a second, and processor time is what the kernel reports of ended processes.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any

from jiaozi.engines.process import descendants
from jiaozi.engines.process.cgroups import Group

_TREE_EVERY_S = 0.2
_DISK_EVERY_S = 1.0
_DISK_SHARE = 20  # measuring the folder may take a twentieth of the time
_FILES_MAX = 50_000
_MIB = 1024 * 1024


class Meter:
    """One job's meter."""

    def __init__(self, group: Group, home: Path, spec: dict[str, Any]) -> None:
        self._group = group
        self._home = home
        self._spec = spec
        self._cpu_max_ms = spec["time_limit_ms"] * spec["cores"]
        self._next_tree_s = 0.0
        self._next_disk_s = time.monotonic() + _DISK_EVERY_S
        self._cpu_seen_ms = 0
        self._cpu_collected_ms = 0
        self._peak_mib = 0

    def extend(self, time_limit_ms: int) -> None:
        """Let the job use its cores for longer."""
        self._cpu_max_ms = time_limit_ms * self._spec["cores"]

    def look(self, guard: int) -> str | None:
        """Look at what is due, and name the limit that was passed."""
        now = time.monotonic()
        passed = None
        if now >= self._next_tree_s and not self._group.memory:
            self._next_tree_s = now + _TREE_EVERY_S
            passed = self._look_at_tree(guard)
        if now >= self._next_disk_s:
            passed = passed or self._look_at_disk()
            self._next_disk_s = now + max(_DISK_EVERY_S, _DISK_SHARE * (time.monotonic() - now))
        return passed

    def collected(self, used: resource.struct_rusage) -> None:
        """Add what an ended process and the children that it had collected used."""
        self._cpu_collected_ms += int((used.ru_utime + used.ru_stime) * 1000)
        if not self._group.memory:
            self._peak_mib = max(self._peak_mib, -(-used.ru_maxrss // 1024))

    def reading(self) -> dict[str, int]:
        """Give processor time and peak memory so far."""
        cpu_ms = self._group.cpu_ms()
        peak_mib = self._group.memory_peak_mib()
        return {
            "cpu_ms": max(self._cpu_seen_ms, self._cpu_collected_ms) if cpu_ms is None else cpu_ms,
            "memory_peak_mib": self._peak_mib if peak_mib is None else peak_mib,
        }

    def _look_at_tree(self, guard: int) -> str | None:
        tree = descendants.below(guard)[1:]  # the inner guard is the first and not the job's
        memory_mib = descendants.memory_mib(tree, above=self._spec["memory_mib"])
        self._peak_mib = max(self._peak_mib, memory_mib)
        self._cpu_seen_ms = max(self._cpu_seen_ms, descendants.cpu_ms(tree))
        if memory_mib > self._spec["memory_mib"]:
            return "memory_limit"
        return "cpu_limit" if self._cpu_seen_ms > self._cpu_max_ms else None

    def _look_at_disk(self) -> str | None:
        """Add up the private folder by open handles, so that a link swapped in can't lead elsewhere."""
        blocks = files = 0
        try:
            for _, folders, names, handle in os.fwalk(self._home, follow_symlinks=False):
                for name in (*names, *folders):
                    files += 1
                    try:
                        blocks += os.stat(name, dir_fd=handle, follow_symlinks=False).st_blocks
                    except FileNotFoundError:
                        continue
                if files > _FILES_MAX:
                    return "disk_limit"
        except (OSError, RecursionError):
            return "disk_limit"  # nested deeper than can be walked
        return "disk_limit" if blocks * 512 > self._spec["disk_mib"] * _MIB else None
