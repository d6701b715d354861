"""A small year for the pages to show: holders of every class, vouchers, orders in many states, a paid statement.

Made through the services; only the engine is stood in for, by the states and the usage that it would have reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.period import Period, local_date
from jiaozi.metering import services as metering
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.order.rules import State
from jiaozi.party.rules import Actor, HolderClass, Role
from jiaozi.settlement import services as settlement
from jiaozi.settlement.queries import lines
from jiaozi.transparency import services as transparency
from jiaozi.voucher import services as voucher
from jiaozi.voucher.models import Voucher
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, PROGRAMME, World, build

PRESENT = datetime(2024, 5, 20, 2, 30, tzinfo=UTC)
"""When the year's pages are read."""
PAYER = Actor("finance:qian", Role.FINANCE)
HOLDERS = (
    ("成都锦城智能科技有限公司", HolderClass.TECH_SME, "30万"),
    ("蓉创开源工作室", HolderClass.MAKER, "2万"),
    ("天府材料计算研究院", HolderClass.INSTITUTE, "36万"),
    ("西岭生物信息有限公司", HolderClass.TECH_SME, "12.5万"),
    ("浣花理工大学", HolderClass.UNIVERSITY, "40万"),
    ("岷江遥感数据有限公司", HolderClass.TECH_SME, "8.88万"),
)


@dataclass(frozen=True)
class Job:
    """One order: how many days before the present, what, how large, and how it stands."""

    days: int
    title: str
    units: int
    seconds: int
    state: State
    outcome: JobOutcome = JobOutcome.SUCCEEDED


JOBS = (
    Job(44, "蛋白质结构预测：第三批", 4, 3_600, State.SETTLED),
    Job(41, "城市内涝数值模拟", 4, 3_000, State.SETTLED, JobOutcome.TIMED_OUT),
    Job(6, "大模型指令微调", 2, 3_600, State.CAPTURED),
    Job(5, "遥感影像分割", 3, 2_400, State.CAPTURED, JobOutcome.FAILED),
    Job(3, "晶格弛豫扫描", 3, 3_600, State.CANCELLED),
    Job(0, "流体网格收敛性验证", 4, 3_600, State.RUNNING),
    Job(0, "基因组比对", 2, 1_800, State.QUEUED),
)


def fill(present: datetime, *, sealed: bool = True) -> World:
    """Make the sample year, ending just before the present instant, and seal it."""
    world = build(present - timedelta(days=50))
    settlement.prefund_reserve(
        programme=PROGRAMME, amount_fen=parse_yuan("300万"), reference="YB-0001", by=FINANCE, now=world.now
    )
    rows = []
    for serial, (name, kind, cost) in enumerate(HOLDERS, 1):
        later = replace(world, now=world.now + timedelta(minutes=serial))
        holder = later.holder(name, kind, serial=serial)
        later.credit(holder)
        rows.append(later.voucher(holder, cost))
    for number, job in enumerate(JOBS):
        at = present - timedelta(days=job.days, hours=2, minutes=-7 * number)
        run(replace(world, now=at), rows[number % len(rows)], job)
    settle(present)
    voucher.freeze(voucher_id=rows[5].id, reason="资料待补正", by=OFFICER, now=present - timedelta(hours=1))
    if sealed:
        transparency.seal_all(now=present, until=transparency.EVERYTHING)
    return replace(world, now=present)


def run(world: World, row: Voucher, job: Job) -> None:
    """Play one order up to the state that the job names."""
    quoted = world.quote(row, units=job.units, seconds=job.seconds, resource_class="demo-core")
    Order.objects.filter(id=quoted.id).update(title=job.title)
    made = order.hold(order_id=quoted.id, by=world.applicant(row.holder), now=world.now + timedelta(minutes=1))
    start = world.now + timedelta(minutes=2)
    if job.state is State.CANCELLED:
        order.cancel(order_id=made.id, by=world.applicant(row.holder), now=start)
    elif job.state in {State.RUNNING, State.QUEUED}:
        started = start if job.state is State.RUNNING else None
        Order.objects.filter(id=made.id).update(state=job.state, started_at=started, engine_job="sample")
    else:
        _meter(made, job, start)


def _meter(made: Order, job: Job, start: datetime) -> None:
    share = 1000 if job.outcome is JobOutcome.TIMED_OUT else 617
    elapsed_ms = job.seconds * share
    end = start + timedelta(milliseconds=elapsed_ms)
    Order.objects.filter(id=made.id).update(
        state=State.ENDED, started_at=start, ended_at=end, outcome=job.outcome, engine_job="sample"
    )
    record = UsageRecord(
        record_id=f"sample-{made.id}",
        order_id=made.id,
        resource_class="demo-core",
        units=job.units,
        started_at=start,
        ended_at=end,
        elapsed_ms=elapsed_ms,
        outcome=job.outcome,
    )
    metering.receive(centre=CENTRE, records=[record], source="engine", now=end)
    metering.capture(order_id=made.id, now=end + timedelta(seconds=5))


def settle(present: datetime, *, since: int = 50, until: int = 14, reference: str = "BK-0001") -> None:
    """Settle what was captured until so many days ago, as one period, and pay it on the next day."""
    period = Period(local_date(present - timedelta(days=since)), local_date(present - timedelta(days=until)))
    at = present - timedelta(days=until - 1)
    row = settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OFFICER, now=at)
    claimed = {str(line.capture.order_id): line.amount_fen for line in lines(row.id)}
    settlement.claim(statement_id=row.id, lines=claimed, by=CENTRE_CLERK, now=at + timedelta(hours=1))
    settlement.match(statement_id=row.id, by=OFFICER, now=at + timedelta(hours=2))
    settlement.approve(statement_id=row.id, by=FINANCE, now=at + timedelta(hours=3))
    settlement.pay(statement_id=row.id, bank_reference=reference, by=PAYER, now=at + timedelta(hours=4))
