"""How the year's vouchers were spent: each Monday one centre brings its made-up jobs, as the lines of its own trace.

Every fourth week a voucher's holder runs two jobs. Now and then a centre's file holds a record that stands still until
somebody decides: one that came before with other figures, one of an account that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from jiaozi.cli.demo.cast import OFFICER, OPERATOR, Spender, Stage, centre_clerk
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.kernel.period import local_date
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.rules.ruling import Side
from jiaozi.party.rules import HolderClass

_CLASSES = {CENTRES[0]: ("cpu-core", 128, 16_384, 12, 15), CENTRES[1]: ("gpu-910b", 8, 512, 640, 800)}
"""A centre's class, the fewest and the most units of a job, and fen an hour: for universities, for others."""
_TURNS, _JOBS, _PART = 2, 2, 8
"""A holder runs jobs every second time that its centre reports: so many, for such hundredths of the voucher."""
_HOUR_S, _LONGEST_S = 3_600, 4 * 24 * 3_600
_DOUBTS_EVERY = 10
_UNKNOWN = 9_000
"""The account that nobody named in the first week; each week another."""
_RULED_AFTER = timedelta(days=9)


def note(stage: Stage) -> None:
    """Note every week since the programme was opened."""
    weeks = stage.diary.weeks()
    for number, at in enumerate(weeks):
        left = len(weeks) - number
        centre = CENTRES[(left + 1) % len(CENTRES)]
        doubtful = left % _DOUBTS_EVERY == 1
        stage.diary.note(at, partial(_import, stage, number, centre, doubtful))


def _import(stage: Stage, number: int, centre: str, doubtful: bool, at: datetime) -> None:
    spenders = [each for each in stage.spenders if each.centre == centre and _at_work(each, number, at)]
    if not spenders:
        return
    lines = [f"; UnixStartTime: {int((at - timedelta(days=6)).timestamp())}"]
    for each in spenders:
        lines += _jobs(each, centre, len(lines))
    trace = f"demo-{centre}-{local_date(at)}"
    _bring(centre, trace, lines, spenders, at)
    if doubtful:
        other, unknown = _other_figures(lines[1]), _with_account(lines[2], len(lines), _UNKNOWN + number)
        _bring(centre, trace, [lines[0], other, unknown], spenders, at)
        stage.diary.note(at + _RULED_AFTER, lambda then: _rule(centre, spenders[0], then))


def _bring(centre: str, trace: str, lines: list[str], spenders: list[Spender], at: datetime) -> None:
    metering.import_jobs(
        lines=lines,
        trace=trace,
        resource_class=_CLASSES[centre][0],
        centre=centre,
        programme=PROGRAMME,
        accounts={str(each.account): each.voucher.id for each in spenders},
        by=OPERATOR,
        now=at,
    )


def _at_work(spender: Spender, number: int, at: datetime) -> bool:
    voucher = spender.voucher
    in_turn = (spender.account // 2 + number // 2) % _TURNS == 0 and spender.left_fen > 0
    return in_turn and voucher.issued_at < at - timedelta(days=6) and local_date(at) < voucher.valid_until


def _jobs(spender: Spender, centre: str, serial: int) -> Iterator[str]:
    """Give jobs whose price makes the voucher's half what is planned for a week, more or less."""
    _, least, most, low, high = _CLASSES[centre]
    share_fen = min(spender.left_fen, spender.voucher.face_fen * _PART // 100) // _JOBS
    spender.left_fen -= share_fen * _JOBS
    whole = HolderClass(spender.holder_class)
    discounted = {HolderClass.UNIVERSITY} | ({HolderClass.INSTITUTE} if centre == CENTRES[0] else set())
    hours = 2 * share_fen // (low if whole in discounted else high)
    for job in range(_JOBS):
        units = least
        while units < most and hours * _HOUR_S // units > _LONGEST_S // 4:
            units *= 2
        run_s = max(60, min(_LONGEST_S, hours * _HOUR_S // units))
        number = serial + job
        submit_s, wait_s = number * 1_117 % (20 * _HOUR_S), number * 97 % 900
        rest = f"-1 -1 {units} 86400 -1 1 {spender.account} 1 1 -1 1 -1 -1"
        yield f"{number} {submit_s} {wait_s} {run_s} {units} {rest}"


def _other_figures(line: str) -> str:
    words = line.split()
    return " ".join([*words[:3], str(int(words[3]) + 600), *words[4:]])


def _with_account(line: str, serial: int, account: int) -> str:
    words = line.split()
    return " ".join([str(serial), *words[1:11], str(account), *words[12:]])


def _rule(centre: str, spender: Spender, at: datetime) -> None:
    """Decide on what stands still at a centre: the first record counts, one payer is found, the rest is waived."""
    for each in queries.disputes(centre):
        reason = "演示：核对作业日志，以首次上报的用量为准"
        metering.resolve_dispute(dispute_id=each.id, accept=Side.OLD, reason=reason, by=OFFICER, now=at)
    for number, row in enumerate(queries.held_back(centre)):
        if number:
            metering.waive_usage(usage_id=row.id, reason="演示：由中心承担", by=centre_clerk(centre), now=at)
        else:
            reason, payer = "演示：查明为该持券人的账号", spender.voucher.id
            metering.retry_usage(usage_id=row.id, reason=reason, voucher_id=payer, by=OFFICER, now=at)
