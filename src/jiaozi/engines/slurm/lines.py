"""The columns that Slurm's programs print, asked for by name and parted by ``|``: the same in every version since 17.

JSON is not used here on purpose: ``squeue --json`` of 22.05 ignores every filter, and is a hundred times as long.
"""

from __future__ import annotations

import re

from jiaozi.engines.slurm.faults import garbled
from jiaozi.engines.slurm.ports import Job, Pool

SQUEUE_FIELDS = (
    "JobID,State,SubmitTime,StartTime,EndTime,exit_code,TimeLimit,NodeList,Partition,UserName,Cluster,Name,Reason"
)
SQUEUE = ",".join(f"{name}:|" for name in SQUEUE_FIELDS.split(","))
SACCT = (
    "JobIDRaw,State,Submit,Start,End,ExitCode,TimelimitRaw,NodeList,Partition,User,Cluster,JobName,"
    "ElapsedRaw,AllocTRES,ReqTRES,Reason,Comment"
)
SINFO = "%R|%C|%G|%a"
SINFO_GRES = "Partition:|,Gres:|,GresUsed:|"

_SQUEUE_COUNT = SQUEUE_FIELDS.count(",") + 1
_SACCT_COUNT = SACCT.count(",") + 1
_ABSENT = {"", "N/A", "NONE", "Unknown", "None", "0"}
_NO_NODES = {"", "None assigned", "(null)", "N/A"}
_CARDS = re.compile(r"\bgpu:(?:([^:,()]+):)?(\d+)(?![\w:])")  # a type may begin with a digit, as 910b does


def squeue_job(line: str) -> Job:
    """Read a line of ``squeue -O``; what comes last may itself hold the separator."""
    words = line.split("|", _SQUEUE_COUNT - 1)
    if len(words) < _SQUEUE_COUNT:
        raise garbled(line[:80])
    number, state, submit, start, end, code, limit, nodes, partition, user, cluster, name, reason = words
    base = state.split()[0]
    pending = base == "PENDING"
    exit_code = int(code) if code.isdecimal() else 0
    return Job(
        job_id=_number(number),
        name=name,
        state=base,
        submit_s=_number(submit),
        cluster="" if cluster == "N/A" else cluster,
        partition=partition,
        user=user,
        start_s=None if pending else _instant(start),
        end_s=None if pending else _instant(end),
        ran=nodes not in _NO_NODES and not pending,
        limit_min=_minutes(limit),
        exit_status=exit_code >> 8,
        exit_signal=exit_code & 0x7F,
        reason=reason.rstrip("|"),
    )


def sacct_job(line: str) -> Job:
    """Read a line of ``sacct -P -X``."""
    words = line.split("|", _SACCT_COUNT - 1)
    if len(words) < _SACCT_COUNT:
        raise garbled(line[:80])
    number, state, submit, start, end, code, limit, nodes, partition, user, cluster, name = words[:12]
    elapsed, allocated, requested, reason, comment = words[12:]
    status, _, signal = code.partition(":")
    return Job(
        job_id=_number(number),
        name=name,
        state=state.split()[0] if state else "",  # "CANCELLED by 1000"
        submit_s=_number(submit),
        cluster=cluster,
        partition=partition,
        user=user,
        start_s=_instant(start),
        end_s=_instant(end),
        ran=nodes not in _NO_NODES and _instant(start) is not None,
        elapsed_s=_number(elapsed),
        limit_min=int(limit) if limit.isdecimal() else None,
        exit_status=int(status) if status.isdecimal() else 0,
        exit_signal=int(signal) if signal.isdecimal() else 0,
        reason=reason,
        comment=comment,
        allocated=tres(allocated),
        requested=tres(requested),
    )


def tres(text: str) -> dict[str, int]:
    """Read trackable resources; what is no count (memory with its unit) is left out.

    >>> tres("billing=2,cpu=2,gres/gpu=1,mem=250G,node=1")
    {'billing': 2, 'cpu': 2, 'gres/gpu': 1, 'node': 1}
    """
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {name: int(value) for name, _, value in pairs if value.isdecimal()}


def cards(text: str) -> dict[str, int]:
    """Read cards by type from a list of generic resources.

    >>> cards("gpu:910b:8(S:0-1),gpu:2")
    {'910b': 8, '': 2}
    """
    found: dict[str, int] = {}
    for kind, count in _CARDS.findall(text):
        found[kind] = found.get(kind, 0) + int(count)
    return found


def pools(cores: str, nodes: str) -> list[Pool]:
    """Read ``sinfo``: cores a partition, and cards node by node."""
    total: dict[str, dict[str, int]] = {}
    free: dict[str, dict[str, int]] = {}
    for line in nodes.splitlines():
        words = line.split("|")
        if len(words) < 3:  # noqa: PLR2004 - partition, cards, cards in use
            raise garbled(line[:80])
        partition, used = words[0].rstrip("*"), cards(words[2])
        for kind, count in cards(words[1]).items():
            _add(total, partition, kind, count)
            _add(free, partition, kind, count - used.get(kind, 0))
    found = []
    for line in cores.splitlines():
        words = line.split("|")
        counts = words[1].split("/") if len(words) > 1 else []
        if len(counts) != 4 or not all(each.isdecimal() for each in counts):  # noqa: PLR2004 - in use, idle, other, all
            raise garbled(line[:80])
        name = words[0]
        found.append(Pool(name, int(counts[3]), int(counts[1]), total.get(name, {}), free.get(name, {})))
    return found


def _add(counts: dict[str, dict[str, int]], partition: str, kind: str, count: int) -> None:
    inner = counts.setdefault(partition, {})
    inner[kind] = inner.get(kind, 0) + count


def _number(text: str) -> int:
    if not text.isdecimal():
        raise garbled(text[:80] or "?")
    return int(text)


def _instant(text: str) -> int | None:
    return None if text in _ABSENT else _number(text)


def _minutes(text: str) -> int | None:
    """Read a time limit, ``[days-]hours:minutes:seconds`` or ``minutes:seconds``.

    >>> _minutes("1-02:03:00"), _minutes("5:00"), _minutes("UNLIMITED")
    (1563, 5, None)
    """
    days, dash, clock = text.rpartition("-")
    words = clock.split(":")
    if not all(word.isdecimal() for word in words) or (dash and not days.isdecimal()):
        return None
    hours, minutes = (int(words[-3]), int(words[-2])) if len(words) > 2 else (0, int(words[0]))  # noqa: PLR2004
    return int(days or 0) * 1440 + hours * 60 + minutes
