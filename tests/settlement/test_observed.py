"""A claim that differs from what was seen blocks its line, with the reason, until an officer says why not."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import DEFAULTS, Claimed, Seen, Subject, SubjectKind, UnableToProceed, claim_differs
from jiaozi.cli import statement as command
from jiaozi.metering import services as metering
from jiaozi.metering.rules.samples import Span, seen_ms
from jiaozi.order.models import Order
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from tests.settlement.conftest import LATER
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, OPERATOR, PROGRAMME

HOUR_MS = 3_600_000


def claim(claimed, seen):
    return Claimed(Subject(SubjectKind.USAGE, "1"), claimed, seen, Seen.WATCH, "nscc job-1")


@pytest.mark.parametrize(
    ("claimed", "seen", "level"),
    [
        (100 * HOUR_MS, 95 * HOUR_MS, None),  # exactly the share that is allowed
        (100 * HOUR_MS, 95 * HOUR_MS - 1, "HIGH"),
        (95 * HOUR_MS - 1, 100 * HOUR_MS, "MEDIUM"),
        (600_000, 0, None),  # exactly the least
        (600_001, 0, "HIGH"),
    ],
)
def test_a_difference_at_its_border(claimed, seen, level):
    found = claim_differs(claim(claimed, seen), DEFAULTS)
    assert [each.level for each in found] == ([level] if level else [])


def test_devices_are_seen_from_their_first_sample_to_their_last():
    minute = Span(60, 0, 59 * 6)  # a sample a minute for an hour
    assert seen_ms([minute]) == HOUR_MS
    assert seen_ms([minute, Span(1, 3, 3)]) == HOUR_MS


def overclaimed(house):
    """Four cores that ran an hour by the centre's word, and half of that by the platform's own watch."""
    captured = house.capture(units=4, seconds=3600)
    row = Order.objects.get(id=captured.order_id)
    Order.objects.filter(id=row.id).update(started_at=row.ended_at - timedelta(minutes=30))
    return captured


def test_an_overclaimed_line_blocks_the_match_until_an_officer_says_why_not(house):
    captured = overclaimed(house)
    house.capture(units=1, seconds=1800)
    row = house.closed()
    house.claim(row)
    with pytest.raises(UnableToProceed, match="claims 240 unit-minutes, the platform's watch say 120, 500‰ apart"):
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    ((reference, standing),) = queries.blocked(row.id)
    assert (reference, standing.subject.id) == (str(captured.order_id), str(captured.id))
    row.refresh_from_db()
    assert row.state == "CLOSED"
    alert.resolve(alert_id=standing.id, confirmed=False, reason="看守时钟有误，已核对日志", by=OFFICER, now=LATER)
    house.prefund()
    assert house.pay(house.approved(row)).state == "PAID"
    assert queries.audit_all().holds


def test_a_confirmed_difference_is_disputed_and_nothing_is_paid(house):
    overclaimed(house)
    row = house.closed()
    house.claim(row)
    found = Alert.objects.get()
    alert.resolve(alert_id=found.id, confirmed=True, reason="中心多报", by=OFFICER, now=LATER)
    with pytest.raises(UnableToProceed, match="confirmed"):
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    assert settlement.dispute(statement_id=row.id, reason="用量多报", by=OFFICER, now=LATER).state == "DISPUTED"


def test_what_agrees_or_was_not_watched_suspects_nobody(house):
    house.capture(units=4, seconds=3600)
    captured = house.capture(units=4, seconds=3600)
    Order.objects.filter(id=captured.order_id).update(started_at=None)
    house.closed()
    assert not Alert.objects.exists()


HEADER = "sampled_at,reference,metric,device,value,rated_watt"


@pytest.fixture
def sampled(house, tmp_path):
    """Samples of a capture's job, one a minute for an hour, kept before or after the statement is closed."""

    def sampled(captured, metric="gpu_percent", *, devices=1, minutes=60, value=80, rated="", kind="CARD"):
        from jiaozi.catalogue.models import ResourceClass

        ResourceClass.objects.filter(code="cpu-core").update(
            kind=kind, unit={"CARD": "CARD_HOUR", "CPU": "CORE_HOUR"}[kind]
        )
        start = datetime(2026, 11, 24, 2, tzinfo=UTC)
        lines = [
            f"{(start + timedelta(minutes=minute)).isoformat()},{captured.order_id},{metric},{device},{value},{rated}"
            for device in range(devices)
            for minute in range(minutes)
        ]
        path = tmp_path / "samples.csv"
        path.write_text("\n".join([HEADER, *lines]))
        metering.import_samples(path=path, centre=CENTRE, by=CENTRE_CLERK, now=LATER)

    return sampled


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"devices": 4}, []),
        ({"devices": 2}, ["CLAIM_DIFFERS"]),
        ({"devices": 4, "minutes": 30}, ["CLAIM_DIFFERS"]),
        ({"devices": 4, "value": 4}, ["USE_WITHOUT_LOAD"]),
        ({"devices": 4, "minutes": 2}, []),  # too few samples say nothing
        ({"metric": "power_watt", "value": 60, "rated": 300}, []),
        ({"metric": "power_watt", "value": 30, "rated": 300}, ["USE_WITHOUT_LOAD"]),
        ({"metric": "cpu_percent", "value": 4, "kind": "CPU"}, ["USE_WITHOUT_LOAD"]),
        ({"devices": 2, "kind": "CPU"}, []),  # cards beside cores are not what was claimed
    ],
)
def test_samples_are_compared_with_the_claim(house, sampled, said, kinds):
    captured = house.capture(units=4, seconds=3600)
    sampled(captured, **said)
    row = house.closed()
    assert [each.kind for each in Alert.objects.all()] == kinds
    assert len(queries.blocked(row.id)) == len(kinds)


def test_samples_that_come_after_the_match_stop_payment(house, sampled):
    captured = house.capture(units=4, seconds=3600)
    row = house.matched(house.closed())
    sampled(captured, devices=2)
    house.prefund()
    settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)
    with pytest.raises(UnableToProceed, match="the cards' samples say 120"):
        house.pay(row)


def test_the_command_shows_and_clears_what_is_blocked(house, monkeypatch):
    monkeypatch.setattr(command, "opened", nullcontext)
    captured = overclaimed(house)
    row = house.closed()

    def run(*words):
        return CliRunner().invoke(command.app, [str(word) for word in words])

    shown = run("blocked", row.id)
    found = Alert.objects.get()
    assert (shown.exit_code, str(captured.order_id) in shown.output, str(found.id) in shown.output) == (1, True, True)
    words = ("--dismiss", "--reason", "已核对", "--as")
    assert run("clear", found.id, *words, "centre:wu@" + CENTRE).exit_code == 1
    assert "DISMISSED" in run("clear", found.id, *words, "officer:li").output
    assert run("blocked", row.id).exit_code == 0
    assert found.programme == PROGRAMME
