"""The policy room's rules: a programme document and facts in, a decision with reasons out. Pure.

``load`` reads a document, ``decide`` decides, ``replay`` decides again, ``explain`` puts it into words; ``order_terms``
and its neighbours answer what later stages ask.
"""

from jiaozi.policy.rules.adopting import (
    UnableToAdopt,
    check_cases,
    check_publisher,
    check_succession,
    effective_dates,
)
from jiaozi.policy.rules.applicants import applicants_from_csv, applicants_from_json
from jiaozi.policy.rules.bars import Bar, bars_of
from jiaozi.policy.rules.cases import CaseRun, decide_case, run_cases
from jiaozi.policy.rules.comparing import Change, Comparison, Effect, compare, compare_applicants, totals
from jiaozi.policy.rules.counters import counters_from
from jiaozi.policy.rules.deciding import decide, differences, measured, replay
from jiaozi.policy.rules.decision import (
    CapUse,
    ClauseFound,
    ConditionFound,
    Decision,
    FactUsed,
    Inputs,
    OnceUse,
    Outcome,
    Piece,
    Step,
    StepKind,
    Truth,
)
from jiaozi.policy.rules.describing import describe
from jiaozi.policy.rules.document import Document, load
from jiaozi.policy.rules.editor import editor_schema, editor_schema_text
from jiaozi.policy.rules.explaining import explain
from jiaozi.policy.rules.problems import Problem, UnableToDecide, UnableToReadFacts, UnableToReadProgramme
from jiaozi.policy.rules.settling import (
    Paper,
    Penalty,
    RelationTerms,
    Share,
    award_stages,
    check_administration,
    cost_shares,
    papers_due,
    papers_missing,
    penalty,
    relation_terms,
    split,
)
from jiaozi.policy.rules.terms import (
    DispatchTerms,
    LimitInForce,
    OrderTerms,
    ReserveTerms,
    dispatch_terms,
    limits_in_force,
    notice_days,
    order_terms,
    reserve_terms,
)
from jiaozi.policy.rules.words import Grant, Measure, Per, Subject

__all__ = [
    "Bar",
    "CapUse",
    "CaseRun",
    "Change",
    "ClauseFound",
    "Comparison",
    "ConditionFound",
    "Decision",
    "DispatchTerms",
    "Document",
    "Effect",
    "FactUsed",
    "Grant",
    "Inputs",
    "LimitInForce",
    "Measure",
    "OnceUse",
    "OrderTerms",
    "Outcome",
    "Paper",
    "Penalty",
    "Per",
    "Piece",
    "Problem",
    "RelationTerms",
    "ReserveTerms",
    "Share",
    "Step",
    "StepKind",
    "Subject",
    "Truth",
    "UnableToAdopt",
    "UnableToDecide",
    "UnableToReadFacts",
    "UnableToReadProgramme",
    "applicants_from_csv",
    "applicants_from_json",
    "award_stages",
    "bars_of",
    "check_administration",
    "check_cases",
    "check_publisher",
    "check_succession",
    "compare",
    "compare_applicants",
    "cost_shares",
    "counters_from",
    "decide",
    "decide_case",
    "describe",
    "differences",
    "dispatch_terms",
    "editor_schema",
    "editor_schema_text",
    "effective_dates",
    "explain",
    "limits_in_force",
    "load",
    "measured",
    "notice_days",
    "order_terms",
    "papers_due",
    "papers_missing",
    "penalty",
    "relation_terms",
    "replay",
    "reserve_terms",
    "run_cases",
    "split",
    "totals",
]
