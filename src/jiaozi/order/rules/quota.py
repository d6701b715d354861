"""A quota in kind is held and captured in card-seconds, in the chain of the money that pays the centre for them.

One unit of an order for one second is one card-second. The face of such a voucher is the most that the city pays the
centres for it; the units are the most that its holder may use. Both bound every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import Account, AccountKind, Transfer, hold, post, resolve
from jiaozi.party.rules import Role
from jiaozi.voucher.rules import State

_MS_PER_S = 1000
ENDED = (State.EXPIRED, State.CANCELLED, State.REVOKED)


class UnableToEndQuota(Refused):
    """The quota can't be ended now."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a quota, in card-seconds: issued = left + held + used + ended."""

    issued_s: int
    left_s: int
    held_s: int
    used_s: int
    ended_s: int


def quota_account(programme: str, voucher_id: UUID) -> Account:
    """Give a voucher's own account in the book ``units``."""
    return Account(AccountKind.QUOTA, programme, str(voucher_id))


def quota_accounts(programme: str, voucher_id: UUID) -> tuple[Account, ...]:
    """Give a quota's source, itself, and where its units go."""
    return (
        Account(AccountKind.QUOTA_SOURCE, programme),
        quota_account(programme, voucher_id),
        Account(AccountKind.QUOTA_USED, programme, str(voucher_id)),
        Account(AccountKind.QUOTA_ENDED, programme, str(voucher_id)),
    )


def held_s(units: int, time_limit_ms: int) -> int:
    """Give the card-seconds that an order may use: whole seconds of its time limit."""
    return units * -(-time_limit_ms // _MS_PER_S)


def issue_line(programme: str, voucher_id: UUID, issued_s: int) -> Transfer:
    """Credit a quota with what was granted, once for ever by its id."""
    source, own, *_ = quota_accounts(programme, voucher_id)
    return post(named_id("quota.issue", voucher_id), source, own, issued_s, "quota.issue", voucher_id)


def _slice(number: int) -> tuple[str | int, ...]:
    return ("slice", number) if number else ()


def _hold_id(order_id: UUID, number: int) -> UUID:
    return named_id("quota.hold", order_id, *_slice(number))


def hold_line(programme: str, voucher_id: UUID, order_id: UUID, amount_s: int, number: int = 0) -> Transfer:
    """Hold what an order, or one slice of it, may use."""
    _, own, used, _ = quota_accounts(programme, voucher_id)
    return hold(_hold_id(order_id, number), own, used, amount_s, "quota.hold", order_id)


def resolve_lines(order_id: UUID, held: Sequence[tuple[int, int]], used_unit_ms: int) -> tuple[Transfer, ...]:
    """Capture what an order used, begun seconds as whole ones, never more than was held; release the rest.

    ``held`` are its slices in their order: number and card-seconds.
    """
    left_s, lines = -(-used_unit_ms // _MS_PER_S), []
    for number, amount_s in held:
        due_s = min(left_s, amount_s)
        left_s -= due_s
        event = "quota.capture" if due_s else "quota.release"
        key = named_id("quota.resolve", order_id, *_slice(number))
        lines.append(resolve(key, _hold_id(order_id, number), due_s, event, order_id))
    return tuple(lines)


def end_line(programme: str, voucher_id: UUID, left_s: int, step: str) -> Transfer:
    """Take what is left of a quota whose voucher has ended."""
    _, own, _, ended = quota_accounts(programme, voucher_id)
    return post(named_id("quota.end", voucher_id, step), own, ended, left_s, "quota.end", voucher_id)


def check_ended(state: State, role: Role) -> None:
    """Let an officer or the clock end the quota of a voucher that has ended.

    Raises
    ------
    UnableToEndQuota
        Otherwise.
    """
    if role not in {Role.OFFICER, Role.SYSTEM}:
        raise UnableToEndQuota("WRONG_ROLE", "配额由经办收回", "an officer ends a quota", field="role")
    if state not in ENDED:
        raise UnableToEndQuota(
            "VOUCHER_ALIVE",
            f"算力券{state.label.zh}，配额不能收回",
            f"the voucher is {state.label.en}",
            field="voucher",
        )
