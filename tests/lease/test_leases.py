"""Leases from consent to return, with real agents and a real ledger: nothing is over, lost or doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.lease import queries, services
from jiaozi.lease.models import LeaseJob
from jiaozi.lease.rules import State, UnableToAdmit, UnableToBelieve, UnableToLease, public_text, seal
from jiaozi.metering.models import UsageRow
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import State as OrderState
from jiaozi.order.rules.spending import Per, UnableToLimit
from jiaozi.order.services import engines
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Actor, Grant, Role
from jiaozi.settlement.queries import audit_all
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.queries import purse
from tests.lease.city import OTHER
from tests.web.people import enrol
from tests.world import CENTRE, OFFICER


def test_a_lease_is_opened_spent_while_cut_off_and_returned(centres):
    centres.step()
    assert queries.live(centres.voucher.id) == [], "nobody allowed any"
    centres.allow()
    centres.settle(2)
    lease = centres.lease()
    face = centres.voucher.face_fen
    assert lease.voucher_fen == face * 2 // 100, "the floor, as long as nothing was used"
    assert purse(centres.voucher.id).held_fen == queries.set_aside_fen([centres.voucher.id])[centres.voucher.id]
    ((letter, spent, over),) = centres.standing()
    assert (letter.lease, letter.voucher_fen, spent.voucher_fen, over) == (lease.id, lease.voucher_fen, 0, False)
    centres.cut = {CENTRE}
    order_id, priced = centres.submit(centres.wish(lease.id))
    centres.settle(3, minutes=1)
    assert not Order.objects.exists()
    assert len(centres.both[CENTRE].paper.jobs) == 1, "it runs, though nobody asked the platform"
    centres.cut = set()
    centres.settle(5)
    row = Order.objects.get()
    assert (row.id, row.state, row.voucher_hold_fen) == (order_id, OrderState.CAPTURED, priced.voucher_fen)
    lease.refresh_from_db()
    assert lease.spent_voucher_fen == priced.voucher_fen
    services.disallow(voucher_id=centres.voucher.id, by=centres.by, now=centres.at)
    centres.settle(4)
    assert {each.state for each in queries.leases(voucher=centres.voucher.id)} == {State.GIVEN_BACK}
    after = purse(centres.voucher.id)
    assert (after.held_fen, after.spendable_fen) == (0, face - row.voucher_fen)
    assert audit_all().findings == ()
    assert LeaseJob.objects.get().order_id == row.id
    assert centres.lease(OTHER) is None


def set_aside(centres):
    return queries.set_aside_fen([centres.voucher.id]).get(centres.voucher.id, 0)


def opened(centres, *names):
    centres.allow()
    centres.settle(2)
    return [centres.lease(name) for name in names or (CENTRE,)]


def test_a_cut_off_centre_refuses_what_passes_its_lease_to_the_fen(centres):
    (lease,) = opened(centres)
    centres.cut = {CENTRE}
    fen, count = 0, 0
    for units, seconds in ((4, 3_600), (1, 3_600), (1, 600), (1, 60), (1, 9), (1, 3)):
        refused = None
        while refused is None:
            try:
                fen += centres.submit(centres.wish(lease.id, units=units, seconds=seconds))[1].voucher_fen
                count += 1
            except UnableToAdmit as error:
                refused = error.reason
    assert (refused.code, refused.field) == ("LEASE_SHORT", "lease")
    ((letter, spent, _),) = centres.standing()
    assert lease.voucher_fen - 5 < fen == spent.voucher_fen <= lease.voucher_fen, "spent, and not a fen more"
    assert spent.own_fen <= letter.own_fen
    centres.cut = set()
    centres.settle(3)
    assert Order.objects.count() == count
    assert sum(Order.objects.values_list("voucher_hold_fen", flat=True)) == fen
    assert not LeaseJob.objects.filter(order=None).exists()
    assert audit_all().findings == ()


def test_a_centre_runs_only_what_the_holder_signed_and_as_it_was_signed(centres):
    lease, other = opened(centres, CENTRE, OTHER)
    stranger = Ed25519PrivateKey.generate()
    nonce = new_id()
    good = centres.wish(lease.id, nonce=nonce)
    for wrong, code in (
        (centres.wish(lease.id, key=stranger), "SIGNATURE_WRONG"),
        (good.replace('"units":2', '"units":1'), "SIGNATURE_WRONG"),
        (centres.wish(new_id()), "LEASE_UNKNOWN"),
        (centres.wish(other.id), "LEASE_UNKNOWN"),
        (centres.wish(lease.id, units=5), "OUT_OF_RANGE"),
        (centres.wish(lease.id, seconds=3_601), "OUT_OF_RANGE"),
        (centres.wish(lease.id, resource_class="none"), "NOT_OFFERED"),
        (centres.wish(lease.id, title=""), "TEXT_MISSING"),
        ("", "CONTENT_GARBLED"),
        ("x\n{}", "CONTENT_GARBLED"),
        (seal({"lease": str(lease.id)}, centres.key), "CONTENT_GARBLED"),
    ):
        with pytest.raises(Refused) as refused:
            centres.submit(wrong)
        assert refused.value.reason.code == code
    ((_, spent, _),) = centres.standing()
    assert spent.voucher_fen == 0
    first = centres.submit(good)
    assert centres.submit(good) == first, "the same wish again is the same job"
    with pytest.raises(UnableToAdmit, match="another job"):
        centres.submit(centres.wish(lease.id, nonce=nonce, units=1))
    ((_, spent, _),) = centres.standing()
    assert spent.voucher_fen == first[1].voucher_fen


def test_a_silent_centre_keeps_its_lease_until_it_may_tell_no_more_and_bears_what_it_tells_later(centres):
    (lease,) = opened(centres)
    centres.cut = {CENTRE}
    centres.submit(centres.wish(lease.id))
    centres.settle(3, hours=20)
    lease.refresh_from_db()
    assert (lease.state, lease.serial) == (State.RECALLED, 1), "over, and not an hour was added"
    with pytest.raises(UnableToLease, match="may still use"):
        services.write_off(lease_id=lease.id, by=SYSTEM, now=centres.at)
    centres.at = lease.due_at
    services.tend_all(now=centres.at)
    lease.refresh_from_db()
    assert (lease.state, lease.voucher_fen) == (State.WRITTEN_OFF, 0)
    assert purse(centres.voucher.id).spendable_fen + set_aside(centres) == centres.voucher.face_fen
    centres.cut = set()
    centres.settle(5)
    loss = LeaseJob.objects.get()
    assert (loss.order_id, loss.reason_code) == (None, "LEASE_RETURNED")
    assert not Order.objects.exists(), "never the holder's"
    usage = UsageRow.objects.get()
    assert (usage.state, usage.reason_code) == ("HELD_BACK", "ORDER_UNKNOWN")
    assert audit_all().findings == ()


def test_an_officer_may_take_back_a_lease_that_is_over_and_says_why(centres, settings):
    settings.JIAOZI_LEASES = {**settings.JIAOZI_LEASES, "auto_return": False}
    (lease,) = opened(centres)
    centres.cut = {CENTRE}
    for at, reason, error in (
        (lease.ends_at - timedelta(seconds=1), "gone", "TOO_EARLY"),
        (lease.ends_at, " ", "TEXT_MISSING"),
    ):
        with pytest.raises(Refused) as refused:
            services.write_off(lease_id=lease.id, by=OFFICER, now=at, reason=reason)
        assert refused.value.reason.code == error
    centres.at = lease.due_at + timedelta(days=1)
    services.tend_all(now=centres.at)
    lease.refresh_from_db()
    assert lease.voucher_fen > 0, "nothing comes back by itself where the operator says so"
    row = services.write_off(lease_id=lease.id, by=OFFICER, now=centres.at, reason="中心已停业")
    ruling = row.rulings.get()
    assert (row.state, ruling.reason, ruling.returned_fen) == (State.WRITTEN_OFF, "中心已停业", lease.voucher_fen)
    assert audit_all().findings == ()


def test_an_agent_that_lost_its_memory_can_spend_nothing_twice(centres):
    (lease,) = opened(centres)
    both = centres.both[CENTRE]
    centres.cut = {CENTRE}
    centres.submit(centres.wish(lease.id))
    for path in both.folder.glob("agent.db*"):
        path.unlink()
    both.open_agent()
    centres.cut = set()
    with pytest.raises(UnableToAdmit):
        centres.submit(centres.wish(lease.id))
    centres.settle(3)
    lease.refresh_from_db()
    assert lease.state == State.RECALLED, "it stays reserved: what ran under it may still be told"
    assert lease.voucher_fen > 0
    anew = centres.lease()
    assert anew.id != lease.id
    centres.submit(centres.wish(anew.id))
    with pytest.raises(UnableToAdmit):
        centres.submit(centres.wish(lease.id))
    centres.settle(4)
    assert Order.objects.get().lease_job.lease_id == anew.id
    assert audit_all().findings == ()


def test_a_platform_whose_desk_lost_its_file_is_told_again_and_counts_once(centres):
    (lease,) = opened(centres)
    centres.submit(centres.wish(lease.id))
    centres.settle(2)
    first = Order.objects.get()
    centres.submit(centres.wish(lease.id))
    both = centres.both[CENTRE]
    for path in both.folder.glob("desk.db*"):
        path.unlink()
    engines._engine.cache_clear()
    centres.settle(4, seconds=40)
    assert set(Order.objects.values_list("state", flat=True)) == {OrderState.CAPTURED}
    assert Order.objects.count() == LeaseJob.objects.count() == UsageRow.objects.count() == 2
    assert Order.objects.filter(id=first.id).exists()
    assert audit_all().findings == ()


def test_leases_follow_use_are_filled_up_and_leave_half_free(centres):
    (lease, other) = opened(centres, CENTRE, OTHER)
    face = centres.voucher.face_fen
    for _ in range(2):
        centres.submit(centres.wish(lease.id, units=4, seconds=900))
        centres.settle(2)
    lease.refresh_from_db()
    other.refresh_from_db()
    assert lease.granted_voucher_fen > face * 28 // 100 > other.granted_voucher_fen
    ((letter, spent, _),) = centres.standing()
    assert letter.voucher_fen - spent.voucher_fen == lease.voucher_fen, "the agent has what the platform has"
    assert purse(centres.voucher.id).spendable_fen >= face // 2
    assert audit_all().findings == ()


def test_an_order_by_way_of_the_platform_brings_the_money_back(centres):
    opened(centres, CENTRE, OTHER)
    world, voucher = centres.world, centres.voucher
    seconds = 3_600
    row = world.quote(voucher, units=4, seconds=seconds, resource_class="demo-core")
    taken = 0
    while purse(voucher.id).spendable_fen >= row.voucher_hold_fen:
        row = order.hold(order_id=row.id, by=centres.by, now=centres.at)
        assert row.state == OrderState.HELD
        row, taken = world.quote(voucher, units=4, seconds=seconds, resource_class="demo-core"), taken + 1
    row = order.hold(order_id=row.id, by=centres.by, now=centres.at)
    assert row.reason_code == "VOUCHER_SHORT"
    centres.settle(3)
    assert queries.live(voucher.id) == []
    row = world.quote(voucher, units=4, seconds=900, resource_class="demo-core")
    assert order.hold(order_id=row.id, by=centres.by, now=centres.at).state == OrderState.HELD
    assert audit_all().findings == ()


@pytest.mark.parametrize("verb", ["freeze", "revoke"])
def test_what_a_centre_admitted_before_it_heard_of_the_end_is_honoured_and_the_rest_follows_the_voucher(centres, verb):
    (lease,) = opened(centres)
    centres.cut = {CENTRE}
    _, priced = centres.submit(centres.wish(lease.id))
    getattr(vouchers, verb)(voucher_id=centres.voucher.id, reason="核查", by=OFFICER, now=centres.at)
    centres.settle(2)
    centres.cut = set()
    centres.settle(4, seconds=40)
    row = Order.objects.get()
    assert row.state == OrderState.CAPTURED
    assert row.voucher_fen <= priced.voucher_fen
    assert queries.live(centres.voucher.id) == []
    after = purse(centres.voucher.id)
    rest = centres.voucher.face_fen - row.voucher_fen
    assert (after.spendable_fen, after.ended_fen) == ((0, rest) if verb == "revoke" else (rest, 0))
    assert audit_all().findings == ()


def test_a_member_with_a_spending_limit_lets_no_centre_spend_without_asking(centres):
    """What centres spend by themselves counts for no member: the limit would be passed that way."""
    world, holder = centres.world, centres.voucher.holder
    chief = Actor("person:chief", Role.APPLICANT, holder.id, administrator=True)
    person = enrol("li", world.now)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=holder.id)
    member = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    by = Actor(f"person:{person}", Role.APPLICANT, holder.id)
    order.set_limit(membership_id=member.id, per=Per.MONTH, limit_fen=10**9, by=chief, now=centres.at)
    text = public_text(centres.key.public_key())
    with pytest.raises(UnableToLimit, match="a spending limit"):
        services.allow(voucher_id=centres.voucher.id, holder_key=text, by=by, now=centres.at)
    order.remove_limit(membership_id=member.id, by=chief, now=centres.at)
    services.allow(voucher_id=centres.voucher.id, holder_key=text, by=by, now=centres.at)


def test_a_limit_set_afterwards_ends_what_the_member_allowed_as_long_as_it_stands(centres):
    """Centres would go on spending on that member's key, past a limit that counts none of it."""
    world, holder = centres.world, centres.voucher.holder
    chief = Actor("person:chief", Role.APPLICANT, holder.id, administrator=True)
    person = enrol("li", world.now)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=holder.id)
    member = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    by = Actor(f"person:{person}", Role.APPLICANT, holder.id)
    text = public_text(centres.key.public_key())
    services.allow(voucher_id=centres.voucher.id, holder_key=text, by=by, now=centres.at)
    centres.settle(2)
    assert centres.lease().state == State.OPEN
    order.set_limit(membership_id=member.id, per=Per.MONTH, limit_fen=10**9, by=chief, now=centres.at)
    centres.settle(4)
    assert queries.live(centres.voucher.id) == []
    assert purse(centres.voucher.id).held_fen == 0
    order.remove_limit(membership_id=member.id, by=chief, now=centres.at)
    centres.settle(2)
    assert centres.lease().state == State.OPEN


def test_who_may_allow(centres):
    text = public_text(centres.key.public_key())
    for by in (OFFICER, centres.world.applicant(centres.world.holder("别家", serial=7))):
        with pytest.raises(UnableToLease, match="only the holder"):
            services.allow(voucher_id=centres.voucher.id, holder_key=text, by=by, now=centres.at)
    with pytest.raises(UnableToBelieve, match="Ed25519"):
        services.allow(voucher_id=centres.voucher.id, holder_key="x", by=centres.by, now=centres.at)
