"""An engine on recorded answers: everywhere, and without a cluster. ``record`` made them on a real one."""

import json
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID

import httpx2
from lightkube import Client, KubeConfig

from jiaozi.engines.kubernetes import connect
from jiaozi.engines.kubernetes.cluster import Bounded

FOLDER = Path(__file__).parent / "recorded"
ORDERS = {name: UUID(order) for name, order in json.loads((FOLDER / "orders.json").read_text()).items()}
CLASSES = {
    "cpu": {"image": "box"}, "gpu-910b": {"image": "box", "resource": "jiaozi.test/910b"},
    "queued": {"image": "box", "queue": "vouchers"},
}  # fmt: skip


def recorded(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


class Server:
    """Answers as the recorded cluster did, keeps what it was asked, and echoes what it was given."""

    def __init__(self, **changed):
        self.asked, self.given, self.changed = [], [], changed

    def __call__(self, request):
        path, query = request.url.path, parse_qs(request.url.query.decode())
        self.asked.append((request.method, path))
        for end, answer in self.changed.items():
            if path.endswith(end) or end == "all":
                return answer(request) if callable(answer) else answer
        if request.method != "GET":
            body = json.loads(request.content or b"{}")
            self.given.append((request.method, path, body, query))
            return httpx2.Response(200, json=body)
        name = path.rpartition("/")[2]
        found = recorded(name)
        for word in query.get("labelSelector", [""])[0].split(","):
            label, _, value = word.partition("=")
            if label and name in {"jobs", "pods"}:
                found["items"] = [
                    each for each in found["items"] if each["metadata"].get("labels", {}).get(label) == value
                ]
        return httpx2.Response(200, json=found)


def engine(server, **options):
    made = connect({"classes": CLASSES, "kubeconfig": "/nowhere", **options})
    config = _config()
    bounds = {"seconds": made.options.timeout_s, "size": made.options.answer_bytes_max}
    transport = Bounded(httpx2.MockTransport(server), **bounds)
    made.cluster.client = Client(config, transport=transport, trust_env=False, field_manager="jiaozi")
    return made


def _config():
    return KubeConfig.from_dict(
        {
            "current-context": "x", "clusters": [{"name": "c", "cluster": {"server": "https://recorded"}}],
            "users": [{"name": "a", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "a"}}],
        }
    ).get()  # fmt: skip


def status(code, message="", reason=""):
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
    return httpx2.Response(code, json={**body, "reason": reason})
