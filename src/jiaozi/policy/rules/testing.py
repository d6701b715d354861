"""Runs one condition on the facts at hand; what is not a clean true or false always refuses."""

from __future__ import annotations

from jiaozi.policy.rules.conditions import run
from jiaozi.policy.rules.decision import ConditionFound, FactUsed, Truth
from jiaozi.policy.rules.document import Test
from jiaozi.policy.rules.weighing import Weighing

_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.ERROR}


def judge(weighing: Weighing, test: Test) -> ConditionFound:
    """Run one condition that must be met; whatever is not a clean true adds its reason."""
    found = look(weighing, test)
    if found.truth is Truth.FALSE:
        _refuse_unmet(weighing, test, found.facts)
    return found


def holds(weighing: Weighing, name: str, asked: list[ConditionFound]) -> bool:
    """Run a condition that chooses: false is an answer, an error or something unknown still refuses."""
    found = look(weighing, weighing.document.asides[name])
    asked.append(found)
    return found.truth is Truth.TRUE


def look(weighing: Weighing, test: Test) -> ConditionFound:
    """Run one condition; an error and whatever is unknown or unpublished add their reasons, false does not."""
    compiled = test.compiled
    missing = [name for name in compiled.facts if name not in weighing.known]
    hidden = compiled.parameters and [name for name in compiled.parameters if not weighing.parameter(name)]
    listed = not compiled.suppliers or weighing.suppliers_known()
    truth, error = Truth.UNKNOWN, ""
    if test.unpublished:
        weighing.note(test.name)
    if test.unpublished and not weighing.allow_demo:
        truth = Truth.UNPUBLISHED
        weighing.refuse(
            "CONDITION_UNPUBLISHED",
            f"此条件未公布，仅演示可用：{test.label.zh}",
            f"this condition is not published and serves a demo only: {test.label.en}",
            field=test.name,
        )
    elif missing:
        for name in missing:
            weighing.refuse_missing(name)
    elif hidden or not listed:
        truth = Truth.UNPUBLISHED
    else:
        answer, error = run(compiled, weighing.activation)
        truth = _TRUTHS[answer]
    if truth is Truth.ERROR:
        weighing.refuse(
            "CONDITION_ERROR",
            f"条件无法判断，按不通过处理：{test.label.zh}（{error}）",
            f"the condition could not be judged, so it does not pass: {test.label.en} ({error})",
        )
    return ConditionFound(compiled.source, test.label, truth, tuple(map(weighing.used, compiled.facts)), error)


def _refuse_unmet(weighing: Weighing, test: Test, used: tuple[FactUsed, ...]) -> None:
    zh = "，".join(f"{fact.label.zh}为{fact.shown.zh}" for fact in used)
    en = ", ".join(f"{fact.label.en}: {fact.shown.en}" for fact in used)
    field = used[0].name if used else ""
    weighing.refuse(
        "CONDITION_NOT_MET", f"不符合“{test.label.zh}”（{zh}）", f"not met: {test.label.en} ({en})", field=field
    )
