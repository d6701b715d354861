"""The year's accounts: budgets and advances, each month's statements from close to payment, last year's end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from jiaozi.cli.demo.cast import CASHIER, FINANCE, OFFICER, OPERATOR, Stage, centre_clerk
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import Period, local_date
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import reserve_terms
from jiaozi.settlement import queries, services
from jiaozi.settlement.rules.life import UnableToClose
from jiaozi.settlement.rules.matching import UnableToMatch
from jiaozi.voucher import services as vouchers

_DISPUTED, _DISALLOWED = 4, 5
"""The months, by number, of whose statements one is disputed, and one line is disallowed afterwards."""
_TOO_MUCH_FEN = 100_000
_LINES_AT_ONCE = 100


def note(stage: Stage, year_cap_fen: int) -> None:
    """Note budgets, advances, every month's statements, what expires, and the end of last year."""
    diary, year = stage.diary, stage.year
    diary.note(diary.opened, lambda at: _fund(stage, year - 1, year_cap_fen, at))
    diary.note(diary.begun, lambda at: _fund(stage, year, year_cap_fen, at))
    for whole in diary.months():
        for centre in CENTRES:
            diary.note(diary.on(whole.end + timedelta(days=2), 10), partial(_close, stage, centre, whole))
        diary.note(diary.on(whole.end + timedelta(days=12), 15), _replenish)
        diary.note(diary.on(whole.end, 1), _expire)
    diary.note(stage.now, _expire)
    diary.note(diary.on(date(year, 1, 20), 10), lambda at: _close_year(year - 1, at))


def _fund(stage: Stage, year: int, amount_fen: int, at: datetime) -> None:
    reference = named_id("demo.budget", year)
    vouchers.approve_budget(
        programme=PROGRAMME, year=year, amount_fen=amount_fen, by=FINANCE, now=at, reference=reference
    )
    size_fen = reserve_terms(policy.document(stage.version.id), local_date(at), allow_demo=True).size_fen
    services.prefund_reserve(
        programme=PROGRAMME, amount_fen=size_fen, reference=f"demo-prefund-{year}", by=FINANCE, now=at
    )


def _expire(at: datetime) -> None:
    vouchers.expire_due(now=at)


def _close_year(year: int, at: datetime) -> None:
    services.close_year(programme=PROGRAMME, year=year, by=FINANCE, now=at)


def _close(stage: Stage, centre: str, whole: Period, at: datetime) -> None:
    try:
        row = services.close_statement(programme=PROGRAMME, centre=centre, period=whole, by=OPERATOR, now=at)
    except UnableToClose:
        return
    disputed = whole.first.month == _DISPUTED and centre == CENTRES[1] and row.claim_number == 0
    begin = partial(_dispute, stage, row.id, whole) if disputed else partial(_claim, stage, row.id)
    stage.diary.note(at + timedelta(days=1), begin)


def _dispute(stage: Stage, statement_id: UUID, whole: Period, at: datetime) -> None:
    """Let a centre claim too much and stand by it: the statement gives its captures back, and another takes them."""
    row = queries.statement(statement_id)
    lines = claimed(statement_id)
    first = next(iter(lines))
    clerk = centre_clerk(row.centre_id)
    services.claim(statement_id=row.id, lines=lines | {first: lines[first] + _TOO_MUCH_FEN}, by=clerk, now=at)
    try:
        services.match(statement_id=row.id, by=OPERATOR, now=at + timedelta(hours=4))
    except UnableToMatch:
        reason = "演示：申报多出1000元，中心坚持其计量"
        services.dispute(statement_id=row.id, reason=reason, by=FINANCE, now=at + timedelta(hours=5))
        resolution = "演示：核对作业日志，以平台计量为准，重新关账"
        services.resolve(statement_id=row.id, resolution=resolution, by=OFFICER, now=at + timedelta(hours=7))
        again = services.close_statement(
            programme=PROGRAMME, centre=row.centre_id, period=whole, by=OPERATOR, now=at + timedelta(hours=8)
        )
        stage.diary.note(at + timedelta(days=1), partial(_claim, stage, again.id))


