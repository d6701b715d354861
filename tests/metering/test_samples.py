"""Samples are kept once by slot, in any order, split and repetition; a wrong one is named, and none is edited."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jiaozi.cli import usage
from jiaozi.cli.usage import sampling
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.refusal import Refused
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageSamples
from jiaozi.metering.rules import samples
from tests.world import CENTRE, CENTRE_CLERK, OTHER_CENTRES_CLERK

HEADER = "sampled_at,reference,metric,device,value,rated_watt"
NOW = datetime(2023, 6, 1, 2, tzinfo=UTC)
_serial = count(1)


def row(second, value=50, *, device="0", reference="job-1", metric="gpu_percent", rated=""):
    at = datetime(2023, 5, 31, tzinfo=UTC) + timedelta(seconds=second)
    return f"{at.isoformat()},{reference},{metric},{device},{value},{rated}"


def read(*lines, header=HEADER):
    return samples.read("\n".join([header, *lines]), NOW)


@pytest.fixture
def keep(scene, tmp_path):
    def keep(*lines, **said):
        path = tmp_path / f"{next(_serial)}.csv"
        path.write_text("\n".join([HEADER, *lines]))
        return metering.import_samples(**{"path": path, "centre": CENTRE, "by": CENTRE_CLERK, "now": scene.now, **said})

    return keep


def kept():
    found = {}
    for each in UsageSamples.objects.all():
        key = (each.day, each.reference, each.metric, each.device)
        found.setdefault(key, {}).update(zip(each.slots, each.values, strict=True))
    return found


def test_a_sample_is_a_permille_in_its_slot():
    found = read(row(0), row(9, 80), row(10, 20.5), row(86_400, 1), row(5, 150, metric="power_watt", rated=300))
    days = {(series.day.day, series.metric): values for series, values in found.series.items()}
    assert days == {(31, "GPU"): {0: 800, 1: 205}, (1, "GPU"): {0: 10}, (31, "POWER"): {0: 500}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (row(0).replace("+00:00", ""), "sampled_at says no zone"),
        (row(10**7), "sampled_at is in the future"),
        (row(0, "NaN"), "value must be a number"),
        (row(0, -1), "value must be a number, 0 or more"),
        (row(0, ""), "value must be a number"),
        (row(0, 201), "value is out of range"),
        (row(0, metric="heat"), "metric is one of"),
        (row(0, 9, metric="power_watt"), "needs the device's rated_watt"),
        (row(0, 9, metric="power_watt", rated=0), "needs the device's rated_watt"),
        (row(0, reference=""), "reference must be text"),
        (row(0, device="d" * 61), "device must be text"),
    ],
)
def test_a_wrong_sample_is_named_by_its_line(line, told):
    (bad,) = read(row(0), line).bad
    assert bad.line == 3
    assert told in bad.label.en


def test_a_file_is_kept_once_and_is_one_journal_line(keep):
    taken = keep(row(0), row(10), row(20, device="1"))
    assert (taken.samples, taken.new, taken.rows) == (3, 3, 2)
    again = keep(row(10, 99), row(0), row(30))
    assert (again.samples, again.new) == (3, 1), "a slot that has its sample keeps it"
    assert JournalLine.objects.filter(stage="metering", verb="samples").count() == 2
    assert keep(row(0)).rows == 0
    assert queries.audit() == []


def test_a_day_is_bounded(keep, monkeypatch):
    monkeypatch.setattr(samples, "SERIES_A_DAY_MAX", 2)
    keep(row(0), row(0, device="1"))
    keep(row(86_400, device="2"), row(50))
    with pytest.raises(Refused) as refused:
        keep(row(60), row(60, device="2"))
    assert refused.value.reason.code == "SERIES_TOO_MANY"
    assert max(map(max, kept().values())) == 5


def test_a_wrong_line_stops_the_file_unless_told_otherwise(keep):
    with pytest.raises(Refused, match="line 3"):
        keep(row(0), "x")
    assert not UsageSamples.objects.exists()
    taken = keep(row(0), "x", skip_bad=True)
    assert (taken.new, len(taken.bad)) == (1, 1)


def test_a_centre_offers_its_own_samples_alone(keep):
    with pytest.raises(Refused, match="your own centre"):
        keep(row(0), by=OTHER_CENTRES_CLERK)


@pytest.mark.parametrize("verb", ["UPDATE metering_samples SET count = 9", "DELETE FROM metering_samples"])
def test_samples_are_never_edited(keep, verb):
    keep(row(0))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from("01")), max_size=12), st.data())
def test_any_order_split_and_repetition_is_the_same_samples(keep, told, data):
    lines = [
        row(second, second % 100, device=device) for second, device in {(s // 10, d): (s, d) for s, d in told}.values()
    ]
    stream = data.draw(
        st.permutations(lines + (data.draw(st.lists(st.sampled_from(lines), max_size=6)) if lines else []))
    )
    size, ends = data.draw(st.integers(1, 5)), []
    for parts in ([lines], [stream[start : start + size] for start in range(0, len(stream), size)]):
        with transaction.atomic():
            for part in parts:
                keep(*part)
            ends.append(kept())
            assert queries.audit() == []
            transaction.set_rollback(True)
    assert ends[0] == ends[1]


def test_the_command_says_what_was_kept(scene, monkeypatch, tmp_path):
    monkeypatch.setattr(sampling, "opened", nullcontext)
    monkeypatch.setattr(sampling.clock, "now", lambda: scene.now)
    (tmp_path / "s.csv").write_text(f"{HEADER}\n{row(0)}\n")
    shown = CliRunner().invoke(usage.app, ["samples", str(tmp_path / "s.csv"), "--centre", CENTRE])
    assert (shown.exit_code, "1 new in 1 rows" in shown.output) == (0, True)
    (tmp_path / "s.csv").write_text(f"{HEADER}\nx\n")
    shown = CliRunner().invoke(usage.app, ["samples", str(tmp_path / "s.csv"), "--centre", CENTRE, "--lang", "en"])
    assert "s.csv:2: needs 6 columns" in shown.output
