# Made by scripts/make_client.py from the OpenAPI document; `make client` makes it again.
"""What the API shows and takes."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Acceptance(TypedDict):
    """What was really paid; a reason where it is less than claimed."""

    accepted_fen: int
    reason: NotRequired[str]


class AccessShape(TypedDict):
    """The way into a running session: where it listens, and what only its holder's people may know."""

    opens: Literal["JUPYTERLAB", "SSH"]
    node: str
    host: str
    port: int
    token: str
    user: str
    host_key: str


class AccountStatement(TypedDict):
    """A voucher's account: its latest lines, oldest first."""

    voucher: str
    lines: list[EntryShape]


class Again(TypedDict):
    """The voucher that is to pay an old order's new run."""

    voucher: NotRequired[str | None]


class AlertFilter(TypedDict):
    """Which alerts."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    state: NotRequired[list[Literal["OPEN", "DISMISSED", "CONFIRMED"]]]


class AlertShape(TypedDict):
    """One suspicion about one subject, with its figures and the thresholds that they passed."""

    id: str
    programme: str
    kind: str
    subject_kind: str
    subject_id: str
    level: str
    reason: Words
    figures: Any
    thresholds: Any
    evidence: Any
    raised_at: str
    rule: str
    rule_version: int
    state: Literal["OPEN", "DISMISSED", "CONFIRMED"]
    resolved_at: str | None
    resolved_by: str
    resolution: str


class ApplicationFilter(TypedDict):
    """Which applications."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    holder: NotRequired[str | None]
    state: NotRequired[
        list[
            Literal[
                "DRAFT",
                "SUBMITTED",
                "RETURNED",
                "UNDER_REVIEW",
                "PUBLIC_NOTICE",
                "APPROVED",
                "REJECTED",
                "WITHDRAWN",
                "APPEALED",
            ]
        ]
    ]


class ApplicationRow(TypedDict):
    """One application, as a list shows it."""

    id: str
    programme: str
    version: str
    clause: str
    holder: str
    holder_name: str
    state: Literal[
        "DRAFT",
        "SUBMITTED",
        "RETURNED",
        "UNDER_REVIEW",
        "PUBLIC_NOTICE",
        "APPROVED",
        "REJECTED",
        "WITHDRAWN",
        "APPEALED",
    ]
    amount_fen: int | None
    submitted_at: str
    notice_until: str | None
    decided_at: str | None


class ApplicationShape(TypedDict):
    """One application with its facts, the policy's decision and the reasons."""

    id: str
    programme: str
    version: str
    clause: str
    holder: str
    holder_name: str
    state: Literal[
        "DRAFT",
        "SUBMITTED",
        "RETURNED",
        "UNDER_REVIEW",
        "PUBLIC_NOTICE",
        "APPROVED",
        "REJECTED",
        "WITHDRAWN",
        "APPEALED",
    ]
    amount_fen: int | None
    submitted_at: str
    notice_until: str | None
    decided_at: str | None
    facts: dict[str, Any]
    decision: dict[str, Any] | None
    reasons: list[Why]
    hand: dict[str, Any] | None
    applied_by: str


class AuditShape(TypedDict):
    """What was checked over all rows, and what is broken."""

    holds: bool
    checked: list[CheckedShape]
    findings: list[FindingShape]
    ruled: list[FindingShape]


class AwardFilter(TypedDict):
    """Which awards."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    holder: NotRequired[str | None]


class AwardShape(TypedDict):
    """One award."""

    id: str
    programme: str
    application: str
    holder: str
    clause: str
    face_fen: int
    state: Literal["AWARDED", "PART_PAID", "PAID", "WITHDRAWN"]
    reason: str
    awarded_at: str
    stages: list[StageShape]


class BadLineShape(TypedDict):
    """One line that was left out, with why."""

    line: int
    label: Words


class BankPayment(TypedDict):
    """The bank's own id of the transfer."""

    bank_reference: str


class BatchApproval(TypedDict):
    """Dossiers to be approved, in the order in which the pools are drawn on."""

    programme: NotRequired[str]
    choices: list[DossierChoiceWish]


class BatchEffect(TypedDict):
    """What approving dossiers would do now; the verb decides again when it is done."""

    asked_fen: int
    sum_fen: int
    dossiers: list[DossierAhead]
    pools: list[PoolAhead]


class BatchLineShape(TypedDict):
    """What became of one dossier: ``made`` is its voucher or award, ``reason`` why there is none."""

    application: str
    made: str | None
    amount_fen: int
    reason: Why | None


class BatchShape(TypedDict):
    """What became of a batch."""

    id: str
    approved: int
    amount_fen: int
    lines: list[BatchLineShape]


class BatchWish(TypedDict):
    """Which dossiers, in the order in which the pools are drawn on."""

    programme: NotRequired[str]
    application: list[str]


class BlockUnits(TypedDict):
    """Units of a block that may still be offered; the block is named hub/class/start/end."""

    block: str
    units: int


class BudgetShape(TypedDict):
    """A year's money; ``left_fen`` is the lesser of what the ceiling and the approved budget leave."""

    year: int
    cap_fen: int | None
    budget_fen: int
    granted_fen: int
    frozen_fen: int
    spent_fen: int
    paid_fen: int
    ceiling_fen: int
    left_fen: int
    clauses: list[ClauseMoneyShape]
    pools: list[CapShape]
    weeks: list[WeekShape]
    ceiling: ForecastShape | None
    reserve: ForecastShape | None


class BudgetWish(TypedDict):
    """A year's approved budget; ``reference`` names the approval and makes it once."""

    programme: NotRequired[str]
    year: int
    amount_fen: int
    reference: str
    for_awards: NotRequired[bool]


class CallerShape(TypedDict):
    """As whom the token acts, and what it may do."""

    name: str
    role: Literal["APPLICANT", "OFFICER", "FINANCE", "CENTRE", "OPERATOR", "AUDITOR", "SYSTEM"]
    organisation: str | None
    centre: str | None
    programme: str
    administrator: bool
    scopes: list[Literal["READ", "APPLY", "SPEND", "OFFER", "METER", "DECIDE", "SETTLE", "TRADE", "ADMINISTER"]]


class CapShape(TypedDict):
    """A cap; ``limit_fen`` null where it is not known, a demo value where ``unpublished``."""

    cap: str
    label: Words
    measures: str
    subject: str
    limit_fen: int | None
    unpublished: bool
    counted_fen: int | None
    left_fen: int | None


class CentreFilter(TypedDict):
    """One centre, or all that the caller may see."""

    centre: NotRequired[str | None]


class CentreShape(TypedDict):
    """A computing centre."""

    source: str
    grade: str
    demo: bool
    id: str
    name_zh: str
    name_en: str
    tier: str
    kind: str
    city_zh: str
    city_en: str
    hub: str
    cluster: str | None
    operator: str
    connected: bool


class Centres(TypedDict):
    """All centres."""

    items: list[CentreShape]


class ChainShape(TypedDict):
    """A voucher with all that led to it and all that it led to: amounts in fen, instants in UTC, digests in hex."""

    application: dict[str, Any]
    decisions: list[dict[str, Any]]
    voucher: dict[str, Any] | None
    orders: list[dict[str, Any]]
    usage: list[dict[str, Any]]
    captures: list[dict[str, Any]]
    statement_lines: list[dict[str, Any]]
    redemptions: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    journal: list[dict[str, Any]]
    complete: bool


class ChangeShape(TypedDict):
    """What would make a place possible: this field to this value."""

    field: str
    value: int | str | None
    centre: str
    label: Words


