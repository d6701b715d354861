"""The Standard Workload Format: one line a job, 18 numbers, then whatever an archive adds; comments begin with ``;``.

Read are the job's number, its submission, wait, run time, processors, status and user (fields 1 to 5, 8, 11, 12); -1
means unknown. Run time is the field of that name and never holds the wait. docs/reference/usage.md explains each.

Cost: one regular expression a line, about 4 µs; a line that does not match is looked at again to say what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from jiaozi.kernel.label import Label
from jiaozi.metering.rules import reasons
from jiaozi.metering.rules.entry import (
    ENTRIES_MAX,
    INSTANT_MAX_MS,
    RUN_MAX_MS,
    UNITS_MAX,
    BadLine,
    Contents,
    Entry,
    Form,
)
from jiaozi.order.ports import JobOutcome

FIELDS = 18
_BAR = (
    "job",
    "submit",
    "wait",
    "run",
    "processors",
    "cpu time",
    "memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
)
_WHOLE = frozenset({0, 1, 2, 3, 4, 7, 10, 11})
_NUMBER = r"-?\d{1,15}"
_LINE = re.compile(
    r"\s*("
    + r"\s+".join(f"({_NUMBER})" if place in _WHOLE else rf"{_NUMBER}(?:\.\d*)?" for place in range(FIELDS))
    + r")(?:\s.*)?",
    re.ASCII | re.DOTALL,
)
_ONE = re.compile(_NUMBER, re.ASCII)
_OTHER = re.compile(rf"{_NUMBER}(?:\.\d*)?", re.ASCII)
_START = re.compile(r";\s*UnixStartTime:\s*(\d{1,12})\b", re.ASCII)
_INSTANT_MAX_S = INSTANT_MAX_MS // 1000
_RUN_MAX_S = RUN_MAX_MS // 1000

_OUTCOMES = {
    "1": JobOutcome.SUCCEEDED,
    "0": JobOutcome.FAILED,
    "5": JobOutcome.CANCELLED,
    "-1": JobOutcome.LOST,
}
PARTS = frozenset({"2", "3", "4"})
"""Statuses of a piece of a job that was checkpointed; the whole has a line of its own."""
_PART = reasons.part_of_a_job()


def read(lines: Iterable[str], *, trace: str = "", resource_class: str = "cpu-core") -> Contents:
    """Read a trace's jobs in order, and every line that is no job, with its number.

    Without ``; UnixStartTime:`` in the header, submit times count from 1970 (some archives do so).
    """
    contents = Contents()
    bad = contents.bad
    prefix = f"{Form.SWF}:{trace}:" if trace else f"{Form.SWF}:"
    begin_s = 0
    match = _LINE.fullmatch
    for number, line in enumerate(lines, start=1):
        found = match(line)
        if found is None:
            header = _START.match(line)
            if header:
                begin_s = int(header[1])
            elif (text := line.strip()) and not text.startswith(";"):
                bad.append(BadLine(number, _diagnosis(text)))
        elif number > ENTRIES_MAX:
            most = ENTRIES_MAX
            bad.append(BadLine(number, Label(f"超过{most}行，请分成多个文件", f"past {most} lines: split it")))
            break
        else:
            wrong = _take(found, begin_s, contents.entries, (prefix, resource_class))
            if wrong is not None:
                bad.append(BadLine(number, wrong))
    return contents


def _take(found: re.Match[str], begin_s: int, jobs: list[Entry], words: tuple[str, str]) -> Label | None:
    """Add a line's job, or say which of its numbers is out of range."""
    text, job, submit, wait, run, allocated, requested, status, user = found.groups()
    run_s, submitted_s, waited_s = int(run), int(submit), int(wait)
    started_s = begin_s + submitted_s + max(waited_s, 0)
    units = int(allocated)
    if units <= 0:
        units = int(requested)
    if submitted_s < 0 or not 0 <= started_s <= _INSTANT_MAX_S:
        return Label(
            f"第2、3字段（提交{submit}、等待{wait}）超出范围",
            f"fields 2, 3 (submit {submit}, wait {wait}) out of range",
        )
    if run_s > _RUN_MAX_S or units > UNITS_MAX:
        return Label(
            f"第4、5字段（运行{run}秒、{units}个处理器）超出范围",
            f"fields 4, 5 (run {run} s, {units} processors) out of range",
        )
    outcome = _OUTCOMES.get(status, JobOutcome.LOST)
    content = sha256(" ".join(text.split()).encode()).digest()
    prefix, resource_class = words
    wrong, name = (_PART, f"{prefix}{job}@{started_s}") if status in PARTS else (None, prefix + job)
    jobs.append(Entry(name, started_s * 1000, run_s * 1000, units, user, resource_class, outcome, content, wrong))
    return None


def _diagnosis(text: str) -> Label:
    """Say what keeps a line from being a job."""
    words = text.split(None, FIELDS)
    for place, (name, word) in enumerate(zip(_BAR, words, strict=False)):
        if not (_ONE if place in _WHOLE else _OTHER).fullmatch(word):
            kind_zh, kind_en = ("整数", "a whole number") if place in _WHOLE else ("数字", "a number")
            shown = word[:40]
            return Label(
                f"第{place + 1}字段（{name}）应为{kind_zh}，实为{shown!r}",
                f"field {place + 1} ({name}) must be {kind_en}, not {shown!r}",
            )
    return Label(f"应有{FIELDS}个字段，实有{len(words)}个", f"needs {FIELDS} fields, has {len(words)}")
