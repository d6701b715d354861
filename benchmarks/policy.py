"""Decisions with full reasons a second on one core, alone and while every core has other work.

Under load the wall clock tells how the machine shares itself out; the processor's own time tells what a decision costs.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.row import Row, rates
from jiaozi.policy import rules

ROUNDS = 5
SECONDS = 0.6
TARGET_PER_S = 2_000
PROGRAMMES = Path(__file__).parents[1] / "programmes"


@dataclass(frozen=True, slots=True)
class Question:
    """What is decided again and again."""

    name: str
    file: str
    sample: str
    clause: str | None
    on: date


QUESTIONS = (
    Question("one clause, 3 conditions, 2 caps", "chengdu-2023", "project", "project-national", date(2023, 6, 1)),
    Question("one clause, 6 conditions, 3 gates", "beijing", "firm", "contract", date(2024, 6, 1)),
    Question("no clause named: all are weighed", "langfang", "firm", None, date(2024, 6, 1)),
)


def _spin() -> None:
    while True:
        pass


@contextmanager
def _load() -> Iterator[None]:
    """Keep every core busy with other work."""
    busy = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(os.cpu_count() or 1)]
    for one in busy:
        one.start()
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.join()


def _per_second(document: rules.Document, question: Question, facts: dict[str, Any], clock: Any) -> float:
    end, started, count = time.perf_counter() + SECONDS, clock(), 0
    while time.perf_counter() < end:
        for _ in range(50):
            rules.decide(document, clause_id=question.clause, facts=facts, counters={}, on=question.on, allow_demo=True)
        count += 50
    return count / (clock() - started)


def run(_console: Console) -> list[Row]:
    """Measure each question alone and under load."""
    rows = []
    for question in QUESTIONS:
        document = rules.load((PROGRAMMES / f"{question.file}.yaml").read_text(encoding="utf-8"))
        facts = document.programme.samples[question.sample]
        one_clause = question.clause is not None
        alone = [_per_second(document, question, facts, time.perf_counter) for _ in range(ROUNDS)]
        with _load():
            loaded = [_per_second(document, question, facts, time.process_time) for _ in range(ROUNDS)]
        for name, measured in (("alone, wall clock", alone), ("under load, processor time", loaded)):
            target = f"≥ {TARGET_PER_S:,}/s" if one_clause else ""
            met = median(measured) >= TARGET_PER_S if one_clause else None
            rows.append(Row(f"decide, {question.name}, {name}", rates(measured), "", target, met))
    return rows
