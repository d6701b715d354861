"""A world with captured orders: the job itself is pretended, everything about money is the services' own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from jiaozi.kernel.period import Period, month
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.party.rules import Actor, Role
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from tests import world as worlds
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OPERATOR, PROGRAMME

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
NOVEMBER = month(2026, 11)
LATER = datetime(2026, 12, 1, 2, tzinfo=UTC)
CASHIER = Actor("finance:sun", Role.FINANCE)


class House:
    """Shortcuts of these tests."""

    def __init__(self) -> None:
        self.world = worlds.build(NOW)
        holder = self.world.holder("蓉城算法科技有限公司")
        self.world.credit(holder)
        self.voucher = self.world.voucher(holder)
        self._serial = count(1)

    def capture(
        self, *, at: datetime | None = None, units: int = 4, seconds: int = 3600, cpu_ms: int | None = None
    ) -> Capture:
        """Let an order run its whole time limit and be captured at an instant: at once, where none is named."""
        order = self.world.held(self.voucher, units=units, seconds=seconds)
        at = at or NOW + timedelta(seconds=seconds)
        started = at - timedelta(seconds=seconds)
        Order.objects.filter(id=order.id).update(state="ENDED", started_at=started, ended_at=at)
        record = UsageRecord(
            record_id=f"job-{next(self._serial)}",
            order_id=order.id,
            resource_class="cpu-core",
            units=units,
            started_at=started,
            ended_at=at,
            elapsed_ms=seconds * 1000,
            outcome=JobOutcome.SUCCEEDED,
            cpu_ms=cpu_ms,
        )
        metering.receive(centre=CENTRE, records=[record], source="push", now=at)
        assert metering.capture(order_id=order.id, now=at).state == "CAPTURED"
        return Capture.objects.get(order_id=order.id)

    def prefund(self, amount_fen: int = 100_000_00, reference: str = "库款2026-001") -> None:
        settlement.prefund_reserve(programme=PROGRAMME, amount_fen=amount_fen, reference=reference, by=FINANCE, now=NOW)

    def closed(self, period: Period = NOVEMBER, *, now: datetime = LATER) -> Statement:
        return settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=now)

    def claim(self, row: Statement, *, now: datetime = LATER, **instead: int) -> Statement:
        return settlement.claim(statement_id=row.id, lines=own_claim(row.id) | instead, by=CENTRE_CLERK, now=now)

    def matched(self, row: Statement) -> Statement:
        self.claim(row)
        return settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)

    def approved(self, row: Statement) -> Statement:
        self.matched(row)
        return settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)

    def paid(self, row: Statement, reference: str = "") -> Statement:
        self.approved(row)
        return self.pay(row, reference)

    def pay(self, row: Statement, reference: str = "", *, by: Actor = CASHIER) -> Statement:
        reference = reference or f"银行流水{row.id}"
        return settlement.pay(statement_id=row.id, bank_reference=reference, by=by, now=LATER)


def own_claim(statement_id: UUID) -> dict[str, int]:
    """What an honest centre claims: the voucher's share of each of its orders."""
    rows = Capture.objects.filter(statement_lines__statement_id=statement_id)
    return {str(row.order_id): row.voucher_fen for row in rows}


@pytest.fixture
def house(db) -> House:
    return House()
