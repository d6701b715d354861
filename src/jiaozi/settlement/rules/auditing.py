"""The list of what an audit checks, room by room, so that its answer can say what held and over how many rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jiaozi.kernel.label import Label


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows there are to be looked at."""

    accounts: int
    transfers: int
    vouchers: int
    captures: int
    usage: int
    statements: int
    lines: int
    movements: int
    disallowances: int
    redemptions: int
    awards: int
    grants: int
    clawbacks: int
    files: int
    samples: int
    trade_sessions: int
    trade_orders: int
    orders: int
    leases: int
    lease_jobs: int


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must always hold; ``name`` is what a finding carries when it does not."""

    room: str
    name: str
    zh: str
    rows: Callable[[Rows], int]

    @property
    def label(self) -> Label:
        """It in both languages."""
        return Label(self.zh, self.name)


def _accounts(rows: Rows) -> int:
    return rows.accounts


def _transfers(rows: Rows) -> int:
    return rows.transfers


def _vouchers(rows: Rows) -> int:
    return rows.vouchers


def _usage(rows: Rows) -> int:
    return rows.usage


def _statements(rows: Rows) -> int:
    return rows.statements


def _lines(rows: Rows) -> int:
    return rows.lines


def _captures(rows: Rows) -> int:
    return rows.captures


def _money(rows: Rows) -> int:
    return rows.statements + rows.movements + rows.disallowances


def _disallowances(rows: Rows) -> int:
    return rows.disallowances


def _redemptions(rows: Rows) -> int:
    return rows.redemptions


def _awards(rows: Rows) -> int:
    return rows.awards


def _grants(rows: Rows) -> int:
    return rows.grants


def _clawbacks(rows: Rows) -> int:
    return rows.clawbacks


def _files(rows: Rows) -> int:
    return rows.files


def _sessions(rows: Rows) -> int:
    return rows.trade_sessions


def _orders(rows: Rows) -> int:
    return rows.trade_orders


def _samples(rows: Rows) -> int:
    return rows.samples


def _jobs(rows: Rows) -> int:
    return rows.orders


def _leases(rows: Rows) -> int:
    return rows.leases


def _lease_jobs(rows: Rows) -> int:
    return rows.lease_jobs


INVARIANTS = (
    Invariant("ledger", "book balances", "各账簿借贷相等", _accounts),
    Invariant("ledger", "counters equal a replay", "余额等于逐笔重算", _transfers),
    Invariant("ledger", "bounds kept", "账户未超限", _accounts),
    Invariant("ledger", "an account is what its kind says", "账户性质不变", _accounts),
    Invariant("ledger", "a chain has its first transfer", "成组账目完整", _transfers),
    Invariant("ledger", "a hold is resolved within its amount", "核销不超过冻结", _transfers),
    Invariant("ledger", "a hold is resolved once", "冻结只处理一次", _transfers),
    Invariant("ledger", "a transfer stays in one book", "每笔账在同一账簿内", _transfers),
    Invariant("application", "a kept paper is what was handed in", "材料文件未被改动", _files),
    Invariant("voucher", "a voucher's face is what was issued", "面额等于发放额", _vouchers),
    Invariant(
        "voucher",
        "face = unspent + held + used + lapsed + revoked + returned",
        "面额=未用+冻结+已用+过期+撤销+退回",
        _vouchers,
    ),
    Invariant("order", "an order is held for exactly while it is under way", "在途订单足额冻结，了结即解冻", _jobs),
    Invariant("order", "data movement is held for until it is charged", "数据传输费足额冻结至核销", _jobs),
    Invariant("order", "a job starts after its inputs", "作业在输入到齐后开始", _jobs),
    Invariant("order", "what a holder prepaid is booked once and in full", "预付款如数入账一次", _transfers),
    Invariant("lease", "a lease sets aside exactly what is left of it", "额度余额足额冻结", _leases),
    Invariant("lease", "granted = left + spent + returned, spent job by job", "授予=余额+已用+归还，逐单可查", _leases),
    Invariant(
        "lease",
        "a job under a lease is an order of its voucher and centre, held for as it was admitted",
        "额度内作业与订单一致",
        _lease_jobs,
    ),
    Invariant("lease", "no centre tells an order id that is another's", "算力中心不报送他人的订单编号", _lease_jobs),
    Invariant("metering", "data movement is priced by its bytes and its link", "数据传输按字节和链路计价", _captures),
    Invariant("metering", "data movement is charged once, as its order says", "数据传输与订单一致，只计一次", _jobs),
    Invariant("metering", "every capture traces to usage records", "每笔核销有用量记录", _captures),
    Invariant("metering", "a price follows from its usage and its tariff", "价款由用量和价目得出", _captures),
    Invariant("metering", "a capture's names belong together", "核销的各项归属一致", _captures),
    Invariant("metering", "a captured record was rated by its capture's tariff", "用量按其核销的价目计价", _usage),
    Invariant("metering", "every usage record has exactly one capture or a reason", "每条用量已核销或有理由", _usage),
    Invariant("metering", "voucher share + holder's share = price", "券付+自付=价款", _captures),
    Invariant("metering", "captures equal the ledger", "核销等于台账", _captures),
    Invariant("metering", "an import is what its journal line tells", "导入与留痕一致", _captures),
    Invariant("exchange", "an order holds what it asks for", "报价足额冻结", _orders),
    Invariant("exchange", "a hold belongs to an order", "冻结有对应报价", _orders),
    Invariant("exchange", "a hold ends as its order does", "冻结与报价同归", _orders),
    Invariant("exchange", "sellers are paid and buyers get what was accepted", "成交即付款交付", _orders),
    Invariant("exchange", "no accepted order loses", "成交者不亏", _orders),
    Invariant("exchange", "bought and sold meet at every hub", "各枢纽买卖平衡", _sessions),
    Invariant(
        "exchange",
        "a link carries no more than it can, and earns the difference of prices",
        "链路不超限，收益等于价差",
        _sessions,
    ),
    Invariant("exchange", "a session that is over holds nothing", "结束场次无余额", _sessions),
    Invariant("exchange", "a trader's money is what it deposited and traded", "交易资金=存入+成交", _orders),
    Invariant("exchange", "capacity is what was declared and traded", "容量=登记+成交", _orders),
    Invariant("exchange", "a link has earned its rents", "链路收益等于各场之和", _sessions),
    Invariant("metering", "samples are what their journal line tells", "采样与留痕一致", _samples),
    Invariant("settlement", "gross issued within the cap at every moment", "累计发放任何时刻不超过上限", _transfers),
    Invariant("settlement", "imprest identity", "备用金恒等式", _accounts),
    Invariant("settlement", "the reserve's accounts are its movements", "备用金账户与收支一致", _money),
    Invariant("settlement", "a statement is the sum of its lines", "结算单等于明细合计", _statements),
    Invariant("settlement", "claim, metering and ledger agree", "申报、计量、台账一致", _lines),
    Invariant("settlement", "a paid statement is what the ledger paid", "已付结算单等于台账支付", _statements),
    Invariant("settlement", "a capture is settled once", "每笔核销只结算一次", _lines),
    Invariant("settlement", "payable is what was captured and not paid", "应付等于已核销未支付", _captures),
    Invariant("settlement", "an order is settled when its statement is paid", "订单结算与支付一致", _captures),
    Invariant("settlement", "no more is disallowed than was paid", "剔除不超过支付", _disallowances),
    Invariant("settlement", "no more is recovered than was disallowed", "追回不超过剔除", _disallowances),
    Invariant("settlement", "a redemption holds and pays what it says", "兑付的冻结与支付等于核定", _redemptions),
    Invariant("settlement", "a redemption is within its bounds", "兑付不超过任何一项上限", _redemptions),
    Invariant("settlement", "an invoice is redeemed once", "每张发票只兑付一次", _redemptions),
    Invariant("settlement", "award face = unpaid + paid + withdrawn", "奖励额=未付+已付+撤销", _awards),
    Invariant("settlement", "a one-off award is granted once", "一次性奖励只授予一次", _awards),
    Invariant("settlement", "a payment to a holder is what the ledger paid", "付给主体的款项等于台账支付", _grants),
    Invariant("settlement", "a quota's capture is its usage", "配额核销等于用量", _usage),
    Invariant("settlement", "no more is clawed back than was paid", "追回决定不超过支付", _clawbacks),
    Invariant("settlement", "no more is paid back than was clawed back", "收回不超过追回决定", _clawbacks),
    Invariant("settlement", "a kept total is the sum of its rows", "留存合计等于逐笔之和", _transfers),
    Invariant("settlement", "a year's totals are its vouchers' accounts", "年度合计等于各券账户", _accounts),
    Invariant(
        "settlement", "what waits for a statement was captured and is on none", "待结算等于已核销未入单", _captures
    ),
)
"""What is checked, in the order of a voucher's life; a test holds it to the SQL of every room."""
