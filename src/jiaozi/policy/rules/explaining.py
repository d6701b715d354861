"""Puts a decision into lines of plain text in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.policy.rules.decision import CapUse, ClauseFound, ConditionFound, Decision, Outcome, Step, StepKind, Truth
from jiaozi.policy.rules.words import Grant, Measure, Per, Subject

OUTCOMES = {
    Outcome.GRANTED: Label("同意", "granted"),
    Outcome.REFUSED: Label("不予支持", "refused"),
    Outcome.BY_HAND: Label("一事一议", "to be decided case by case"),
}
TRUTHS = {
    Truth.TRUE: Label("符合", "met"),
    Truth.FALSE: Label("不符合", "not met"),
    Truth.ERROR: Label("无法判断", "could not be judged"),
    Truth.UNKNOWN: Label("缺少事实", "a fact is missing"),
    Truth.UNPUBLISHED: Label("未公布", "not published"),
}
GRANTS = {
    Grant.VOUCHER: Label("算力券", "voucher"),
    Grant.AWARD: Label("资金奖补", "cash award"),
    Grant.NONE: Label("无", "nothing"),
}
MEASURES = {
    Measure.ISSUED: Label("按发放计", "measured as issued"),
    Measure.HELD: Label("按冻结计", "measured as held"),
    Measure.USED: Label("按使用计", "measured as used"),
    Measure.REDEEMED: Label("按兑付计", "measured as redeemed"),
    Measure.PAID: Label("按支付计", "measured as paid"),
}
PERIODS = {
    Per.CALENDAR_YEAR: Label("每自然年", "each calendar year"),
    Per.FISCAL_YEAR: Label("每财政年度", "each fiscal year"),
    Per.CALENDAR_QUARTER: Label("每季度", "each quarter"),
    Per.CALENDAR_MONTH: Label("每自然月", "each calendar month"),
    Per.PROGRAMME: Label("项目全期", "over the whole programme"),
    Per.NONE: Label("不累计", "not added up"),
}
SUBJECTS = {
    Subject.PROGRAMME: Label("全项目", "the programme"),
    Subject.HOLDER: Label("每一持券人", "each holder"),
    Subject.PROJECT: Label("每一项目", "each project"),
    Subject.CONTRACT: Label("每一合同", "each contract"),
    Subject.PERSON: Label("每一人才或团队", "each person or team"),
    Subject.INVOICE: Label("每张发票", "each invoice"),
    Subject.SUPPLIER: Label("每一供给方", "each supplier"),
    Subject.GROUP: Label("每组关联主体", "each group of related holders"),
    Subject.CLAIM: Label("每一笔", "each claim"),
}
_NOT_ASKED = Label("未提供所需事实", "its facts were not given")
_MARKS = {Truth.TRUE: "✓", Truth.FALSE: "✗", Truth.ERROR: "!", Truth.UNKNOWN: "?", Truth.UNPUBLISHED: "?"}


def explain(decision: Decision, language: str) -> list[str]:
    """Give a decision as lines: outcome, then each clause with conditions, arithmetic, caps and reasons."""

    def say(zh: str, en: str) -> str:
        return Label(zh, en).in_language(language)

    head = OUTCOMES[decision.outcome].in_language(language)
    if decision.outcome is Outcome.GRANTED and decision.amount_fen is not None:
        head += f" {yuan(decision.amount_fen)} {say('元', 'yuan')} ({GRANTS[decision.grants].in_language(language)})"
    lines = [f"{decision.programme} · {decision.version[:12]} · {decision.inputs.on}: {head}"]
    for found in decision.clauses:
        brief = decision.inputs.clause is None and any(test.truth is Truth.UNKNOWN for test in found.conditions)
        lines += [f"  {line}" for line in _clause_lines(found, language, brief=brief)]
    for step in decision.steps:
        lines.append(f"  {_step_line(step, language)}")
    for piece in decision.pieces:
        lines.append(f"  + [{piece.clause}] {yuan(piece.amount_fen)} {say('元', 'yuan')}")
    for reason in decision.reasons:
        lines.append(f"  {say('理由', 'reason')}: {reason.label.in_language(language)}")
    if decision.unpublished:
        note = (
            say("未公布、取演示值", "not published, demo values used")
            if decision.inputs.allow_demo
            else say("未公布", "not published")
        )
        lines.append(f"  {note}: {', '.join(decision.unpublished)}")
    return lines


def _clause_lines(found: ClauseFound, language: str, *, brief: bool) -> Iterator[str]:
    outcome = (_NOT_ASKED if brief else OUTCOMES[found.outcome]).in_language(language)
    yield f"[{found.clause}] {found.label.in_language(language)} ({found.source}, {found.grade}): {outcome}"
    if brief:
        return
    for condition in found.conditions:
        yield f"  {_condition_line(condition, language)}"
    for condition in found.asked:
        yield f"  {_aside_line(condition, language)}"
    for step in found.steps:
        yield f"  {_step_line(step, language)}"
    for use in found.caps:
        yield f"  {_cap_line(use, language)}"


def _condition_line(condition: ConditionFound, language: str) -> str:
    facts = ", ".join(
        f"{fact.label.in_language(language)} = {fact.shown.in_language(language)}" for fact in condition.facts
    )
    truth = (
        "" if condition.truth in (Truth.TRUE, Truth.FALSE) else f" · {TRUTHS[condition.truth].in_language(language)}"
    )
    return f"{_MARKS[condition.truth]} {condition.label.in_language(language)}{f' ({facts})' if facts else ''}{truth}"


def _aside_line(condition: ConditionFound, language: str) -> str:
    """Show a condition that chooses: where it is not met it only does not apply."""
    line = _condition_line(condition, language)
    if condition.truth is Truth.FALSE:
        return f"– {line.removeprefix(_MARKS[Truth.FALSE]).strip()}" + Label(
            "：不适用", ": does not apply"
        ).in_language(language)
    return line


def _step_line(step: Step, language: str) -> str:
    label = step.label.in_language(language)
    if step.kind is StepKind.BASE:
        return f"= {label} {yuan(step.after_fen)}"
    if step.kind in (StepKind.PLUS, StepKind.LESS):
        return f"{'+' if step.kind is StepKind.PLUS else '−'} {label} {step.figure}: {yuan(step.after_fen)}"
    if step.kind is StepKind.BAND and not step.after_fen:
        return f"→ {Label('档位', 'band').in_language(language)} {label} {step.figure}"
    cut = Label("，受此限制", ", this one binds").in_language(language) if step.binding else ""
    return f"→ {label} {step.figure}: {yuan(step.after_fen)}{cut}"


def _cap_line(use: CapUse, language: str) -> str:
    measures, subject = MEASURES[use.measures].in_language(language), SUBJECTS[use.subject].in_language(language)
    period = f" {use.period.name()}" if use.period else ""
    used = f"{Label('此前已用', 'used before').in_language(language)} {yuan(use.used_before_fen)}"
    return f"▪ {use.label.in_language(language)} {yuan(use.limit_fen)} ({measures}, {subject}{period}; {used})"
