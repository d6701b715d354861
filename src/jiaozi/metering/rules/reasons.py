"""Why a usage record is held back: one code and one clear line in each language; none is dropped for any of them."""

from __future__ import annotations

from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason

TOLERANCE_MS = 60_000
"""How far a run time may be past the span between start and end: clocks of a machine are set, meters are not."""


def units_not_positive(units: int) -> Reason:
    """No cores or cards: such a job is never priced at zero, somebody must say what it occupied."""
    return Reason(
        "UNITS_NOT_POSITIVE",
        Label(f"数量为{units}，须至少为1；请算力中心更正", f"{units} units; it must be at least 1: correct the record"),
        field="units",
    )


def elapsed_not_positive(elapsed_ms: int) -> Reason:
    """No run time where one must be."""
    return Reason(
        "ELAPSED_NOT_POSITIVE",
        Label(
            f"运行时长为{elapsed_ms}毫秒，须大于零；未运行或未计量",
            f"a run time of {elapsed_ms} ms; it must be above zero: the job did not run, or was not metered",
        ),
        field="elapsed_ms",
    )


def times_disagree() -> Reason:
    """The end is before the start, or the run time is longer than both allow (such as waiting counted as running)."""
    return Reason(
        "TIMES_DISAGREE",
        Label(
            "起止时间与运行时长不符（排队时间不得计入运行时长）；请算力中心更正",
            "start, end and run time disagree (waiting is no run time): correct the record",
        ),
        field="elapsed_ms",
    )


def no_order() -> Reason:
    """Work that came to the centre without an order, in a feed that carries orders only."""
    return Reason(
        "NO_ORDER",
        Label("该用量没有订单；请按文件导入并写明账户", "it names no order: import it as a file that names accounts"),
        field="order_id",
    )


def order_unknown(order_id: UUID) -> Reason:
    """The order is not of this house."""
    return Reason("ORDER_UNKNOWN", Label(f"没有订单{order_id}", f"there is no order {order_id}"), field="order_id")


def order_elsewhere(centre: str) -> Reason:
    """The order was placed at another centre."""
    return Reason(
        "ORDER_ELSEWHERE",
        Label(f"该订单属于算力中心{centre}，不能由本中心计量", f"the order is at {centre}; this centre can't meter it"),
        field="order_id",
    )


def resource_differs(recorded: str, ordered: str) -> Reason:
    """Another resource than the one that was priced and held for."""
    return Reason(
        "RESOURCE_DIFFERS",
        Label(
            f"用量记录的资源类为{recorded!r}，订单为{ordered}；未知资源不免费，须核对",
            f"the record counts {recorded!r}, the order was for {ordered}: it is never free, check which it was",
        ),
        field="resource_class",
    )


def late(state: str) -> Reason:
    """The order has been captured, or its hold released; nothing that is closed is touched again."""
    return Reason(
        "LATE",
        Label(
            f"订单已为{state}，迟到的用量不改动已核销的金额，留待下期结算单调整",
            f"the order is {state} already: a late record changes nothing captured, the next statement adjusts it",
        ),
        field="order_id",
    )


def price_too_large() -> Reason:
    """Past what the ledger can hold."""
    return Reason(
        "PRICE_TOO_LARGE",
        Label("金额超出台账可记范围，请核对数量与时长", "past what the ledger can hold: check units and run time"),
        field="units",
    )


def too_many_records(most: int) -> Reason:
    """More records than one order can have; charging a part of them would be wrong."""
    return Reason(
        "TOO_MANY_RECORDS",
        Label(f"一个订单的用量记录超过{most}条，请合并", f"more than {most} records for one order: merge them"),
        field="order_id",
    )


def unreadable(field: str) -> Reason:
    """A field holds what can't be stored: out of range, no instant with a zone, no clean text."""
    return Reason(
        "UNREADABLE",
        Label(
            f"{field}超出可记范围或格式不符，已按可记形式留存；请算力中心更正",
            f"{field} is out of range or no proper value; it is kept in a form that can be: correct the record",
        ),
        field=field,
    )


