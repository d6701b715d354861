"""Billing faults of the field that the ledger alone makes impossible; the other stages answer for the rest.

The numbers are those of the list of twenty-four faults in docs/reference/ledger.md.
"""

from __future__ import annotations

import inspect

import pytest
from django.db import DatabaseError, OperationalError, connections, transaction

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.models import LedgerAccount, LedgerTransfer
from jiaozi.ledger.rules import Account, AccountKind, TransferStatus, UnableToTransfer, capture, post
from jiaozi.ledger.services import transfers

from .books import (
    AT,
    AVAILABLE,
    CAP,
    CENTRES,
    PROGRAMME,
    VOUCHER,
    a_count,
    a_hold,
    assert_true_books,
    in_threads,
    open_books,
)


def refusal_of(chain) -> TransferStatus:
    with pytest.raises(UnableToTransfer) as refusal:
        services.require(chain, at=AT)
    return refusal.value.status


def test_1_jobs_that_pass_a_check_together_do_not_overdraw(fresh_database):
    open_books(face_fen=100)

    def check_then_hold(_):
        seen = queries.balance(VOUCHER).spendable  # every thread may see room for itself
        (status,) = services.apply([[a_hold(min(60, seen) or 60)]], at=AT)[0]
        return status

    answers = in_threads(check_then_hold, range(16))
    assert queries.balance(VOUCHER).debits_pending <= 100
    assert answers.count(TransferStatus.APPLIED) >= 1
    assert TransferStatus.EXCEEDS_CREDITS in answers
    assert_true_books()


def test_2_an_unreachable_ledger_starts_nothing(fresh_database):
    open_books()
    django = connections["default"]
    kept = django.settings_dict["HOST"]
    django.close()
    django.settings_dict["HOST"] = "/nonexistent"
    try:
        with pytest.raises(OperationalError):
            services.require([a_hold(1)], at=AT)
    finally:
        django.settings_dict["HOST"] = kept
    assert queries.balance(VOUCHER).debits_pending == 0


@pytest.mark.django_db
def test_7_a_balance_that_was_read_is_never_what_is_written():
    open_books(face_fen=100)
    stale = LedgerAccount.objects.get(id=VOUCHER.id)
    services.require([a_hold(30)], at=AT)
    stale.debits_pending = 1
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        stale.save()
    assert queries.balance(VOUCHER).debits_pending == 30


@pytest.mark.django_db
def test_11_the_block_comes_before_the_overdraft():
    open_books(face_fen=100)
    services.require([a_hold(100)], at=AT)
    assert refusal_of([a_hold(1)]) is TransferStatus.EXCEEDS_CREDITS
    assert queries.balance(VOUCHER).spendable == 0


@pytest.mark.django_db
def test_13_the_first_order_meets_the_limit_too():
    open_books(face_fen=100)
    assert refusal_of([a_hold(101)]) is TransferStatus.EXCEEDS_CREDITS


@pytest.mark.django_db
def test_14_a_hold_is_given_back_once_whatever_month_it_is():
    open_books()
    held = a_hold(40)
    services.require([held], at=AT)
    services.require([capture(new_id(), held.id, 25, "usage.capture")], at=AT)
    assert refusal_of([capture(new_id(), held.id, 25, "usage.capture")]) is TransferStatus.HOLD_RESOLVED
    assert queries.balance(VOUCHER).spendable == 1_000 - 25


@pytest.mark.parametrize("position", range(4))
@pytest.mark.django_db
def test_19_every_one_of_several_limits_counts(position):
    open_books()
    caps = [Account(AccountKind.CAP, PROGRAMME, f"cap {number}") for number in range(4)]
    services.open_accounts(caps)
    source, counted = Account(AccountKind.CAP_SOURCE, PROGRAMME), Account(AccountKind.COUNTED, PROGRAMME)
    for number, cap in enumerate(caps):
        services.require([post(new_id(), source, cap, 9 if number == position else 1_000, "cap.grant")], at=AT)
    chain = [a_hold(10), *[post(new_id(), cap, counted, 10, "cap.count") for cap in caps]]
    assert refusal_of(chain) is TransferStatus.EXCEEDS_CREDITS
    assert queries.balance(VOUCHER).debits_pending == 0
    assert [queries.balance(cap).debits_posted for cap in caps] == [0, 0, 0, 0]


@pytest.mark.django_db
def test_21_asking_again_after_a_crash_counts_once():
    open_books()
    chain = [a_hold(10), a_count(10)]
    for _ in range(3):
        services.require(chain, at=AT)
    assert queries.balance(VOUCHER).debits_pending == queries.balance(CAP).debits_pending == 10


def test_22_no_column_near_money_is_a_float():
    kinds = {field.get_internal_type() for model in (LedgerAccount, LedgerTransfer) for field in model._meta.fields}
    assert kinds == {"UUIDField", "CharField", "BooleanField", "BigIntegerField", "SmallIntegerField", "DateTimeField"}
    assert "float" not in inspect.getsource(transfers)


@pytest.mark.parametrize("model", [LedgerAccount, LedgerTransfer])
@pytest.mark.django_db
def test_23_no_path_edits_what_was_recorded(model):
    open_books()
    first = model.objects.first()
    for edit in (first.delete, first.save, lambda: model.objects.all().delete()):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            edit()
    assert queries.balances([AVAILABLE, CENTRES[0]])[AVAILABLE.id].credits_posted == 1_000
