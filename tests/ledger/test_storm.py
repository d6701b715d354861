"""Many threads at once on real PostgreSQL: never a fen over, every fen accounted for, nobody stuck."""

from __future__ import annotations

from itertools import cycle, islice, pairwise

import pytest

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import Account, AccountKind, Chain, TransferStatus, capture, hold, post, void

from .books import (
    AT,
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

THREADS = 32
FACE_FEN, CAP_FEN = 400, 300


def directly(chain: Chain) -> bool:
    (statuses,) = services.apply([chain], at=AT)
    return all(status.stands for status in statuses)


def an_order(number: int, *, amount_fen: int = 1) -> Chain:
    """The voucher's hold and the cap's, in either order."""
    pair = [a_hold(amount_fen, number % len(CENTRES)), a_count(amount_fen)]
    return pair if number % 2 else pair[::-1]


@pytest.mark.parametrize("way", ["directly", "through the poster", "both ways"])
def test_voucher_and_cap_never_give_a_fen_too_much(fresh_database, way):
    open_books(FACE_FEN, CAP_FEN)
    with services.Poster() as poster:

        def through_the_poster(chain):
            return all(status.stands for status in poster.submit(chain, at=AT))

        ways = {"directly": [directly], "through the poster": [through_the_poster]}
        take = list(islice(cycle(ways.get(way, [directly, through_the_poster])), THREADS))
        accepted = in_threads(lambda number: sum(take[number](an_order(number)) for _ in range(15)), range(THREADS))
    assert sum(accepted) == CAP_FEN
    assert queries.balance(VOUCHER).debits_pending == queries.balance(CAP).debits_pending == CAP_FEN
    assert_true_books()


def test_amounts_of_all_sizes_stay_within(fresh_database):
    open_books(FACE_FEN, CAP_FEN)

    def spend(number: int) -> int:
        sizes = [1 + (number * 7 + turn * 5) % 23 for turn in range(12)]
        return sum(size for size in sizes if directly(an_order(number, amount_fen=size)))

    accepted = in_threads(spend, range(THREADS))
    assert sum(accepted) == queries.balance(CAP).debits_pending <= CAP_FEN
    assert queries.balance(CAP).spendable < 23  # nothing was refused that fitted: the rest is below the largest ask
    assert_true_books()


def test_chains_in_any_order_of_accounts_never_deadlock(fresh_database):
    open_books(10_000)
    purses = [Account(AccountKind.VOUCHER, PROGRAMME, f"purse {number}") for number in range(6)]
    services.open_accounts(purses)
    services.require([post(new_id(), VOUCHER, purses[0], 600, "x")], at=AT)
    services.require([post(new_id(), purses[0], purse, 100, "x") for purse in purses[1:]], at=AT)

    def turn(number: int) -> int:
        done = 0
        for step in range(10):
            way = purses[(number + step) % 6 :] + purses[: (number + step) % 6]
            way = way if (number + step) % 2 else way[::-1]
            chain = [post(new_id(), debit, credit, 1, "x") for debit, credit in pairwise(way)]
            done += directly(chain)
        return done

    assert sum(in_threads(turn, range(THREADS))) > 0
    assert sum(queries.balance(purse).credit for purse in purses) == 600
    assert_true_books()


def test_a_hold_resolves_once_whoever_races(fresh_database):
    open_books()
    holds = [a_hold(10) for _ in range(20)]
    services.apply([[one] for one in holds], at=AT)

    def resolve_all(number: int) -> list[TransferStatus]:
        ask = void if number % 2 else lambda id_, hold_id, event: capture(id_, hold_id, 4, event)
        order = holds[number % 20 :] + holds[: number % 20]
        return [services.apply([[ask(new_id(), one.id, "race")]], at=AT)[0][0] for one in order]

    answers = [status for thread in in_threads(resolve_all, range(THREADS)) for status in thread]
    assert answers.count(TransferStatus.APPLIED) == len(holds)
    assert set(answers) == {TransferStatus.APPLIED, TransferStatus.HOLD_RESOLVED}
    after = queries.balance(VOUCHER)
    assert after.debits_pending == 0
    assert after.debits_posted % 4 == 0
    assert_true_books()


def test_one_id_for_two_payloads_stands_once(fresh_database):
    open_books()
    id_ = new_id()
    chains = [[hold(id_, VOUCHER, CENTRES[number % 4], 1 + number % 2, "race")] for number in range(THREADS)]
    answers = [status for ((status,),) in in_threads(lambda chain: services.apply([chain], at=AT), chains)]
    assert answers.count(TransferStatus.APPLIED) == 1
    assert set(answers) <= {TransferStatus.APPLIED, TransferStatus.EXISTS, TransferStatus.ID_CONFLICT}
    assert_true_books()
