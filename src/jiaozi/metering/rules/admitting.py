"""Whether an import may be done at all: who asks, what the accounts stand for, whether the centre is a supplier."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.metering.rules.bounds import RESOURCE_MAX
from jiaozi.metering.rules.entry import BadLine
from jiaozi.metering.rules.words import ACCOUNT_MAX, check_name, check_text, shown
from jiaozi.party.rules import Actor, Role, check_own_centre, check_own_programme
from jiaozi.voucher.rules import State, UnableToSpend, check_spendable

_MAY_IMPORT = frozenset({Role.CENTRE, Role.OPERATOR, Role.SYSTEM})
_NAME_PAYERS = frozenset({Role.OPERATOR, Role.SYSTEM})
_TRACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


class UnableToImport(Refused):
    """A file can't be imported as it is, or into this programme; nothing was stored."""


class UnableToReadTrace(UnableToImport):
    """Lines of the file are no jobs; ``bad`` has them all, each with its number."""

    def __init__(self, bad: Sequence[BadLine]) -> None:
        self.bad = tuple(bad)
        first = bad[0]
        super().__init__(
            "BAD_LINES",
            f"{len(bad)}行不符合格式，未导入任何记录；第{first.line}行：{first.label.zh}",
            f"{len(bad)} lines are no jobs, nothing was imported; line {first.line}: {first.label.en}",
            field="file",
        )


def check_import(by: Actor, centre: str, trace: str) -> None:
    """Let the centre itself, the operator or the house import usage, under a plain name.

    Raises
    ------
    UnableToImport
        When the role or the name is wrong.
    UnableToActForCentre
        When the centre is another's.
    """
    check_name(centre, "centre")
    check_own_centre(by, centre)
    if by.role not in _MAY_IMPORT:
        raise UnableToImport(
            "WRONG_ROLE", "用量须由算力中心或平台运营方导入", "a centre or the operator imports usage", field="role"
        )
    if trace and not _TRACE.fullmatch(trace):
        raise UnableToImport(
            "TRACE_NAME_WRONG",
            f"名称{shown(trace)}无效：只能用字母、数字、点和连字符，至多40个",
            f"{shown(trace)} is no name of a trace: letters, digits, dot and hyphen, at most 40",
            field="trace",
        )


def payers_named(by: Actor, programme: str, accounts: Mapping[str, UUID] | None) -> Mapping[str, UUID] | None:
    """Give the accounts whose vouchers pay, as an operator of the programme named them; a centre names none.

    What a centre imports beside orders is held back until somebody of the programme says who pays.

    Raises
    ------
    UnableToImport
        When a centre named a voucher: whoever is paid never says by whom.
    UnableToActForProgramme
        When the programme is another's.
    """
    if by.role in _NAME_PAYERS:
        if accounts is None or accounts:
            check_own_programme(by, programme)
        return accounts
    if accounts:
        raise UnableToImport(
            "PAYER_NOT_YOURS",
            "由哪张算力券支付须由平台运营方或经办指定：请不带账户对照表导入，未指定的用量将暂扣待其指定",
            "whose voucher pays is for the operator or an officer to say: import without the map of accounts; "
            "what names no order is held back until they do",
            field="accounts",
        )
    return {}


def check_names(*, programme: str, resource_class: str, accounts: Collection[str] | None) -> None:
    """Let names be ones that can be stored and looked up; no programme is needed where no voucher pays.

    Raises
    ------
    UnableToWrite
        Naming the first that can't.
    """
    if programme or accounts is None or accounts:
        check_name(programme, "programme")
    check_name(resource_class, "resource_class", RESOURCE_MAX)
    for account in accounts or ():
        check_text(account, "accounts", ACCOUNT_MAX)


def check_dealt(dealt: dict[str, UUID], programme: str) -> dict[str, UUID]:
    """Give the dealt users, who need at least one voucher.

    Raises
    ------
    UnableToImport
        When there is none.
    """
    if not dealt:
        raise UnableToImport(
            "NO_VOUCHER",
            f"项目{programme}没有有效的算力券可供分配",
            f"the programme {programme} has no active voucher to deal the users over",
            field="programme",
        )
    return dealt


def check_accounts(accounts: Mapping[str, UUID], programmes: Mapping[UUID, str], programme: str) -> None:
    """Let every account stand for a voucher of the programme.

    Raises
    ------
    UnableToImport
        Naming the first that does not.
    """
    for account, voucher in accounts.items():
        if programmes.get(voucher) != programme:
            raise UnableToImport(
                "NO_SUCH_VOUCHER",
                f"账户{account}：项目{programme}没有算力券{voucher}",
                f"account {account}: the programme {programme} has no voucher {voucher}",
                field="accounts",
            )


def check_supplier(centre: str, suppliers: Collection[str]) -> None:
    """Let usage of the programme's suppliers only be charged to vouchers.

    Raises
    ------
    UnableToImport
        Naming the suppliers.
    """
    if centre not in suppliers:
        raise UnableToImport(
            "NOT_A_SUPPLIER",
            f"算力券不能在{centre}使用，可用于：{'、'.join(sorted(suppliers))}",
            f"vouchers can't be spent at {centre}; they can at {', '.join(sorted(suppliers))}",
            field="centre",
        )


def spendable(state: State, valid_until: date, today: date) -> Reason | None:
    """Say why a voucher can't be spent today, or None when it can."""
    try:
        check_spendable(state, valid_until, today)
    except UnableToSpend as refused:
        return refused.reason
    return None


def deal(users: Iterable[str], vouchers: Sequence[UUID]) -> dict[str, UUID]:
    """Deal a trace's users over vouchers, always the same way; for demonstrations.

    >>> a, b = UUID(int=1), UUID(int=2)
    >>> deal(["10", "9", "11"], [b, a]) == {"9": a, "10": b, "11": a}
    True
    """
    dealt = sorted(vouchers)
    ordered = sorted(set(users), key=lambda user: (len(user), user))
    return {user: dealt[place % len(dealt)] for place, user in enumerate(ordered)} if dealt else {}
