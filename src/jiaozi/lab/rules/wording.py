"""How the report says figures: 万元 with the band beside it, percent, days, and one plain sentence a version."""

from __future__ import annotations

from datetime import date, timedelta

from jiaozi.kernel.fen import wan, yuan
from jiaozi.kernel.label import Label
from jiaozi.lab.rules.bands import Band
from jiaozi.lab.rules.concentration import PPM
from jiaozi.lab.rules.measuring import Fate
from jiaozi.lab.rules.summing import PoolSummed, Summed, Unit

FATE_LABELS = {
    Fate.FULL: Label("足额发放", "granted in full"),
    Fate.CUT_HOLDER: Label("因主体上限减额", "cut by the applicant's own cap"),
    Fate.CUT_POOL: Label("因总额不足减额", "cut by the pool"),
    Fate.NONE_HOLDER: Label("主体上限已用完", "own cap used up"),
    Fate.NONE_POOL: Label("总额已用完", "pool used up"),
    Fate.BY_HAND: Label("一事一议", "decided case by case"),
    Fate.REFUSED: Label("不符合条款", "not eligible"),
}
REASONS = {
    "NOT_IN_FORCE": Label("政策未生效或已失效", "programme not in force"),
    "FACTS_CONTRADICT": Label("事实互相矛盾", "facts contradict each other"),
    "FACT_MISSING": Label("缺少事实", "a fact is missing"),
    "CONDITION_NOT_MET": Label("不符合条件", "a condition is not met"),
    "CONDITION_UNPUBLISHED": Label("条件未公布", "a condition is not published"),
    "PARAMETER_UNPUBLISHED": Label("参数未公布", "a figure is not published"),
    "SUPPLIERS_UNPUBLISHED": Label("供给方名单未公布", "the supplier list is not published"),
    "OUTSIDE_WINDOW": Label("不在申报窗口", "outside the window"),
    "CREDIT_RECORD": Label("有失信记录", "a dishonesty record"),
    "CREDIT_LISTED": Label("列入名单", "on a list"),
    "RELATED": Label("与供给方有关联", "related to the supplier"),
    "SUPPLIER_NOT_ADMITTED": Label("供给方不在名单内", "supplier not on the list"),
    "SERVICE_NOT_ELIGIBLE": Label("服务不在范围", "service not eligible"),
    "OTHER_SUPPORT": Label("已享受其他支持", "other support received"),
    "BELOW_THRESHOLD": Label("未达门槛", "below the threshold"),
    "BELOW_MINIMUM": Label("低于最低金额", "below the minimum"),
    "NOTHING_TO_GRANT": Label("计算结果为 0", "comes to nothing"),
    "CAP_EXHAUSTED": Label("上限为 0 或已用完", "a cap leaves nothing"),
}


def reason_label(code: str) -> Label:
    """Say a reason's code; one without words of its own stands as it is."""
    return REASONS.get(code, Label(code, code))


def percent(ppm: int) -> str:
    """Show parts of a million as percent with one decimal.

    >>> percent(123_456)
    '12.3%'
    """
    tenths = (ppm + 500) // 1_000
    sign = "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}%"


def figure(value: int, unit: str) -> str:
    """Show one figure by its unit."""
    if unit == Unit.FEN:
        return f"{wan(value)} 万元"
    if unit == Unit.PPM:
        return percent(value)
    if unit == Unit.RATIO:
        return f"0.{(value + 500) // 1_000:03}" if value < PPM - 500 else "1.000"
    if unit == Unit.UFEN:
        thousandths = (value + 50_000) // 100_000
        return f"{thousandths // 1_000}.{thousandths % 1_000:03} 元"
    if unit == Unit.CORE_HOURS:
        hundreds = (value + 50) // 100
        return f"{hundreds // 100:,}.{hundreds % 100:02} 万核时"
    return f"{value:,}"


def exact(value: int, unit: str) -> str:
    """Show one figure exactly, for the title of a rounded one."""
    return f"{yuan(value)} 元" if unit == Unit.FEN else f"{value:,}"


def spread(band: Band, unit: str) -> str:
    """Show the band of nine in ten; nothing where chance changes nothing."""
    if band.low == band.high:
        return ""
    low, high = figure(band.low, unit), figure(band.high, unit)
    word = low.rpartition(" ")[2]
    return f"{low.removesuffix(f' {word}')} – {high}" if " " in low and high.endswith(word) else f"{low} – {high}"


def day_of(version: Summed, day: int) -> date:
    """Give the date of a day of a version's play."""
    return date.fromisoformat(version.about.begin) + timedelta(days=day)


def dry(version: Summed, pool: PoolSummed) -> Label:
    """Say when a pool ran dry."""
    if pool.dry_day is None:
        return Label("未用尽", "never dry")
    median = pool.dry_day.median
    on = day_of(version, median).isoformat()
    return Label(f"第 {median + 1} 天（{on}）", f"day {median + 1} ({on})")


def dry_band(pool: PoolSummed) -> str:
    """Say between which days a pool ran dry in nine of ten of those seeds in which it did."""
    days = pool.dry_day
    return f"第 {days.low + 1} – {days.high + 1} 天" if days and days.low != days.high else ""


def _pool_sentence(version: Summed, pool: PoolSummed) -> Label:
    """Say when a pool ran dry, and in how many seeds where not in all."""
    when, limit = dry(version, pool), wan(pool.limit_fen)
    if pool.dry_day is None:
        return Label(f"{pool.label.zh} {limit} 万元{when.zh}", f"{pool.label.en}, {limit} 万元, {when.en}")
    often = percent(pool.dry_ppm)
    some_zh, some_en = (f"（{often} 的种子如此）", f" in {often} of seeds") if pool.dry_ppm < PPM else ("", "")
    return Label(
        f"{pool.label.zh} {limit} 万元在{when.zh}用尽{some_zh}",
        f"{pool.label.en}, {limit} 万元, ran dry on {when.en}{some_en}",
    )


def _nothing(version: Summed) -> Label:
    """Say that nothing was granted, and what stood in the way most often."""
    often = max(version.reasons.items(), key=lambda one: one[1].median, default=None)
    why = reason_label(often[0]) if often else Label("—", "—")
    return Label(f"无一申领获得发放；最常见的理由：{why.zh}。", f"Nothing was granted; most often because {why.en}.")


def sentence(version: Summed) -> Label:
    """Sum a version up in one sentence that a bureau chief can say."""
    metric = version.metrics
    granted, unmet = wan(metric["granted_fen"].median), wan(metric["unmet_fen"].median)
    share, lapsed = percent(metric["unmet_ppm"].median), percent(metric["lapsed_ppm"].median)
    pools = [_pool_sentence(version, pool) for pool in version.pools]
    if not metric["granted_fen"].high:
        return _nothing(version)
    zh = f"共发放 {granted} 万元，应得未得 {unmet} 万元（占应得 {share}），发放后过期 {lapsed}。"
    en = f"{granted} 万元 granted, {unmet} 万元 due but not granted ({share}), {lapsed} expired."
    return Label("；".join([*(one.zh for one in pools), zh]), "; ".join([*(one.en for one in pools), en]))