class CheckShape(TypedDict):
    """Two sums that must be equal."""

    label: Words
    left_fen: int
    right_fen: int
    difference_fen: int


class CheckedDocumentShape(TypedDict):
    """A document that was looked at and not kept: its problems, or what it would change against the latest version."""

    problems: list[ProblemShape]
    effective_from: str | None
    effective_to: str | None
    changes: list[RuleChangeShape]


class CheckedShape(TypedDict):
    """One invariant, over how many rows it was checked, and whether it holds."""

    room: str
    label: Words
    rows: int
    holds: bool


class ChoiceShape(TypedDict):
    """How a topic is heard of."""

    topic: Literal["APPLICATION", "VOUCHER", "EXPIRY", "ORDER", "GRANT", "REVIEW", "STATEMENT", "PRICE"]
    shown: bool
    mailed: bool


class ChoiceWish(TypedDict):
    """How one topic is heard of from now on."""

    topic: Literal["APPLICATION", "VOUCHER", "EXPIRY", "ORDER", "GRANT", "REVIEW", "STATEMENT", "PRICE"]
    shown: bool
    mailed: bool


class Choices(TypedDict):
    """Every topic that the person can hear of."""

    items: list[ChoiceShape]


class ChoicesWish(TypedDict):
    """Topics to change; the others stay as they are."""

    items: list[ChoiceWish]


class Claim(TypedDict):
    """What the centre claims: an order's, capture's or usage record's id → fen of the voucher's share."""

    lines: dict[str, int]


class Claimed(TypedDict):
    """What is claimed now; it replaces what was claimed before."""

    claimed: dict[str, Any]


class ClassShape(TypedDict):
    """A kind of compute."""

    source: str
    grade: str
    demo: bool
    code: str
    name_zh: str
    name_en: str
    kind: str
    unit: str
    card_model: str
    memory_gb: int | None


class Classes(TypedDict):
    """All kinds of compute."""

    items: list[ClassShape]


class ClauseMoneyShape(TypedDict):
    """What a clause's grants came to: granted = spendable + held + used + ended."""

    clause: str
    grants: int
    granted_fen: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int


class ClauseShape(TypedDict):
    """A clause in plain words, with its source."""

    id: str
    label: Words
    grants: str
    source: str
    grade: str
    zh: list[str]
    en: list[str]


class ClawbackShape(TypedDict):
    """What a holder owes to the reserve."""

    id: str
    payment: str
    amount_fen: int
    reference: str
    reason: str
    at: str


class ClawbackWish(TypedDict):
    """What is taken back of a payment."""

    reason: str
    amount_fen: int
    reference: str


class ClearedMarket(TypedDict):
    """How good one class and period was cleared; in fen."""

    resource_class: str
    period: str
    orders: int
    welfare_fen: int
    bound_fen: int
    divisible_fen: int
    gap_ppm: int
    finished: bool
    steps: int


class ConfirmationShape(TypedDict):
    """How many lines the centre answered how, and what was metered on them."""

    lines: int
    none: int
    none_fen: int
    confirmed: int
    confirmed_fen: int
    objected: int
    objected_fen: int


class ContactWish(TypedDict):
    """Whom to ask; kept apart, so that it can be erased."""

    person: str
    phone: NotRequired[str]
    email: NotRequired[str]


class Credit(TypedDict):
    """What a holder prepaid, or what credit a centre granted it; ``reference`` makes it once."""

    programme: NotRequired[str]
    holder: str
    centre: str
    amount_fen: int
    reference: str


class CreditFilter(TypedDict):
    """What a list of records is asked with."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    holder: NotRequired[str | None]
    centre: NotRequired[str | None]


class CreditShape(TypedDict):
    """One record of what a holder prepaid, or was granted as credit."""

    id: str
    holder: str
    centre: str
    amount_fen: int
    at: str


class DataGiven(TypedDict):
    """One file by URL; ``size_bytes`` is how large it is, or at most is: the hold covers that much."""

    name: str
    url: str
    size_bytes: int
    sha256: NotRequired[str]


class DataShape(TypedDict):
    """One file by URL and how much of it has arrived; ``sha256`` is what was found once it is DONE."""

    id: str
    direction: Literal["IN", "OUT"]
    name: str
    url: str
    centre: str
    state: Literal["WAITING", "MOVING", "DONE", "FAILED", "STOPPED"]
    there_bytes: int
    size: int | None
    size_max: int
    sha256: str
    attempts: int
    started_at: str | None
    ended_at: str | None
    reason_code: str
    reason: Words


class DecisionShape(TypedDict):
    """A decision with every reason: clause → condition → facts → amount → which cap bound it."""

    outcome: str
    clause: str
    grants: str
    amount_fen: int | None
    reasons: list[Why]
    zh: list[str]
    en: list[str]
    tree: dict[str, Any]


class DeliveryFilter(TypedDict):
    """A page of messages."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class DeliveryShape(TypedDict):
    """One message, and what became of it."""

    id: str
    line: str
    event: str
    body: str
    state: Literal["WAITING", "DELIVERED", "GIVEN_UP"]
    attempts: int
    next_at: str
    delivered_at: str | None
    status: int | None
    failure: str
    created_at: str


class Difference(TypedDict):
    """What changed between two versions of a programme."""

    before: str
    after: str
    changes: list[RuleChangeShape]


class DifferenceShape(TypedDict):
    """A line on which claim, metering and ledger don't agree; null where one of them has no such line."""

    reference: str
    claimed_fen: int | None
    metered_fen: int | None
    ledger_fen: int | None


class Differences(TypedDict):
    """The first 200 lines that differ, and how many there are in all."""

    items: list[DifferenceShape]
    total: int


class DisallowWish(TypedDict):
    """What is taken back of a line that was paid."""

    reason: str
    capture: str
    amount_fen: int
    reference: str


class DisallowanceShape(TypedDict):
    """What a centre owes to the reserve again."""

    id: str
    statement: str
    capture: str
    amount_fen: int
    reference: str
    reason: str
    at: str


class DisputeShape(TypedDict):
    """A record that came again with another content, kept beside the first."""

    id: str
    centre: str
    record_id: str
    payload: dict[str, Any]
    received_at: str
    resolved_at: str | None
    resolution: str


class DocumentWish(TypedDict):
    """A programme's document."""

    text: str


class Done(TypedDict):
    """A write that has nothing else to show."""

    done: NotRequired[bool]


class DossierAhead(TypedDict):
    """One dossier of a batch before it is done: without reasons it would be approved."""

    application: str
    amount_fen: int | None
    reasons: list[Why]


class DossierChoiceWish(TypedDict):
    """One dossier, and why it is approved."""

    application: str
    reason: str


class DueStatement(TypedDict):
    """A statement that is to be approved or paid."""

    statement: str
    centre: str
    first: str
    end: str
    total_fen: int


class EndUserShape(TypedDict):
    """Somebody whom an intermediary serves."""

    id: str
    name: str
    organisation: str | None
    created_at: str


class EndUserWish(TypedDict):
    """An end user: an organisation of the register, or a name."""

    organisation: NotRequired[str | None]
    name: NotRequired[str]


class EndUsers(TypedDict):
    """The end users whom an intermediary named, at most 100."""

    items: list[EndUserShape]


class EnteredOrders(TypedDict):
    """The ids of orders that were entered, in the order they were given."""

    orders: list[str]


class EntryShape(TypedDict):
    """One line of a voucher's account; the balance follows posted lines, holds are shown beside it."""

    id: str
    at: str
    kind: str
    event: str
    reference: str | None
    debit_fen: int
    credit_fen: int
    balance_fen: int


