"""What Slurm's complaints mean: one clear reason each, and whether asking again can help.

The first line of the table that matches decides. A complaint that nobody foresaw is a refusal with Slurm's own words,
so that an order never waits for ever on something that no one understands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiaozi.order.ports import UnableToExtend, UnableToReachEngine, UnableToSubmit

_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class _Fault:
    pattern: str
    code: str
    zh: str
    en: str
    again: bool = False
    field: str = ""


_FAULTS = (
    _Fault(
        r"temporarily unable to accept job|Resource temporarily unavailable|Max(Submit|Jobs?)\w*Limit|MaxSubmitJob",
        "QUEUE_FULL",
        "中心作业队列已满，稍后自动重试",
        "the centre's queue is full; it is tried again later",
        again=True,
    ),
    _Fault(
        r"Expired credential|Rewound credential|clock skew|too (old|far in the future)",
        "CLOCK_SKEW",
        "与中心的时钟不一致，身份凭证被判过期；请两端校时（NTP）",
        "the clocks here and at the centre differ, so credentials count as expired; set both by NTP",
        again=True,
    ),
    _Fault(
        r"Invalid partition|partition specified",
        "PARTITION_UNKNOWN",
        "中心没有该分区；请核对该资源类的partition设置",
        "the centre has no such partition; check the class's partition in the engine's options",
        field="resource_class",
    ),
    _Fault(
        r"Invalid account|account/partition|Invalid qos|not permitted|[Pp]ermission denied|association",
        "ASSOCIATION_REFUSED",
        "中心不允许本账户使用该分区；请中心用sacctmgr添加关联",
        "the centre does not let this account use the partition; it must add an association with sacctmgr",
        field="resource_class",
    ),
    _Fault(
        r"node configuration is not available|Memory required|generic resource|[Cc]pu count|More processors",
        "MORE_THAN_THERE_IS",
        "该分区没有这样的节点：核数、内存或加速卡超出；请减少用量",
        "the partition has no node with so many cores, so much memory or such cards; ask for less",
        field="cores",
    ),
    _Fault(
        r"time limit is invalid|TimeLimit|exceed.*time",
        "TIME_LIMIT_TOO_LONG",
        "运行时限超过该分区上限；请缩短",
        "the time limit is above the partition's; shorten it",
        field="time_limit_ms",
    ),
    _Fault(
        r"accounting/QOS policy|QOS|AssocGrp|AssocMax",
        "CENTRE_LIMIT",
        "超出中心给本账户的限额",
        "the centre's own limit for this account does not allow the job",
    ),
    _Fault(
        r"Unable to contact slurm controller|Connection (refused|timed out)|Socket timed out|Unable to contact",
        "CONTROLLER_UNREACHABLE",
        "中心的Slurm控制器没有应答",
        "the centre's Slurm controller does not answer",
        again=True,
    ),
    _Fault(
        r"[Aa]uthentication|Invalid user id|munge|Munge|credential",
        "KEY_REFUSED",
        "中心不接受本平台的身份凭证；请核对密钥或令牌",
        "the centre does not accept the platform's credentials; check the key or the token",
        again=True,
    ),
    _Fault(
        r"accounting storage|slurmdbd|[Dd]atabase|SlurmDB",
        "ACCOUNTING_UNREACHABLE",
        "中心的Slurm账务库没有应答",
        "the centre's Slurm accounting does not answer",
        again=True,
    ),
    _Fault(
        r"command not found|No such file or directory|not found",
        "SLURM_MISSING",
        "在中心找不到Slurm命令；请核对programs和conf设置",
        "Slurm's programs are not found at the centre; check the options programs and conf",
        again=True,
    ),
)
_GATE = re.compile(r"jiaozi-gate ([A-Z_]+): ([^\n]*)")
_ASK_AGAIN = {"PERMIT_BUSY"}
_UNSAID = re.compile(r"(Batch job submission failed|allocation failure|error)?:?\s*(Unspecified error)?", re.IGNORECASE)
_PREFIX = re.compile(r"^(sbatch|squeue|sacct|scancel|scontrol|sinfo|tail)?:?\s*(error|fatal)?:?\s*", re.IGNORECASE)


def is_gate(text: str) -> bool:
    """Say whether the centre's gate has spoken."""
    return _GATE.search(text) is not None


def refusal(text: str) -> UnableToSubmit | UnableToReachEngine:
    """Give the refusal that a complaint of a submission means."""
    gate = _GATE.search(text)
    if gate:
        code, said = gate[1], gate[2].strip()[:_SHOWN_MAX]
        kind = UnableToReachEngine if code in _ASK_AGAIN else UnableToSubmit
        return kind(code, f"中心的作业闸门拒绝：{said}", f"the centre's gate refused: {said}")
    for fault in _FAULTS:
        if re.search(fault.pattern, text):
            kind = UnableToReachEngine if fault.again else UnableToSubmit
            return kind(fault.code, fault.zh, fault.en, field=fault.field)
    said = _said(text)
    if not said:
        return UnableToSubmit(
            "GATE_REFUSED",
            "中心的作业闸门拒绝了该作业，未说明原因（经slurmrestd提交时原因会丢失）",
            "the centre's gate refused the job and gave no reason (slurmrestd loses it)",
        )
    return UnableToSubmit("SLURM_REFUSED", f"中心拒绝了该作业：{said}", f"the centre refused the job: {said}")


def no_extension(text: str) -> UnableToExtend | UnableToReachEngine:
    """Give the refusal that a complaint of a raised limit means: Slurm lets its operators alone raise one."""
    if "denied" in text and not is_gate(text):
        return UnableToExtend(
            "NOT_AN_OPERATOR",
            "中心未授权平台延长作业时限；请中心授予Slurm操作员权限（operator设置）",
            "the centre lets the platform raise no limit; it must make it an operator of Slurm (option operator)",
            field="adds_ms",
        )
    fault = refusal(text)
    if isinstance(fault, UnableToSubmit):
        return UnableToExtend(fault.reason.code, fault.reason.label.zh, fault.reason.label.en, field="adds_ms")
    return fault


def unreachable(text: str) -> UnableToReachEngine:
    """Give the refusal that a complaint of a question means: without an answer nothing is known, so ask again."""
    for fault in _FAULTS:
        if fault.again and re.search(fault.pattern, text):
            return UnableToReachEngine(fault.code, fault.zh, fault.en)
    said = _said(text) or "?"
    return UnableToReachEngine("SLURM_NO_ANSWER", f"中心的Slurm没有答复：{said}", f"Slurm gave no answer: {said}")


def timed_out(seconds: int) -> UnableToReachEngine:
    """The centre took longer than it may."""
    return UnableToReachEngine(
        "ENGINE_TOO_SLOW", f"中心{seconds}秒内没有答完", f"the centre did not finish its answer within {seconds} s"
    )


def garbled(what: str) -> UnableToReachEngine:
    """An answer that can't be read, or only half of one."""
    return UnableToReachEngine(
        "ANSWER_GARBLED",
        f"中心的答复不完整或无法读取：{what}",
        f"the centre's answer is cut short or can't be read: {what}",
    )


def _said(text: str) -> str:
    lines = [_PREFIX.sub("", line.strip()) for line in text.splitlines()]
    kept = [line for line in lines if line and not _UNSAID.fullmatch(line)]
    return " ".join(kept)[:_SHOWN_MAX]
