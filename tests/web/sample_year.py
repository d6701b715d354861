"""A small year for the pages to show: holders of every class, vouchers, orders in many states, one payment.

Made through the services as far as they reach; engines and payment are stood in for by the ledger lines they cause.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from jiaozi.kernel.fen import parse_yuan
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import State, payable_account, resolve_lines
from jiaozi.order.services import closing, funding
from jiaozi.party.rules import HolderClass
from jiaozi.voucher import services as voucher
from tests.world import OFFICER, PROGRAMME, World, build

HOLDERS = (
    ("成都锦城智能科技有限公司", HolderClass.TECH_SME, "30万"),
    ("蓉创开源工作室", HolderClass.MAKER, "2万"),
    ("天府材料计算研究院", HolderClass.INSTITUTE, "36万"),
    ("西岭生物信息有限公司", HolderClass.TECH_SME, "12.5万"),
    ("浣花理工大学", HolderClass.UNIVERSITY, "40万"),
    ("岷江遥感数据有限公司", HolderClass.TECH_SME, "8.88万"),
)
JOBS = (
    ("蛋白质结构预测：第三批", 4, 86_400, State.SETTLED, 0.81),
    ("城市内涝数值模拟", 4, 43_200, State.CAPTURED, 0.4321),
    ("大模型指令微调", 2, 36_000, State.RUNNING, None),
    ("遥感影像分割", 2, 7_200, State.QUEUED, None),
    ("晶格弛豫扫描", 3, 14_400, State.CANCELLED, None),
    ("流体网格收敛性验证", 4, 21_600, State.HELD, None),
)


def fill(world: World | None = None) -> World:
    """Make the sample year."""
    world = world or build()
    _prefund(world)
    rows = []
    for serial, (name, kind, cost) in enumerate(HOLDERS, 1):
        holder = world.holder(name, kind, serial=serial)
        world.credit(holder)
        world.credit(holder, centre="chengdu-aicc")
        rows.append(world.voucher(holder, cost))
    for row, job in zip(rows, JOBS, strict=True):
        title, units, seconds, state, used = job
        _run(world, row, title, units, seconds, state, used)
    voucher.freeze(voucher_id=rows[5].id, reason="资料待补正", by=OFFICER, now=world.now)
    return world


def _prefund(world: World) -> None:
    reserve, advance = Account(AccountKind.RESERVE, PROGRAMME), Account(AccountKind.TREASURY_ADVANCE, PROGRAMME)
    ledger.open_accounts([reserve, advance])
    ledger.require([post(uuid4(), reserve, advance, parse_yuan("300万"), "reserve.prefund")], at=world.now)


def _run(world: World, row, title: str, units: int, seconds: int, state: State, used: float | None) -> Order:
    made = world.held(row, units=units, seconds=seconds)
    Order.objects.filter(id=made.id).update(title=title)
    if state is State.CANCELLED:
        return order.cancel(order_id=made.id, by=world.applicant(row.holder), now=world.now)
    if used is None:
        Order.objects.filter(id=made.id).update(state=state, started_at=world.now if state is State.RUNNING else None)
        return made
    ended = world.now - timedelta(seconds=60)
    Order.objects.filter(id=made.id).update(
        state=State.ENDED,
        started_at=ended - timedelta(seconds=int(seconds * used)),
        ended_at=ended,
        outcome="SUCCEEDED",
    )
    made.refresh_from_db()
    voucher_fen, own_fen = int(made.voucher_hold_fen * used), int(made.own_hold_fen * used)
    with transaction.atomic():
        closing.metered(made, records=1, now=world.now)
        closing.captured(made, voucher_fen=voucher_fen, own_fen=own_fen, overrun_fen=0, now=world.now)
        ledger.require(resolve_lines(funding.held(made), voucher_fen, own_fen), at=world.now)
    if state is State.SETTLED:
        _pay(world, made, voucher_fen)
    return made


def _pay(world: World, made: Order, voucher_fen: int) -> None:
    settled = Account(AccountKind.SETTLED, PROGRAMME, made.centre_id)
    reserve, owed = Account(AccountKind.RESERVE, PROGRAMME), Account(AccountKind.UNREPLENISHED, PROGRAMME)
    payable = payable_account(PROGRAMME, made.centre_id, made.id)
    ledger.open_accounts([settled, owed])
    paid = [post(uuid4(), payable, settled, voucher_fen, "statement.pay")]
    paid.append(post(uuid4(), owed, reserve, voucher_fen, "statement.pay.reserve"))
    with transaction.atomic():
        closing.settled([made.id], statement=uuid4(), now=world.now)
        ledger.require(paid, at=world.now)
