"""Act 3: each centre claims, the claim matches metering and ledger to the fen, and the reserve fund pays."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from rich.console import Console
from rich.table import Table

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.queries import tariff_of
from jiaozi.catalogue.rules import run_price_fen
from jiaozi.cli.demo.cast import CASHIER, FINANCE, OPERATOR, Stage, centre_clerk
from jiaozi.cli.demo.months import claimed
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.kernel import clock
from jiaozi.kernel.fen import in_words, yuan
from jiaozi.kernel.period import Period, local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order_services
from jiaozi.order.rules import voucher_share
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import reserve_terms
from jiaozi.settlement import queries, services
from jiaozi.settlement.models import Statement
from jiaozi.settlement.rules import State


def act(stage: Stage, console: Console) -> None:
    """Prefund the reserve, settle both centres, replenish what was paid."""
    today = local_date(stage.now)
    terms = reserve_terms(policy.document(stage.version.id), today, allow_demo=True)
    services.prefund_reserve(
        programme=PROGRAMME,
        amount_fen=terms.size_fen,
        reference=f"demo-prefund-{stage.year}",
        by=FINANCE,
        now=clock.now(),
    )
    size = yuan(terms.size_fen)
    console.print(f"[bold]结算 · settlement[/]（备用金规模为演示值 · the reserve's size is a demo value: ¥{size}）")
    centres = {orders.order(order_id).centre_id for _, order_id in stage.orders}
    paid = [_settle(stage, centre, console) for centre in sorted(centres)]
    total_fen = sum(row.total_fen for row in paid if row is not None)
    if total_fen:
        services.replenish(
            programme=PROGRAMME, amount_fen=total_fen, reference=f"demo-replenish-{today}", by=FINANCE, now=clock.now()
        )
    _show(today, total_fen, console)


def _settle(stage: Stage, centre: str, console: Console) -> Statement | None:
    now = clock.now()
    today = local_date(now)
    period = Period(today.replace(day=1), today + timedelta(days=1))
    try:
        row = services.close_statement(programme=PROGRAMME, centre=centre, period=period, by=OPERATOR, now=now)
    except Refused as refusal:
        console.print(f"  {centre}: {refusal.in_language('zh')}")
        return None
    own = _own_books(stage, centre) | claimed(row.id)
    clerk = centre_clerk(centre)
    wrong = dict(own)
    dearest = max(wrong, key=lambda key: wrong[key])
    wrong[dearest] += 1
    services.claim(statement_id=row.id, lines=wrong, by=clerk, now=now)
    try:
        services.match(statement_id=row.id, by=OPERATOR, now=now)
    except Refused as refusal:
        console.print(
            f"  {centre}：多报一分即被拦下 · one fen too much is blocked: [yellow]{refusal.in_language('zh')}[/]"
        )
    services.claim(statement_id=row.id, lines=own, by=clerk, now=now)
    services.match(statement_id=row.id, by=OPERATOR, now=now)
    services.approve(statement_id=row.id, by=FINANCE, now=now)
    return services.pay(statement_id=row.id, bank_reference=f"demo-bank-{centre}-{today:%Y-%m}", by=CASHIER, now=now)


def _own_books(stage: Stage, centre: str) -> dict[str, int]:
    """What the centre finds in its own records: it rates its engine's usage itself, apart from the platform's meter."""
    asked = {order_id: orders.order(order_id) for _, order_id in stage.orders}
    engine = order_services.engine_of(catalogue.centre(centre))
    claims: dict[str, int] = {}
    cursor, more = "", True
    while more:
        page = engine.usage(cursor)
        cursor, more = page.cursor, page.more
        for record in page.records:
            row = asked.get(record.order_id) if record.order_id else None
            if row is not None:
                price = run_price_fen(tariff_of(row.tariff), units=record.units, elapsed_ms=record.elapsed_ms)
                claims[str(row.id)] = voucher_share(price, Fraction(row.share_numerator, row.share_denominator))
    return claims


def _show(today: date, total_fen: int, console: Console) -> None:
    table = Table(title=f"{today:%Y-%m}结算单 · statements（元 yuan）", title_justify="left")
    table.add_column("算力中心 centre")
    table.add_column("状态 state")
    for heading in ("计量 metered", "账簿 ledger", "申报 claimed", "差额 difference"):
        table.add_column(heading, justify="right")
    rows = queries.statements(PROGRAMME)
    for row in rows:
        if row.first < today.replace(day=1):
            continue
        claimed, booked = row.claim_total_fen or 0, row.ledger_total_fen or 0
        difference = abs(row.total_fen - claimed) + abs(row.total_fen - booked)
        table.add_row(row.centre.name_zh, row.state, yuan(row.total_fen), yuan(booked), yuan(claimed), yuan(difference))
    console.print(table)
    paid = [row for row in rows if row.state == State.PAID]
    console.print(
        f"  连同以前各月 with the months before: {len(paid)} 张已支付 paid ¥{yuan(sum(row.total_fen for row in paid))}"
    )
    fund = queries.reserve_position(PROGRAMME)
    console.print(
        f"  已由备用金支付 paid from the reserve ¥{yuan(total_fen)}（{in_words(total_fen)}），财政已补足 replenished\n"
        f"  备用金 reserve ¥{yuan(fund.reserve_fen)} + 未补足 unreplenished ¥{yuan(fund.unreplenished_fen)} + "
        f"应收 receivable ¥{yuan(fund.receivable_fen)} − 应缴 due ¥{yuan(fund.due_fen)} = "
        f"财政预拨 treasury advance ¥{yuan(fund.advance_fen)}"
    )
