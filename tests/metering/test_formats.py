"""Every format is read into the same entries; what is no entry is named with its line, or counted by its kind."""

from __future__ import annotations

import copy
import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.engines.slurm import jobs, shapes
from jiaozi.engines.slurm.options import read_options
from jiaozi.metering import rules
from jiaozi.metering.rules import focus, slurm_json, usage_csv
from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.metering.rules.entry import record_of_entry
from jiaozi.metering.services.files import ENCODINGS, decoded
from jiaozi.metering.services.streaming import members
from jiaozi.order.ports import JobOutcome

ORDER = UUID("0192f0c1-7b1e-7c40-9d55-2f3f0c9a1b77")
KINDS = {"cpu": "CPU", "gpu-910b": "CARD", "node": "NODE"}
CLASSES = {"work": ("cpu", "gpu-910b"), "big": ("node",)}


def number(value):
    return {"set": True, "infinite": False, "number": value}


def slurm(**said):
    """A job as 22.05 writes it; ``said`` replaces fields, dotted ones inside."""
    body = {
        "job_id": 7, "name": "train", "cluster": "scc", "partition": "work", "user": "ann", "account": "lab",
        "nodes": "n1",
        "association": {"cluster": "elsewhere"},
        "state": {"current": "COMPLETED", "reason": "None"},
        "time": {"submission": 100, "start": 110, "end": 170, "elapsed": 60, "limit": 1},
        "exit_code": {"status": "SUCCESS", "return_code": 0},
        "comment": {"job": ""},
        "tres": {
            "allocated": [{"type": "cpu", "name": None, "count": 4}, {"type": "billing", "name": None, "count": 0}],
            "requested": [{"type": "cpu", "name": None, "count": 2}],
        },
    }  # fmt: skip
    for name, value in said.items():
        outer, _, inner = name.partition("__")
        if inner:
            body[outer][inner] = value
        else:
            body[outer] = value
    return body


def modern(body):
    """The same job as 23.02 and newer write it."""
    new = copy.deepcopy(body)
    new["state"]["current"] = [new["state"]["current"]]
    new["exit_code"]["return_code"] = number(new["exit_code"]["return_code"])
    new["time"] = {name: number(value) for name, value in new["time"].items()}
    return new


def read_slurm(*bodies, classes=None):
    return slurm_json.read(bodies, CLASSES if classes is None else classes, KINDS)


@pytest.mark.parametrize("shape", [copy.deepcopy, modern])
def test_units_and_time_are_the_allocations_and_billing_is_never_read(shape):
    (entry,) = read_slurm(shape(slurm())).entries
    assert (entry.name, entry.account, entry.resource_class) == ("slurm:scc:7:100", "lab", "cpu")
    assert (entry.units, entry.started_ms, entry.elapsed_ms) == (2, 110_000, 60_000)
    assert (entry.outcome, entry.order_id) == (JobOutcome.SUCCEEDED, None)


@pytest.mark.parametrize(
    "said",
    [
        {"comment": {"job": f"jiaozi order={ORDER} class=cpu permit=x"}},
        {"comment": str(ORDER)},
        {"name": f"jiaozi-{ORDER}"},
    ],
)
def test_an_order_is_found_in_the_comment_or_the_name(said):
    (entry,) = read_slurm(slurm(**said)).entries
    assert (entry.order_id, entry.account) == (ORDER, "")


@pytest.mark.parametrize("shape", [copy.deepcopy, modern])
@pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL", "CANCELLED"])
def test_a_job_is_the_same_record_as_the_engines(shape, state):
    body = shape(slurm(name=f"jiaozi-{ORDER}", state__current=state, exit_code={"return_code": 124}))
    options = read_options({"classes": {"cpu": {"partition": "work"}}, "folder": "/jobs"})
    engines = jobs.usage_of("slurm", shapes.accounted_job(body), options.classes)
    (entry,) = read_slurm(body, classes={"work": ("cpu",)}).entries
    assert record_of_entry(entry) == engines
    assert rules.read(record_of_entry(entry)).digest == rules.read(engines).digest