def _claim(stage: Stage, statement_id: UUID, at: datetime) -> None:
    row = queries.statement(statement_id)
    services.claim(statement_id=row.id, lines=claimed(row.id), by=centre_clerk(row.centre_id), now=at)
    stage.diary.note(at + timedelta(days=1, hours=1), partial(_match, stage, row.id))


def _match(stage: Stage, statement_id: UUID, at: datetime) -> None:
    services.match(statement_id=statement_id, by=OPERATOR, now=at)
    if _left_for(stage, statement_id, CENTRES[1]):
        return  # waits for finance on the page of the payment run
    stage.diary.note(at + timedelta(days=2), partial(_approve, stage, statement_id))


def _approve(stage: Stage, statement_id: UUID, at: datetime) -> None:
    services.approve(statement_id=statement_id, by=FINANCE, now=at)
    if _left_for(stage, statement_id, CENTRES[0]):
        return  # waits for the cashier there
    stage.diary.note(at + timedelta(days=2, hours=2), partial(_pay, stage, statement_id))


def _left_for(stage: Stage, statement_id: UUID, centre: str) -> bool:
    """Say whether it is a centre's statement of the month that was over last: one of each stays for who plays on."""
    row = queries.statement(statement_id)
    return row.centre_id == centre and row.first == stage.diary.months()[-1].first


def _pay(stage: Stage, statement_id: UUID, at: datetime) -> None:
    row = queries.statement(statement_id)
    bank = f"demo-bank-{row.centre_id}-{row.first:%Y-%m}"
    services.pay(statement_id=row.id, bank_reference=bank, by=CASHIER, now=at)
    if row.first.month == _DISALLOWED and row.centre_id == CENTRES[0]:
        stage.diary.note(at + timedelta(days=40), partial(_disallow, stage, row.id))


def _replenish(at: datetime) -> None:
    """Let the treasury replace what was paid of the month before."""
    owed_fen = queries.reserve_position(PROGRAMME).unreplenished_fen
    if owed_fen:
        services.replenish(
            programme=PROGRAMME, amount_fen=owed_fen, reference=f"demo-replenish-{at:%Y-%m}", by=FINANCE, now=at
        )


def _disallow(stage: Stage, statement_id: UUID, at: datetime) -> None:
    """Let a spot check take half a line back; the centre pays, and what was replaced goes to the treasury."""
    line = max(queries.lines(statement_id), key=lambda each: each.amount_fen)
    row = services.disallow(
        statement_id=statement_id,
        capture_id=line.capture_id,
        amount_fen=line.amount_fen // 2,
        reason="演示：抽查发现一半机时为中心自用",
        reference=f"demo-disallow-{at:%Y-%m}",
        by=OFFICER,
        now=at,
    )
    stage.diary.note(at + timedelta(days=20), partial(_recover, row.id, row.amount_fen))


def _recover(disallowance_id: UUID, amount_fen: int, at: datetime) -> None:
    services.recover(
        disallowance_id=disallowance_id, amount_fen=amount_fen, reference=f"demo-recover-{at:%Y-%m}", by=FINANCE, now=at
    )
    due_fen = queries.reserve_position(PROGRAMME).due_fen
    if due_fen:
        services.remit(programme=PROGRAMME, amount_fen=due_fen, reference=f"demo-remit-{at:%Y-%m}", by=FINANCE, now=at)


def claimed(statement_id: UUID) -> dict[str, int]:
    """What a centre claims of work that is metered nowhere but here: the platform's own list, by capture."""
    claims: dict[str, int] = {}
    after = 0
    while page := queries.lines(statement_id, after=after, limit=_LINES_AT_ONCE):
        after = page[-1].id
        claims |= {str(line.capture_id): line.amount_fen for line in page if line.capture.order_id is None}
    return claims
