"""``jiaozi demo --engines slurm``: the whole story on two real clusters, one of which falls silent in the middle."""

import json
import os
import re
import subprocess
import sys

import pytest

from jiaozi.cli.demo.slurm import daemons
from jiaozi.cli.demo.slurm.clusters import Cluster, Clusters
from tests.engines.slurm.clusters import missing

JIAOZI = [sys.executable, "-c", "from jiaozi.cli.main import run; run()"]
ONCE = re.compile(r"│\s+(\d+) │\s+([\d.]+) │\s+([\d.]+) │\s+1 │\s+1 │\s+1 │")


@pytest.mark.xdist_group("slurm")
def test_the_story_loses_a_line_and_neither_an_order_nor_a_fen(fresh_database, tmp_path):
    if why := missing():
        pytest.skip(why)
    folder = tmp_path / "demo"
    environ = fresh_database.environ() | {"JIAOZI_VAR": str(folder), "COLUMNS": "200"}
    words = ["demo", "--engines", "slurm", "--no-serve", "--folder", str(folder)]
    told = subprocess.run([*JIAOZI, *words], env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert told.returncode == 0, told.stderr + told.stdout
    assert "[red]" not in told.stdout
    assert "expected" not in told.stdout
    for sentence in (
        "成都智算中心的Slurm控制器不再应答",
        "RUNNING 已开始的作业在节点上继续运行",
        "SUBMITTED 正在提交的订单：不知是否送达",
        "HELD 尚未提交的订单改派到国家超算成都中心",
        "无丢失，无重复收费",
        "条不变式全部成立",
    ):
        assert sentence in told.stdout, sentence
    at_cut = ONCE.findall(told.stdout)
    assert len(at_cut) == 3
    assert all(0 < float(price) <= float(held) for _, held, price in at_cut)
    assert int(at_cut[0][0]) >= 20  # the one that ran through the cut is metered whole
    audit = subprocess.run([*JIAOZI, "audit"], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert audit.returncode == 0, audit.stdout
    assert not daemons.note(folder).exists()


def test_without_slurm_one_line_names_the_command_and_an_earlier_demo_stays(tmp_path):
    folder = tmp_path / "demo"
    (folder / "jobs").mkdir(parents=True)
    environ = os.environ | {"JIAOZI_VAR": str(folder), "PATH": str(tmp_path)}
    words = ["demo", "--engines", "slurm", "--folder", str(folder)]
    told = subprocess.run([*JIAOZI, *words], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 1
    assert "install it with: make setup-system" in told.stderr.splitlines()[0]
    assert len(told.stderr.splitlines()) == 2
    assert [each.name for each in folder.iterdir()] == ["jobs"]


def test_what_a_killed_demo_left_is_ended_and_nothing_else(tmp_path):
    (tmp_path / "clusters" / "log").mkdir(parents=True)
    note = daemons.note(tmp_path)
    left = daemons.Daemons(tmp_path / "clusters", note)
    mine, stubborn = left.start("mine", ["sleep", "600"]), left.start("b", ["sh", "-c", "trap '' TERM; sleep 600"])
    body = json.loads(note.read_text())
    other = subprocess.Popen(["sleep", "600"])
    try:
        body["started"].append([other.pid, "1"])  # its id came to somebody else since
        note.write_text(json.dumps(body))
        assert daemons.end_noted(note)
        assert mine.wait(10) != 0
        assert stubborn.wait(10) != 0
        assert other.poll() is None
        assert not note.exists()
        assert not (tmp_path / "clusters").exists()
        assert not daemons.end_noted(note)
    finally:
        other.kill()
        other.wait()


def test_a_job_does_not_outlive_the_clusters(tmp_path):
    (tmp_path / "log").mkdir()
    daemons_ = daemons.Daemons(tmp_path)
    conf, told = tmp_path / "etc" / "slurm.conf", tmp_path / "job"
    job = f"setsid sleep 600 & echo $! > {told}"
    daemons_.start("slurmd", ["sh", "-c", job], environ={"SLURM_CONF": str(conf)}).wait(10)
    pid = int(told.read_text())
    assert daemons._began(pid) is not None
    daemons_.end_all()
    assert daemons._began(pid) is None


def test_clusters_that_fail_to_come_up_leave_nothing(monkeypatch, tmp_path):
    if why := missing():
        pytest.skip(why)
    clusters = Clusters([Cluster("scc")], note=daemons.note(tmp_path))
    # a program of Slurm's own would look for a configuration for a minute before it fails
    monkeypatch.setattr(clusters, "_database", lambda: clusters.run("scc", "false"))
    with pytest.raises(daemons.UnableToStartSlurm, match="false failed"):
        clusters.up()
    assert not clusters.root.exists()
    assert not daemons.note(tmp_path).exists()
