"""A link keeps the last figures that were measured, with their time; what was published stays beside them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jiaozi.catalogue import services
from jiaozi.catalogue.models import Link, LinkProbe
from jiaozi.catalogue.queries import UnableToFindCentre
from jiaozi.catalogue.rules.probing import Measured, UnableToProbe
from jiaozi.journal.models import JournalLine
from jiaozi.party.rules import Actor, Role, UnableToActForCentre

NOW = datetime(2026, 5, 1, tzinfo=UTC)
OPERATOR = Actor("operator:chen", Role.OPERATOR)
FOUND = Measured(rtt_us=1_200, rtt_least_us=1_000, bandwidth_mbps=9_400, echoes=32)
ENDS = {"start": "nscc-chengdu", "end": "chengdu-aicc"}


@pytest.fixture
def loaded(db):
    services.load(folder=Path(__file__).parents[2] / "catalogue", by="operator:chen", now=NOW, demo=True)


def test_the_newest_figures_stay(loaded):
    published = list(Link.objects.values())
    assert services.record_probe(**ENDS, measured=FOUND, by=OPERATOR, now=NOW)
    later = replace(FOUND, rtt_us=5_000, bandwidth_mbps=None)
    other_way = {"start": ENDS["end"], "end": ENDS["start"]}
    assert services.record_probe(**other_way, measured=later, by=OPERATOR, now=NOW + timedelta(hours=1))
    assert not services.record_probe(**ENDS, measured=FOUND, by=OPERATOR, now=NOW)
    row = LinkProbe.objects.get()
    assert (row.start_id, row.end_id, row.rtt_us, row.bandwidth_mbps) == ("chengdu-aicc", "nscc-chengdu", 5_000, None)
    assert row.measured_at == NOW + timedelta(hours=1)
    assert JournalLine.objects.filter(verb="record_probe").count() == 2
    assert list(Link.objects.values()) == published


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"by": Actor("officer:li", Role.OFFICER)}, UnableToProbe),
        ({"by": Actor("auditor:qin", Role.AUDITOR)}, UnableToProbe),
        ({"by": Actor("centre:x", Role.CENTRE, centre="deyang")}, UnableToActForCentre),
        ({"end": "nscc-chengdu"}, UnableToProbe),
        ({"end": "nowhere"}, UnableToFindCentre),
        ({"measured": replace(FOUND, rtt_us=999)}, UnableToProbe),
        ({"measured": replace(FOUND, rtt_us=60_000_001)}, UnableToProbe),
        ({"measured": replace(FOUND, bandwidth_mbps=0)}, UnableToProbe),
        ({"measured": replace(FOUND, bandwidth_mbps=-1)}, UnableToProbe),
        ({"measured": replace(FOUND, bandwidth_mbps=2**40)}, UnableToProbe),
    ],
)
def test_wrong_probes_are_refused(loaded, said, error):
    words = {**ENDS, "measured": FOUND, "by": OPERATOR, "now": NOW, **said}
    with pytest.raises(error):
        services.record_probe(**words)
    assert not LinkProbe.objects.exists()


def test_a_centre_at_either_end_may_record(loaded):
    for centre in ENDS.values():
        by = Actor(f"centre:{centre}", Role.CENTRE, centre=centre)
        LinkProbe.objects.all().delete()
        assert services.record_probe(**ENDS, measured=FOUND, by=by, now=NOW)
