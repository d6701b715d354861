"""The SQL ledger does what the model ledger does: same answers, same counters, and an empty audit after every step."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from jiaozi.kernel.ids import named_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import Account, AccountKind, Book, Chain, Transfer, TransferKind, TransferStatus
from jiaozi.ledger.services.transfers import send_batch

from .model import RESOLUTIONS, ModelLedger

AT = datetime(2026, 3, 1, tzinfo=UTC)
EVENTS = ("order.hold", "usage.capture")
FUNDS_FEN = 40
KINDS = [
    *[AccountKind.AUTHORITY, AccountKind.AVAILABLE, AccountKind.VOUCHER, AccountKind.PAYABLE],
    *[AccountKind.RESERVE, AccountKind.TREASURY_ADVANCE, AccountKind.UNREPLENISHED, AccountKind.CAP],
]


ODD = ("nothing", "negative", "same account", "unknown debit", "unknown credit", "two books", "unknown hold", "no hold")


class Machine(RuleBasedStateMachine):
    """Two ledgers, one script; what an example wrote is rolled back when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.programme = "model"
        self.model = ModelLedger()
        self.accounts = [Account(kind, self.programme) for kind in KINDS]
        self.accounts.insert(4, Account(AccountKind.VOUCHER, self.programme, "second"))
        self.stranger = Account(AccountKind.VOUCHER, self.programme, "never opened")
        self.made = 0
        self.asked: list[Chain] = []
        self.scope = ExitStack()
        self.scope.enter_context(transaction.atomic())

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.close()

    # what is drawn

    def fresh_id(self) -> UUID:
        self.made += 1
        return named_id("transfer", self.programme, self.made)

    def draw_transfer(self, data: st.DataObject) -> Transfer:
        odd = data.draw(st.sampled_from(["fine"] * 20 + list(ODD)), label="odd")
        kind = data.draw(st.sampled_from(TransferKind), label="kind")
        event, amount = data.draw(st.sampled_from(EVENTS)), data.draw(st.integers(1, 15), label="amount")
        amount = {"nothing": 0, "negative": -amount}.get(odd, amount)
        hold_id = self.draw_hold(data, odd) if kind in RESOLUTIONS else None
        if hold_id:
            return Transfer(self.fresh_id(), kind, None, None, amount, hold_id, event, None)
        kind = TransferKind.HOLD if kind in RESOLUTIONS else kind  # nothing to resolve yet
        debit, credit = self.draw_accounts(data, odd)
        return Transfer(self.fresh_id(), kind, debit, credit, amount, None, event, None)

    def draw_hold(self, data: st.DataObject, odd: str) -> UUID | None:
        """Give mostly a hold that is still open, at times a resolved one, a post or nothing that exists."""
        if odd == "unknown hold":
            return named_id("unknown hold", self.programme)
        if odd == "no hold":
            return data.draw(st.sampled_from(list(self.model.transfers)), label="no hold")
        holds = [id_ for id_, kept in self.model.transfers.items() if kept.transfer.kind is TransferKind.HOLD]
        still_open = [id_ for id_ in holds if id_ not in self.model.resolved]
        choices = [choice for choice in (still_open, still_open, still_open, holds) if choice]
        return data.draw(st.sampled_from(data.draw(st.sampled_from(choices))), label="hold") if choices else None

    def draw_accounts(self, data: st.DataObject, odd: str) -> tuple[UUID, UUID]:
        book = data.draw(st.sampled_from([Book.FACE, Book.FACE, Book.CASH]), label="book")
        inside = [account for account in self.accounts if account.book is book]
        debit = data.draw(st.sampled_from(inside), label="debit")
        credit = data.draw(st.sampled_from([account for account in inside if account != debit]), label="credit")
        if odd == "two books":
            credit = self.accounts[-1]
        if odd == "same account":
            credit = debit
        return (
            (self.stranger if odd == "unknown debit" else debit).id,
            (self.stranger if odd == "unknown credit" else credit).id,
        )

    def draw_chain(self, data: st.DataObject, length_max: int = 4) -> list[Transfer]:
        return [self.draw_transfer(data) for _ in range(data.draw(st.integers(1, length_max), label="length"))]

    # the steps

    def both(self, chains: list[Chain]) -> None:
        chains = [chain for chain in chains if is_well_formed(chain)]
        expected = self.model.apply(chains)
        assert services.apply(chains, at=AT) == expected
        self.asked += chains

    @initialize()
    def fund(self) -> None:
        self.model.open_accounts(self.accounts)
        services.open_accounts(self.accounts)
        authority, available, voucher, payable, _, reserve, advance, *_ = [account.id for account in self.accounts]
        moves = [(authority, available), (reserve, advance), (available, voucher), (available, payable)]
        chains = [
            [Transfer(self.fresh_id(), TransferKind.POST, debit, credit, FUNDS_FEN // (1 + n // 2), None, "fund", None)]
            for n, (debit, credit) in enumerate(moves)
        ]
        self.both(chains[:2])
        self.both(chains[2:])

    @rule(data=st.data())
    def single_by_either_function(self, data: st.DataObject) -> None:
        transfer = self.draw_transfer(data)
        by_batch = answer_of_batch([[transfer]])
        expected = self.model.apply([[transfer]])
        assert by_batch == expected == services.apply([[transfer]], at=AT)
        self.asked.append([transfer])

    @rule(data=st.data())
    def chain(self, data: st.DataObject) -> None:
        self.both([self.draw_chain(data)])

    @rule(data=st.data())
    def batch(self, data: st.DataObject) -> None:
        self.both([self.draw_chain(data, 3) for _ in range(data.draw(st.integers(1, 8), label="chains"))])

    @rule(data=st.data())
    def batch_with_what_was_asked_before(self, data: st.DataObject) -> None:
        old = data.draw(st.lists(st.integers(0, len(self.asked) - 1), min_size=1, max_size=4), label="old")
        chains = [self.asked[index] for index in old] + [self.draw_chain(data, 2)]
        order = data.draw(st.permutations(range(len(chains))))
        self.both([chains[index] for index in order])

    @rule(data=st.data())
    def id_with_another_payload(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from(self.asked), label="old")[0]
        new = self.draw_transfer(data)
        self.both([[Transfer(old.id, new.kind, new.debit, new.credit, new.amount_fen, new.hold_id, new.event, None)]])

    @rule(data=st.data())
    def chain_that_partly_stands(self, data: st.DataObject) -> None:
        old = list(data.draw(st.sampled_from(self.asked), label="old"))
        changed = data.draw(
            st.sampled_from([[*old, self.draw_transfer(data)], [self.draw_transfer(data), *old], old[1:]])
        )
        self.both([changed])

    # what always holds

    @invariant()
    def same_counters(self) -> None:
        if self.model.balances:
            assert queries.balances(self.accounts) == self.model.balances

    @invariant()
    def audit_is_clean(self) -> None:
        assert queries.audit() == []


def is_well_formed(chain: Chain) -> bool:
    """Whether ``segments`` takes it; that it refuses the others is test_rules.py's matter."""
    names = [transfer.id for transfer in chain] + [transfer.hold_id for transfer in chain if transfer.hold_id]
    return bool(chain) and len(set(names)) == len(names)


def answer_of_batch(chains: list[Chain]) -> list[list[TransferStatus]]:
    """Ask the batch function, then take back whatever it wrote."""
    with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
        answer = send_batch(cursor, chains, [AT] * len(chains))
        transaction.set_rollback(True)
    return answer


@pytest.mark.django_db
def test_sql_and_model_agree():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