CARDS = [{"type": "gres", "name": "gpu", "count": 8}, {"type": "gres", "name": "gpu:910b", "count": 8}]


@pytest.mark.parametrize(
    ("said", "resource_class", "units"),
    [
        ({"tres": {"allocated": CARDS, "requested": CARDS}}, "gpu-910b", 8),
        ({"tres": {"allocated": CARDS[1:], "requested": []}}, "gpu-910b", 8),
        ({"partition": "big", "tres": {"allocated": [{"type": "node", "count": 3}]}}, "node", 3),
        ({"partition": "cpu"}, "cpu", 2),
        ({"partition": "secret"}, "partition:secret", 2),
        ({"comment": {"job": "class=node"}}, "cpu", 2),
        ({"tres": {}}, "cpu", 0),
    ],
)
def test_a_partition_is_its_classes_and_an_unknown_one_is_named(said, resource_class, units):
    (entry,) = read_slurm(slurm(**said)).entries
    assert (entry.resource_class, entry.units) == (resource_class, units)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"state__current": "RUNNING"}, "RUNNING"),
        ({"nodes": "None assigned"}, "NEVER_RAN"),
        ({"time__start": 0}, "NEVER_RAN"),
    ],
)
def test_what_is_not_over_or_never_ran_is_counted(said, kind):
    found = read_slurm(slurm(**said))
    assert (found.entries, dict(found.passed)) == ([], {kind: 1})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"job_id": "7"}, "job_id must be a whole number"),
        ({"job_id": None}, "job_id is missing"),
        ({"time": 5}, "time must be an object"),
        ({"time__start": -1}, "time.start must be a whole number"),
        ({"time__start": 2**64}, "time.start must be a whole number"),
        ({"time__start": 1.5}, "time.start must be a whole number"),
        ({"time__end": True}, "time.end must be a whole number"),
        ({"time__end": 2**50}, "time is out of range"),
        ({"time__end": {"set": False}}, "time.end is missing"),
        ({"state": None}, "state must be an object"),
        ({"cluster": ["a"]}, "cluster must be text"),
        ({"cluster": "a\0"}, "cluster is too long"),
        ({"partition": "p" * 60}, "partition is too long"),
        ({"account": "", "user": ""}, "names no account"),
        ({"tres__allocated": 5}, "tres must be a list"),
        ({"tres__allocated": [5]}, "each of tres must be an object"),
        ({"tres__allocated": [{"type": "cpu", "count": "many"}]}, "tres cpu must be a whole number"),
    ],
)
def test_a_wrong_job_is_named(said, told):
    found = read_slurm(slurm(), slurm(**said))
    (bad,) = found.bad
    assert (len(found.entries), bad.line) == (1, 2)
    assert told in bad.label.en
    assert bad.label.zh.startswith("第2个作业")


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(sorted(slurm_json.FIELDS)), values), st.booleans())
def test_whatever_a_job_holds_it_is_read_counted_or_named(said, newer):
    body = {**(modern(slurm()) if newer else slurm()), **said}
    found = read_slurm(body)
    assert len(found.entries) + len(found.bad) + found.passed.total() == 1
    assert all(each.label.en.isprintable() for each in found.bad)


def stream(text):
    return list(
        members(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "jobs", frozenset("ab"), lambda: None)
    )


def test_members_come_one_by_one_whatever_stands_around_them():
    text = '{"meta": {"jobs": [9]}, "jobs": [{"a": 1, "c": [[2]], "b": [3]}, 4, null, []], "x": [[5]]}'
    assert stream(text) == stream("\ufeff" + text) == [{"a": 1, "b": [3]}, 4, None, []]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "NO_JSON"),
        ('{"jobs": [{"a": 1', "NO_JSON"),
        ('{"jobs": [{"a": NaN}]}', "NO_JSON"),
        ('{"jobs": []} x', "NO_JSON"),
        ('{"jobs": [' + "[" * 100_000, "NO_JSON"),
        ('{"jobs": [' + "9" * 100_000 + "]}", "NO_JSON"),
        (b'{"jobs": ["\xff"]}', "NO_JSON"),
        ("[]", "NO_JOBS"),
        ('{"jobs": 5}', "NO_JOBS"),
        ('{"x": {"jobs": []}}', "NO_JOBS"),
    ],
)
def test_what_is_no_list_of_jobs_gets_one_line(text, code):
    with pytest.raises(UnableToImport) as refused:
        stream(text)
    assert refused.value.reason.code == code
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


