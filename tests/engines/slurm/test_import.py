"""What a real ``sacct --json`` writes is imported as the same records that the engine reads."""

import json

import pytest

from jiaozi.metering import rules
from jiaozi.metering.rules.entry import Form, record_of_entry
from jiaozi.metering.services.files import Reading, contents_of
from tests.engines.slurm.clusters import USER, until

pytestmark = pytest.mark.xdist_group("slurm")


def sacct(clusters, name):
    return clusters.run(name, "sacct", "--json", "-M", name, "-S", "now-1hours")


def test_sacct_json_and_the_engine_are_the_same_record(clusters, local, tmp_path):
    order_id, _, _ = local.run("sh", "-c", "exit 3", cores=2)
    engines = local.record(order_id)
    path = tmp_path / "sacct.json"
    path.write_text(sacct(clusters, "scc"))
    body = json.loads(path.read_text())["jobs"]
    read = contents_of(path, Form.SLURM_JSON, Reading(classes={"work": ("cpu",)}), {"cpu": "CPU"})
    assert (read.bad, len(read.entries) + read.passed.total()) == ([], len(body))
    (entry,) = (each for each in read.entries if each.name == engines.record_id)
    # a comment is kept only where the centre switched that on; the job's name tells the order everywhere
    assert entry.order_id == order_id
    assert rules.read(record_of_entry(entry)).digest == rules.read(engines).digest


def test_another_persons_work_names_its_account_and_no_order(clusters, tmp_path):
    words = ("srun", "-n1", "-c2", "-p", "work", "-t", "1", "-J", "mine", "true")
    clusters.run("scc", "runuser", "-u", USER, "--", *words, cwd="/")
    path = tmp_path / "sacct.json"

    def mine():
        path.write_text(sacct(clusters, "scc"))
        found = contents_of(path, Form.SLURM_JSON, Reading(), {}).entries
        return [each for each in found if each.order_id is None]

    (entry, *_) = until(mine, "accounting to have it")
    assert (entry.units, entry.resource_class) == (2, "partition:work")
    assert entry.account
