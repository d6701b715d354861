"""What an engine's lateness costs whom: a job past its limit, priced as a capture does, against its hold."""

from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, Unit, most, run_price_fen
from jiaozi.metering.rules import Quantity, price_usage
from jiaozi.order.ports import longest_run_ms
from jiaozi.order.rules import Held, voucher_share

TARIFF = Tariff(
    id=UUID(int=1),
    centre="nscc-chengdu",
    resource_class="demo-core",
    unit=Unit.CORE_HOUR,
    rate_ufen=3_600_000_000,
    valid_from=datetime(2023, 1, 1, tzinfo=UTC),
    version=1,
)
"""The demonstration's price: one fen a core-second."""
SHARE = Fraction(1, 2)
HOUR_MS, HOUR_FEN = 3_600_000, 3_600


def check(engine, *, limit_ms, elapsed_ms, units=1):
    """Hold that the capture never passes the hold; give and print what was past the limit, in seconds and fen."""
    hold_fen = most(
        TARIFF, units=units, time_limit_ms=limit_ms, engine_granularity_ms=engine.granularity_ms,
        kill_lag_ms=engine.kill_lag_ms,
    )  # fmt: skip
    voucher_fen = voucher_share(hold_fen, SHARE)
    held = Held(order_id=UUID(int=2), voucher_fen=voucher_fen, own_fen=hold_fen - voucher_fen)
    charged = price_usage(TARIFF, SHARE, held, [Quantity(units, elapsed_ms)])
    asked_fen = run_price_fen(TARIFF, units=units, elapsed_ms=limit_ms)
    late_fen = charged.price_fen + charged.overrun_fen - asked_fen
    assert charged.price_fen <= hold_fen
    if elapsed_ms <= longest_run_ms(limit_ms, engine.granularity_ms, engine.kill_lag_ms):
        assert charged.overrun_fen == 0, "the hold covers the limit, the engine's step and its lag"
    # where an engine breaks its promise by an hour, that hour is the centre's
    broken = price_usage(TARIFF, SHARE, held, [Quantity(units, elapsed_ms + HOUR_MS)])
    full_fen = asked_fen + late_fen + HOUR_FEN * units
    assert (broken.price_fen, broken.price_fen + broken.overrun_fen) == (hold_fen, full_fen)
    told = (
        f"{engine.name}: {(elapsed_ms - limit_ms) / 1000:.2f} s past a limit of {limit_ms / 1000:.1f} s with the "
        f"platform killed: {late_fen} fen of a hold of {hold_fen}, {charged.overrun_fen} fen past it"
    )
    print(told)  # noqa: T201 - the issue asks to see it: pytest -s
    return late_fen