class ExchangeFindings(TypedDict):
    """What those who watch over the market see of a session."""

    markets: list[ClearedMarket]
    powers: list[MarketPowerShape]
    related_trades: list[RelatedTradeShape]


class ExchangeFlowShape(TypedDict):
    """Lots sold at one hub and bought at another, and what the link earned."""

    resource_class: str
    period: str
    start: str
    end: str
    lots: int
    rent_fen: int


class ExchangePriceShape(TypedDict):
    """The one price of a product that was traded or passed through, fen a lot, and the lots."""

    resource_class: str
    period: str
    hub: str
    price_fen: int
    bought: int
    sold: int


class ExchangeReplay(TypedDict):
    """A session cleared again from what was kept, beside what came out the first time."""

    session: str
    same: bool
    book_digest: str
    digest: str
    kept_book_digest: str
    kept_digest: str
    rows_differ: list[str]


class ExchangeScheduleShape(TypedDict):
    """How a programme's sessions recur."""

    id: str
    programme: str
    name: str
    opens_minute: int
    closes_minute: int
    days_ahead: int
    first_minute: int
    period_minutes: int
    periods: int
    active: bool
    set_at: str


class ExchangeSchedules(TypedDict):
    """Every schedule of a programme."""

    schedules: list[ExchangeScheduleShape]


class ExchangeSeatShape(TypedDict):
    """The organisation that a centre trades as."""

    id: str
    programme: str
    centre: str
    party: str
    at: str


class ExchangeSeats(TypedDict):
    """Every centre's seat of a programme."""

    seats: list[ExchangeSeatShape]


class ExchangeSessionDetail(TypedDict):
    """A session with its products: every class at every hub in every period; and how well it was cleared."""

    id: str
    name: str
    state: Literal["OPEN", "CLOSED", "CLEARED", "SETTLED", "VOIDED"]
    opened_at: str
    closes_at: str
    programme: str
    hubs: list[str]
    periods: list[TradedPeriod]
    classes: list[TradedClass]
    links: list[LinkCapacity]
    gap_ppm: int | None
    finished: bool | None
    book_digest: str
    result_digest: str


class ExchangeSessionShape(TypedDict):
    """One auction of a programme's exchange."""

    id: str
    name: str
    state: Literal["OPEN", "CLOSED", "CLEARED", "SETTLED", "VOIDED"]
    opened_at: str
    closes_at: str


class ExtensionPrice(TypedDict):
    """What more time would cost at most, and until when it can be asked for."""

    limit_ms: int
    most_fen: int
    voucher_fen: int
    own_fen: int
    latest_at: str


class FactShape(TypedDict):
    """A fact that applicants are asked for."""

    name: str
    kind: str
    label: Words


class Filter(TypedDict):
    """What every list of a programme is asked with."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class FindingShape(TypedDict):
    """A broken invariant: which; where and what was found is empty for a membership that names a programme."""

    invariant: str
    where: str
    found: str


class ForecastShape(TypedDict):
    """A forecast by the stated rule: the mean of the last weeks; as a band the fastest and slowest block of four."""

    left_fen: int
    weeks: int
    pace_fen: int
    on: str | None
    earliest: str | None
    latest: str | None
    end_fen: int
    end_low_fen: int
    end_high_fen: int


class FundWish(TypedDict):
    """An amount, and the bank's reference, which makes it once."""

    programme: NotRequired[str]
    amount_fen: int
    reference: str


class HandDecided(TypedDict):
    """A person's decision on a clause that leaves the amount open."""

    reason: str
    amount_fen: int


class HeldBackShape(TypedDict):
    """A record that is not charged, with its reason."""

    id: str
    centre: str
    record_id: str
    source: str
    account: str
    order: str | None
    resource_class: str
    units: int
    started_at: str
    ended_at: str
    elapsed_ms: int
    outcome: str
    received_at: str
    state: str
    reason_code: str
    reason: Words


class HitShape(TypedDict):
    """One thing that was found, and the dossier whose chain, or the statement that, shows it."""

    thing: Literal[
        "VOUCHER", "APPLICATION", "ORDER", "USAGE", "CAPTURE", "STATEMENT", "TRANSFER", "REDEMPTION", "AWARD", "LINE"
    ]
    label: Words
    id: str
    number: str
    holder: str
    application: str | None
    statement: str | None


class Hits(TypedDict):
    """What was found, at most twenty of a kind."""

    items: list[HitShape]


class HubShape(TypedDict):
    """A national hub."""

    source: str
    grade: str
    demo: bool
    id: str
    name_zh: str
    name_en: str


class Hubs(TypedDict):
    """All hubs."""

    items: list[HubShape]


class ImportedShape(TypedDict):
    """What became of a file's records; ``bad`` has the first 200 lines that were left out."""

    read: int
    new: int
    captured_orders: int
    held_back: int
    same: int
    disputes: int
    bad: list[BadLineShape]


class InvoiceWish(TypedDict):
    """What the holder was invoiced and paid."""

    seller: str
    number: str
    issued_on: str
    amount_fen: int


class JobFilter(TypedDict):
    """The job: what it needs, where its data lies, by when, and the most that it may cost."""

    resource_class: str
    units: int
    duration_s: int
    earliest: NotRequired[str | None]
    latest_start: NotRequired[str | None]
    deadline: NotRequired[str | None]
    data_at: NotRequired[str | None]
    data_bytes: NotRequired[int]
    result_bytes: NotRequired[int]
    latency_to: NotRequired[str | None]
    latency_max_us: NotRequired[int | None]
    residency: NotRequired[Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None]
    tier: NotRequired[Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None]
    budget_fen: NotRequired[int | None]
    wait_fen_per_hour: NotRequired[int]


class JobWish(TypedDict):
    """A job, apart from who pays."""

    title: str
    centre: NotRequired[str]
    resource_class: str
    units: int
    memory_mib: int
    time_limit_ms: int
    command: NotRequired[list[str]]
    session: NotRequired[NewSession | None]
    files: NotRequired[dict[str, str]]
    end_user: NotRequired[str | None]
    wishes: NotRequired[Wished | None]


class Kept(TypedDict):
    """Whether these are the link's newest figures now."""

    newest: bool


class LeaseFilter(TypedDict):
    """Which leases."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    voucher: NotRequired[str | None]
    holder: NotRequired[str | None]
    centre: NotRequired[str | None]


class LeaseKey(TypedDict):
    """The key that signs what a centre may run."""

    key: str


class LeaseShape(TypedDict):
    """One lease; granted = left + spent + returned, in fen of the voucher, and likewise of the holder's own money."""

    id: str
    voucher: str
    holder: str
    holder_name: str
    centre: str
    state: Literal["OPEN", "RECALLED", "GIVEN_BACK", "WRITTEN_OFF"]
    granted_fen: int
    left_fen: int
    spent_fen: int
    returned_fen: int
    own_granted_fen: int
    own_left_fen: int
    own_spent_fen: int
    own_returned_fen: int
    opened_at: str
    ends_at: str
    due_at: str
    closed_at: str | None


class LineFilter(TypedDict):
    """Which lines."""

    subject: NotRequired[str | None]
    stage: NotRequired[str]
    by: NotRequired[str]
    since: NotRequired[str | None]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class LineShape(TypedDict):
    """One decision or change of state; it names ids, amounts and digests, never personal facts."""

    id: str
    stage: str
    verb: str
    subject: str
    before: str
    after: str
    by: str
    at: str
    body: dict[str, Any]
    digest: str


class LineWish(TypedDict):
    """One line of a statement."""

    capture: str


class LinkCapacity(TypedDict):
    """So many lots sold at the start may be bought at the end; an empty class or period means each of them."""

    start: str
    end: str
    capacity: int
    charge_fen: int
    resource_class: str
    period: str


