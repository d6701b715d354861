"""What a replay reads of a trace in the Standard Workload Format: when a job came, what it asked for, how long it ran.

Fields 2, 4, 5, 8, 9 and 12 of 18. Some archives add columns: nodes, queue, and ``1:ppn=64:property`` for what the job
needs of a node; the cores on one node and the properties of that last one are read where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from jiaozi.dispatch.rules.request import UnableToPlace

JOBS_MAX = 2_000_000
_FIELDS = 18
_NODE_COLUMN = 20
_NEEDS = re.compile(r"(\d{1,6}):ppn=(\d{1,6})((?:[:#][\w.-]+)*)", re.ASCII)
_SECONDS_MAX = 10**11


class Job(NamedTuple):
    """One job; seconds from the trace's own zero."""

    number: int
    submit_s: int
    run_s: int
    limit_s: int
    units: int
    user: str
    per_node: int
    properties: frozenset[str]


def read_trace(lines: Iterable[str]) -> list[Job]:
    """Read the jobs that ran, in order of submission; a job runs no longer than the time that it asked for.

    Raises
    ------
    UnableToPlace
        Naming the line and field that is no figure.
    """
    jobs: list[Job] = []
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith(";") or not line.strip():
            continue
        job = _job(number, line.split())
        if job is not None:
            jobs.append(job)
        if len(jobs) > JOBS_MAX:
            raise UnableToPlace("TRACE_TOO_LONG", "作业过多", f"more than {JOBS_MAX} jobs", field=f"line {number}")
    if not jobs:
        raise UnableToPlace("TRACE_EMPTY", "没有作业", "no job in the trace ran", field="trace")
    return sorted(jobs, key=lambda each: (each.submit_s, each.number))


def _job(number: int, words: list[str]) -> Job | None:
    if len(words) < _FIELDS:
        raise UnableToPlace(
            "LINE_TOO_SHORT",
            f"应有{_FIELDS}个字段，实有{len(words)}个",
            f"needs {_FIELDS} fields, has {len(words)}",
            field=f"line {number}",
        )
    submit_s, run_s, used, asked, limit_s = (_whole(number, place, words[place - 1]) for place in (2, 4, 5, 8, 9))
    units = used if used > 0 else asked
    if submit_s < 0 or run_s <= 0 or units <= 0:
        return None
    limit_s = limit_s if limit_s > 0 else run_s
    needs = _NEEDS.fullmatch(words[_NODE_COLUMN]) if len(words) > _NODE_COLUMN else None
    per_node = min(int(needs[2]), units) if needs else 1
    properties = frozenset(re.split("[:#]", needs[3])[1:]) if needs else frozenset()
    return Job(number, submit_s, min(run_s, limit_s), limit_s, units, words[11], per_node, properties)


def _whole(line: int, place: int, word: str) -> int:
    try:
        value = int(word)
    except ValueError:
        value = -_SECONDS_MAX - 1
    if abs(value) > _SECONDS_MAX:
        raise UnableToPlace(
            "FIGURE_WRONG",
            f"第{place}字段应为整数，实为{word[:40]!r}",
            f"field {place} must be a whole number, not {word[:40]!r}",
            field=f"line {line}",
        )
    return value