def units_exceed_order(recorded: int, ordered: int) -> Reason:
    """More cores or cards than were ordered and held for."""
    return Reason(
        "UNITS_EXCEED_ORDER",
        Label(
            f"用量为{recorded}个单位，订单仅{ordered}个；须由经办核定",
            f"{recorded} units where {ordered} were ordered: an officer decides",
        ),
        field="units",
    )


def run_outside_order() -> Reason:
    """A run that began before the order was placed, or ends in the future."""
    return Reason(
        "RUN_OUTSIDE_ORDER",
        Label(
            "运行时间早于下单，或结束于将来；须由经办核定",
            "it ran before the order was placed, or ends in the future: an officer decides",
        ),
        field="started_at",
    )


def second_record() -> Reason:
    """Another record of a job that has one."""
    return Reason(
        "SECOND_RECORD",
        Label(
            "该订单的作业已有一条用量记录；须由经办核定是否重复",
            "the order's job has a usage record already: an officer decides whether it is the same run twice",
        ),
        field="order_id",
    )


def superseded() -> Reason:
    """A dispute was resolved for the other payload."""
    return Reason("SUPERSEDED", Label("争议裁定以新记录为准", "a dispute was resolved for the other record"))


def waived() -> Reason:
    """Somebody decided that nobody pays it."""
    return Reason("WAIVED", Label("裁定不予支付，由算力中心承担", "waived: the centre bears it"))


def to_be_rated() -> Reason:
    """A corrected import waits for the voucher that it is charged to."""
    return Reason(
        "TO_BE_RATED",
        Label("争议裁定采用本记录；请指定算力券重新计价", "accepted in a dispute: name the voucher and rate it"),
        field="account",
    )


def part_of_a_job() -> Reason:
    """A piece of a checkpointed job, whose whole has a record of its own."""
    return Reason(
        "PART_OF_A_JOB",
        Label("断点续算的分段记录，以该作业的总记录计费", "a part of a checkpointed job: its whole is charged"),
        field="status",
    )


def account_unknown(account: str) -> Reason:
    """Nobody said which voucher pays for an account."""
    return Reason(
        "ACCOUNT_UNKNOWN",
        Label(
            f"账户{account}没有对应的算力券，须由平台运营方或经办指定",
            f"no voucher stands for account {account}; the operator or an officer names the one that pays",
        ),
        field="account",
    )


def unit_unknown(quantity: str, unit: str) -> Reason:
    """Use that is counted in something else than units of compute by time."""
    return Reason(
        "UNIT_UNKNOWN",
        Label(
            f"用量为{quantity} {unit}，不是核时、卡时或节点时；不免费，须核对",
            f"{quantity} {unit} is no core, card or node by time: it is never free, check what it was",
        ),
        field="ConsumedUnit",
    )


def unit_differs(unit: str, kind: str) -> Reason:
    """Counted by another unit than the class is sold by."""
    return Reason(
        "UNIT_DIFFERS",
        Label(
            f"用量单位{unit}与资源类的计价单位（{kind}）不符；请算力中心更正",
            f"counted in {unit}, but the class is sold by another unit ({kind}): correct the record",
        ),
        field="ConsumedUnit",
    )


def correction_takes_back() -> Reason:
    """A correction that lowers what was reported; nothing captured is taken back by a file."""
    return Reason(
        "CORRECTION_NEGATIVE",
        Label(
            "更正为减少用量：已核销的不由导入冲回；请在结算单支付后由财政追减（disallow），再免除本记录",
            "a correction downwards: nothing captured is taken back by a file; disallow it on the paid statement, "
            "then waive this record",
        ),
        field="ChargeClass",
    )


STANDING = frozenset({"PART_OF_A_JOB", "UNIT_UNKNOWN", "UNIT_DIFFERS", "CORRECTION_NEGATIVE"})
"""Codes of what a record itself says, which rating it again can't change."""