class LinkShape(TypedDict):
    """How two centres are linked."""

    source: str
    grade: str
    demo: bool
    start: str
    end: str
    rtt_us: int | None
    bandwidth_mbps: int | None
    price_per_gb_ufen: int | None


class Links(TypedDict):
    """All links."""

    items: list[LinkShape]


class LogTail(TypedDict):
    """The last bytes of standard output and error, as text; bytes that are no UTF-8 are replaced."""

    text: str
    found: bool


class LossFilter(TypedDict):
    """Which losses."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    centre: NotRequired[str | None]


class LossRuling(TypedDict):
    """What is decided."""

    reason: str
    verdict: Literal["BORNE", "DISPUTED"]


class LossRulingShape(TypedDict):
    """One ruling on a loss, with its reason."""

    verdict: Literal["BORNE", "DISPUTED"]
    reason: str
    by: str
    at: str


class LossShape(TypedDict):
    """A job that its centre bears itself, why, and what was ruled on it: the last ruling counts."""

    id: str
    centre: str
    lease_told: str
    order_told: str
    told_at: str
    reason: str
    label: Words
    rulings: list[LossRulingShape]


class MarketPowerShape(TypedDict):
    """A product where a group of sellers could move the price."""

    resource_class: str
    period: str
    hub: str
    sellers: list[str]
    share_ppm: int
    hhi: int
    pivotal: bool


class MemberFilter(TypedDict):
    """A page of members."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class MemberShape(TypedDict):
    """What somebody may be somewhere; ended ones are shown too."""

    id: str
    person: str
    name: str
    role: Literal["APPLICANT", "OFFICER", "FINANCE", "CENTRE", "OPERATOR", "AUDITOR", "SYSTEM"]
    organisation: str | None
    centre: str
    programme: str
    administrator: bool
    since_at: str
    until_at: str | None
    ended_at: str | None


class MemberWish(TypedDict):
    """Somebody who is let in."""

    person: str
    administrator: NotRequired[bool]
    until_at: NotRequired[str | None]


class Missing(TypedDict):
    """What is missing."""

    missing: str


class MovementShape(TypedDict):
    """Real money that entered or left the reserve, besides payments."""

    id: str
    programme: str
    kind: str
    amount_fen: int
    reference: str
    disallowance: str | None
    year: int | None
    by: str
    at: str


class Named(TypedDict):
    """A template's name."""

    name: str


class NewApplication(TypedDict):
    """What an organisation applies for; who it is comes from the register."""

    holder: str
    version: str
    clause: str
    claimed: dict[str, Any]


class NewExchangeSchedule(TypedDict):
    """A schedule; set again by its name, it changes from the next session on."""

    opens_minute: int
    closes_minute: int
    days_ahead: int
    first_minute: int
    period_minutes: int
    periods: int
    programme: NotRequired[str]
    name: str
    frame: dict[str, Any]
    active: NotRequired[bool]


class NewExchangeSeat(TypedDict):
    """A centre to admit, and as which organisation."""

    programme: NotRequired[str]
    centre: str
    party: str


class NewExchangeSession(TypedDict):
    """A session to open: a book without orders, in the file's form."""

    programme: NotRequired[str]
    frame: dict[str, Any]
    closes_at: str


class NewExtension(TypedDict):
    """More time; ``id`` makes it once, whatever is sent again."""

    id: str
    adds_ms: int


class NewOrder(TypedDict):
    """A job and the voucher that is to pay its share."""

    title: str
    centre: NotRequired[str]
    resource_class: str
    units: int
    memory_mib: int
    time_limit_ms: int
    command: NotRequired[list[str]]
    session: NotRequired[NewSession | None]
    files: NotRequired[dict[str, str]]
    end_user: NotRequired[str | None]
    wishes: NotRequired[Wished | None]
    voucher: str


class NewOrganisation(TypedDict):
    """An organisation that is new here."""

    name: str
    holder_class: Literal["INTERMEDIARY", "TECH_SME", "MAKER", "INSTITUTE", "UNIVERSITY", "OTHER"]
    uscc: NotRequired[str]
    registered_in_city: NotRequired[bool]
    in_incubator: NotRequired[bool]
    incubator: NotRequired[str]
    dishonest: NotRequired[bool]
    contact: NotRequired[ContactWish | None]


class NewRedemption(TypedDict):
    """A claim: by an invoice, or by metered use (captures' ids)."""

    voucher: str
    invoice: NotRequired[InvoiceWish | None]
    uses: NotRequired[list[str]]


class NewSession(TypedDict):
    """What to open instead of running a command."""

    opens: Literal["JUPYTERLAB", "SSH"]
    authorized_key: NotRequired[str]


class NewTemplate(TypedDict):
    """A job and the name that it is kept under; times and a session's key are left out."""

    name: str
    job: JobWish


class NewTradeOrder(TypedDict):
    """A sealed bid or ask: so many lots, at this limit a lot; fewer than the minimum are of no use."""

    side: Literal["BID", "ASK"]
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: NotRequired[int]


class NewTradeOrders(TypedDict):
    """Orders that are entered together: all or none."""

    orders: list[NewTradeOrder]


class NewTraderCapacity(TypedDict):
    """Units of a class that a party may sell at a hub in a block of time, once by the reference."""

    programme: NotRequired[str]
    party: str
    hub: str
    resource_class: str
    start: str
    end: str
    units: int
    reference: str


class Notice(TypedDict):
    """Until when the amount is on public notice."""

    until: str


class NoticeShape(TypedDict):
    """An amount on public notice (公示): whoever objects writes to the programme's office."""

    application: str
    programme: str
    clause: str
    holder_name: str
    amount_fen: int | None
    version: str
    notice_until: str | None


class Notices(TypedDict):
    """What is on public notice now, the latest first."""

    items: list[NoticeShape]


class NotificationFilter(TypedDict):
    """A page of notifications."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class NotificationShape(TypedDict):
    """One line about one thing that happened."""

    id: str
    event: str
    topic: Literal["APPLICATION", "VOUCHER", "EXPIRY", "ORDER", "GRANT", "REVIEW", "STATEMENT", "PRICE"]
    zh: str
    en: str
    kind: str
    subject: str
    at: str
    facts: dict[str, Any]
    read_at: str | None


class Objection(TypedDict):
    """What the centre says a line is: its own figure of the voucher's share, and why."""

    reason: str
    capture: str
    amount_fen: int


class OfProgramme(TypedDict):
    """Of which programme."""

    programme: NotRequired[str]


class OffendingLine(TypedDict):
    """One line on which claim, metering and ledger don't agree."""

    reference: str
    claimed_fen: int | None
    metered_fen: int | None
    ledger_fen: int | None


class OfferShape(TypedDict):
    """What a centre offers of a kind of compute."""

    source: str
    grade: str
    demo: bool
    centre: str
    resource_class: str
    units: int
    time_limit_max_s: int


class Offers(TypedDict):
    """What one centre offers."""

    items: list[OfferShape]


class Opened(TypedDict):
    """What an order opens, where it is a session."""

    opens: Literal["JUPYTERLAB", "SSH"]


class OptionShape(TypedDict):
    """A place that can serve the job; price = compute + movement = voucher's share + own share, in fen."""

    centre: str
    tier: str
    tariff: str
    starts_at: str
    ends_at: str
    compute_fen: int
    movement_fen: int
    waiting_fen: int
    price_fen: int
    voucher_fen: int
    own_fen: int
    score_fen: int
    notes: list[str]


