"""The ledger's words: accounts by name, transfers by shape, batches without repeats."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.ids import named_id
from jiaozi.ledger import rules
from jiaozi.ledger.rules import (
    AMOUNT_MAX_FEN,
    BATCH_MAX,
    KINDS,
    Account,
    AccountKind,
    Book,
    Bound,
    Transfer,
    TransferKind,
    TransferStatus,
    UnableToTransfer,
    segments,
)

from .model import cut_of

PURSE, SHOP = Account(AccountKind.VOUCHER, "p", "1"), Account(AccountKind.PAYABLE, "p", "c/0")


def an_id(number: int) -> UUID:
    return named_id("test", number)


def a_post(number: int) -> Transfer:
    return rules.post(an_id(number), PURSE, SHOP, 1, "test")


def test_every_kind_has_book_and_bound():
    assert set(KINDS) == set(AccountKind)


@pytest.mark.parametrize(
    ("bound", "kinds"),
    [
        (Bound.DEBITS_WITHIN_CREDITS, "AVAILABLE VOUCHER PAYABLE SETTLED TREASURY_ADVANCE DUE_TO_TREASURY CAP"),
        (Bound.CREDITS_WITHIN_DEBITS, "RESERVE UNREPLENISHED RECEIVABLE"),
        (Bound.NONE, "AUTHORITY APPROPRIATION SPENT LAPSED DISALLOWED"),
    ],
)
def test_bounds_are_the_plans(bound, kinds):
    assert {KINDS[AccountKind(kind)][1] for kind in kinds.split()} == {bound}


def test_account_is_named_by_what_it_stands_for():
    assert Account(AccountKind.VOUCHER, "p", "1").id == PURSE.id
    others = [Account(AccountKind.VOUCHER, "p", "2"), Account(AccountKind.VOUCHER, "q", "1"), SHOP]
    assert PURSE.id not in {account.id for account in others}
    assert (PURSE.book, PURSE.bound) == (Book.FACE, Bound.DEBITS_WITHIN_CREDITS)


def test_resolution_of_nothing_is_a_void():
    assert rules.resolve(an_id(1), an_id(2), 0, "e") == rules.void(an_id(1), an_id(2), "e")
    assert rules.resolve(an_id(1), an_id(2), 5, "e") == rules.capture(an_id(1), an_id(2), 5, "e")


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "hold_id"),
    [
        (TransferKind.POST, PURSE.id, SHOP.id, an_id(9)),
        (TransferKind.HOLD, None, None, None),
        (TransferKind.HOLD, PURSE.id, None, None),
        (TransferKind.CAPTURE, None, None, None),
        (TransferKind.VOID, PURSE.id, SHOP.id, an_id(9)),
        (TransferKind.CAPTURE, PURSE.id, None, an_id(9)),
    ],
)
def test_what_is_no_transfer_is_refused(kind, debit, credit, hold_id):
    with pytest.raises(ValueError, match="names"):
        Transfer(an_id(1), kind, debit, credit, 1, hold_id, "e", None)


@pytest.mark.parametrize("amount", [AMOUNT_MAX_FEN + 1, -AMOUNT_MAX_FEN - 1])
def test_amount_past_any_budget_is_refused(amount):
    with pytest.raises(ValueError, match="amount_fen"):
        rules.post(an_id(1), PURSE, SHOP, amount, "e")


def test_a_full_batch_of_the_largest_amount_fits_into_64_bits():
    assert BATCH_MAX * AMOUNT_MAX_FEN < 2**63


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [a_post(1), a_post(1)],
        [rules.capture(an_id(1), an_id(3), 1, "e"), rules.void(an_id(2), an_id(3), "e")],
        [rules.hold(an_id(1), PURSE, SHOP, 1, "e"), rules.capture(an_id(2), an_id(1), 1, "e")],
        [rules.capture(an_id(1), an_id(1), 1, "e")],
        [a_post(number) for number in range(BATCH_MAX + 1)],
    ],
    ids=["empty", "id twice", "hold twice", "hold with its capture", "its own hold", "too long"],
)
def test_malformed_chain_is_refused(chain):
    with pytest.raises(ValueError, match="chain"):
        list(segments([chain]))


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=3, unique=True), max_size=20))
def test_segments_keep_order_and_repeat_nothing(numbers):
    chains = [[a_post(number) for number in chain] for chain in numbers]
    pieces = list(segments(chains))
    assert [chain for piece in pieces for chain in piece] == chains
    for piece in pieces:
        names = [transfer.id for chain in piece for transfer in chain]
        assert len(set(names)) == len(names)
    for piece, following in pairwise(pieces):  # cut only where it must be
        assert {t.id for chain in piece for t in chain} & {t.id for t in following[0]}


def test_segments_cut_at_the_largest_batch_between_chains():
    chains = [[a_post(2 * number), a_post(2 * number + 1)] for number in range(BATCH_MAX // 2 + 1)]
    assert [len(piece) for piece in segments(chains)] == [BATCH_MAX // 2, 1]


@pytest.mark.parametrize(
    ("sizes", "left"),
    [([1, 1], 1), ([1, 1, 1], 1), ([2, 2], 1), ([1, 5], 1), ([5, 1], 1), ([1, 1, 4], 2), ([3, 1, 1], 1)],
)
def test_a_cut_falls_between_chains_near_the_middle(sizes, left):
    assert cut_of(sizes) == left


@pytest.mark.parametrize("status", [status for status in TransferStatus if not status.stands])
def test_every_refusal_speaks_both_languages(status):
    error = UnableToTransfer(status, a_post(1))
    assert error.reason.code == status
    assert error.in_language("en") != error.in_language("zh-hans")
    assert "test" in error.in_language("en")
