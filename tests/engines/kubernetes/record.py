"""Writes what the recorded tests replay: a real cluster's lists, with jobs in every state, and its schema of a job.

``python -m tests.engines.kubernetes.record`` after ``make setup-kubernetes``, when the engine asks for something new.
"""

import json
from pathlib import Path

from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobState
from tests.engines.kubernetes.cluster import CARDS, Cluster, until
from tests.engines.kubernetes.conftest import Place

FOLDER = Path(__file__).parent / "recorded"
LISTS = {
    "jobs": "/apis/batch/v1/jobs",
    "pods": "/api/v1/pods",
    "nodes": "/api/v1/nodes",
    "events": "/api/v1/events?fieldSelector=reason%3DFailedCreate,involvedObject.kind%3DJob",
}
ENDED = {
    "succeeded": (("true",), {}),
    "failed": (("sh", "-c", "exit 3"), {}),
    "missing": (("no-such-program",), {}),
    "memory": (("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=3"), {}),
    "overrun": (("sh", "-c", "trap '' TERM; while :; do sleep 1; done"), {"time_limit_ms": 2_000}),
}
_NOISE = ("managedFields", "selfLink", "images", "resourceVersion", "hostIP", "addresses")


def bare(value):
    """Leave out what nobody reads."""
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if name not in _NOISE}
    return [bare(each) for each in value] if isinstance(value, list) else value


def schema(told, name):
    """Give the schemas that one kind needs, without their prose."""
    found, look = {}, [name]
    while look:
        name = look.pop()
        if name in found:
            continue
        found[name] = {
            field: each["$ref"].rpartition("/")[2] if "$ref" in each else
            [each["items"].get("type") or each["items"]["$ref"].rpartition("/")[2]] if each.get("type") == "array" else
            each.get("type", "")
            for field, each in told[name].get("properties", {}).items()
        }  # fmt: skip
        for each in found[name].values():
            kind = each[0] if isinstance(each, list) else each
            if kind in told:
                look.append(kind)
    return found


def main():
    cluster = Cluster().up()
    try:
        place, voucher = Place(cluster), new_id()
        names = {name: place.submit(*command, **limits) for name, (command, limits) in ENDED.items()}
        names["cancelled"] = place.submit("sleep", "300")
        names["running"] = place.submit(
            "sleep", "300", voucher_id=voucher, cores=1, resource_class="gpu-910b", cards=CARDS
        )
        for name in ("cancelled", "running"):
            place.until(names[name], JobState.RUNNING)
        place.engine.cancel(names["cancelled"])
        names["quota"] = place.submit("true", voucher_id=voucher)
        names["unschedulable"] = place.submit("true", resource_class="gpu-910b", cards=1)
        over = [names[name] for name in (*ENDED, "cancelled")]
        until(lambda: all(s.state is JobState.ENDED for s in place.engine.status(over).values()), "jobs to end")
        until(lambda: "Insufficient" in place.status(names["unschedulable"]).reason.en, "the scheduler's word")
        until(lambda: "quota" in place.status(names["quota"]).reason.en, "the quota's word")
        for name, path in LISTS.items():
            text = json.dumps(bare(cluster.ask("GET", path)), indent=1, ensure_ascii=False)
            (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        (FOLDER / "orders.json").write_text(
            json.dumps({name: str(order) for name, order in names.items()}, indent=1) + "\n"
        )
        told = cluster.ask("GET", "/openapi/v2")["definitions"]
        (FOLDER / "schema.json").write_text(json.dumps(schema(told, "io.k8s.api.batch.v1.Job"), indent=1) + "\n")
    finally:
        cluster.down()


if __name__ == "__main__":
    main()
