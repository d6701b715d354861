"""Slurm's accounting as ``sacct --json`` writes it, from 22.05 to today: jobs one by one, read into entries.

Since 23.02 a number is ``{"set": true, "infinite": false, "number": 5}``, a state is a list and a comment an object;
before, all are plain. Units and run time are those of the allocation; the billing resource is a whole number, 0 for a
small job, and never read. What is read, and the record's name, are what the Slurm engine gives for the same job: what
came through both is one record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from jiaozi.catalogue.rules import ResourceKind
from jiaozi.kernel.label import Label
from jiaozi.metering.rules.bounds import RECORD_ID_MAX, RESOURCE_MAX
from jiaozi.metering.rules.entry import (
    INSTANT_MAX_MS,
    RUN_MAX_MS,
    UNITS_MAX,
    BadLine,
    Contents,
    Entry,
    Unreadable,
    at_most,
    signed,
)
from jiaozi.metering.rules.words import ACCOUNT_MAX, is_clean, shown
from jiaozi.order.ports import JobOutcome

_OUTCOMES = {
    "COMPLETED": JobOutcome.SUCCEEDED,
    "FAILED": JobOutcome.FAILED,
    "TIMEOUT": JobOutcome.TIMED_OUT,
    "DEADLINE": JobOutcome.TIMED_OUT,
    "OUT_OF_MEMORY": JobOutcome.OUT_OF_MEMORY,
    "CANCELLED": JobOutcome.CANCELLED,
    "PREEMPTED": JobOutcome.CANCELLED,
    "NODE_FAIL": JobOutcome.LOST,
    "BOOT_FAIL": JobOutcome.LOST,
    "REVOKED": JobOutcome.LOST,
}
FIELDS = frozenset(
    (
        "account",
        "cluster",
        "comment",
        "exit_code",
        "job_id",
        "name",
        "nodes",
        "partition",
        "state",
        "time",
        "tres",
        "user",
    )
)
"""What is read of a job."""
NEVER_RAN = "NEVER_RAN"
_NAME_PREFIX = "jiaozi-"
_NO_NODES = {"", "None assigned", "(null)", "N/A"}
_TIMED_OUT = {124, 137}
"""How the platform's own timer ends a job: by TERM, or by KILL where the command ignored it."""
_NUMBER_MAX = 2**53


class _Counts(NamedTuple):
    """Resources of a job, by name, and whether they are counted by cards or nodes."""

    allocated: Mapping[str, int]
    requested: Mapping[str, int]


