"""The demo's two centres as two real Slurm clusters: the catalogue says so, and the line to one can be cut."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from jiaozi.cli.demo.slurm.clusters import USER, Cluster, Clusters
from jiaozi.cli.demo.slurm.daemons import end_noted, note

CLUSTERS = {"nscc-chengdu": Cluster("scc"), "chengdu-aicc": Cluster("aic", cards=True)}
"""Centre → its cluster."""
_CLASSES = ("demo-core", "cpu-core")
_GRANULARITY_MS, _KILL_LAG_MS = 60_000, 35_000
"""Slurm's limits are whole minutes, and it looks at them every half minute."""
_ANSWER_MAX_S = 5
"""Short, so that the story does not wait long for a centre that is away."""


class SlurmCentres:
    """Both centres' clusters, coming up while the story begins."""

    def __init__(self, clusters: Clusters, coming: Future[Clusters], folder: Path) -> None:
        self.clusters, self._coming, self._folder = clusters, coming, folder

    def catalogue(self, shipped: Path) -> Path:
        """Write the catalogue with the two centres' engines as an operator would, and give its folder."""
        into = self._folder / "catalogue"
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(shipped, into)
        yaml = YAML()
        centres = yaml.load(into / "centres.yaml")
        for entry in centres["centres"]:
            if entry["id"] in CLUSTERS:
                entry["engine"] = self._engine(CLUSTERS[entry["id"]].name)
        yaml.dump(centres, into / "centres.yaml")
        return into

    def _engine(self, cluster: str) -> dict[str, Any]:
        options = {
            "classes": {name: {"partition": "work"} for name in _CLASSES},
            "folder": str(self.clusters.root / "jobs"),
            "user": USER,
            "become": ["runuser", "-u", USER, "--"],
            "conf": str(self.clusters.conf(cluster)),
            "timeout_s": _ANSWER_MAX_S,
        }
        return {
            "name": "slurm",
            "demo": True,
            "options": options,
            "granularity_ms": _GRANULARITY_MS,
            "kill_lag_ms": _KILL_LAG_MS,
        }

    @property
    def landing(self) -> Path:
        """Where data by URL lands: a folder that the nodes share, of which the jobs' account may write one half."""
        return self.clusters.landing

    def ready(self) -> None:
        """Wait until both take work."""
        self._coming.result()

    def cut(self, centre: str) -> None:
        """Let a centre fall silent."""
        self.clusters.cut(CLUSTERS[centre].name)

    def mend(self, centre: str) -> None:
        """Let it answer again."""
        self.clusters.mend(CLUSTERS[centre].name)

    def jobs_named(self, name: str) -> list[tuple[str, str]]:
        """Ask both clusters' accounting, beside the platform, for the jobs of a name: centre and number."""
        found = []
        for centre, cluster in CLUSTERS.items():
            words = ("sacct", "-X", "-n", "-P", "-D", "--allusers", "-S", "now-1days", f"--name={name}")
            answer = self.clusters.run(cluster.name, *words, "--format=JobIDRaw")
            found += [(centre, number) for number in answer.split()]
        return found


@contextmanager
def running(folder: Path) -> Iterator[SlurmCentres]:
    """Hold both clusters up, the start of it beside whatever is done meanwhile; at the end nothing of them is left."""
    end_noted(note(folder))
    clusters = Clusters(list(CLUSTERS.values()), note=note(folder))
    try:
        with ThreadPoolExecutor(1) as pool:
            yield SlurmCentres(clusters, pool.submit(clusters.up), folder)
    finally:
        clusters.down()
