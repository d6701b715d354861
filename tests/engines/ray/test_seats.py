"""What keeps a session's seat and whoever tells it a limit in order: on plain files and a head that a test plays."""

import json
import os
import time
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from jiaozi.engines.ray import connect, entry
from jiaozi.engines.ray.keys import Keys
from jiaozi.engines.ray.seat import Seat
from jiaozi.engines.ray.wrapper import MARK
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import UnableToReachEngine

ORDER = new_id()
NAME = f"jiaozi-{ORDER}"
HOUR_S, KEEP_S = 3_600, 72 * 3_600


@pytest.fixture
def seat(tmp_path, monkeypatch):
    """Give a function that prepares a session's seat, all in one folder of logs."""
    logs = tmp_path / "logs"
    logs.mkdir()
    monkeypatch.setattr(os, "readlink", lambda _: str(logs / "job-driver-x.log"))
    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.chdir(tmp_path)

    def prepared(name, folder=""):
        package, home = tmp_path / f"{name}.package", tmp_path / f"{name}.home"
        for each in (package, home):
            each.mkdir()
        told = {"name": name, "config": "config.json", "key": "00", "folder": folder, "end_s": 1, "keep_s": KEEP_S}
        (package / "seat.json").write_text(json.dumps(told))
        for place in (tmp_path, home):
            (place / "config.json").write_text("{}")
        made = Seat(str(package), 60.0, lambda **_: None)
        made.prepare(str(home))
        return made

    return prepared


def age(path, seconds=KEEP_S + 25 * HOUR_S):
    at = time.time() - seconds
    os.utime(path, (at, at), follow_symlinks=False)


def test_a_session_that_runs_for_long_keeps_its_inbox_when_another_begins(seat, tmp_path, monkeypatch):
    long = seat("jiaozi-long", str(tmp_path / "kept"))
    long.look(ending=False)
    left = long.logs / "jiaozi-left.limit"
    left.touch()
    for path in (long.inbox, long.given, left):
        age(path)
    later = time.monotonic() + HOUR_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    long.look(ending=False)
    seat("jiaozi-next")
    assert (long.inbox.exists(), long.given.is_symlink(), left.exists()) == (True, True, False)
    long.leave()
    long.look(ending=True)
    assert not long.inbox.exists()


class Cluster:
    """A head that lists jobs and answers submissions as it was told."""

    def __init__(self, *jobs):
        self.jobs = {each["submission_id"]: each for each in jobs}
        self.refuses, self.logs = httpx2.Response(400, text="ValueError: no such resource"), ""

    def __call__(self, request):
        name, _, what = request.url.path.removeprefix("/api/jobs/").partition("/")
        if request.method == "POST":
            return self.refuses
        if request.method == "DELETE":
            return httpx2.Response(200 if self.jobs.pop(name, None) else 404, content=b"{}")
        if what == "logs":
            return httpx2.Response(200, json={"logs": self.logs})
        if not name:
            return httpx2.Response(200, json=list(self.jobs.values()))
        return httpx2.Response(200, json=self.jobs[name]) if name in self.jobs else httpx2.Response(404)


def listed(name, status, *, hours_ago=0, **more):
    at_ms = int(clock.now().timestamp() * 1000) - hours_ago * HOUR_S * 1000
    ended = {} if status == "RUNNING" else {"end_time": at_ms + 60_000}
    return {"submission_id": name, "status": status, "start_time": at_ms, "driver_node_id": "n", **ended, **more}


def session(status, **more):
    return listed(NAME, status, metadata={"jiaozi_opens": "SSH", "jiaozi_limit_ms": str(HOUR_S * 1000)}, **more)


def engine(cluster, tmp_path):
    options = {"sessions_share_an_account": True, "session_key_file": str(tmp_path / "key")}
    made = connect({"url": "http://head", "classes": {"cpu": {}}, **options})
    made.head._http = httpx2.Client(transport=httpx2.MockTransport(cluster))
    return made


def test_a_limit_that_ray_will_not_pass_on_is_asked_for_again(tmp_path):
    """Of a job for an order such an answer is a refusal for ever; a session's limit is only not raised yet."""
    cluster = Cluster(session("RUNNING"))
    cluster.logs = f"{MARK}{json.dumps({'started': int(clock.now().timestamp() * 1000)})}\n"
    with pytest.raises(UnableToReachEngine, match="no such resource") as refused:
        engine(cluster, tmp_path).extend(ORDER, 2 * HOUR_S * 1000)
    assert refused.value.reason.code == "SESSION_NOT_TOLD"


def test_whoever_told_a_session_a_limit_goes_with_it_whether_it_saved_anything_or_not(tmp_path):
    mine, others = (entry.teller_name(name, 7_200_000) for name in (NAME, f"jiaozi-{new_id()}"))
    tellers = [listed(name, "SUCCEEDED", hours_ago=80) for name in (mine, others)]
    cluster = Cluster(session("FAILED", hours_ago=80), listed(f"jiaozi-{new_id()}", "RUNNING"), *tellers)
    reading = engine(cluster, tmp_path)
    page = reading.usage("")
    assert {NAME, mine} <= set(cluster.jobs)
    reading.usage(page.cursor)
    assert (NAME in cluster.jobs, mine in cluster.jobs, others in cluster.jobs) == (False, False, True)


def test_a_key_that_was_missing_is_not_made_in_silence(tmp_path):
    with capture_logs() as logs:
        for _ in range(2):
            Keys(str(tmp_path / "key"), NAME)
    (line,) = logs
    assert (line["log_level"], line["path"]) == ("warning", str(tmp_path / "key"))
    assert Path(line["path"]).exists()
