"""One real Kubernetes for a whole test session, and what a batch of jobs did there."""

from typing import Any, NamedTuple

import pytest

from jiaozi.engines.kubernetes import connect
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobSpec, JobState
from tests.engines.kubernetes.cluster import CARD, IMAGE, Cluster, missing, until

CLASSES = {
    "cpu": {"image": IMAGE},
    "gpu-910b": {"image": IMAGE, "resource": CARD},
    "queued": {"image": IMAGE, "queue": "vouchers"},
}
QUOTA = {"requests.cpu": "1", "count/jobs.batch": "50"}
NAMESPACE = "jiaozi-{voucher}"


@pytest.fixture(scope="session")
def cluster():
    """A cluster, or one line that says why not."""
    why = missing()
    if why:
        pytest.skip(why)
    up = Cluster().up()
    yield up
    up.down()


def spec(order_id, *command, **limits):
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 60_000, "resource_class": "cpu", "voucher_id": new_id()}
    return JobSpec(order_id=order_id, command=command, **{**wanted, **limits})


class Ran(NamedTuple):
    """What became of a job."""

    status: Any
    log: bytes
    record: Any


class Place:
    """The cluster and an engine on it."""

    def __init__(self, cluster, **options):
        self.cluster = cluster
        wanted = {"kubeconfig": str(cluster.kubeconfig), "classes": CLASSES, "namespace": NAMESPACE, "quota": QUOTA}
        self.options = {**wanted, "timeout_s": 60, **options}
        self.engine = connect(self.options)

    def with_options(self, **options):
        return Place(self.cluster, **{**self.options, **options})

    def submit(self, *command, **limits):
        order_id = new_id()
        self.engine.submit(spec(order_id, *command, **limits))
        return order_id

    def status(self, order_id):
        return self.engine.status([order_id])[order_id]

    def until(self, order_id, state):
        return until(lambda: (s := self.status(order_id)).state is state and s, f"{order_id} {state}")

    def records(self):
        found, cursor, more = {}, "", True
        while more:
            page = self.engine.usage(cursor)
            found |= {record.order_id: record for record in page.records}
            cursor, more = page.cursor, page.more
        return found

    def run_all(self, jobs):
        """Run jobs at once, to the end of all of them."""
        orders = {name: self.submit(*command, **limits) for name, (command, limits) in jobs.items()}
        ids = list(orders.values())
        until(lambda: all(s.state is JobState.ENDED for s in self.engine.status(ids).values()), "all jobs to end")
        records = self.records()
        return {
            name: Ran(self.status(order), self.engine.logs(order, 65_536), records.get(order))
            for name, order in orders.items()
        }


@pytest.fixture(scope="session")
def place(cluster):
    return Place(cluster)