def read(jobs: Iterable[Any], classes: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> Contents:
    """Read jobs in order; those that are not over, or never had a node, are counted and passed over.

    Parameters
    ----------
    classes
        Partition → the resource classes that it serves; a partition named as a class serves that one.
    kinds
        Resource class → what it is counted by.
    """
    contents = Contents()
    for number, body in enumerate(jobs, start=1):
        if not at_most(contents, number):
            break
        try:
            found = _entry(body, classes, kinds)
        except Unreadable as wrong:
            job = body.get("job_id") if isinstance(body, Mapping) else None
            name = f"job_id {job}" if isinstance(job, int) and abs(job) < _NUMBER_MAX else "no job_id"
            label = Label(f"第{number}个作业（{name}）：{wrong.label.zh}", f"job {number} ({name}): {wrong.label.en}")
            contents.bad.append(BadLine(number, label))
        else:
            if isinstance(found, str):
                contents.passed[found] += 1
            else:
                contents.entries.append(found)
    return contents


def _entry(body: Any, classes: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> Entry | str:
    """Read one job, or say what kind of unfinished use it is."""
    if not isinstance(body, Mapping):
        raise Unreadable("应为对象", "must be an object")
    state, time, counts = (_part(body, name) for name in ("state", "time", "tres"))
    word = _state(state.get("current"))
    start_s, nodes = number_of(time.get("start"), "time.start") or 0, _text(body.get("nodes"), "nodes")
    if word not in _OUTCOMES:
        return word[:40] if word.isascii() and word.isprintable() else "UNKNOWN"
    if nodes in _NO_NODES or not start_s:
        return NEVER_RAN
    end_s = _needed(number_of(time.get("end"), "time.end"), "time.end")
    elapsed_s = number_of(time.get("elapsed"), "time.elapsed")
    elapsed_s = end_s - start_s if elapsed_s is None else elapsed_s
    _check_range(start_s, end_s, elapsed_s)
    resources = _Counts(_tres(counts.get("allocated")), _tres(counts.get("requested")))
    comment = _comment(body.get("comment"))
    resource_class = _class_of(body, comment, resources, (classes, kinds))
    order_id = order_of(comment, _text(body.get("name"), "name"))
    entry = Entry(
        name=_record_name(body, time),
        started_ms=start_s * 1000,
        elapsed_ms=max(1, elapsed_s) * 1000,
        units=_units(resources, kinds.get(resource_class, "")),
        account="" if order_id else _account(body),
        resource_class=resource_class,
        outcome=_outcome(word, body, time, elapsed_s),
        digest=b"",
        ended_ms=end_s * 1000,
        order_id=order_id,
    )
    return signed(entry)


def number_of(value: Any, field: str) -> int | None:
    """Read a whole number in either shape; None for none, infinite, or unset.

    >>> number_of(5, "x"), number_of({"set": True, "infinite": False, "number": 5}, "x")
    (5, 5)
    """
    if isinstance(value, Mapping):
        if value.get("infinite") is True or value.get("set") is False:
            return None
        value = value.get("number")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _NUMBER_MAX:
        raise Unreadable(f"{field}应为不小于0的整数", f"{field} must be a whole number, 0 or more")
    return value


def order_of(comment: str, name: str) -> UUID | None:
    """Give the order that a comment names, ``order=`` and its id or the id alone, or that the job is named after."""
    words = comment.split()
    told = next((word.removeprefix("order=") for word in words if word.startswith("order=")), "")
    for text in (told, words[0] if len(words) == 1 else "", name.removeprefix(_NAME_PREFIX)):
        try:
            found = UUID(text)
        except ValueError:
            continue
        if str(found) == text.lower():
            return found
    return None


def _class_of(
    body: Mapping[str, Any],
    comment: str,
    counts: _Counts,
    known: tuple[Mapping[str, tuple[str, ...]], Mapping[str, str]],
) -> str:
    """Give the resource class; what no class is known for is named by its partition, and so never free."""
    classes, kinds = known
    partition = _text(body.get("partition"), "partition")
    serves = classes.get(partition, (partition,) if partition in kinds else ())
    told = next((word.removeprefix("class=") for word in comment.split() if word.startswith("class=")), "")
    if told in serves:
        return told
    has_cards = _cards(counts.allocated) > 0
    fitting = [name for name in serves if (kinds.get(name) == ResourceKind.CARD) == has_cards]
    found = fitting[0] if len(fitting) == 1 else f"partition:{partition}"
    if not is_clean(found, RESOURCE_MAX):
        raise Unreadable(f"partition过长或含控制字符：{shown(partition)}", f"partition is too long: {shown(partition)}")
    return found


def _units(counts: _Counts, kind: str) -> int:
    """Give cores, cards or nodes of the allocation, not more than were asked for: rounding up is the centre's own."""
    if kind == ResourceKind.CARD:
        allocated, asked = _cards(counts.allocated), _cards(counts.requested)
    else:
        name = "node" if kind == ResourceKind.NODE else "cpu"
        allocated, asked = counts.allocated.get(name, 0), counts.requested.get(name, 0)
    return min(allocated, asked or allocated, UNITS_MAX)


def _cards(counts: Mapping[str, int]) -> int:
    """Slurm gives the sum as ``gres/gpu`` beside each type; where only types are tracked they are added up."""
    return counts.get("gres/gpu") or sum(count for name, count in counts.items() if name.startswith("gres/gpu:"))


def _tres(value: Any) -> dict[str, int]:
    if value is not None and not isinstance(value, list):
        raise Unreadable("tres应为列表", "tres must be a list")
    found = {}
    for each in value or ():
        if not isinstance(each, Mapping):
            raise Unreadable("tres的各项应为对象", "each of tres must be an object")
        kind, name = _text(each.get("type"), "tres.type"), _text(each.get("name"), "tres.name")
        if kind in {"cpu", "node", "gres"}:
            count = number_of(each.get("count"), f"tres {kind}")
            found["/".join(filter(None, (kind, name)))] = count or 0
    return found


def _record_name(body: Mapping[str, Any], time: Mapping[str, Any]) -> str:
    job = _needed(number_of(body.get("job_id"), "job_id"), "job_id")
    submitted = _needed(number_of(time.get("submission"), "time.submission"), "time.submission")
    name = f"slurm:{_text(body.get('cluster'), 'cluster')}:{job}:{submitted}"
    if not is_clean(name, RECORD_ID_MAX):
        raise Unreadable("cluster过长或含控制字符", "cluster is too long or holds a control character")
    return name


def _account(body: Mapping[str, Any]) -> str:
    account = _text(body.get("account"), "account") or _text(body.get("user"), "user")
    if not is_clean(account, ACCOUNT_MAX):
        raise Unreadable("缺少account，或含控制字符", "names no account, or one with a control character")
    return account


def _outcome(word: str, body: Mapping[str, Any], time: Mapping[str, Any], elapsed_s: int) -> JobOutcome:
    outcome = _OUTCOMES[word]
    if outcome is not JobOutcome.FAILED:
        return outcome
    limit_min = number_of(time.get("limit"), "time.limit")
    reached = limit_min is not None and elapsed_s >= limit_min * 60
    return JobOutcome.TIMED_OUT if reached and _exit_status(body.get("exit_code")) in _TIMED_OUT else outcome


def _exit_status(value: Any) -> int:
    if isinstance(value, Mapping) and "return_code" in value:
        return number_of(value["return_code"], "exit_code") or 0
    return (number_of(value, "exit_code") or 0) >> 8


def _comment(value: Any) -> str:
    return _text(value.get("job") if isinstance(value, Mapping) else value, "comment")


def _state(value: Any) -> str:
    first = (value[0] if value else "") if isinstance(value, list) else value
    return (_text(first, "state").split() or ["UNKNOWN"])[0]


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    if not isinstance(part, Mapping):
        raise Unreadable(f"{name}应为对象", f"{name} must be an object")
    return part


def _text(value: Any, field: str) -> str:
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{field}应为文本", f"{field} must be text")
    return value or ""


def _needed(value: int | None, field: str) -> int:
    if value is None:
        raise Unreadable(f"缺少{field}", f"{field} is missing")
    return value


def _check_range(start_s: int, end_s: int, elapsed_s: int) -> None:
    if max(start_s, end_s) * 1000 > INSTANT_MAX_MS or elapsed_s * 1000 > RUN_MAX_MS:
        raise Unreadable("time超出范围（应为1970年起的秒数）", "time is out of range (seconds since 1970)")