# the house's own table

HEADER = "record_id,account,resource_class,units,started_at,ended_at,elapsed_s"
ROW = "r-1,lab,cpu,2,2023-05-01T08:00:00+08:00,2023-05-01T09:00:00+08:00,3599.5"


def read_csv(*rows, header=HEADER):
    return usage_csv.read("\r\n".join([header, *rows]), {"c": ("cpu",)}, KINDS)


def test_a_table_is_read_by_its_header():
    (entry,) = read_csv(ROW, "").entries
    assert (entry.name, entry.account, entry.units, entry.elapsed_ms) == ("r-1", "lab", 2, 3_599_500)
    assert entry.started_ms == datetime(2023, 5, 1, tzinfo=UTC).timestamp() * 1000
    (quoted,) = read_csv('"r,""1""\nx",lab,c,2,2023-05-01T00:00:00Z,2023-05-01T01:00:00Z,').entries
    assert (quoted.name, quoted.resource_class, quoted.elapsed_ms) == ('r,"1"\nx', "cpu", 3_600_000)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ROW.replace("+08:00", "", 1), "started_at says no zone"),
        (ROW.replace("2023-05-01T08", "1969-05-01T08"), "started_at is out of range"),
        (ROW.replace("2023-05-01T08:00:00+08:00", "soon"), "started_at must be a time like"),
        (ROW.replace(",2,", ",NaN,"), "units must be a whole number, not 'NaN'"),
        (ROW.replace(",2,", f",{2**64},"), "units must be a whole number"),
        (ROW.replace(",2,", ",,"), "units is missing"),
        (ROW.replace("3599.5", "NaN"), "elapsed_s must be a number"),
        (ROW.replace("3599.5", "1e99"), "elapsed_s has at most three decimals, and is in range"),
        (ROW.replace("3599.5", "0.0001"), "elapsed_s has at most three decimals"),
        (ROW.replace("r-1", ""), "record_id must be text"),
        (ROW.replace("r-1", "r\0"), "record_id must be text"),
        (ROW.replace("lab", ""), "account must be text"),
        (ROW + ",more", "needs 7 columns, has 8"),
        ('"r-1', "no CSV"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(row, told):
    found = read_csv(ROW, row)
    (bad,) = found.bad
    assert (len(found.entries), bad.line) == (1, 3)
    assert told in bad.label.en


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "has no column"),
        ("record_id", "has no column"),
        (HEADER + ",colour", "has unknown columns"),
        (HEADER + ",units", "has a column twice"),
    ],
)
def test_a_wrong_header_is_refused(header, told):
    with pytest.raises(UnableToImport, match=told):
        read_csv(header=header)


def test_encodings_are_told_and_taken():
    text = "账户,单位"
    assert decoded(text.encode(), "utf-8") == decoded(text.encode("utf-8-sig"), "utf-8") == text
    assert decoded(text.encode("gb18030"), "gb18030") == text
    for content, named in (
        (text.encode("gb18030"), "GB18030"),
        (text.encode("utf-16"), "UTF-16"),
        (b"a\n\xff\xff", "line 2"),
    ):
        with pytest.raises(UnableToImport, match=named):
            decoded(content, "utf-8")
    with pytest.raises(UnableToImport, match=ENCODINGS[1]):
        decoded(b"", "latin-1")


# FOCUS

FOCUS = {
    "BillingAccountId": "b", "SubAccountId": "lab", "ChargeCategory": "Usage", "ChargeClass": "",
    "ChargePeriodStart": "2023-05-01T00:00:00Z", "ChargePeriodEnd": "2023-05-01T04:00:00Z",
    "ConsumedQuantity": "10.5", "ConsumedUnit": "Core-Hours", "ResourceId": "vm-1", "SkuId": "cpu", "BilledCost": "99",
}  # fmt: skip


