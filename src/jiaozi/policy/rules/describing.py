"""Puts a clause into lines of plain text in Chinese or English: the policy as a reader would want it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.explaining import GRANTS, MEASURES, PERIODS, SUBJECTS
from jiaozi.policy.rules.figures import PARAMETER_PREFIX, Figure, shown
from jiaozi.policy.rules.ratios import band_shown
from jiaozi.policy.rules.words import BandMode, Decided


def describe(document: Document, clause_id: str, language: str) -> list[str]:
    """Give one clause as lines of plain words, with its source and what is not published."""
    clause = document.clause(clause_id)

    def say(zh: str, en: str) -> str:
        return Label(zh, en).in_language(language)

    lines = [
        f"[{clause.id}] {clause.label.in_language(language)}",
        f"  {say('来源', 'source')}: {clause.source.ref} ({clause.source.grade})",
    ]
    lines += [f"  {say('须', 'must')}: {_test(one, language)}" for one in (*clause.when, *document.programme.always)]
    gives = f"{GRANTS[clause.grants].in_language(language)}{how(document, clause, language)}"
    lines.append(f"  {say('给予', 'gives')}: {gives}")
    changes = clause.amount.modifiers if clause.amount else ()
    lines += [f"  {say('调整', 'modifier')}: {modifier(document, one, language)}" for one in changes]
    lines += [f"  {say('上限', 'cap')}: {cap(document, under, language)}" for under in clause.caps]
    if clause.once:
        lines.append(f"  {say('一次性', 'once')}: {times(document, clause.once, language)}")
    papers = (*document.programme.evidence, *clause.evidence)
    lines += [f"  {say('材料', 'evidence')}: {paper.label.in_language(language)} ({paper.at})" for paper in papers]
    return lines


def times(document: Document, once: schema.Once, language: str) -> str:
    """Say how often a clause may be granted to whom, and over which time."""
    words = f"{SUBJECTS[once.subject].in_language(language)}, {PERIODS[once.per].in_language(language)}"
    if once.most.value == 1:
        return words
    most = figure(document, once.most, language)
    return words + Label(f"，最多 {most} 次", f", at most {most} times").in_language(language)


def _test(condition: schema.Condition, language: str) -> str:
    demo = Label("（未公布，仅演示）", " (not published, demo only)").in_language(language)
    return f"{condition.label.in_language(language)}{demo if condition.unpublished else ''} · {condition.test}"


def cap(document: Document, under: schema.CapUnder, language: str) -> str:
    """Write a cap as a clause stands under it."""
    one = document.programme.caps[under.cap]
    words = (SUBJECTS[one.subject], PERIODS[one.per], MEASURES[one.measures])
    text = ", ".join(word.in_language(language) for word in words)
    if under.counts.parameter:
        text += f"; {Label('是否计入', 'counts').in_language(language)}: {figure(document, under.counts, language)}"
    if under.only:
        text += f"; {Label('仅限', 'only for').in_language(language)}: {under.only.label.in_language(language)}"
    return f"{one.label.in_language(language)} {limit(document, one, language)} ({text})"


def limit(document: Document, one: schema.Cap | schema.Ceiling, language: str) -> str:
    """Write how much a cap or a ceiling allows."""
    if one.amount is not None:
        text = figure(document, one.amount, language)
    else:
        base = document.programme.facts[one.of or ""].label
        share = figure(document, one.share, language) if one.share else ""
        text = Label(f"{base.zh}的 {share}", f"{share} of {base.en}").in_language(language)
    if one.besides:
        other = document.programme.facts[one.besides].label
        text += Label(f"（含{other.zh}）", f", {other.en} counted in").in_language(language)
    return text


def modifier(document: Document, change: schema.Modifier, language: str) -> str:
    """Write a modifier: its condition and what it does to the ratio."""
    for one, mark in ((change.to, "="), (change.add, "+"), (change.take, "−"), (change.times, "×")):
        if one is not None:
            return f"{change.label.in_language(language)}: {mark}{figure(document, one, language)}"
    return change.label.in_language(language)


def how(document: Document, clause: schema.Clause, language: str) -> str:
    """Write how much a clause gives, after what it gives."""
    if clause.decided is Decided.BY_HAND:
        return Label(
            "，一事一议，金额由人决定并记录", ", case by case: a person decides the amount, on record"
        ).in_language(language)
    return f" · {amount(document, clause.amount, language)}" if clause.amount else ""


def amount(document: Document, one: schema.Amount, language: str) -> str:
    """Write an amount in one line."""
    parts = [_main(document, one, language)]
    if one.prorate:
        parts.append(
            Label("按基期折算", "prorated to the base period").in_language(language) + f" ({one.prorate.days})"
        )
    if one.threshold:
        fact = document.programme.facts[one.threshold.of].label
        least = figure(document, one.threshold.least, language)
        parts.append(Label(f"{fact.zh}须达 {least}", f"{fact.en} of {least} or more").in_language(language))
    if one.ratio_most:
        most = figure(document, one.ratio_most, language)
        parts.append(Label(f"比例不超过 {most}", f"a ratio of {most} at most").in_language(language))
    if one.minimum:
        parts.append(f"{Label('最低', 'at least').in_language(language)} {figure(document, one.minimum, language)}")
    return ", ".join(parts)


def _main(document: Document, one: schema.Amount, language: str) -> str:
    if one.fixed:
        return figure(document, one.fixed, language)
    base = _base(document, one, language)
    if one.bands:
        return f"{base}{Label('，', ', ').in_language(language) if base else ''}{_bands(document, one.bands, language)}"
    if one.ratio is None:
        return base
    ratio = figure(document, one.ratio, language)
    return Label(f"{base} × {ratio}", f"{ratio} of {base}").in_language(language)


def _base(document: Document, one: schema.Amount, language: str) -> str:
    def label(name: str) -> str:
        return document.programme.facts[name].label.in_language(language)

    if one.quantity:
        price = figure(document, one.quantity.price, language)
        most = figure(document, one.quantity.most, language) if one.quantity.most else ""
        bound = Label(f"（至多 {most}）", f" ({most} at most)").in_language(language) if most else ""
        return f"{label(one.quantity.of)}{bound} × {price}"
    return " + ".join(map(label, one.of)) + "".join(f" − {label(name)}" for name in one.less)


def _bands(document: Document, bands: schema.Bands, language: str) -> str:
    def value(one: Figure | None) -> Any:
        return known(document, one) if one else None

    def texts() -> Iterator[str]:
        for band in bands.steps:
            given = band.ratio or band.fixed
            yield f"{band_shown(band, value)}: {figure(document, given, language) if given else ''}"

    by = document.programme.facts[bands.by].label.in_language(language)
    mode = Label("分段累进", "slice by slice") if bands.mode is BandMode.SLICES else Label("按档", "by band")
    if bands.after:
        before = document.programme.facts[bands.after].label
        mode = Label(f"{mode.zh}，自{before.zh}起", f"{mode.en} from {before.en} on")
    return f"{mode.in_language(language)} ({by}) " + "; ".join(texts())


def known(document: Document, one: Figure) -> Any:
    """Give a figure's value, its demo value included; None where there is none."""
    return document.programme.parameters[one.parameter].typed(allow_demo=True) if one.parameter else one.value


def figure(document: Document, one: Figure, language: str) -> str:
    """Write a figure; one that is not published says so, with its demo value."""
    if not one.parameter:
        return shown(one.kind, one.value)
    parameter = document.programme.parameters[one.parameter]
    value = parameter.typed(allow_demo=True)
    text = "" if value is None else shown(parameter.kind, value)
    if not parameter.unpublished:
        return text
    demo = Label(f"，演示值 {text}", f", demo {text}").in_language(language) if text else ""
    return (
        Label(f"未公布{demo}", f"not published{demo}").in_language(language) + f" ({PARAMETER_PREFIX}{one.parameter})"
    )