class OrderFilter(TypedDict):
    """Which orders."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    voucher: NotRequired[str | None]
    holder: NotRequired[str | None]
    centre: NotRequired[str | None]
    state: NotRequired[
        list[
            Literal[
                "QUOTED",
                "HELD",
                "STAGING",
                "SUBMITTED",
                "QUEUED",
                "RUNNING",
                "ENDED",
                "METERED",
                "CAPTURED",
                "SETTLED",
                "REFUSED",
                "CANCELLED",
                "FAILED",
            ]
        ]
    ]


class OrderRow(TypedDict):
    """One order, as a list shows it; ``*_hold_fen`` is held, ``*_fen`` captured."""

    id: str
    programme: str
    holder: str
    voucher: str
    centre: str
    resource_class: str
    tariff: str
    title: str
    session: NotRequired[Opened | None]
    units: int
    memory_mib: int
    time_limit_ms: int
    state: Literal[
        "QUOTED",
        "HELD",
        "STAGING",
        "SUBMITTED",
        "QUEUED",
        "RUNNING",
        "ENDED",
        "METERED",
        "CAPTURED",
        "SETTLED",
        "REFUSED",
        "CANCELLED",
        "FAILED",
    ]
    outcome: str
    most_fen: int
    voucher_hold_fen: int
    own_hold_fen: int
    price_fen: int | None
    voucher_fen: int | None
    own_fen: int | None
    overrun_fen: int
    quoted_at: str
    held_at: str | None
    started_at: str | None
    ended_at: str | None


class OrderShape(TypedDict):
    """One order with its command, its wishes and data and, where it was refused or failed, why.

    ``movement_hold_fen`` is held for moving ``movement_bytes_max``, beside ``most_fen``;
    ``movement_fen`` was charged.
    """

    id: str
    programme: str
    holder: str
    voucher: str
    centre: str
    resource_class: str
    tariff: str
    title: str
    session: NotRequired[Opened | None]
    units: int
    memory_mib: int
    time_limit_ms: int
    state: Literal[
        "QUOTED",
        "HELD",
        "STAGING",
        "SUBMITTED",
        "QUEUED",
        "RUNNING",
        "ENDED",
        "METERED",
        "CAPTURED",
        "SETTLED",
        "REFUSED",
        "CANCELLED",
        "FAILED",
    ]
    outcome: str
    most_fen: int
    voucher_hold_fen: int
    own_hold_fen: int
    price_fen: int | None
    voucher_fen: int | None
    own_fen: int | None
    overrun_fen: int
    quoted_at: str
    held_at: str | None
    started_at: str | None
    ended_at: str | None
    end_user: str | None
    held_by: str
    command: list[str]
    cancel_asked: bool
    exit_code: int | None
    reason_code: str
    reason: Words
    wishes: dict[str, Any]
    movement_bytes_max: int
    movement_hold_fen: int
    movement_fen: int | None
    data: list[DataShape]


class OrganisationFilter(TypedDict):
    """Which organisations."""

    holder_class: NotRequired[Literal["INTERMEDIARY", "TECH_SME", "MAKER", "INSTITUTE", "UNIVERSITY", "OTHER"] | None]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class OrganisationShape(TypedDict):
    """An organisation, as it says of itself."""

    id: str
    name: str
    uscc: str | None
    holder_class: Literal["INTERMEDIARY", "TECH_SME", "MAKER", "INSTITUTE", "UNIVERSITY", "OTHER"]
    registered_in_city: bool
    in_incubator: bool
    incubator: str
    dishonest: bool
    created_at: str


class OwnMoneyEverywhere(TypedDict):
    """A holder's own money at every centre that is connected, or where something was recorded for it."""

    items: list[OwnMoneyShape]


class OwnMoneyShape(TypedDict):
    """A holder's own money at one centre."""

    centre: str
    free_fen: int
    held_fen: int


class PageOfAlertShape(TypedDict):
    """Page_AlertShape_"""

    items: list[AlertShape]
    next: str | None


class PageOfApplicationRow(TypedDict):
    """Page_ApplicationRow_"""

    items: list[ApplicationRow]
    next: str | None


class PageOfAwardShape(TypedDict):
    """Page_AwardShape_"""

    items: list[AwardShape]
    next: str | None


class PageOfClawbackShape(TypedDict):
    """Page_ClawbackShape_"""

    items: list[ClawbackShape]
    next: str | None


class PageOfCreditShape(TypedDict):
    """Page_CreditShape_"""

    items: list[CreditShape]
    next: str | None


class PageOfDeliveryShape(TypedDict):
    """Page_DeliveryShape_"""

    items: list[DeliveryShape]
    next: str | None


class PageOfDisallowanceShape(TypedDict):
    """Page_DisallowanceShape_"""

    items: list[DisallowanceShape]
    next: str | None


class PageOfDisputeShape(TypedDict):
    """Page_DisputeShape_"""

    items: list[DisputeShape]
    next: str | None


class PageOfExchangeFlowShape(TypedDict):
    """Page_ExchangeFlowShape_"""

    items: list[ExchangeFlowShape]
    next: str | None


class PageOfExchangePriceShape(TypedDict):
    """Page_ExchangePriceShape_"""

    items: list[ExchangePriceShape]
    next: str | None


class PageOfExchangeSessionShape(TypedDict):
    """Page_ExchangeSessionShape_"""

    items: list[ExchangeSessionShape]
    next: str | None


class PageOfHeldBackShape(TypedDict):
    """Page_HeldBackShape_"""

    items: list[HeldBackShape]
    next: str | None


class PageOfLeaseShape(TypedDict):
    """Page_LeaseShape_"""

    items: list[LeaseShape]
    next: str | None


class PageOfLineShape(TypedDict):
    """Page_LineShape_"""

    items: list[LineShape]
    next: str | None


class PageOfLossShape(TypedDict):
    """Page_LossShape_"""

    items: list[LossShape]
    next: str | None


class PageOfMemberShape(TypedDict):
    """Page_MemberShape_"""

    items: list[MemberShape]
    next: str | None


class PageOfMovementShape(TypedDict):
    """Page_MovementShape_"""

    items: list[MovementShape]
    next: str | None


class PageOfNotificationShape(TypedDict):
    """Page_NotificationShape_"""

    items: list[NotificationShape]
    next: str | None


class PageOfOrderRow(TypedDict):
    """Page_OrderRow_"""

    items: list[OrderRow]
    next: str | None


class PageOfOrganisationShape(TypedDict):
    """Page_OrganisationShape_"""

    items: list[OrganisationShape]
    next: str | None


class PageOfPaymentShape(TypedDict):
    """Page_PaymentShape_"""

    items: list[PaymentShape]
    next: str | None


class PageOfRedemptionShape(TypedDict):
    """Page_RedemptionShape_"""

    items: list[RedemptionShape]
    next: str | None


class PageOfRunShape(TypedDict):
    """Page_RunShape_"""

    items: list[RunShape]
    next: str | None


class PageOfSealedOrderShape(TypedDict):
    """Page_SealedOrderShape_"""

    items: list[SealedOrderShape]
    next: str | None


class PageOfSpendingLimitShape(TypedDict):
    """Page_SpendingLimitShape_"""

    items: list[SpendingLimitShape]
    next: str | None


class PageOfStatementLineShape(TypedDict):
    """Page_StatementLineShape_"""

    items: list[StatementLineShape]
    next: str | None


class PageOfStatementShape(TypedDict):
    """Page_StatementShape_"""

    items: list[StatementShape]
    next: str | None


class PageOfTemplateRow(TypedDict):
    """Page_TemplateRow_"""

    items: list[TemplateRow]
    next: str | None


