"""The rules alone: sizes within bounds, and any interleaving of grants, jobs, silence and late words adds up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaozi.catalogue.rules import Unit
from jiaozi.kernel.fen import Rounding
from jiaozi.kernel.ids import named_id
from jiaozi.lease.rules import (
    Aside,
    Bounds,
    Letter,
    Price,
    Spent,
    Standing,
    Step,
    UnableToAdmit,
    UnableToBelieve,
    Wish,
    accounts,
    admit,
    change_lines,
    covered_fen,
    next_step,
    open_letter,
    open_wish,
    own_share_fen,
    prolongs,
    public_text,
    release_lines,
    seal,
    sizes,
)
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order.rules import Held, fund_lines, own_account, resolve_lines, voucher_share
from jiaozi.voucher.rules import voucher_account
from tests.ledger.model import ModelLedger

NOW = datetime(2026, 11, 25, tzinfo=UTC)
VOUCHER, HOLDER = UUID(int=1), UUID(int=2)
SHARE = Fraction(3, 10)
FACE = 10_000
PERCENT = st.integers(0, 100)
BOUNDS = st.builds(
    Bounds, total_percent=PERCENT, floor_percent=PERCENT, ceiling_percent=PERCENT, refill_percent=PERCENT
)


@given(left=st.integers(0, 10**15), used=st.dictionaries(st.text(max_size=3), st.integers(0, 10**15), max_size=6),
       bounds=BOUNDS, fresh=st.booleans())  # fmt: skip
def test_sizes_are_within_every_bound(left, used, bounds, fresh):
    found = sizes(left, used, bounds, fresh=fresh)
    assert set(found) == set(used)
    assert sum(found.values()) <= left * bounds.total_percent // 100
    assert all(0 <= fen <= left * bounds.ceiling_percent // 100 for fen in found.values())
    assert fresh or all(used[centre] for centre, fen in found.items() if fen)


@given(voucher=st.integers(0, 10**12), own=st.integers(0, 10**12), share=st.fractions(Fraction(1, 100), 1))
def test_own_money_covers_what_it_is_said_to(voucher, own, share):
    assert own_share_fen(covered_fen(voucher, own, share), share) <= own or share == 1
    whole = voucher + own_share_fen(voucher, share)
    assert voucher_share(whole, share) >= voucher, "with its own money a lease can be spent as one job"


def test_a_centre_that_does_not_answer_gets_nothing_more():
    bounds, later = Bounds(), NOW + timedelta(hours=40)
    full = Standing(left_fen=100, ends_at=later, remembered=True)
    low, ending, over = (
        replace(full, left_fen=49),
        replace(full, ends_at=NOW + timedelta(1)),
        replace(full, ends_at=NOW),
    )
    for lease, wanted, answers, step in (
        (None, 100, True, Step.OPEN),
        (None, 100, False, Step.KEEP),
        (None, 0, True, Step.KEEP),
        (full, 100, True, Step.KEEP),
        (low, 100, True, Step.GRANT),
        (low, 100, False, Step.KEEP),
        (replace(ending, ends_at=NOW + timedelta(hours=23)), 100, True, Step.GRANT),
        (replace(ending, ends_at=NOW + timedelta(hours=23)), 100, False, Step.KEEP),
        (over, 100, True, Step.RECALL),
        (over, 100, False, Step.RECALL),
        (full, 0, False, Step.RECALL),
        (replace(full, remembered=False), 100, True, Step.RECALL),
    ):
        assert next_step(lease, wanted, bounds, NOW, answers=answers) is step, (lease, wanted, answers)
    assert prolongs(NOW, NOW + timedelta(hours=12), bounds)
    assert not prolongs(NOW, NOW + timedelta(hours=11), bounds)


def letter(number, serial, granted, ends_at):
    return Letter(
        lease=UUID(int=number), serial=serial, memory="m", centre=f"c{number % 2}", programme="p", voucher=VOUCHER,
        holder_class="TECH_SME", holder_key="k", voucher_fen=granted.voucher_fen, own_fen=granted.own_fen, share=SHARE,
        granularity_ms=1_000, kill_lag_ms=0, ends_at=ends_at,
        prices=(Price(
            tariff=UUID(int=9), resource_class="core", unit=Unit.CORE_HOUR, rate_ufen=3_600_000_000,
            rounding=Rounding.HALF_UP, minimum_fen=0, granularity_ms=1, units_max=8, time_limit_max_ms=10**8,
        ),),
    )  # fmt: skip


def wish(number, job, seconds):
    return Wish(
        nonce=named_id("job", job), lease=UUID(int=number), title="t", resource_class="core", units=1, memory_mib=1,
        time_limit_ms=seconds * 1_000, command=("true",),
    )  # fmt: skip


def test_letters_and_wishes_are_read_back_and_none_that_was_touched():
    key = Ed25519PrivateKey.generate()
    made = letter(1, 3, Spent(5, 6), NOW)
    text = seal(made.to_json(), key)
    assert open_letter(text, key.public_key()) == made
    asked = wish(1, 1, 5)
    signed = seal(asked.to_json(), key)
    assert open_wish(signed, public_text(key.public_key())) == asked
    for where in range(0, len(text), 7):
        other = "0" if text[where] != "0" else "1"
        with pytest.raises(UnableToBelieve):
            open_letter(text[:where] + other + text[where + 1 :], key.public_key())
    for wrong in (signed[:-1], signed + " ", "", "x" * 2_000_000):
        with pytest.raises(UnableToBelieve):
            open_wish(wrong, public_text(key.public_key()))


@dataclass
class Centre:
    """A lease as both sides have it, and the words that are still on their way."""

    aside: Aside
    granted: Spent = field(default_factory=Spent)
    spent: Spent = field(default_factory=Spent)
    letters: list = field(default_factory=list)
    here: Letter | None = None
    counted: Spent = field(default_factory=Spent)
    told: list = field(default_factory=list)
    over: bool = False
    closed: bool = False


class House:
    """The platform with the model ledger, and two centres that it hears of only when a line is up."""

    def __init__(self):
        self.ledger, self.at = ModelLedger(), NOW
        self.centres, self.orders, self.losses, self.admitted = [], {}, [], 0
        source, own_source = Account(AccountKind.AUTHORITY, "p"), Account(AccountKind.OWN_SOURCE, "p")
        self.own = [own_account("p", HOLDER, name) for name in ("c0", "c1")]
        self.voucher = voucher_account("p", VOUCHER)
        self.ledger.open_accounts([source, own_source, *self.own, self.voucher])
        self.require([post(UUID(int=100), source, self.voucher, FACE, "voucher.issue")])
        for number, account in enumerate(self.own):
            self.require([post(UUID(int=101 + number), own_source, account, FACE * 3, "own.credit")])

    def require(self, chain):
        if chain:
            assert all(status.stands for status in self.ledger.apply([chain])[0])

    def open(self, number):
        self.centres.append(
            Centre(Aside(lease_id=UUID(int=number), programme="p", voucher_id=VOUCHER, holder=HOLDER,
                         centre=f"c{number % 2}"))
        )  # fmt: skip

    def grant(self, centre, fen):
        """The ledger says whether there is as much; the letter follows only if there is."""
        own = own_share_fen(fen, SHARE)
        after = centre.aside.grown(fen, own, ())
        self.ledger.open_accounts(accounts(after))
        if centre.closed or not fen or not self.ledger.apply([change_lines(centre.aside, after)])[0][0].stands:
            return
        number = centre.aside.lease_id.int
        centre.aside = after
        centre.granted = Spent(centre.granted.voucher_fen + fen, centre.granted.own_fen + own)
        ends_at = self.at + timedelta(hours=2)
        centre.letters.append(letter(number, len(centre.letters) + 1, centre.granted, ends_at))

    def spend(self, centre, seconds):
        if centre.here is None or centre.over:
            return
        self.admitted += 1
        made = wish(centre.aside.lease_id.int, self.admitted, seconds)
        try:
            priced, _ = admit(centre.here, made, centre.counted, self.at)
        except UnableToAdmit:
            return
        centre.counted += priced
        centre.told.append((made, centre.here, self.at, priced))

    def talk(self, centre, words, *, again):
        """Some words get through, perhaps twice; a letter that is older than the one that is known has no effect."""
        for each in centre.letters[-words:]:
            if centre.here is None or each.serial > centre.here.serial:
                centre.here = each
        for word in [*centre.told[:words], *(centre.told[: words // 2] if again else ())]:
            self.hear(centre, *word)
        del centre.told[:words]
        if centre.over and not centre.told:
            self.close(centre)

    def hear(self, centre, made, written, at, priced):
        if made.order in self.orders or made.order in self.losses:
            return
        if centre.closed:
            self.losses.append(made.order)
            return
        again, _ = admit(written, made, centre.spent, at)
        assert again == priced, "both sides count alike"
        after = centre.aside.less(priced)
        parts = {"order_id": made.order, "programme": "p", "voucher_id": VOUCHER, "holder": HOLDER}
        opened, funds = fund_lines(**parts, centre=after.centre, priced=priced, cap_keys=())
        self.ledger.open_accounts(opened)
        self.require([*change_lines(centre.aside, after), *funds])
        centre.aside, centre.spent = after, centre.spent + priced
        self.orders[made.order] = priced

    def capture(self, percent):
        for order_id, priced in list(self.orders.items()):
            if priced is not None:
                used = priced.most_fen * percent // 100
                voucher = voucher_share(used, SHARE)
                held = Held(order_id=order_id, voucher_fen=priced.voucher_fen, own_fen=priced.own_fen)
                self.require(resolve_lines(held, voucher, used - voucher))
                self.orders[order_id] = None

    def close(self, centre):
        if not centre.closed:
            self.require(release_lines(centre.aside))
            centre.aside, centre.closed = replace(centre.aside, voucher_fen=0, own_fen=0), True

    def check(self):
        balance = self.ledger.balances[self.voucher.id]
        assert balance.spendable >= 0
        aside = sum(each.aside.voucher_fen for each in self.centres)
        held = sum(each.voucher_fen for each in self.orders.values() if each)
        assert balance.debits_pending == aside + held
        for each in self.centres:
            assert each.counted.voucher_fen <= each.granted.voucher_fen
            assert each.counted.own_fen <= each.granted.own_fen


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "spend", "spend", "spend", "talk", "talk", "capture", "hours", "recall", "silence"]),
        st.integers(0, 3), st.integers(0, 4_000), st.booleans(),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=150)
@given(acts=ACTS)
def test_any_interleaving_stays_within_the_voucher_and_gives_everything_back(acts):
    house = House()
    for number in range(4):
        house.open(number + 10)
    for act, which, amount, twice in acts:
        centre = house.centres[which]
        if act == "grant":
            house.grant(centre, amount)
        elif act == "spend":
            house.spend(centre, amount + 1)
        elif act == "talk":
            house.talk(centre, amount % 5, again=twice)
        elif act == "capture":
            house.capture(amount % 101)
        elif act == "hours":
            house.at += timedelta(minutes=amount % 150)
        elif act == "recall":
            centre.over = True  # the agent admits nothing more; its words may still be on their way
        else:
            house.close(centre)  # taken back from a centre that did not answer in time
        house.check()
    for centre in house.centres:
        centre.over = True
        house.talk(centre, 1_000, again=True)
    house.capture(50)
    house.check()
    balance = house.ledger.balances[house.voucher.id]
    assert balance.debits_pending == 0, "everything came back"
    assert balance.spendable + balance.debits_posted == FACE
    told = len(house.orders) + len(house.losses)
    assert told == len({*house.orders, *house.losses}), "nothing is doubled"
