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
    DATES = "dates"


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
    FISCAL_YEAR = "fiscal_year"
    CALENDAR_QUARTER = "calendar_quarter"
    CALENDAR_MONTH = "calendar_month"
    PROGRAMME = "programme"
    NONE = "none"


class Subject(StrEnum):
    """Whose grants a cap adds up; a group is a set of related holders that count as one."""

    PROGRAMME = "programme"
    HOLDER = "holder"
    PROJECT = "project"
    CONTRACT = "contract"
    PERSON = "person"
    INVOICE = "invoice"
    SUPPLIER = "supplier"
    GROUP = "group"
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


DEDUCTED = (PayModel.DEDUCT_WITH_RESERVE, PayModel.DEDUCT_AT_ORDER, PayModel.QUOTA_IN_KIND)
"""The pay models under which a voucher pays the centre at the order."""


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
    SUM = "sum"
    EXCLUSIVE = "exclusive"


class Over(StrEnum):
    """What other support may not meet this one on."""

    CONTRACT = "contract"
    PROJECT = "project"
    GOVERNMENT = "government"


class Days(StrEnum):
    """How the days of a contract are counted: as they are, 30 a month and 360 a year, or whole months begun."""

    ACTUAL = "actual"
    THIRTY_360 = "thirty_360"
    MONTHS = "months"


class Window(StrEnum):
    """A base period that needs no dates of its own."""

    CALENDAR_YEAR = "calendar_year"
    EFFECTIVE = "effective"


class BandMode(StrEnum):
    """Whether the band that the value falls in holds for the whole base, or each band for its own slice."""

    WHOLE = "whole"
    SLICES = "slices"


class Admission(StrEnum):
    """How a supplier comes to be one; several may hold at once."""

    NAMED = "named"
    YEARLY_LIST = "yearly_list"
    BATCH = "batch"
    CONNECTED = "connected"
    THRESHOLD = "threshold"
    LOCAL = "local"
    ANY = "any"


class Relation(StrEnum):
    """What makes two organisations related."""

    SHAREHOLDING = "shareholding"
    CONTROL = "control"
    SAME_REPRESENTATIVE = "same_representative"
    SAME_ADDRESS = "same_address"
    SAME_ACCOUNT = "same_account"
    FAMILY = "family"


class ProcessClass(StrEnum):
    """How an application goes: 普通, 易申快享, 免审配套, 即申即享."""

    ORDINARY = "ordinary"
    EASY_AND_FAST = "easy_and_fast"
    MATCHED_WITHOUT_REVIEW = "matched_without_review"
    ON_APPLICATION = "on_application"


class StepOfLife(StrEnum):
    """When evidence is due."""

    APPLY = "apply"
    ISSUE = "issue"
    USE = "use"
    REDEEM = "redeem"
    SETTLE = "settle"


class Misdeed(StrEnum):
    """What a fine is for: money obtained by fraud, or put to another use."""

    FRAUD = "fraud"
    MISUSE = "misuse"


class Format(StrEnum):
    """The form that a paper may have."""

    PDF = "pdf"
    IMAGE = "image"
    CSV = "csv"
    METERING = "metering"


class Across(StrEnum):
    """What a one-off counts: grants of its own clause, or of all clauses that say so."""

    CLAUSE = "clause"
    PROGRAMME = "programme"


class Gate(StrEnum):
    """What a programme asks of every clause, and what a clause may stand outside of by ``without``."""

    ALWAYS = "always"
    CREDIT = "credit"
    RELATED = "related"
    ROLES = "roles"
    SUPPLIERS = "suppliers"
    SERVICES = "services"
    OTHER_SUPPORT = "other_support"
    PROCESS = "process"