def read_focus(*rows):
    """Rows that differ from the plain one as said."""
    names = list(dict.fromkeys([*FOCUS, *(name for row in rows for name in row)]))
    lines = [
        ",".join(f'"{str({**FOCUS, **row}.get(name, "")).replace(chr(34), chr(34) * 2)}"' for name in names)
        for row in rows
    ]
    return focus.read("\n".join([",".join(names), *lines]), {}, KINDS)


def test_a_row_is_units_by_time_over_its_period_and_no_cost():
    (entry,) = read_focus({}).entries
    assert (entry.units, entry.elapsed_ms) == (3, 12_600_000), "the fewest units that fit: 3 × 3.5 h = 10.5 core-hours"
    assert (entry.name, entry.account) == ("focus:vm-1:cpu:1682899200000", "lab")
    (told,) = read_focus({"x_Units": "7", "x_RecordId": "r-9", "SubAccountId": ""}).entries
    assert (told.units, told.elapsed_ms, told.name, told.account) == (7, 5_400_000, "r-9", "b")


@pytest.mark.parametrize("unit", ["Core-Hours", "vCPU Hours", "核时", "Hours", "core-hour"])
def test_a_unit_may_be_written_as_people_do(unit):
    (entry,) = read_focus({"ConsumedUnit": unit}).entries
    assert (entry.units * entry.elapsed_ms, entry.wrong) == (37_800_000, None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"ConsumedUnit": "GB-Hours"}, "UNIT_UNKNOWN"),
        ({"ConsumedUnit": "Requests"}, "UNIT_UNKNOWN"),
        ({"ConsumedUnit": "GPU-Hours"}, "UNIT_DIFFERS"),
        ({"ChargeClass": "Correction", "ConsumedQuantity": "-2"}, "CORRECTION_NEGATIVE"),
        ({"ChargeClass": "Correction", "ConsumedQuantity": ""}, "CORRECTION_NEGATIVE"),
    ],
)
def test_what_can_not_be_charged_says_why(said, code):
    (entry,) = read_focus(said).entries
    assert entry.wrong.code == code


def test_a_correction_is_a_record_of_its_own():
    plain, first, second = read_focus(
        {}, *({"ChargeClass": "Correction", "ConsumedQuantity": quantity} for quantity in ("1", "2"))
    ).entries
    assert len({plain.name, first.name, second.name}) == 3
    assert (first.units * first.elapsed_ms, first.wrong) == (3_600_000, None)


def test_other_categories_are_counted():
    found = read_focus({"ChargeCategory": "Tax"}, {"ChargeCategory": "Credit"}, {})
    assert (len(found.entries), dict(found.passed)) == (1, {"ChargeCategory Tax": 1, "ChargeCategory Credit": 1})


def test_an_order_is_a_tag():
    (entry,) = read_focus({"Tags": json.dumps({"jiaozi-order": str(ORDER), "team": "x"})}).entries
    assert (entry.order_id, entry.account) == (ORDER, "")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"ConsumedQuantity": "NaN"}, "ConsumedQuantity must be a number"),
        ({"ConsumedQuantity": ""}, "ConsumedQuantity is missing"),
        ({"ConsumedQuantity": "1e60"}, "ConsumedQuantity is out of range"),
        ({"ChargePeriodEnd": "2023-05-01T00:00:00Z"}, "must be after"),
        ({"ChargePeriodStart": "2023-05-01T00:00:00"}, "says no zone"),
        ({"x_Units": "0"}, "x_Units must be at least 1"),
        ({"ResourceId": "r" * 200}, "ResourceId is too long"),
        ({"SkuId": "s" * 41}, "SkuId must be text"),
        ({"Tags": "team"}, "Tags must be a JSON object"),
        ({"Tags": '{"jiaozi-order": 5}'}, "must be text"),
        ({"Tags": '{"jiaozi-order": "x"}'}, "is no order's id"),
    ],
)
def test_a_wrong_focus_row_is_named(said, told):
    (bad,) = read_focus(said).bad
    assert told in bad.label.en
