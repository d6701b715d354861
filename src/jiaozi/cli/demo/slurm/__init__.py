"""Two real Slurm clusters beside the demo, for ``make demo ENGINES=slurm``.

Nothing of the machine's own services is used or changed: munge has its own key and socket, the accounting database its
own MariaDB, every port is a free one on the loopback. What was started is noted by process id, so that whoever comes
later ends it even after a kill.
"""

from __future__ import annotations

from jiaozi.cli.demo.slurm.clusters import Cluster, Clusters
from jiaozi.cli.demo.slurm.daemons import end_noted, missing

__all__ = ["Cluster", "Clusters", "end_noted", "missing"]
