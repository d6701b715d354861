"""One real Ray for a whole test session, and what a batch of jobs did there."""

from typing import Any, NamedTuple

import pytest

from jiaozi.engines.ray import connect
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobSpec, JobState
from tests.engines.ray.cluster import CARD, Cluster, missing, until

CLASSES = {"cpu": {}, "gpu-910b": {"resource": CARD}}


class Ran(NamedTuple):
    """What became of a job."""

    status: Any
    log: bytes
    record: Any


@pytest.fixture(scope="session")
def cluster():
    """A head, or one line that says why not."""
    why = missing()
    if why:
        pytest.skip(why)
    up = Cluster().up()
    yield up
    up.down()


def spec(order_id, *command, **limits):
    wanted = {"cores": 1, "memory_mib": 256, "time_limit_ms": 60_000, "resource_class": "cpu", **limits}
    return JobSpec(order_id=order_id, command=command, **wanted)


class Place:
    """The cluster and an engine on it."""

    def __init__(self, cluster, **options):
        self.cluster = cluster
        self.options = {"url": cluster.url, "classes": CLASSES, "timeout_s": 60, **options}
        self.engine = connect(self.options)

    def submit(self, *command, **limits):
        order_id = new_id()
        self.engine.submit(spec(order_id, *command, **limits))
        return order_id

    def status(self, order_id):
        return self.engine.status([order_id])[order_id]

    def until(self, order_id, state):
        return until(lambda: (s := self.status(order_id)).state is state and s, f"{order_id} {state}")

    def _living(self, orders):
        return [s for s in self.engine.status(list(orders.values())).values() if s.state is not JobState.ENDED]

    def records(self):
        found, cursor, more = {}, "", True
        while more:
            page = self.engine.usage(cursor)
            found |= {record.order_id: record for record in page.records}
            cursor, more = page.cursor, page.more
        return found

    def run_all(self, jobs, at_once=3):
        """Run jobs, a few at once so that a busy machine starts each in time, to the end of all of them."""
        orders = {}
        for name, (command, limits) in jobs.items():
            until(lambda: len(self._living(orders)) < at_once, "a job to end")
            orders[name] = self.submit(*command, **limits)
        until(lambda: not self._living(orders), "all jobs to end")
        records = self.records()
        return {
            name: Ran(self.status(order), self.engine.logs(order, 65_536), records.get(order))
            for name, order in orders.items()
        }


@pytest.fixture(scope="session")
def place(cluster):
    return Place(cluster)