class PageOfTradeOrderShape(TypedDict):
    """Page_TradeOrderShape_"""

    items: list[TradeOrderShape]
    next: str | None


class PageOfVoucherShape(TypedDict):
    """Page_VoucherShape_"""

    items: list[VoucherShape]
    next: str | None


class PaperShape(TypedDict):
    """One paper that was handed in; its content never changes."""

    id: str
    application: str
    about: str
    step: Literal["apply", "issue", "use", "redeem", "settle"]
    paper: str
    name: str
    kind: str
    size_bytes: int
    sha256: str
    handed_in_by: str
    at: str


class PaperWish(TypedDict):
    """Which paper of which step this is."""

    step: Literal["apply", "issue", "use", "redeem", "settle"]
    paper: str
    about: NotRequired[str | None]


class Papers(TypedDict):
    """The papers about one thing, oldest first."""

    items: list[PaperShape]


class Payment(TypedDict):
    """The bank's own id of the transfer."""

    bank_reference: str


class PaymentRunShape(TypedDict):
    """Everything that is to be matched, approved or paid."""

    to_match: list[ToMatch]
    to_approve: list[DueStatement]
    to_pay: list[DueStatement]
    disputed: list[DueStatement]
    due_fen: int
    reserve_fen: int
    short_fen: int
    more: bool


class PaymentShape(TypedDict):
    """A payment to a holder."""

    id: str
    programme: str
    redemption: str | None
    stage: str | None
    amount_fen: int
    bank_reference: str
    by: str
    at: str


class PoolAhead(TypedDict):
    """What a batch would take from a cap or the year's budget; ``shared`` by the whole programme, or one holder's."""

    key: str
    label: Words
    shared: bool
    left_fen: int
    takes_fen: int
    after_fen: int


class Position(TypedDict):
    """What the reserve stands at; reserve + unreplenished + receivable - due = advance, in fen."""

    reserve_fen: int
    unreplenished_fen: int
    receivable_fen: int
    due_fen: int
    advance_fen: int
    spent_fen: int


class PrefundWish(TypedDict):
    """The treasury's advance; for this year where none is named."""

    programme: NotRequired[str]
    amount_fen: int
    reference: str
    year: NotRequired[int | None]


class ProbeWish(TypedDict):
    """What was measured between two centres."""

    start: str
    end: str
    rtt_us: int
    rtt_least_us: int
    bandwidth_mbps: NotRequired[int | None]
    echoes: int


class Problem(TypedDict):
    """Why something was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str
    clause: NotRequired[str]
    errors: NotRequired[list[dict[str, Any]]]


class ProblemShape(TypedDict):
    """One thing wrong in a document; line and column count from 1."""

    line: int
    column: int
    path: str
    zh: str
    en: str


class ProgrammeShape(TypedDict):
    """A programme as it is in force."""

    slug: str
    title: Words
    version: VersionShape
    clauses: list[ClauseShape]
    facts: list[FactShape]
    unpublished: list[str]


class Programmes(TypedDict):
    """Every programme that was adopted, by the version adopted last."""

    items: list[VersionShape]


class Push(TypedDict):
    """Some records of a centre."""

    records: list[RecordWish]


class QuotaShape(TypedDict):
    """What is left of a voucher's quota in kind, in card-seconds; all zeros for one in money."""

    issued_s: int
    left_s: int
    held_s: int
    used_s: int
    ended_s: int


class QuoteWish(TypedDict):
    """The voucher that is to pay a template's job, and the key for a session by SSH."""

    voucher: str
    authorized_key: NotRequired[str]


class Quotes(TypedDict):
    """The places, the best first; those turned down; and what would help where there is none."""

    options: list[OptionShape]
    turned: list[TurnedShape]
    changes: list[ChangeShape]
    reason: Why | None


class Raised(TypedDict):
    """The alerts that a screening raised anew."""

    alerts: list[str]


class Read(TypedDict):
    """How many notifications were unread and are read now."""

    read: int


class ReadWish(TypedDict):
    """Up to which notification all are read; without one, all."""

    up_to: NotRequired[str | None]


class Reasoned(TypedDict):
    """A step that needs a reason in words."""

    reason: str


class Received(TypedDict):
    """What became of the records: none is refused."""

    new: int
    held_back: int
    same: int
    disputes: int


class RecordWish(TypedDict):
    """What one job used, once; the same id with another content is a dispute, never a replacement."""

    record_id: str
    order_id: NotRequired[str | None]
    resource_class: str
    units: int
    started_at: str
    ended_at: str
    elapsed_ms: int
    outcome: Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "OUT_OF_MEMORY", "CANCELLED", "LOST"]
    cpu_ms: NotRequired[int | None]
    memory_peak_mib: NotRequired[int | None]


class RecoverWish(TypedDict):
    """What a centre paid back."""

    amount_fen: int
    reference: str


class RecoveryShape(TypedDict):
    """What a holder paid back."""

    id: str
    clawback: str
    amount_fen: int
    reference: str
    at: str


class RecoveryWish(TypedDict):
    """What a holder paid back."""

    amount_fen: int
    reference: str


class RedemptionFilter(TypedDict):
    """Which redemptions."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    holder: NotRequired[str | None]
    state: NotRequired[list[Literal["SUBMITTED", "ACCEPTED", "PAID", "REJECTED", "WITHDRAWN", "CANCELLED"]]]


class RedemptionShape(TypedDict):
    """One claim; ``held_fen`` is what it may come to, ``amount_fen`` what was accepted, by its ``bounds``."""

    id: str
    programme: str
    voucher: str
    holder: str
    pay_model: str
    state: Literal["SUBMITTED", "ACCEPTED", "PAID", "REJECTED", "WITHDRAWN", "CANCELLED"]
    seller: str
    invoice_number: str
    invoice_date: str | None
    claimed_fen: int
    held_fen: int
    accepted_fen: int | None
    amount_fen: int | None
    bounds: Any
    reason: str
    submitted_at: str
    decided_at: str | None


class RegistrationWish(TypedDict):
    """What an organisation says of itself."""

    name: str
    holder_class: Literal["INTERMEDIARY", "TECH_SME", "MAKER", "INSTITUTE", "UNIVERSITY", "OTHER"]
    uscc: NotRequired[str]
    registered_in_city: NotRequired[bool]
    in_incubator: NotRequired[bool]
    incubator: NotRequired[str]
    dishonest: NotRequired[bool]


class Rejection(TypedDict):
    """The officer's own words, in both languages; the policy's reasons without them."""

    zh: NotRequired[str]
    en: NotRequired[str]


class RelatedTradeShape(TypedDict):
    """Related parties on both sides of one product."""

    resource_class: str
    period: str
    hub: str
    buyer: str
    seller: str
    lots: int


class RepricingShape(TypedDict):
    """What publishing a price does: the new version, the newest before it, and whether that one gets its end by it."""

    added: TariffShape
    before: TariffShape | None
    ends: bool


class Resolution(TypedDict):
    """Which of the two contents holds."""

    reason: str
    accept: Literal["old", "new"]


class Resolved(TypedDict):
    """How the dispute ended."""

    resolution: str


class Retry(TypedDict):
    """A reason, and for imported usage the voucher that is to pay."""

    reason: str
    voucher: NotRequired[str | None]


class Rows(TypedDict):
    """Which page of a list."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class RuleChangeShape(TypedDict):
    """One difference between two versions, in words: whom it touches, and both texts."""

    name: str
    turn: str
    whom: Words
    about: Words
    before: Words | None
    after: Words | None


