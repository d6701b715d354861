"""The closed words of a programme document: every list of choices that its schema knows, and nothing else."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How far a document has come in its city."""

    DRAFT = "draft"
    TRIAL = "trial"
    IN_FORCE = "in_force"


class Grade(StrEnum):
    """How good a source is: ``A`` a government site or regulator, ``B`` a repost or news summary."""

    A = "A"
    B = "B"


class Kind(StrEnum):
    """What a fact or a parameter is made of."""

    BOOL = "bool"
    INT = "int"
    DECIMAL = "decimal"
    MONEY = "money"
    RATIO = "ratio"
    TEXT = "text"
    ENUM = "enum"
    DATE = "date"
    LIST = "list"


class Measure(StrEnum):
    """At which step of a voucher's life a cap counts."""

    ISSUED = "issued"
    HELD = "held"
    USED = "used"
    REDEEMED = "redeemed"
    PAID = "paid"


class Per(StrEnum):
    """Over which Asia/Shanghai dates a cap counts; ``programme`` is its whole life, ``none`` counts nothing before."""

    CALENDAR_YEAR = "calendar_year"
    CALENDAR_MONTH = "calendar_month"
    PROGRAMME = "programme"
    NONE = "none"


class Subject(StrEnum):
    """Whose grants a cap adds up."""

    PROGRAMME = "programme"
    HOLDER = "holder"
    PROJECT = "project"
    CONTRACT = "contract"
    PERSON = "person"
    CLAIM = "claim"


class Grant(StrEnum):
    """What a clause gives."""

    VOUCHER = "voucher"
    AWARD = "award"
    NONE = "none"


class Decided(StrEnum):
    """Who finds the amount: the rule, or a person whose decision is recorded (一事一议)."""

    BY_RULE = "by_rule"
    BY_HAND = "by_hand"


class PayModel(StrEnum):
    """How a voucher turns into money for the centre."""

    DEDUCT_WITH_RESERVE = "deduct_with_reserve"
    DEDUCT_AT_ORDER = "deduct_at_order"
    PAY_THEN_REDEEM = "pay_then_redeem"
    SUBSIDY_AFTER_USE = "subsidy_after_use"
    QUOTA_IN_KIND = "quota_in_kind"
    TARGET_LETTER = "target_letter"


class Interval(StrEnum):
    """How often centres are settled with."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    ON_DEMAND = "on_demand"


class Expiry(StrEnum):
    """Where an expired voucher's rest goes: it lapses, or the pool may issue it again."""

    LAPSED = "lapsed"
    AVAILABLE = "available"


class Concurrence(StrEnum):
    """What an application gets that meets several clauses at once."""

    HIGHEST = "highest"