class RunShape(TypedDict):
    """One run; ``done`` of ``steps`` is its progress."""

    id: str
    programme: str
    scenario: str
    title_zh: str
    title_en: str
    seeds: int
    state: Literal["QUEUED", "RUNNING", "DONE", "FAILED"]
    done: int
    steps: int
    message_zh: str
    message_en: str
    asked_at: str
    started_at: str | None
    ended_at: str | None


class RunWithFiles(TypedDict):
    """One run with the names of its files."""

    id: str
    programme: str
    scenario: str
    title_zh: str
    title_en: str
    seeds: int
    state: Literal["QUEUED", "RUNNING", "DONE", "FAILED"]
    done: int
    steps: int
    message_zh: str
    message_en: str
    asked_at: str
    started_at: str | None
    ended_at: str | None
    files: list[str]


class SamplesFileWish(TypedDict):
    """How the file is to be read."""

    encoding: NotRequired[Literal["utf-8", "gb18030"]]
    skip_bad: NotRequired[bool]


class SamplesShape(TypedDict):
    """What a file of samples brought."""

    samples: int
    new: int
    bad: list[BadLineShape]


class ScenarioWish(TypedDict):
    """A scenario; a version's ``document`` is ``in-force`` or the beginning of an adopted version's digest."""

    programme: NotRequired[str]
    text: str


class SealedOrderShape(TypedDict):
    """One order as an auditor sees it once the session is cleared."""

    id: str
    party: str
    side: Literal["BID", "ASK"]
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int
    state: str
    accepted: int | None
    code: str


class SearchWish(TypedDict):
    """What to look for, in which programme."""

    programme: str
    q: str


class SecretShape(TypedDict):
    """What verifies a webhook's messages (Standard Webhooks, `whsec_…`)."""

    secret: str


class SessionShape(TypedDict):
    """A session: until when it runs, what is left of its time and of what is held for it, what it saved."""

    opens: Literal["JUPYTERLAB", "SSH"]
    ends_at: str | None
    left_ms: int | None
    spent_fen: int | None
    left_fen: int | None
    extensions: list[SliceShape]
    saved_name: str
    saved_size: int | None
    saved_sha256: str


class Situation(TypedDict):
    """What an applicant says of itself and of its need, as nested facts; amounts may be written like `30万`."""

    clause: NotRequired[str | None]
    facts: dict[str, Any]
    on: NotRequired[str | None]


class SliceShape(TypedDict):
    """One extension: held for first, then asked of the engine, which grants or refuses it."""

    id: str
    number: int
    from_limit_ms: int
    limit_ms: int
    voucher_fen: int
    own_fen: int
    state: Literal["HELD", "GRANTED", "REFUSED"]
    reason_code: str
    reason: Words
    asked_at: str
    decided_at: str | None


class Span(TypedDict):
    """A centre's statement of the days from ``first`` up to and without ``end``."""

    programme: NotRequired[str]
    centre: str
    first: str
    end: str


class SpendingLimitFilter(TypedDict):
    """A page of limits."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class SpendingLimitShape(TypedDict):
    """What a member may spend on orders: limit = spent + left, as long as it was not lowered below what was spent."""

    id: str
    organisation: str
    person: str
    per: Literal["MONTH", "TOTAL"]
    limit_fen: int
    spent_fen: int
    left_fen: int
    set_at: str


class SpendingLimitWish(TypedDict):
    """What a member may spend from now on; 0 lets the member order only what costs nothing."""

    per: Literal["MONTH", "TOTAL"]
    limit_fen: int


class StageShape(TypedDict):
    """A part of an award that is paid by itself, once its papers were accepted."""

    id: str
    award: str
    number: int
    label: Words
    needs: list[str]
    amount_fen: int
    state: Literal["WAITING", "READY", "PAID", "WITHDRAWN"]
    accepted_at: str | None


class StandingFilter(TypedDict):
    """A page of usage that stands still, of one centre or of all that the caller may see."""

    limit: NotRequired[int]
    cursor: NotRequired[str]
    centre: NotRequired[str | None]


class StatementFilter(TypedDict):
    """Which statements."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    centre: NotRequired[str | None]
    state: NotRequired[list[Literal["OPEN", "CLOSED", "MATCHED", "APPROVED", "PAID", "DISPUTED", "ADJUSTED"]]]


class StatementLineFilter(TypedDict):
    """A page of lines; ``text`` is an order's number as it stands on screen, or a usage record's own id."""

    answer: NotRequired[Literal["NONE", "CONFIRMED", "OBJECTED"] | None]
    text: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class StatementLineShape(TypedDict):
    """One line: a capture, what the centre claimed for it, and what the ledger has."""

    id: int
    capture: str
    order: str | None
    kind: str
    captured_at: str
    amount_fen: int
    claimed_fen: int | None
    reason: str | None
    ledger_fen: int | None


class StatementShape(TypedDict):
    """A centre's statement of a period; what is owed is ``total_fen``, the sum of its lines."""

    id: str
    programme: str
    centre: str
    first: str
    end: str
    state: Literal["OPEN", "CLOSED", "MATCHED", "APPROVED", "PAID", "DISPUTED", "ADJUSTED"]
    captures: int
    total_fen: int
    claim_number: int
    claim_total_fen: int | None
    claim_kind: str
    claimed_at: str | None
    claimed_by: str
    ledger_total_fen: int | None
    reason: str
    resolution: str
    opened_at: str
    closed_at: str | None
    matched_at: str | None
    approved_at: str | None
    approved_by: str
    paid_at: str | None
    paid_by: str
    bank_reference: str


class TariffShape(TypedDict):
    """A price: micro-fen for one unit and hour, with its author and its end."""

    id: str
    centre: str
    resource_class: str
    unit: str
    customer_class: str
    version: int
    rate_ufen: int
    valid_from: str
    valid_until: str | None
    rounding: str
    minimum_fen: int
    granularity_ms: int
    source: str
    demo: bool
    author: str


class TariffVersions(TypedDict):
    """Every version of a centre's prices."""

    items: list[TariffShape]


class TariffWish(TypedDict):
    """A price that a centre wants to publish."""

    resource_class: str
    customer_class: NotRequired[str]
    rate_ufen: int
    minimum_fen: NotRequired[int | None]
    from_date: NotRequired[str | None]
    until_date: NotRequired[str | None]
    source: str
    over: NotRequired[int | None]


class Tariffs(TypedDict):
    """Prices that hold at an instant."""

    at: str
    items: list[TariffShape]


class TemplateFilter(TypedDict):
    """A page of templates."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class TemplateRow(TypedDict):
    """One template, as a list shows it."""

    id: str
    organisation: str
    name: str
    made_by: str
    made_at: str
    changed_at: str


class TemplateShape(TypedDict):
    """One template with its job: title, request, wishes, inputs, outputs, files."""

    id: str
    organisation: str
    name: str
    made_by: str
    made_at: str
    changed_at: str
    job: dict[str, Any]


class ThresholdWish(TypedDict):
    """Thresholds that change from now on."""

    reason: str
    programme: NotRequired[str]
    values: dict[str, int]


class Thresholds(TypedDict):
    """A programme's thresholds."""

    values: dict[str, int]


class ToMatch(TypedDict):
    """A closed statement, and the first lines that keep it from being matched."""

    statement: str
    centre: str
    total_fen: int
    claimed: bool
    differing: int
    off_fen: int
    lines: list[OffendingLine]


class TokenShape(TypedDict):
    """A token, without its text: that was shown once."""

    id: str
    label: str
    membership: str
    scopes: list[Literal["READ", "APPLY", "SPEND", "OFFER", "METER", "DECIDE", "SETTLE", "TRADE", "ADMINISTER"]]
    created_at: str
    expires_at: str
    last_used_at: str | None
    ended_at: str | None


class Tokens(TypedDict):
    """A person's tokens, the latest first."""

    items: list[TokenShape]


class TradeOrderIds(TypedDict):
    """Own orders, by id."""

    orders: list[str]


class TradeOrderShape(TypedDict):
    """An own order, and once the session is cleared what became of it and why."""

    id: str
    side: Literal["BID", "ASK"]
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int
    state: Literal["LIVE", "WITHDRAWN"]
    accepted: int | None
    price_fen: int | None
    why: Why | None


class TradedClass(TypedDict):
    """A resource class that is traded, and how many of its units, for a whole period, are one lot."""

    resource_class: str
    lot_units: int


class TradedPeriod(TypedDict):
    """A block of time that is traded."""

    id: str
    start: str
    end: str


class TraderCapacityShape(TypedDict):
    """What was declared."""

    id: str
    programme: str
    party: str
    hub: str
    resource_class: str
    start: str
    end: str
    units: int
    reference: str
    at: str


class TraderHolding(TypedDict):
    """A trader's own money and capacity on the exchange."""

    party: str
    free_fen: int
    held_fen: int
    capacity: list[BlockUnits]


class TraderMoney(TypedDict):
    """Money that a trader deposits or gets back, once by its reference."""

    programme: NotRequired[str]
    party: str
    amount_fen: int
    reference: str


class TraderMovementShape(TypedDict):
    """Money that a trader deposited or was paid out."""

    id: str
    programme: str
    party: str
    paid_out: bool
    amount_fen: int
    reference: str
    at: str


class TriedShape(TypedDict):
    """One dossier that the change makes a difference to."""

    application: str
    clause: str
    before_fen: int
    after_fen: int


class TurnedShape(TypedDict):
    """A place that can't, with every reason."""

    centre: str
    reasons: list[Why]


class UnconfirmedShape(TypedDict):
    """How much usage nobody has charged yet, and since when the oldest waits."""

    received: int
    held_back: int
    disputes: int
    oldest_at: str | None


class UsageFileWish(TypedDict):
    """How the file is to be read; ``skip_bad`` imports what is right although some lines are not."""

    form: Literal["swf", "slurm-json", "csv", "focus"]
    encoding: NotRequired[Literal["utf-8", "gb18030"]]
    skip_bad: NotRequired[bool]


class UsageFilter(TypedDict):
    """A page of one centre's usage."""

    limit: NotRequired[int]
    cursor: NotRequired[str]


class UsedByOrder(TypedDict):
    """What an order used."""

    items: list[UsedShape]


class UsedShape(TypedDict):
    """One usage record and what became of it."""

    id: str
    record_id: str
    resource_class: str
    units: int
    started_at: str
    ended_at: str
    elapsed_ms: int
    cpu_ms: int | None
    memory_peak_mib: int | None
    outcome: str
    state: str
    reason_code: str
    charge_ufen: int | None


class Verdict(TypedDict):
    """Whether the suspicion is true, with the reason."""

    reason: str
    confirmed: bool


class VersionShape(TypedDict):
    """One text of a programme that was ever in use."""

    id: str
    programme: str
    digest: str
    effective_from: str
    effective_to: str | None
    supersedes: str | None
    demo: bool
    loaded_at: str


class Versions(TypedDict):
    """A programme's versions, the latest first."""

    items: list[VersionShape]


class VoucherFilter(TypedDict):
    """Which vouchers."""

    programme: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    holder: NotRequired[str | None]
    state: NotRequired[list[Literal["ACTIVE", "FROZEN", "EXPIRED", "CANCELLED", "REVOKED"]]]


class VoucherShape(TypedDict):
    """One voucher; face = spendable + held + used + ended, in fen."""

    id: str
    number: str
    programme: str
    version: str
    application: str
    holder: str
    holder_name: str
    clause: str
    state: Literal["ACTIVE", "FROZEN", "EXPIRED", "CANCELLED", "REVOKED"]
    reason: str
    face_fen: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int
    issued_at: str
    valid_until: str


class Waiting(TypedDict):
    """The orders that wait, the longest first, at most 500."""

    items: list[WaitingOrderShape]


class WaitingList(TypedDict):
    """What waits for the next statements."""

    items: list[WaitingShape]


class WaitingOrderShape(TypedDict):
    """An ended order that can't be captured yet, and what its hold keeps from being spent."""

    order_id: str
    centre: str
    ended_at: str | None
    most_fen: int
    held_back: int
    disputed: bool


class WaitingShape(TypedDict):
    """Captures at one centre that no statement has yet."""

    programme: str
    centre: str
    captures: int
    amount_fen: int


class WebhookShape(TypedDict):
    """An address that is told what happens to a place's affairs; without events it hears everything."""

    id: str
    organisation: str | None
    centre: str
    programme: str
    url: str
    events: list[str]
    created_at: str
    failing_since: str | None
    ended_at: str | None


class WebhookWish(TypedDict):
    """An https address, and what it wants to hear: `voucher.issue`, `order.*`; nothing for everything."""

    url: str
    events: NotRequired[list[str]]


class Webhooks(TypedDict):
    """A place's webhooks, the latest first."""

    items: list[WebhookShape]


class WeekShape(TypedDict):
    """One week of the year."""

    last: str
    granted_fen: int
    paid_fen: int
    left_fen: int
    unpaid_fen: int


class WhatIfShape(TypedDict):
    """What a parameter with another value would make of this year's latest dossiers, each decided alone."""

    parameter: str
    value: str
    dossiers: int
    of: int
    before_fen: int
    after_fen: int
    by_fen: int
    gaining: int
    losing: int
    shown: list[TriedShape]


class WhatIfWish(TypedDict):
    """Which parameter, and the value to try, written as the document writes it."""

    programme: NotRequired[str]
    parameter: str
    value: str


class Why(TypedDict):
    """Why something is so, or was refused."""

    code: str
    label: Words
    field: NotRequired[str]
    clause: NotRequired[str]


class Wished(TypedDict):
    """What dispatch weighs beside the job, and the data that is moved for it."""

    latest_start: NotRequired[str | None]
    deadline: NotRequired[str | None]
    latency_to: NotRequired[str]
    latency_max_us: NotRequired[int | None]
    residency: NotRequired[Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None]
    tier: NotRequired[Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None]
    data_at: NotRequired[str]
    inputs: NotRequired[list[DataGiven]]
    outputs: NotRequired[list[DataGiven]]
    budget_fen: NotRequired[int | None]
    wait_fen_per_hour: NotRequired[int]


class Words(TypedDict):
    """One thing said in both languages."""

    zh: str
    en: str


class YearAheadShape(TypedDict):
    """What closing a year would do now."""

    closed: bool
    lapses_fen: int
    returns_fen: int
    not_yet: Why | None
    outstanding: list[Why]
    balanced: bool
    checks: list[CheckShape]


class YearClosedShape(TypedDict):
    """How a year was closed."""

    lapsed_fen: int
    returned_fen: int
    outstanding: list[Why]
    already_closed: bool


class YearShape(TypedDict):
    """The year's budget and what became of it, in fen; issued = spendable + held + used + ended."""

    year: int
    cap_fen: int | None
    budget_fen: int
    issued_fen: int
    unissued_fen: int
    unissued_lapsed_fen: int
    vouchers: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    settled_fen: int
    ended_fen: int
    awarded_fen: int
    reserve: Position
    reserve_size_fen: int | None
    trigger_fen: int | None
    unpublished: list[str]
    demo: bool


class YearWish(TypedDict):
    """Which year."""

    programme: NotRequired[str]
    year: int
