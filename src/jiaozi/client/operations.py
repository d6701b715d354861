# Made by scripts/make_client.py from the OpenAPI document; `make client` makes it again.
"""Every operation of the API, a method each."""

from __future__ import annotations

from typing import Any, Literal, cast

from jiaozi.client.shapes import (
    Acceptance,
    AccessShape,
    AccountStatement,
    Again,
    AlertShape,
    ApplicationShape,
    AuditShape,
    AwardShape,
    BankPayment,
    BatchApproval,
    BatchEffect,
    BatchShape,
    BudgetShape,
    BudgetWish,
    CallerShape,
    CentreShape,
    Centres,
    ChainShape,
    CheckedDocumentShape,
    Choices,
    ChoicesWish,
    Claim,
    Claimed,
    Classes,
    ClawbackShape,
    ClawbackWish,
    ConfirmationShape,
    Credit,
    DecisionShape,
    Difference,
    Differences,
    DisallowWish,
    DisallowanceShape,
    DisputeShape,
    DocumentWish,
    Done,
    EndUserShape,
    EndUserWish,
    EndUsers,
    EnteredOrders,
    ExchangeFindings,
    ExchangeReplay,
    ExchangeScheduleShape,
    ExchangeSchedules,
    ExchangeSeatShape,
    ExchangeSeats,
    ExchangeSessionDetail,
    ExtensionPrice,
    FundWish,
    HandDecided,
    HeldBackShape,
    Hits,
    Hubs,
    ImportedShape,
    Kept,
    LeaseKey,
    LeaseShape,
    LineWish,
    Links,
    LogTail,
    LossRuling,
    LossShape,
    MemberShape,
    MemberWish,
    Missing,
    MovementShape,
    Named,
    NewApplication,
    NewExchangeSchedule,
    NewExchangeSeat,
    NewExchangeSession,
    NewExtension,
    NewOrder,
    NewOrganisation,
    NewRedemption,
    NewTemplate,
    NewTradeOrders,
    NewTraderCapacity,
    Notice,
    Notices,
    Objection,
    Offers,
    OrderShape,
    OrganisationShape,
    OwnMoneyEverywhere,
    PageOfAlertShape,
    PageOfApplicationRow,
    PageOfAwardShape,
    PageOfClawbackShape,
    PageOfCreditShape,
    PageOfDeliveryShape,
    PageOfDisallowanceShape,
    PageOfDisputeShape,
    PageOfExchangeFlowShape,
    PageOfExchangePriceShape,
    PageOfExchangeSessionShape,
    PageOfHeldBackShape,
    PageOfLeaseShape,
    PageOfLineShape,
    PageOfLossShape,
    PageOfMemberShape,
    PageOfMovementShape,
    PageOfNotificationShape,
    PageOfOrderRow,
    PageOfOrganisationShape,
    PageOfPaymentShape,
    PageOfRedemptionShape,
    PageOfRunShape,
    PageOfSealedOrderShape,
    PageOfSpendingLimitShape,
    PageOfStatementLineShape,
    PageOfStatementShape,
    PageOfTemplateRow,
    PageOfTradeOrderShape,
    PageOfVoucherShape,
    PaperShape,
    Papers,
    Payment,
    PaymentRunShape,
    Position,
    PrefundWish,
    ProbeWish,
    ProgrammeShape,
    Programmes,
    Push,
    QuotaShape,
    QuoteWish,
    Quotes,
    Raised,
    Read,
    ReadWish,
    Reasoned,
    Received,
    RecoverWish,
    RecoveryShape,
    RecoveryWish,
    RedemptionShape,
    RegistrationWish,
    Rejection,
    RepricingShape,
    Resolution,
    Resolved,
    Retry,
    RunShape,
    RunWithFiles,
    SamplesShape,
    ScenarioWish,
    SecretShape,
    SessionShape,
    Situation,
    SliceShape,
    Span,
    SpendingLimitShape,
    SpendingLimitWish,
    StageShape,
    StatementShape,
    TariffVersions,
    TariffWish,
    Tariffs,
    TemplateShape,
    ThresholdWish,
    Thresholds,
    TokenShape,
    Tokens,
    TradeOrderIds,
    TraderCapacityShape,
    TraderHolding,
    TraderMoney,
    TraderMovementShape,
    UnconfirmedShape,
    UsedByOrder,
    Verdict,
    VersionShape,
    Versions,
    VoucherShape,
    Waiting,
    WaitingList,
    WebhookShape,
    WebhookWish,
    Webhooks,
    WhatIfShape,
    YearAheadShape,
    YearClosedShape,
    YearShape,
    YearWish,
)
from jiaozi.client.transport import File, Transport, quoted


class Operations(Transport):
    """Every operation of the API."""

    def list_programmes(self) -> Programmes:
        """The programmes that run here.

        The programmes that run here.
        """
        return cast("Programmes", self.asked("GET", "/api/v1/programmes"))

    def get_year(self, programme: str, year: int) -> YearShape:
        """One year of a programme at a glance.

        One year of a programme at a glance.
        """
        return cast("YearShape", self.asked("GET", f"/api/v1/programmes/{quoted(programme)}/years/{quoted(year)}"))

    def get_year_csv(self, programme: str, year: int) -> str:
        """One year of a programme at a glance, as CSV: figure, fen.

        One year of a programme at a glance, as CSV: figure, fen.
        """
        return self.text("GET", f"/api/v1/programmes/{quoted(programme)}/years/{quoted(year)}/year.csv")

    def list_notices(self, programme: str, *, limit: int | None = None) -> Notices:
        """The amounts that are on public notice.

        The amounts that are on public notice.
        """
        return cast(
            "Notices", self.asked("GET", f"/api/v1/programmes/{quoted(programme)}/notices", query={"limit": limit})
        )

    def get_programme(self, programme: str, *, on: str | None | None = None) -> ProgrammeShape:
        """The programme as it is in force: clauses in plain words, the facts that they ask for, what is not published.

        The programme as it is in force: clauses in plain words, the facts that they ask for, what is not
        published.
        """
        return cast("ProgrammeShape", self.asked("GET", f"/api/v1/programmes/{quoted(programme)}", query={"on": on}))

    def list_programme_versions(self, programme: str) -> Versions:
        """Every version of a programme that was adopted, the latest first, at most 100.

        Every version of a programme that was adopted, the latest first, at most 100.
        """
        return cast("Versions", self.asked("GET", f"/api/v1/programmes/{quoted(programme)}/versions"))

    def get_programme_document(self, programme: str, *, on: str | None | None = None) -> str:
        """The programme's document itself, word for word.

        The programme's document itself, word for word.
        """
        return self.text("GET", f"/api/v1/programmes/{quoted(programme)}/document", query={"on": on})

    def decide_eligibility(self, programme: str, body: Situation) -> DecisionShape:
        """Am I eligible, for how much, and why? Answers without signing in and keeps nothing; caps count as unused.

        Am I eligible, for how much, and why? Answers without signing in and keeps nothing; caps count as
        unused.
        """
        return cast("DecisionShape", self.asked("POST", f"/api/v1/programmes/{quoted(programme)}/decide", body=body))

    def compare_programme_versions(self, programme: str, *, before: str, after: str) -> Difference:
        """Say in words what changed between two versions, named by the beginnings of their digests, and for whom.

        Say in words what changed between two versions, named by the beginnings of their digests, and for
        whom.
        """
        return cast(
            "Difference",
            self.asked("GET", f"/api/v1/programmes/{quoted(programme)}/diff", query={"before": before, "after": after}),
        )

    def check_programme_document(self, body: DocumentWish, *, key: str | None = None) -> CheckedDocumentShape:
        """Look at a document as publishing would, without keeping it: every problem with its place, or what it changes.

        Look at a document as publishing would, without keeping it: every problem with its place, or what it
        changes.  Scope: `DECIDE`.
        """
        return cast("CheckedDocumentShape", self.asked("POST", "/api/v1/programme-documents/check", body=body, key=key))

    def publish_programme_version(self, body: DocumentWish, *, key: str | None = None) -> VersionShape:
        """Take a document into use; its own first day, which may lie ahead, says from when it is in force.

        Take a document into use; its own first day, which may lie ahead, says from when it is in force.
        Scope: `DECIDE`.
        """
        return cast("VersionShape", self.asked("POST", "/api/v1/programme-documents/publish", body=body, key=key))

    def list_organisations(
        self,
        *,
        holder_class: Literal["INTERMEDIARY", "TECH_SME", "MAKER", "INSTITUTE", "UNIVERSITY", "OTHER"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageOfOrganisationShape:
        """The register in its order; for those who run, pay or audit a programme.

        The register in its order; for those who run, pay or audit a programme.  Scope: `READ`.
        """
        return cast(
            "PageOfOrganisationShape",
            self.asked(
                "GET", "/api/v1/organisations", query={"holder_class": holder_class, "limit": limit, "cursor": cursor}
            ),
        )

    def register_organisation(self, body: NewOrganisation, *, key: str | None = None) -> OrganisationShape:
        """Register an organisation that is new here, as an officer does; nobody is its member yet.

        Register an organisation that is new here, as an officer does; nobody is its member yet.  Scope:
        `DECIDE`.
        """
        return cast("OrganisationShape", self.asked("POST", "/api/v1/organisations", body=body, key=key))

    def get_organisation(self, organisation_id: str) -> OrganisationShape:
        """One organisation; its members and those who oversee a programme see it.

        One organisation; its members and those who oversee a programme see it.  Scope: `READ`.
        """
        return cast("OrganisationShape", self.asked("GET", f"/api/v1/organisations/{quoted(organisation_id)}"))

    def correct_organisation(
        self, organisation_id: str, body: RegistrationWish, *, key: str | None = None
    ) -> OrganisationShape:
        """Put right what an organisation says of itself; what eligibility rests on is an officer's to change.

        Put right what an organisation says of itself; what eligibility rests on is an officer's to change.
        Scope: `ADMINISTER`.
        """
        return cast(
            "OrganisationShape",
            self.asked("POST", f"/api/v1/organisations/{quoted(organisation_id)}/correct", body=body, key=key),
        )

    def list_members(
        self, organisation_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfMemberShape:
        """Who is a member of an organisation, ended memberships too.

        Who is a member of an organisation, ended memberships too.  Scope: `READ`.
        """
        return cast(
            "PageOfMemberShape",
            self.asked(
                "GET",
                f"/api/v1/organisations/{quoted(organisation_id)}/members",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def let_member_in(self, organisation_id: str, body: MemberWish, *, key: str | None = None) -> MemberShape:
        """Let a person act for an organisation.

        Let a person act for an organisation.  Scope: `ADMINISTER`.
        """
        return cast(
            "MemberShape",
            self.asked("POST", f"/api/v1/organisations/{quoted(organisation_id)}/members", body=body, key=key),
        )

    def end_membership(self, membership_id: str, *, key: str | None = None) -> MemberShape:
        """End a membership at once.

        End a membership at once.  Scope: `ADMINISTER`.
        """
        return cast("MemberShape", self.asked("POST", f"/api/v1/memberships/{quoted(membership_id)}/end", key=key))

    def list_end_users(self, organisation_id: str) -> EndUsers:
        """Whom an intermediary serves.

        Whom an intermediary serves.  Scope: `READ`.
        """
        return cast("EndUsers", self.asked("GET", f"/api/v1/organisations/{quoted(organisation_id)}/end-users"))

    def name_end_user(self, organisation_id: str, body: EndUserWish, *, key: str | None = None) -> EndUserShape:
        """Name somebody whom an intermediary serves.

        Name somebody whom an intermediary serves.  Scope: `APPLY`.
        """
        return cast(
            "EndUserShape",
            self.asked("POST", f"/api/v1/organisations/{quoted(organisation_id)}/end-users", body=body, key=key),
        )

    def list_spending_limits(
        self, organisation_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfSpendingLimitShape:
        """The limits in force of an organisation's members; a member who is no administrator sees its own.

        The limits in force of an organisation's members; a member who is no administrator sees its own.
        Scope: `READ`.
        """
        return cast(
            "PageOfSpendingLimitShape",
            self.asked(
                "GET",
                f"/api/v1/organisations/{quoted(organisation_id)}/spending-limits",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def set_spending_limit(
        self, membership_id: str, body: SpendingLimitWish, *, key: str | None = None
    ) -> SpendingLimitShape:
        """Limit what a member may spend; one that stands already is replaced. Nobody sets one's own.

        Limit what a member may spend; one that stands already is replaced. Nobody sets one's own.  Scope:
        `ADMINISTER`.
        """
        return cast(
            "SpendingLimitShape",
            self.asked("POST", f"/api/v1/memberships/{quoted(membership_id)}/spending-limit", body=body, key=key),
        )

    def remove_spending_limit(self, membership_id: str, *, key: str | None = None) -> Done:
        """Let a member spend without a limit; done as well where there was none.

        Let a member spend without a limit; done as well where there was none.  Scope: `ADMINISTER`.
        """
        return cast(
            "Done", self.asked("POST", f"/api/v1/memberships/{quoted(membership_id)}/spending-limit/remove", key=key)
        )

    def list_applications(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        holder: str | None = None,
        state: list[
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
        | None = None,
    ) -> PageOfApplicationRow:
        """Applications, the latest first; an applicant sees those of its organisation.

        Applications, the latest first; an applicant sees those of its organisation.  Scope: `READ`.
        """
        return cast(
            "PageOfApplicationRow",
            self.asked(
                "GET",
                "/api/v1/applications",
                query={"programme": programme, "limit": limit, "cursor": cursor, "holder": holder, "state": state},
            ),
        )

    def apply_for_voucher(self, body: NewApplication, *, key: str | None = None) -> ApplicationShape:
        """Submit an application; its papers are attached to it afterwards.

        Submit an application; its papers are attached to it afterwards.  Scope: `APPLY`.
        """
        return cast("ApplicationShape", self.asked("POST", "/api/v1/applications", body=body, key=key))

    def draft_application(self, body: NewApplication, *, key: str | None = None) -> ApplicationShape:
        """Begin an application that is completed before it is submitted; facts may still be missing.

        Begin an application that is completed before it is submitted; facts may still be missing.  Scope:
        `APPLY`.
        """
        return cast("ApplicationShape", self.asked("POST", "/api/v1/applications/drafts", body=body, key=key))

    def get_application(self, application_id: str) -> ApplicationShape:
        """One application with its facts, decision and reasons.

        One application with its facts, decision and reasons.  Scope: `READ`.
        """
        return cast("ApplicationShape", self.asked("GET", f"/api/v1/applications/{quoted(application_id)}"))

    def amend_application(
        self, application_id: str, body: Claimed, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """State a draft's facts anew.

        State a draft's facts anew.  Scope: `APPLY`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST", f"/api/v1/applications/{quoted(application_id)}/amend", body=body, key=key, if_match=if_match
            ),
        )

    def submit_application(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Hand a draft in: the version that is in force is pinned.

        Hand a draft in: the version that is in force is pinned.  Scope: `APPLY`.
        """
        return cast(
            "ApplicationShape",
            self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/submit", key=key, if_match=if_match),
        )

    def resubmit_application(
        self, application_id: str, body: Claimed, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Hand a returned application in again.

        Hand a returned application in again.  Scope: `APPLY`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST", f"/api/v1/applications/{quoted(application_id)}/resubmit", body=body, key=key, if_match=if_match
            ),
        )

    def withdraw_application(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Take an application back before it is decided.

        Take an application back before it is decided.  Scope: `APPLY`.
        """
        return cast(
            "ApplicationShape",
            self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/withdraw", key=key, if_match=if_match),
        )

    def appeal_application(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Ask for a rejected application to be reviewed again.

        Ask for a rejected application to be reviewed again.  Scope: `APPLY`.
        """
        return cast(
            "ApplicationShape",
            self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/appeal", key=key, if_match=if_match),
        )

    def review_application(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Take an application up: the policy decides with reasons.

        Take an application up: the policy decides with reasons.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/review", key=key, if_match=if_match),
        )

    def send_application_back(
        self, application_id: str, body: Missing, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Return an application for completion, saying what is missing.

        Return an application for completion, saying what is missing.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST",
                f"/api/v1/applications/{quoted(application_id)}/send-back",
                body=body,
                key=key,
                if_match=if_match,
            ),
        )

    def record_decision_by_hand(
        self, application_id: str, body: HandDecided, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Record a person's decision on a clause that leaves the amount open.

        Record a person's decision on a clause that leaves the amount open.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST",
                f"/api/v1/applications/{quoted(application_id)}/record-by-hand",
                body=body,
                key=key,
                if_match=if_match,
            ),
        )

    def put_application_on_notice(
        self, application_id: str, body: Notice, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Put the amount on public notice until an instant.

        Put the amount on public notice until an instant.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST", f"/api/v1/applications/{quoted(application_id)}/notice", body=body, key=key, if_match=if_match
            ),
        )

    def end_demo_notice(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """End a public notice at once; in a demonstration alone.

        End a public notice at once; in a demonstration alone.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST", f"/api/v1/applications/{quoted(application_id)}/end-demo-notice", key=key, if_match=if_match
            ),
        )

    def reject_application(
        self, application_id: str, body: Rejection, *, key: str | None = None, if_match: str | None = None
    ) -> ApplicationShape:
        """Reject with the policy's reasons, or with the officer's own.

        Reject with the policy's reasons, or with the officer's own.  Scope: `DECIDE`.
        """
        return cast(
            "ApplicationShape",
            self.asked(
                "POST", f"/api/v1/applications/{quoted(application_id)}/reject", body=body, key=key, if_match=if_match
            ),
        )

    def issue_voucher(
        self, application_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> VoucherShape:
        """Approve an application after its public notice and issue its voucher, in one step.

        Approve an application after its public notice and issue its voucher, in one step.  Scope: `DECIDE`.
        """
        return cast(
            "VoucherShape",
            self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/issue", key=key, if_match=if_match),
        )

    def screen_application(self, application_id: str, *, key: str | None = None) -> Raised:
        """Run every check that the dossier has the facts for, and raise what is new.

        Run every check that the dossier has the facts for, and raise what is new.  Scope: `DECIDE`.
        """
        return cast("Raised", self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/screen", key=key))

    def preview_batch_approval(self, *, application: list[str], programme: str | None = None) -> BatchEffect:
        """What approving these dossiers would do: the sum, what is left in each pool, who would not pass and why.

        What approving these dossiers would do: the sum, what is left in each pool, who would not pass and
        why.  Scope: `DECIDE`.
        """
        return cast(
            "BatchEffect",
            self.asked("GET", "/api/v1/batches/effect", query={"programme": programme, "application": application}),
        )

    def approve_batch(self, body: BatchApproval, *, key: str | None = None) -> BatchShape:
        """Approve dossiers after their public notice, each with its own reason; each stands or falls by itself.

        Approve dossiers after their public notice, each with its own reason; each stands or falls by
        itself.  Scope: `DECIDE`.
        """
        return cast("BatchShape", self.asked("POST", "/api/v1/batches/approve", body=body, key=key))

    def list_evidence(self, application_id: str, *, about: str | None = None) -> Papers:
        """The papers about a dossier, or about one of its claims and stages.

        The papers about a dossier, or about one of its claims and stages.  Scope: `READ`.
        """
        return cast(
            "Papers",
            self.asked("GET", f"/api/v1/applications/{quoted(application_id)}/evidence", query={"about": about}),
        )

    def attach_evidence(
        self,
        application_id: str,
        *,
        step: Literal["apply", "issue", "use", "redeem", "settle"],
        paper: str,
        content: File,
        about: str | None = None,
        key: str | None = None,
    ) -> PaperShape:
        """Hand a paper in, as one file.

        Hand a paper in, as one file.  Scope: `APPLY`.
        """
        return cast(
            "PaperShape",
            self.asked(
                "POST",
                f"/api/v1/applications/{quoted(application_id)}/evidence",
                form={"step": step, "paper": paper, "content": content, "about": about},
                key=key,
            ),
        )

    def get_evidence_content(self, evidence_id: str) -> bytes:
        """A paper's bytes; its digest is checked on every reading.

        A paper's bytes; its digest is checked on every reading.  Scope: `READ`.
        """
        return self.loaded("GET", f"/api/v1/evidence/{quoted(evidence_id)}/content")

    def list_vouchers(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        holder: str | None = None,
        state: list[Literal["ACTIVE", "FROZEN", "EXPIRED", "CANCELLED", "REVOKED"]] | None = None,
    ) -> PageOfVoucherShape:
        """Vouchers, the latest first; an applicant sees those of its organisation.

        Vouchers, the latest first; an applicant sees those of its organisation.  Scope: `READ`.
        """
        return cast(
            "PageOfVoucherShape",
            self.asked(
                "GET",
                "/api/v1/vouchers",
                query={"programme": programme, "limit": limit, "cursor": cursor, "holder": holder, "state": state},
            ),
        )

    def get_voucher(self, voucher_id: str) -> VoucherShape:
        """One voucher with what is left of it.

        One voucher with what is left of it.  Scope: `READ`.
        """
        return cast("VoucherShape", self.asked("GET", f"/api/v1/vouchers/{quoted(voucher_id)}"))

    def get_voucher_statement(self, voucher_id: str) -> AccountStatement:
        """The voucher's statement of account: its latest 500 lines.

        The voucher's statement of account: its latest 500 lines.  Scope: `READ`.
        """
        return cast("AccountStatement", self.asked("GET", f"/api/v1/vouchers/{quoted(voucher_id)}/statement"))

    def get_voucher_quota(self, voucher_id: str) -> QuotaShape:
        """What is left of the voucher's quota in kind; issued = left + held + used + ended.

        What is left of the voucher's quota in kind; issued = left + held + used + ended.  Scope: `READ`.
        """
        return cast("QuotaShape", self.asked("GET", f"/api/v1/vouchers/{quoted(voucher_id)}/quota"))

    def freeze_voucher(
        self, voucher_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> VoucherShape:
        """Stop new orders on a voucher; jobs that hold part of it go on.

        Stop new orders on a voucher; jobs that hold part of it go on.  Scope: `DECIDE`.
        """
        return cast(
            "VoucherShape",
            self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/freeze", body=body, key=key, if_match=if_match),
        )

    def unfreeze_voucher(
        self, voucher_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> VoucherShape:
        """Let a frozen voucher be spent again.

        Let a frozen voucher be spent again.  Scope: `DECIDE`.
        """
        return cast(
            "VoucherShape",
            self.asked(
                "POST", f"/api/v1/vouchers/{quoted(voucher_id)}/unfreeze", body=body, key=key, if_match=if_match
            ),
        )

    def cancel_voucher(
        self, voucher_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> VoucherShape:
        """Take back a voucher of which nothing was held or used.

        Take back a voucher of which nothing was held or used.  Scope: `DECIDE`.
        """
        return cast(
            "VoucherShape",
            self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/cancel", body=body, key=key, if_match=if_match),
        )

    def revoke_voucher(
        self, voucher_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> VoucherShape:
        """Take back what is left of a voucher; what jobs hold follows when they end.

        Take back what is left of a voucher; what jobs hold follows when they end.  Scope: `DECIDE`.
        """
        return cast(
            "VoucherShape",
            self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/revoke", body=body, key=key, if_match=if_match),
        )

    def end_voucher_quota(self, voucher_id: str, *, key: str | None = None) -> QuotaShape:
        """Take what is left of an ended voucher's quota in kind; what jobs hold follows when they end.

        Take what is left of an ended voucher's quota in kind; what jobs hold follows when they end.  Scope:
        `DECIDE`.
        """
        return cast("QuotaShape", self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/end-quota", key=key))

    def list_leases(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        voucher: str | None = None,
        holder: str | None = None,
        centre: str | None = None,
    ) -> PageOfLeaseShape:
        """Leases, the latest first; a holder sees those of its vouchers, a centre its own.

        Leases, the latest first; a holder sees those of its vouchers, a centre its own.  Scope: `READ`.
        """
        return cast(
            "PageOfLeaseShape",
            self.asked(
                "GET",
                "/api/v1/leases",
                query={
                    "programme": programme,
                    "limit": limit,
                    "cursor": cursor,
                    "voucher": voucher,
                    "holder": holder,
                    "centre": centre,
                },
            ),
        )

    def allow_leases(self, voucher_id: str, body: LeaseKey, *, key: str | None = None) -> Done:
        """Let centres run jobs that this key signs, without asking the platform, within a lease.

        Let centres run jobs that this key signs, without asking the platform, within a lease.  Scope:
        `SPEND`.
        """
        return cast(
            "Done", self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/leases/allow", body=body, key=key)
        )

    def disallow_leases(self, voucher_id: str, *, key: str | None = None) -> Done:
        """Have no more leases of a voucher; those that are open are asked back.

        Have no more leases of a voucher; those that are open are asked back.  Scope: `SPEND`.
        """
        return cast("Done", self.asked("POST", f"/api/v1/vouchers/{quoted(voucher_id)}/leases/disallow", key=key))

    def list_lease_losses(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        centre: str | None = None,
    ) -> PageOfLossShape:
        """Jobs that centres ran at their own cost, the latest first; for those who oversee, and a centre its own.

        Jobs that centres ran at their own cost, the latest first; for those who oversee, and a centre its
        own.  Scope: `READ`.
        """
        return cast(
            "PageOfLossShape",
            self.asked(
                "GET",
                "/api/v1/lease-losses",
                query={"programme": programme, "limit": limit, "cursor": cursor, "centre": centre},
            ),
        )

    def rule_lease_loss(self, loss_id: str, body: LossRuling, *, key: str | None = None) -> LossShape:
        """Close a centre's loss as its own to bear, or keep that it disputes it; no money moves.

        Close a centre's loss as its own to bear, or keep that it disputes it; no money moves.  Scope:
        `SETTLE`.
        """
        return cast("LossShape", self.asked("POST", f"/api/v1/lease-losses/{quoted(loss_id)}/rule", body=body, key=key))

    def write_off_lease(self, lease_id: str, body: Reasoned, *, key: str | None = None) -> LeaseShape:
        """Take back what a centre that does not answer left of a lease that is over; what it tells later it bears.

        Take back what a centre that does not answer left of a lease that is over; what it tells later it
        bears.  Scope: `DECIDE`.
        """
        return cast(
            "LeaseShape", self.asked("POST", f"/api/v1/leases/{quoted(lease_id)}/write-off", body=body, key=key)
        )

    def list_hubs(self) -> Hubs:
        """The national hubs.

        The national hubs.
        """
        return cast("Hubs", self.asked("GET", "/api/v1/hubs"))

    def list_centres(
        self, *, tier: Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None = None, connected: bool | None = None
    ) -> Centres:
        """The computing centres, of one tier or connected ones where asked.

        The computing centres, of one tier or connected ones where asked.
        """
        return cast("Centres", self.asked("GET", "/api/v1/centres", query={"tier": tier, "connected": connected}))

    def get_centre(self, centre: str) -> CentreShape:
        """One centre.

        One centre.
        """
        return cast("CentreShape", self.asked("GET", f"/api/v1/centres/{quoted(centre)}"))

    def list_offers(self, centre: str) -> Offers:
        """What a centre offers.

        What a centre offers.
        """
        return cast("Offers", self.asked("GET", f"/api/v1/centres/{quoted(centre)}/offers"))

    def list_resource_classes(self) -> Classes:
        """The kinds of compute.

        The kinds of compute.
        """
        return cast("Classes", self.asked("GET", "/api/v1/resource-classes"))

    def list_tariffs(self, *, centre: str | None = None, at: str | None = None) -> Tariffs:
        """The prices that hold at an instant, now without one.

        The prices that hold at an instant, now without one.
        """
        return cast("Tariffs", self.asked("GET", "/api/v1/tariffs", query={"centre": centre, "at": at}))

    def list_tariff_versions(self, centre: str, *, limit: int | None = None) -> TariffVersions:
        """Every version of a centre's prices, the newest of each class and customer first.

        Every version of a centre's prices, the newest of each class and customer first.
        """
        return cast(
            "TariffVersions", self.asked("GET", f"/api/v1/centres/{quoted(centre)}/tariffs", query={"limit": limit})
        )

    def publish_tariff(self, centre: str, body: TariffWish, *, key: str | None = None) -> RepricingShape:
        """Publish a centre's new price: a new version, never an edit; what was quoted, held or runs keeps its own.

        Publish a centre's new price: a new version, never an edit; what was quoted, held or runs keeps its
        own.  Scope: `OFFER`.
        """
        return cast(
            "RepricingShape", self.asked("POST", f"/api/v1/centres/{quoted(centre)}/tariffs", body=body, key=key)
        )

    def preview_tariff(
        self,
        centre: str,
        *,
        resource_class: str,
        rate_ufen: int,
        source: str,
        customer_class: str | None = None,
        minimum_fen: int | None = None,
        from_date: str | None = None,
        until_date: str | None = None,
        over: int | None = None,
    ) -> RepricingShape:
        """What publishing a price would change; nothing is written.

        What publishing a price would change; nothing is written.  Scope: `OFFER`.
        """
        return cast(
            "RepricingShape",
            self.asked(
                "GET",
                f"/api/v1/centres/{quoted(centre)}/tariffs/preview",
                query={
                    "resource_class": resource_class,
                    "customer_class": customer_class,
                    "rate_ufen": rate_ufen,
                    "minimum_fen": minimum_fen,
                    "from_date": from_date,
                    "until_date": until_date,
                    "source": source,
                    "over": over,
                },
            ),
        )

    def list_links(self) -> Links:
        """The network between centres.

        The network between centres.
        """
        return cast("Links", self.asked("GET", "/api/v1/links"))

    def record_probe(self, body: ProbeWish, *, key: str | None = None) -> Kept:
        """Record what was measured between two centres.

        Record what was measured between two centres.  Scope: `METER`.
        """
        return cast("Kept", self.asked("POST", "/api/v1/probes", body=body, key=key))

    def list_quotes(
        self,
        voucher_id: str,
        *,
        resource_class: str,
        units: int,
        duration_s: int,
        earliest: str | None = None,
        latest_start: str | None = None,
        deadline: str | None = None,
        data_at: str | None = None,
        data_bytes: int | None = None,
        result_bytes: int | None = None,
        latency_to: str | None = None,
        latency_max_us: int | None = None,
        residency: Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None = None,
        tier: Literal["CITY", "METRO", "CHENGYU", "NATIONAL"] | None = None,
        budget_fen: int | None = None,
        wait_fen_per_hour: int | None = None,
    ) -> Quotes:
        """Where a job under this voucher could run, at which price, and who pays what of it. Nothing is ordered.

        Where a job under this voucher could run, at which price, and who pays what of it. Nothing is
        ordered.  Scope: `READ`.
        """
        return cast(
            "Quotes",
            self.asked(
                "GET",
                f"/api/v1/vouchers/{quoted(voucher_id)}/quotes",
                query={
                    "resource_class": resource_class,
                    "units": units,
                    "duration_s": duration_s,
                    "earliest": earliest,
                    "latest_start": latest_start,
                    "deadline": deadline,
                    "data_at": data_at,
                    "data_bytes": data_bytes,
                    "result_bytes": result_bytes,
                    "latency_to": latency_to,
                    "latency_max_us": latency_max_us,
                    "residency": residency,
                    "tier": tier,
                    "budget_fen": budget_fen,
                    "wait_fen_per_hour": wait_fen_per_hour,
                },
            ),
        )

    def list_orders(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        voucher: str | None = None,
        holder: str | None = None,
        centre: str | None = None,
        state: list[
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
        | None = None,
    ) -> PageOfOrderRow:
        """Orders, the latest first; a holder sees its own, a centre those that are done there.

        Orders, the latest first; a holder sees its own, a centre those that are done there.  Scope: `READ`.
        """
        return cast(
            "PageOfOrderRow",
            self.asked(
                "GET",
                "/api/v1/orders",
                query={
                    "programme": programme,
                    "limit": limit,
                    "cursor": cursor,
                    "voucher": voucher,
                    "holder": holder,
                    "centre": centre,
                    "state": state,
                },
            ),
        )

    def quote_order(self, body: NewOrder, *, key: str | None = None) -> OrderShape:
        """Price a job at a centre and store it as quoted; nothing is held yet.

        Price a job at a centre and store it as quoted; nothing is held yet.  Scope: `SPEND`.
        """
        return cast("OrderShape", self.asked("POST", "/api/v1/orders", body=body, key=key))

    def get_order(self, order_id: str) -> OrderShape:
        """One order: where it stands, what is held, what it cost.

        One order: where it stands, what is held, what it cost.  Scope: `READ`.
        """
        return cast("OrderShape", self.asked("GET", f"/api/v1/orders/{quoted(order_id)}"))

    def hold_order(self, order_id: str, *, key: str | None = None, if_match: str | None = None) -> OrderShape:
        """Place an order: take the hold; the job is handed over next. Short of money it is REFUSED with its reason.

        Place an order: take the hold; the job is handed over next. Short of money it is REFUSED with its
        reason.  Scope: `SPEND`.
        """
        return cast(
            "OrderShape", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/hold", key=key, if_match=if_match)
        )

    def quote_order_again(self, order_id: str, body: Again, *, key: str | None = None) -> OrderShape:
        """Quote an old order anew at today's price, with its files and wishes but without its times; nothing is held.

        Quote an old order anew at today's price, with its files and wishes but without its times; nothing
        is held.  Scope: `SPEND`.
        """
        return cast("OrderShape", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/again", body=body, key=key))

    def cancel_order(self, order_id: str, *, key: str | None = None, if_match: str | None = None) -> OrderShape:
        """Cancel an order: before it was handed over the hold is released at once, on an engine the job is stopped.

        Cancel an order: before it was handed over the hold is released at once, on an engine the job is
        stopped.  Scope: `SPEND`.
        """
        return cast(
            "OrderShape", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/cancel", key=key, if_match=if_match)
        )

    def list_order_usage(self, order_id: str) -> UsedByOrder:
        """What an order used, record by record, and what became of each.

        What an order used, record by record, and what became of each.  Scope: `READ`.
        """
        return cast("UsedByOrder", self.asked("GET", f"/api/v1/orders/{quoted(order_id)}/usage"))

    def get_order_log(self, order_id: str, *, tail_bytes: int | None = None) -> LogTail:
        """The end of a job's log, from the centre's engine; a session's is its holder's alone.

        The end of a job's log, from the centre's engine; a session's is its holder's alone.  Scope: `READ`.
        """
        return cast(
            "LogTail", self.asked("GET", f"/api/v1/orders/{quoted(order_id)}/log", query={"tail_bytes": tail_bytes})
        )

    def get_order_result(self, order_id: str, data_id: str) -> bytes:
        """One of an order's results as it lies on the platform, for its holder's own people; 2 GiB at most.

        One of an order's results as it lies on the platform, for its holder's own people; 2 GiB at most.
        Scope: `SPEND`.
        """
        return self.loaded("GET", f"/api/v1/orders/{quoted(order_id)}/data/{quoted(data_id)}/content")

    def credit_holder(self, body: Credit, *, key: str | None = None) -> Done:
        """Record what a holder prepaid at a centre, or what credit the centre granted it.

        Record what a holder prepaid at a centre, or what credit the centre granted it.  Scope: `OFFER`.
        """
        return cast("Done", self.asked("POST", "/api/v1/credits", body=body, key=key))

    def list_credits(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        holder: str | None = None,
        centre: str | None = None,
    ) -> PageOfCreditShape:
        """What was recorded, the latest first; a holder sees its own, a centre what it recorded.

        What was recorded, the latest first; a holder sees its own, a centre what it recorded.  Scope:
        `READ`.
        """
        return cast(
            "PageOfCreditShape",
            self.asked(
                "GET",
                "/api/v1/credits",
                query={"programme": programme, "limit": limit, "cursor": cursor, "holder": holder, "centre": centre},
            ),
        )

    def get_own_money(self, organisation_id: str, *, programme: str | None = None) -> OwnMoneyEverywhere:
        """What is left of a holder's own money at each centre, connected or not; a centre sees its own.

        What is left of a holder's own money at each centre, connected or not; a centre sees its own.
        Scope: `READ`.
        """
        return cast(
            "OwnMoneyEverywhere",
            self.asked(
                "GET", f"/api/v1/organisations/{quoted(organisation_id)}/own-money", query={"programme": programme}
            ),
        )

    def list_templates(
        self, organisation_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfTemplateRow:
        """An organisation's templates, for its members.

        An organisation's templates, for its members.  Scope: `READ`.
        """
        return cast(
            "PageOfTemplateRow",
            self.asked(
                "GET",
                f"/api/v1/organisations/{quoted(organisation_id)}/templates",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def keep_template(self, organisation_id: str, body: NewTemplate, *, key: str | None = None) -> TemplateShape:
        """Keep a job under a name, 100 at most an organisation; whether it could run is asked when it is quoted.

        Keep a job under a name, 100 at most an organisation; whether it could run is asked when it is
        quoted.  Scope: `SPEND`.
        """
        return cast(
            "TemplateShape",
            self.asked("POST", f"/api/v1/organisations/{quoted(organisation_id)}/templates", body=body, key=key),
        )

    def keep_order_as_template(self, order_id: str, body: Named, *, key: str | None = None) -> TemplateShape:
        """Keep what an order asked for under a name.

        Keep what an order asked for under a name.  Scope: `SPEND`.
        """
        return cast(
            "TemplateShape", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/template", body=body, key=key)
        )

    def get_template(self, template_id: str) -> TemplateShape:
        """One template with its job.

        One template with its job.  Scope: `READ`.
        """
        return cast("TemplateShape", self.asked("GET", f"/api/v1/templates/{quoted(template_id)}"))

    def rename_template(self, template_id: str, body: Named, *, key: str | None = None) -> TemplateShape:
        """Give a template another name.

        Give a template another name.  Scope: `SPEND`.
        """
        return cast(
            "TemplateShape", self.asked("POST", f"/api/v1/templates/{quoted(template_id)}/rename", body=body, key=key)
        )

    def delete_template(self, template_id: str, *, key: str | None = None) -> Done:
        """Delete a template; orders that came of it stay.

        Delete a template; orders that came of it stay.  Scope: `SPEND`.
        """
        return cast("Done", self.asked("POST", f"/api/v1/templates/{quoted(template_id)}/delete", key=key))

    def quote_template(self, template_id: str, body: QuoteWish, *, key: str | None = None) -> OrderShape:
        """Quote a template's job on a voucher at today's price and store it as quoted; nothing is held yet.

        Quote a template's job on a voucher at today's price and store it as quoted; nothing is held yet.
        Scope: `SPEND`.
        """
        return cast(
            "OrderShape", self.asked("POST", f"/api/v1/templates/{quoted(template_id)}/quote", body=body, key=key)
        )

    def get_session(self, order_id: str) -> SessionShape:
        """What is left of a session: time, and money by the tariff; its extensions, and what it saved.

        What is left of a session: time, and money by the tariff; its extensions, and what it saved.  Scope:
        `READ`.
        """
        return cast("SessionShape", self.asked("GET", f"/api/v1/orders/{quoted(order_id)}/session"))

    def price_extension(self, order_id: str, *, adds_ms: int) -> ExtensionPrice:
        """Price more time of a running session; nothing is held.

        Price more time of a running session; nothing is held.  Scope: `READ`.
        """
        return cast(
            "ExtensionPrice",
            self.asked("GET", f"/api/v1/orders/{quoted(order_id)}/extension-price", query={"adds_ms": adds_ms}),
        )

    def extend_order(self, order_id: str, body: NewExtension, *, key: str | None = None) -> SliceShape:
        """Hold for more time of a running session; its engine raises the limit next, ``get_session`` has its answer.

        Hold for more time of a running session; its engine raises the limit next, ``get_session`` has its
        answer.  Scope: `SPEND`.
        """
        return cast(
            "SliceShape", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/extensions", body=body, key=key)
        )

    def get_access(self, order_id: str) -> AccessShape:
        """The way into a running session, for its holder's own people alone: asked for anew, never kept in clear.

        The way into a running session, for its holder's own people alone: asked for anew, never kept in
        clear.  Scope: `SPEND`.
        """
        return cast("AccessShape", self.asked("GET", f"/api/v1/orders/{quoted(order_id)}/access"))

    def push_usage(self, centre: str, body: Push, *, key: str | None = None) -> Received:
        """Push usage records; each is stored once, and one that is not what was ordered is held back with its reason.

        Push usage records; each is stored once, and one that is not what was ordered is held back with its
        reason.  Scope: `METER`.
        """
        return cast("Received", self.asked("POST", f"/api/v1/centres/{quoted(centre)}/usage", body=body, key=key))

    def list_held_back_usage(
        self, centre: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfHeldBackShape:
        """A centre's usage that is not charged, the latest first, each with its reason; of the caller's own programme.

        A centre's usage that is not charged, the latest first, each with its reason; of the caller's own
        programme.  Scope: `READ`.
        """
        return cast(
            "PageOfHeldBackShape",
            self.asked(
                "GET", f"/api/v1/centres/{quoted(centre)}/usage/held-back", query={"limit": limit, "cursor": cursor}
            ),
        )

    def list_usage_disputes(
        self, centre: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfDisputeShape:
        """A centre's disputes that nobody has resolved, the latest first.

        A centre's disputes that nobody has resolved, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfDisputeShape",
            self.asked(
                "GET", f"/api/v1/centres/{quoted(centre)}/usage/disputes", query={"limit": limit, "cursor": cursor}
            ),
        )

    def retry_usage(self, usage_id: str, body: Retry, *, key: str | None = None) -> HeldBackShape:
        """Rate held-back usage again on what holds now.

        Rate held-back usage again on what holds now.  Scope: `SETTLE`.
        """
        return cast("HeldBackShape", self.asked("POST", f"/api/v1/usage/{quoted(usage_id)}/retry", body=body, key=key))

    def accept_usage(self, usage_id: str, body: Reasoned, *, key: str | None = None) -> HeldBackShape:
        """Let usage count although it does not look like what was ordered.

        Let usage count although it does not look like what was ordered.  Scope: `SETTLE`.
        """
        return cast("HeldBackShape", self.asked("POST", f"/api/v1/usage/{quoted(usage_id)}/accept", body=body, key=key))

    def waive_usage(self, usage_id: str, body: Reasoned, *, key: str | None = None) -> HeldBackShape:
        """Decide that nobody pays a held-back record.

        Decide that nobody pays a held-back record.  Scope: `SETTLE`.
        """
        return cast("HeldBackShape", self.asked("POST", f"/api/v1/usage/{quoted(usage_id)}/waive", body=body, key=key))

    def charge_late_usage(self, usage_id: str, body: Reasoned, *, key: str | None = None) -> HeldBackShape:
        """Charge usage that came after its order had closed, as far as the order's own hold would have covered it.

        Charge usage that came after its order had closed, as far as the order's own hold would have covered
        it.  Scope: `SETTLE`.
        """
        return cast(
            "HeldBackShape", self.asked("POST", f"/api/v1/usage/{quoted(usage_id)}/charge-late", body=body, key=key)
        )

    def waive_order(self, order_id: str, body: Reasoned, *, key: str | None = None) -> Done:
        """Decide that nobody pays an ended order whose usage never came or can't be charged.

        Decide that nobody pays an ended order whose usage never came or can't be charged.  Scope: `SETTLE`.
        """
        return cast("Done", self.asked("POST", f"/api/v1/orders/{quoted(order_id)}/waive", body=body, key=key))

    def resolve_usage_dispute(self, dispute_id: str, body: Resolution, *, key: str | None = None) -> DisputeShape:
        """Resolve a dispute for the old content, or for the new one.

        Resolve a dispute for the old content, or for the new one.  Scope: `SETTLE`.
        """
        return cast(
            "DisputeShape", self.asked("POST", f"/api/v1/disputes/{quoted(dispute_id)}/resolve", body=body, key=key)
        )

    def count_unconfirmed_usage(self, *, centre: str | None = None) -> UnconfirmedShape:
        """How much usage nobody has charged yet.

        How much usage nobody has charged yet.  Scope: `READ`.
        """
        return cast("UnconfirmedShape", self.asked("GET", "/api/v1/usage/unconfirmed", query={"centre": centre}))

    def list_standing_usage(
        self, *, limit: int | None = None, cursor: str | None = None, centre: str | None = None
    ) -> PageOfHeldBackShape:
        """Usage that is not charged, over all centres that the caller may see, the latest first.

        Usage that is not charged, over all centres that the caller may see, the latest first.  Scope:
        `READ`.
        """
        return cast(
            "PageOfHeldBackShape",
            self.asked("GET", "/api/v1/usage/held-back", query={"limit": limit, "cursor": cursor, "centre": centre}),
        )

    def list_standing_disputes(
        self, *, limit: int | None = None, cursor: str | None = None, centre: str | None = None
    ) -> PageOfDisputeShape:
        """Disputes that nobody has resolved, over all centres that the caller may see, the latest first.

        Disputes that nobody has resolved, over all centres that the caller may see, the latest first.
        Scope: `READ`.
        """
        return cast(
            "PageOfDisputeShape",
            self.asked("GET", "/api/v1/usage/disputes", query={"limit": limit, "cursor": cursor, "centre": centre}),
        )

    def list_orders_waiting_for_usage(self, *, centre: str | None = None) -> Waiting:
        """Ended orders whose usage is missing, held back or disputed.

        Ended orders whose usage is missing, held back or disputed.  Scope: `READ`.
        """
        return cast("Waiting", self.asked("GET", "/api/v1/usage/waiting-orders", query={"centre": centre}))

    def import_usage_file(
        self,
        centre: str,
        *,
        form: Literal["swf", "slurm-json", "csv", "focus"],
        content: File,
        encoding: Literal["utf-8", "gb18030"] | None = None,
        skip_bad: bool | None = None,
        key: str | None = None,
    ) -> ImportedShape:
        """Bring a file of usage in, at most 8 MiB: orders by their holds; what names none is held back.

        Bring a file of usage in, at most 8 MiB: orders by their holds; what names none is held back.
        Scope: `METER`.
        """
        return cast(
            "ImportedShape",
            self.asked(
                "POST",
                f"/api/v1/centres/{quoted(centre)}/usage/files",
                form={"form": form, "content": content, "encoding": encoding, "skip_bad": skip_bad},
                key=key,
            ),
        )

    def import_usage_samples(
        self,
        centre: str,
        *,
        content: File,
        encoding: Literal["utf-8", "gb18030"] | None = None,
        skip_bad: bool | None = None,
        key: str | None = None,
    ) -> SamplesShape:
        """Bring a file of samples in, at most 8 MiB: they are compared with claims, and charge nothing.

        Bring a file of samples in, at most 8 MiB: they are compared with claims, and charge nothing.
        Scope: `METER`.
        """
        return cast(
            "SamplesShape",
            self.asked(
                "POST",
                f"/api/v1/centres/{quoted(centre)}/usage/samples",
                form={"content": content, "encoding": encoding, "skip_bad": skip_bad},
                key=key,
            ),
        )

    def list_statements(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        centre: str | None = None,
        state: list[Literal["OPEN", "CLOSED", "MATCHED", "APPROVED", "PAID", "DISPUTED", "ADJUSTED"]] | None = None,
    ) -> PageOfStatementShape:
        """Statements, the latest period first; a centre sees its own.

        Statements, the latest period first; a centre sees its own.  Scope: `READ`.
        """
        return cast(
            "PageOfStatementShape",
            self.asked(
                "GET",
                "/api/v1/statements",
                query={"programme": programme, "limit": limit, "cursor": cursor, "centre": centre, "state": state},
            ),
        )

    def open_statement(self, body: Span, *, key: str | None = None) -> StatementShape:
        """Open a centre's statement of a period; the one that is there already is given again.

        Open a centre's statement of a period; the one that is there already is given again.  Scope:
        `SETTLE`.
        """
        return cast("StatementShape", self.asked("POST", "/api/v1/statements", body=body, key=key))

    def list_captures_waiting(self, *, programme: str | None = None) -> WaitingList:
        """What is captured and on no statement yet, by centre.

        What is captured and on no statement yet, by centre.  Scope: `READ`.
        """
        return cast("WaitingList", self.asked("GET", "/api/v1/statements/waiting", query={"programme": programme}))

    def close_statement(self, body: Span, *, key: str | None = None) -> StatementShape:
        """Close a centre's statement of a period: it takes every capture up to its end that is on none yet.

        Close a centre's statement of a period: it takes every capture up to its end that is on none yet.
        Scope: `SETTLE`.
        """
        return cast("StatementShape", self.asked("POST", "/api/v1/statements/close", body=body, key=key))

    def get_statement(self, statement_id: str) -> StatementShape:
        """One statement.

        One statement.  Scope: `READ`.
        """
        return cast("StatementShape", self.asked("GET", f"/api/v1/statements/{quoted(statement_id)}"))

    def list_statement_lines(
        self,
        statement_id: str,
        *,
        answer: Literal["NONE", "CONFIRMED", "OBJECTED"] | None = None,
        text: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageOfStatementLineShape:
        """A statement's lines in their order, with what the centre has said of each.

        A statement's lines in their order, with what the centre has said of each.  Scope: `READ`.
        """
        return cast(
            "PageOfStatementLineShape",
            self.asked(
                "GET",
                f"/api/v1/statements/{quoted(statement_id)}/lines",
                query={"answer": answer, "text": text, "limit": limit, "cursor": cursor},
            ),
        )

    def list_statement_differences(self, statement_id: str) -> Differences:
        """The lines on which the centre's claim, metering and the ledger don't agree.

        The lines on which the centre's claim, metering and the ledger don't agree.  Scope: `READ`.
        """
        return cast("Differences", self.asked("GET", f"/api/v1/statements/{quoted(statement_id)}/differences"))

    def export_statement(
        self, statement_id: str, *, form: Literal["csv", "xlsx", "pdf", "focus"] | None = None
    ) -> bytes:
        """A statement as CSV, Excel, FOCUS with the voucher as credit, or the PDF that is signed.

        A statement as CSV, Excel, FOCUS with the voucher as credit, or the PDF that is signed.  Scope:
        `READ`.
        """
        return self.loaded("GET", f"/api/v1/statements/{quoted(statement_id)}/export", query={"form": form})

    def claim_statement(
        self, statement_id: str, body: Claim, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Say what the centre claims; a later claim replaces an earlier one until the statement is matched.

        Say what the centre claims; a later claim replaces an earlier one until the statement is matched.
        Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked(
                "POST", f"/api/v1/statements/{quoted(statement_id)}/claim", body=body, key=key, if_match=if_match
            ),
        )

    def get_statement_confirmation(self, statement_id: str) -> ConfirmationShape:
        """How far the centre has confirmed a statement's usage.

        How far the centre has confirmed a statement's usage.  Scope: `READ`.
        """
        return cast("ConfirmationShape", self.asked("GET", f"/api/v1/statements/{quoted(statement_id)}/confirmation"))

    def confirm_statement(
        self, statement_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Claim every line as it was metered; what the centre objects to stays objected to.

        Claim every line as it was metered; what the centre objects to stays objected to.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked("POST", f"/api/v1/statements/{quoted(statement_id)}/confirm", key=key, if_match=if_match),
        )

    def confirm_statement_line(
        self, statement_id: str, body: LineWish, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Claim one line as it was metered, and withdraw what was objected to it.

        Claim one line as it was metered, and withdraw what was objected to it.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked(
                "POST", f"/api/v1/statements/{quoted(statement_id)}/confirm-line", body=body, key=key, if_match=if_match
            ),
        )

    def object_to_statement_line(
        self, statement_id: str, body: Objection, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Claim another amount for one line, with the reason: nothing is matched while it stands.

        Claim another amount for one line, with the reason: nothing is matched while it stands.  Scope:
        `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked(
                "POST", f"/api/v1/statements/{quoted(statement_id)}/object", body=body, key=key, if_match=if_match
            ),
        )

    def match_statement(
        self, statement_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Match a statement three ways; a difference on any line blocks it.

        Match a statement three ways; a difference on any line blocks it.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked("POST", f"/api/v1/statements/{quoted(statement_id)}/match", key=key, if_match=if_match),
        )

    def approve_statement(
        self, statement_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Approve a matched statement for payment.

        Approve a matched statement for payment.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked("POST", f"/api/v1/statements/{quoted(statement_id)}/approve", key=key, if_match=if_match),
        )

    def pay_statement(
        self, statement_id: str, body: Payment, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Record that an approved statement was paid; another person of finance than the one who approved.

        Record that an approved statement was paid; another person of finance than the one who approved.
        Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked("POST", f"/api/v1/statements/{quoted(statement_id)}/pay", body=body, key=key, if_match=if_match),
        )

    def dispute_statement(
        self, statement_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """Stop a statement that is not paid yet, with the reason.

        Stop a statement that is not paid yet, with the reason.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked(
                "POST", f"/api/v1/statements/{quoted(statement_id)}/dispute", body=body, key=key, if_match=if_match
            ),
        )

    def resolve_statement(
        self, statement_id: str, body: Resolved, *, key: str | None = None, if_match: str | None = None
    ) -> StatementShape:
        """End a dispute: the statement gives its captures back, and the next one takes them.

        End a dispute: the statement gives its captures back, and the next one takes them.  Scope: `SETTLE`.
        """
        return cast(
            "StatementShape",
            self.asked(
                "POST", f"/api/v1/statements/{quoted(statement_id)}/resolve", body=body, key=key, if_match=if_match
            ),
        )

    def disallow_capture(self, statement_id: str, body: DisallowWish, *, key: str | None = None) -> DisallowanceShape:
        """Take back what was paid for a capture; the centre owes it to the reserve from now on.

        Take back what was paid for a capture; the centre owes it to the reserve from now on.  Scope:
        `SETTLE`.
        """
        return cast(
            "DisallowanceShape",
            self.asked("POST", f"/api/v1/statements/{quoted(statement_id)}/disallow", body=body, key=key),
        )

    def get_reserve(self, *, programme: str | None = None) -> Position:
        """Where the reserve stands, as the ledger has it.

        Where the reserve stands, as the ledger has it.  Scope: `READ`.
        """
        return cast("Position", self.asked("GET", "/api/v1/reserve", query={"programme": programme}))

    def list_reserve_movements(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfMovementShape:
        """The reserve's movements, the latest first.

        The reserve's movements, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfMovementShape",
            self.asked(
                "GET", "/api/v1/reserve/movements", query={"programme": programme, "limit": limit, "cursor": cursor}
            ),
        )

    def list_disallowances(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfDisallowanceShape:
        """What was taken back from centres, the latest first.

        What was taken back from centres, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfDisallowanceShape",
            self.asked(
                "GET", "/api/v1/disallowances", query={"programme": programme, "limit": limit, "cursor": cursor}
            ),
        )

    def prefund_reserve(self, body: PrefundWish, *, key: str | None = None) -> MovementShape:
        """Record the treasury's advance to the reserve.

        Record the treasury's advance to the reserve.  Scope: `SETTLE`.
        """
        return cast("MovementShape", self.asked("POST", "/api/v1/reserve/prefund", body=body, key=key))

    def replenish_reserve(self, body: FundWish, *, key: str | None = None) -> MovementShape:
        """Record what the treasury replaced of payments; the oldest are replaced first.

        Record what the treasury replaced of payments; the oldest are replaced first.  Scope: `SETTLE`.
        """
        return cast("MovementShape", self.asked("POST", "/api/v1/reserve/replenish", body=body, key=key))

    def remit_to_treasury(self, body: FundWish, *, key: str | None = None) -> MovementShape:
        """Record what went back to the treasury of disallowed payments that it had replaced.

        Record what went back to the treasury of disallowed payments that it had replaced.  Scope: `SETTLE`.
        """
        return cast("MovementShape", self.asked("POST", "/api/v1/reserve/remit", body=body, key=key))

    def recover_disallowance(self, disallowance_id: str, body: RecoverWish, *, key: str | None = None) -> MovementShape:
        """Record what a centre paid back of a disallowed amount.

        Record what a centre paid back of a disallowed amount.  Scope: `SETTLE`.
        """
        return cast(
            "MovementShape",
            self.asked("POST", f"/api/v1/disallowances/{quoted(disallowance_id)}/recover", body=body, key=key),
        )

    def approve_year_budget(self, body: BudgetWish, *, key: str | None = None) -> Done:
        """Put a year's approved budget at the programme's disposal.

        Put a year's approved budget at the programme's disposal.  Scope: `SETTLE`.
        """
        return cast("Done", self.asked("POST", "/api/v1/budgets", body=body, key=key))

    def close_year(self, body: YearWish, *, key: str | None = None) -> YearClosedShape:
        """Close a year that is over: the unissued budget lapses, its advance goes back when nothing is outstanding.

        Close a year that is over: the unissued budget lapses, its advance goes back when nothing is
        outstanding.  Scope: `SETTLE`.
        """
        return cast("YearClosedShape", self.asked("POST", "/api/v1/years/close", body=body, key=key))

    def get_budget(self, year: int, *, programme: str | None = None) -> BudgetShape:
        """A year's money by pool and clause, its burn-down, and when it runs out.

        A year's money by pool and clause, its burn-down, and when it runs out.  Scope: `READ`.
        """
        return cast("BudgetShape", self.asked("GET", f"/api/v1/budgets/{quoted(year)}", query={"programme": programme}))

    def try_parameter(self, *, parameter: str, value: str, programme: str | None = None) -> WhatIfShape:
        """What one parameter with another value would change; nothing is kept.

        What one parameter with another value would change; nothing is kept.  Scope: `READ`.
        """
        return cast(
            "WhatIfShape",
            self.asked(
                "GET", "/api/v1/what-if", query={"programme": programme, "parameter": parameter, "value": value}
            ),
        )

    def preview_year_closing(self, year: int, *, programme: str | None = None) -> YearAheadShape:
        """What closing a year would do now: what lapses, what goes back, what keeps it from that, and the checks.

        What closing a year would do now: what lapses, what goes back, what keeps it from that, and the
        checks.  Scope: `READ`.
        """
        return cast(
            "YearAheadShape", self.asked("GET", f"/api/v1/years/{quoted(year)}/closing", query={"programme": programme})
        )

    def get_payment_run(self, *, programme: str | None = None) -> PaymentRunShape:
        """Every statement to be matched, approved or paid, with the lines that keep it from that.

        Every statement to be matched, approved or paid, with the lines that keep it from that.  Scope:
        `READ`.
        """
        return cast("PaymentRunShape", self.asked("GET", "/api/v1/payment-run", query={"programme": programme}))

    def list_redemptions(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        holder: str | None = None,
        state: list[Literal["SUBMITTED", "ACCEPTED", "PAID", "REJECTED", "WITHDRAWN", "CANCELLED"]] | None = None,
    ) -> PageOfRedemptionShape:
        """Redemptions, the latest first; a holder sees its own.

        Redemptions, the latest first; a holder sees its own.  Scope: `READ`.
        """
        return cast(
            "PageOfRedemptionShape",
            self.asked(
                "GET",
                "/api/v1/redemptions",
                query={"programme": programme, "limit": limit, "cursor": cursor, "holder": holder, "state": state},
            ),
        )

    def submit_redemption(self, body: NewRedemption, *, key: str | None = None) -> RedemptionShape:
        """Claim on a voucher what an invoice, or metered use, cost; the most it may come to is held.

        Claim on a voucher what an invoice, or metered use, cost; the most it may come to is held.  Scope:
        `SPEND`.
        """
        return cast("RedemptionShape", self.asked("POST", "/api/v1/redemptions", body=body, key=key))

    def get_redemption(self, redemption_id: str) -> RedemptionShape:
        """One redemption.

        One redemption.  Scope: `READ`.
        """
        return cast("RedemptionShape", self.asked("GET", f"/api/v1/redemptions/{quoted(redemption_id)}"))

    def accept_redemption(
        self, redemption_id: str, body: Acceptance, *, key: str | None = None, if_match: str | None = None
    ) -> RedemptionShape:
        """Accept what was really paid; the clause, its shares, the voucher and the caps give the amount.

        Accept what was really paid; the clause, its shares, the voucher and the caps give the amount.
        Scope: `DECIDE`.
        """
        return cast(
            "RedemptionShape",
            self.asked(
                "POST", f"/api/v1/redemptions/{quoted(redemption_id)}/accept", body=body, key=key, if_match=if_match
            ),
        )

    def reject_redemption(
        self, redemption_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> RedemptionShape:
        """Reject a claim, with the reason.

        Reject a claim, with the reason.  Scope: `DECIDE`.
        """
        return cast(
            "RedemptionShape",
            self.asked(
                "POST", f"/api/v1/redemptions/{quoted(redemption_id)}/reject", body=body, key=key, if_match=if_match
            ),
        )

    def withdraw_redemption(
        self, redemption_id: str, *, key: str | None = None, if_match: str | None = None
    ) -> RedemptionShape:
        """Take a claim back before it is decided.

        Take a claim back before it is decided.  Scope: `SPEND`.
        """
        return cast(
            "RedemptionShape",
            self.asked("POST", f"/api/v1/redemptions/{quoted(redemption_id)}/withdraw", key=key, if_match=if_match),
        )

    def cancel_redemption(
        self, redemption_id: str, body: Reasoned, *, key: str | None = None, if_match: str | None = None
    ) -> RedemptionShape:
        """Take an acceptance back before it is paid, with the reason.

        Take an acceptance back before it is paid, with the reason.  Scope: `DECIDE`.
        """
        return cast(
            "RedemptionShape",
            self.asked(
                "POST", f"/api/v1/redemptions/{quoted(redemption_id)}/cancel", body=body, key=key, if_match=if_match
            ),
        )

    def pay_redemption(
        self, redemption_id: str, body: BankPayment, *, key: str | None = None, if_match: str | None = None
    ) -> RedemptionShape:
        """Record that an accepted redemption was paid; another person than the one who accepted.

        Record that an accepted redemption was paid; another person than the one who accepted.  Scope:
        `SETTLE`.
        """
        return cast(
            "RedemptionShape",
            self.asked(
                "POST", f"/api/v1/redemptions/{quoted(redemption_id)}/pay", body=body, key=key, if_match=if_match
            ),
        )

    def list_payments(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfPaymentShape:
        """Payments to holders, the latest first.

        Payments to holders, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfPaymentShape",
            self.asked("GET", "/api/v1/payments", query={"programme": programme, "limit": limit, "cursor": cursor}),
        )

    def list_clawbacks(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfClawbackShape:
        """What was taken back from holders, the latest first.

        What was taken back from holders, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfClawbackShape",
            self.asked("GET", "/api/v1/clawbacks", query={"programme": programme, "limit": limit, "cursor": cursor}),
        )

    def claw_back_payment(self, payment_id: str, body: ClawbackWish, *, key: str | None = None) -> ClawbackShape:
        """Take back what a holder was paid; it owes that to the reserve from now on.

        Take back what a holder was paid; it owes that to the reserve from now on.  Scope: `SETTLE`.
        """
        return cast(
            "ClawbackShape", self.asked("POST", f"/api/v1/payments/{quoted(payment_id)}/claw-back", body=body, key=key)
        )

    def recover_clawback(self, clawback_id: str, body: RecoveryWish, *, key: str | None = None) -> RecoveryShape:
        """Record what a holder paid back.

        Record what a holder paid back.  Scope: `SETTLE`.
        """
        return cast(
            "RecoveryShape", self.asked("POST", f"/api/v1/clawbacks/{quoted(clawback_id)}/recover", body=body, key=key)
        )

    def list_awards(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        holder: str | None = None,
    ) -> PageOfAwardShape:
        """Awards, the latest first; a holder sees its own.

        Awards, the latest first; a holder sees its own.  Scope: `READ`.
        """
        return cast(
            "PageOfAwardShape",
            self.asked(
                "GET",
                "/api/v1/awards",
                query={"programme": programme, "limit": limit, "cursor": cursor, "holder": holder},
            ),
        )

    def get_award(self, award_id: str) -> AwardShape:
        """One award with its stages.

        One award with its stages.  Scope: `READ`.
        """
        return cast("AwardShape", self.asked("GET", f"/api/v1/awards/{quoted(award_id)}"))

    def grant_award(self, application_id: str, *, key: str | None = None) -> AwardShape:
        """Approve an application after its public notice and earmark its award, in one step.

        Approve an application after its public notice and earmark its award, in one step.  Scope: `DECIDE`.
        """
        return cast("AwardShape", self.asked("POST", f"/api/v1/applications/{quoted(application_id)}/award", key=key))

    def accept_award_report(self, stage_id: str, *, key: str | None = None) -> StageShape:
        """Accept the papers that a stage waits for.

        Accept the papers that a stage waits for.  Scope: `DECIDE`.
        """
        return cast("StageShape", self.asked("POST", f"/api/v1/award-stages/{quoted(stage_id)}/accept", key=key))

    def pay_award_stage(self, stage_id: str, body: BankPayment, *, key: str | None = None) -> StageShape:
        """Record that a stage was paid.

        Record that a stage was paid.  Scope: `SETTLE`.
        """
        return cast(
            "StageShape", self.asked("POST", f"/api/v1/award-stages/{quoted(stage_id)}/pay", body=body, key=key)
        )

    def withdraw_award(self, award_id: str, body: Reasoned, *, key: str | None = None) -> AwardShape:
        """Take back what is not paid of an award, with the reason.

        Take back what is not paid of an award, with the reason.  Scope: `DECIDE`.
        """
        return cast("AwardShape", self.asked("POST", f"/api/v1/awards/{quoted(award_id)}/withdraw", body=body, key=key))

    def list_exchange_sessions(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfExchangeSessionShape:
        """Sessions, the latest first.

        Sessions, the latest first.
        """
        return cast(
            "PageOfExchangeSessionShape",
            self.asked(
                "GET", "/api/v1/exchange/sessions", query={"programme": programme, "limit": limit, "cursor": cursor}
            ),
        )

    def open_exchange_session(self, body: NewExchangeSession, *, key: str | None = None) -> ExchangeSessionDetail:
        """Open a session: orders come in from now on.

        Open a session: orders come in from now on.  Scope: `TRADE`.
        """
        return cast("ExchangeSessionDetail", self.asked("POST", "/api/v1/exchange/sessions", body=body, key=key))

    def get_exchange_session(self, session_id: str) -> ExchangeSessionDetail:
        """One session with its products, terms and digests.

        One session with its products, terms and digests.
        """
        return cast("ExchangeSessionDetail", self.asked("GET", f"/api/v1/exchange/sessions/{quoted(session_id)}"))

    def list_exchange_prices(
        self, session_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfExchangePriceShape:
        """One price a hub, class and period, once the session is cleared.

        One price a hub, class and period, once the session is cleared.
        """
        return cast(
            "PageOfExchangePriceShape",
            self.asked(
                "GET",
                f"/api/v1/exchange/sessions/{quoted(session_id)}/prices",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def list_exchange_flows(
        self, session_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfExchangeFlowShape:
        """What the links carried and earned, once the session is cleared.

        What the links carried and earned, once the session is cleared.
        """
        return cast(
            "PageOfExchangeFlowShape",
            self.asked(
                "GET", f"/api/v1/exchange/sessions/{quoted(session_id)}/flows", query={"limit": limit, "cursor": cursor}
            ),
        )

    def get_exchange_holding(self, *, programme: str | None = None) -> TraderHolding:
        """The caller's own money and capacity.

        The caller's own money and capacity.  Scope: `READ`.
        """
        return cast("TraderHolding", self.asked("GET", "/api/v1/exchange/holding", query={"programme": programme}))

    def list_own_exchange_orders(
        self, session_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfTradeOrderShape:
        """The caller's own orders, each with its result and the reason; nobody else's.

        The caller's own orders, each with its result and the reason; nobody else's.  Scope: `READ`.
        """
        return cast(
            "PageOfTradeOrderShape",
            self.asked(
                "GET",
                f"/api/v1/exchange/sessions/{quoted(session_id)}/orders",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def enter_exchange_orders(self, session_id: str, body: NewTradeOrders, *, key: str | None = None) -> EnteredOrders:
        """Enter sealed orders, all or none: a bid holds all that it may cost, an ask all that it may have to deliver.

        Enter sealed orders, all or none: a bid holds all that it may cost, an ask all that it may have to
        deliver.  Scope: `TRADE`.
        """
        return cast(
            "EnteredOrders",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/orders", body=body, key=key),
        )

    def withdraw_exchange_orders(self, session_id: str, body: TradeOrderIds, *, key: str | None = None) -> Done:
        """Take own orders back while the session is open, all or none; their holds are released.

        Take own orders back while the session is open, all or none; their holds are released.  Scope:
        `TRADE`.
        """
        return cast(
            "Done",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/orders/withdraw", body=body, key=key),
        )

    def list_exchange_schedules(self, *, programme: str | None = None) -> ExchangeSchedules:
        """How a programme's sessions recur.

        How a programme's sessions recur.
        """
        return cast(
            "ExchangeSchedules", self.asked("GET", "/api/v1/exchange/schedules", query={"programme": programme})
        )

    def set_exchange_schedule(self, body: NewExchangeSchedule, *, key: str | None = None) -> ExchangeScheduleShape:
        """Set how sessions recur; the worker opens each and takes it through its steps.

        Set how sessions recur; the worker opens each and takes it through its steps.  Scope: `TRADE`.
        """
        return cast("ExchangeScheduleShape", self.asked("POST", "/api/v1/exchange/schedules", body=body, key=key))

    def list_exchange_seats(self, *, programme: str | None = None) -> ExchangeSeats:
        """As which organisation each centre trades.

        As which organisation each centre trades.
        """
        return cast("ExchangeSeats", self.asked("GET", "/api/v1/exchange/seats", query={"programme": programme}))

    def admit_centre_to_exchange(self, body: NewExchangeSeat, *, key: str | None = None) -> ExchangeSeatShape:
        """Say as which organisation a centre trades.

        Say as which organisation a centre trades.  Scope: `TRADE`.
        """
        return cast("ExchangeSeatShape", self.asked("POST", "/api/v1/exchange/seats", body=body, key=key))

    def deposit_for_trader(self, body: TraderMoney, *, key: str | None = None) -> TraderMovementShape:
        """Record money that a trader deposited.

        Record money that a trader deposited.  Scope: `TRADE`.
        """
        return cast("TraderMovementShape", self.asked("POST", "/api/v1/exchange/deposits", body=body, key=key))

    def pay_trader_out(self, body: TraderMoney, *, key: str | None = None) -> TraderMovementShape:
        """Record money that went back to a trader; what is held can't go.

        Record money that went back to a trader; what is held can't go.  Scope: `TRADE`.
        """
        return cast("TraderMovementShape", self.asked("POST", "/api/v1/exchange/payouts", body=body, key=key))

    def declare_exchange_capacity(self, body: NewTraderCapacity, *, key: str | None = None) -> TraderCapacityShape:
        """Record units that a party may sell; declared again, they add up.

        Record units that a party may sell; declared again, they add up.  Scope: `TRADE`.
        """
        return cast("TraderCapacityShape", self.asked("POST", "/api/v1/exchange/capacity", body=body, key=key))

    def close_exchange_session(self, session_id: str, *, key: str | None = None) -> ExchangeSessionDetail:
        """Close a session at its time: the book is fixed.

        Close a session at its time: the book is fixed.  Scope: `TRADE`.
        """
        return cast(
            "ExchangeSessionDetail",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/close", key=key),
        )

    def clear_exchange_session(self, session_id: str, *, key: str | None = None) -> ExchangeSessionDetail:
        """Clear a closed session: every order gets its lots and its reason.

        Clear a closed session: every order gets its lots and its reason.  Scope: `TRADE`.
        """
        return cast(
            "ExchangeSessionDetail",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/clear", key=key),
        )

    def settle_exchange_session(self, session_id: str, *, key: str | None = None) -> ExchangeSessionDetail:
        """Settle a cleared session through the ledger, all of it or nothing.

        Settle a cleared session through the ledger, all of it or nothing.  Scope: `TRADE`.
        """
        return cast(
            "ExchangeSessionDetail",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/settle", key=key),
        )

    def void_exchange_session(
        self, session_id: str, body: Reasoned, *, key: str | None = None
    ) -> ExchangeSessionDetail:
        """Void a session that is not settled: nobody trades, every hold is released.

        Void a session that is not settled: nobody trades, every hold is released.  Scope: `TRADE`.
        """
        return cast(
            "ExchangeSessionDetail",
            self.asked("POST", f"/api/v1/exchange/sessions/{quoted(session_id)}/void", body=body, key=key),
        )

    def get_exchange_findings(self, session_id: str) -> ExchangeFindings:
        """Market power, trades between related parties, and each market's welfare with its bound.

        Market power, trades between related parties, and each market's welfare with its bound.  Scope:
        `READ`.
        """
        return cast("ExchangeFindings", self.asked("GET", f"/api/v1/exchange/sessions/{quoted(session_id)}/findings"))

    def replay_exchange_session(self, session_id: str) -> ExchangeReplay:
        """Clear a session again from what was kept and compare, bit for bit.

        Clear a session again from what was kept and compare, bit for bit.  Scope: `READ`.
        """
        return cast("ExchangeReplay", self.asked("GET", f"/api/v1/exchange/sessions/{quoted(session_id)}/replay"))

    def list_sealed_exchange_orders(
        self, session_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfSealedOrderShape:
        """Every order of a cleared session, for auditors alone.

        Every order of a cleared session, for auditors alone.  Scope: `READ`.
        """
        return cast(
            "PageOfSealedOrderShape",
            self.asked(
                "GET",
                f"/api/v1/exchange/sessions/{quoted(session_id)}/sealed-orders",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def list_alerts(
        self,
        *,
        programme: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        state: list[Literal["OPEN", "DISMISSED", "CONFIRMED"]] | None = None,
    ) -> PageOfAlertShape:
        """Alerts, the latest first; for those who decide, pay and audit.

        Alerts, the latest first; for those who decide, pay and audit.  Scope: `READ`.
        """
        return cast(
            "PageOfAlertShape",
            self.asked(
                "GET",
                "/api/v1/alerts",
                query={"programme": programme, "limit": limit, "cursor": cursor, "state": state},
            ),
        )

    def get_alert_thresholds(self, *, programme: str | None = None) -> Thresholds:
        """The thresholds that a programme set last, or the house's own.

        The thresholds that a programme set last, or the house's own.  Scope: `READ`.
        """
        return cast("Thresholds", self.asked("GET", "/api/v1/alerts/thresholds", query={"programme": programme}))

    def set_alert_thresholds(self, body: ThresholdWish, *, key: str | None = None) -> Thresholds:
        """Change a programme's thresholds from now on; what was raised before stays.

        Change a programme's thresholds from now on; what was raised before stays.  Scope: `DECIDE`.
        """
        return cast("Thresholds", self.asked("POST", "/api/v1/alerts/thresholds", body=body, key=key))

    def get_alert(self, alert_id: str) -> AlertShape:
        """One alert.

        One alert.  Scope: `READ`.
        """
        return cast("AlertShape", self.asked("GET", f"/api/v1/alerts/{quoted(alert_id)}"))

    def resolve_alert(
        self, alert_id: str, body: Verdict, *, key: str | None = None, if_match: str | None = None
    ) -> AlertShape:
        """Dismiss or confirm an alert, once, with a recorded reason.

        Dismiss or confirm an alert, once, with a recorded reason.  Scope: `DECIDE`.
        """
        return cast(
            "AlertShape",
            self.asked("POST", f"/api/v1/alerts/{quoted(alert_id)}/resolve", body=body, key=key, if_match=if_match),
        )

    def list_lab_runs(
        self, *, programme: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> PageOfRunShape:
        """Runs that are kept, the latest first.

        Runs that are kept, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfRunShape",
            self.asked("GET", "/api/v1/lab/runs", query={"programme": programme, "limit": limit, "cursor": cursor}),
        )

    def start_lab_run(self, body: ScenarioWish, *, key: str | None = None) -> RunShape:
        """Have a scenario played by the worker.

        Have a scenario played by the worker.  Scope: `READ`.
        """
        return cast("RunShape", self.asked("POST", "/api/v1/lab/runs", body=body, key=key))

    def get_lab_run(self, run_id: str) -> RunWithFiles:
        """One run: how far it is, and its files.

        One run: how far it is, and its files.  Scope: `READ`.
        """
        return cast("RunWithFiles", self.asked("GET", f"/api/v1/lab/runs/{quoted(run_id)}"))

    def get_lab_file(self, run_id: str, name: str) -> bytes:
        """One file of a run: the report, the figures as JSON, or a CSV table.

        One file of a run: the report, the figures as JSON, or a CSV table.  Scope: `READ`.
        """
        return self.loaded("GET", f"/api/v1/lab/runs/{quoted(run_id)}/files/{quoted(name)}")

    def list_journal_lines(
        self,
        *,
        subject: str | None = None,
        stage: str | None = None,
        by: str | None = None,
        since: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageOfLineShape:
        """What happened, the latest first: to one thing, in one stage, by one actor; for those who oversee a programme.

        A membership that names a programme reads the lines about it, and about what belongs to none.
        Scope: `READ`.
        """
        return cast(
            "PageOfLineShape",
            self.asked(
                "GET",
                "/api/v1/journal",
                query={"subject": subject, "stage": stage, "by": by, "since": since, "limit": limit, "cursor": cursor},
            ),
        )

    def audit_books(self) -> AuditShape:
        """Check every invariant of every book over all rows, now; takes seconds on a large house.

        Check every invariant of every book over all rows, now; takes seconds on a large house.  Scope:
        `READ`.
        """
        return cast("AuditShape", self.asked("GET", "/api/v1/audit"))

    def search_things(self, *, programme: str, q: str) -> Hits:
        """Find by a whole id, a number as it stands on screen, a credit code, a part of a name, a bank reference.

        Find by a whole id, a number as it stands on screen, a credit code, a part of a name, a bank
        reference.  Scope: `READ`.
        """
        return cast("Hits", self.asked("GET", "/api/v1/search", query={"programme": programme, "q": q}))

    def get_chain(self, application_id: str) -> ChainShape:
        """Follow a dossier's money from the decision to the bank; for those who oversee its programme.

        Follow a dossier's money from the decision to the bank; for those who oversee its programme.  Scope:
        `READ`.
        """
        return cast("ChainShape", self.asked("GET", f"/api/v1/chains/{quoted(application_id)}"))

    def get_caller(self) -> CallerShape:
        """As whom this token acts.

        As whom this token acts.  Scope: `READ`.
        """
        return cast("CallerShape", self.asked("GET", "/api/v1/me"))

    def list_tokens(self) -> Tokens:
        """The tokens of the person behind this one.

        The tokens of the person behind this one.  Scope: `READ`.
        """
        return cast("Tokens", self.asked("GET", "/api/v1/tokens"))

    def end_token(self, token_id: str, *, key: str | None = None) -> TokenShape:
        """End a token at once; a program that leaks may end itself.

        End a token at once; a program that leaks may end itself.  Scope: `READ`.
        """
        return cast("TokenShape", self.asked("POST", f"/api/v1/tokens/{quoted(token_id)}/end", key=key))

    def list_notifications(self, *, limit: int | None = None, cursor: str | None = None) -> PageOfNotificationShape:
        """What the person behind the token was told, the latest first.

        What the person behind the token was told, the latest first.  Scope: `READ`.
        """
        return cast(
            "PageOfNotificationShape",
            self.asked("GET", "/api/v1/notifications", query={"limit": limit, "cursor": cursor}),
        )

    def read_notifications(self, body: ReadWish, *, key: str | None = None) -> Read:
        """Note that notifications were read.

        Note that notifications were read.  Scope: `READ`.
        """
        return cast("Read", self.asked("POST", "/api/v1/notifications/read", body=body, key=key))

    def list_notification_choices(self) -> Choices:
        """What the person hears of on the page and by mail.

        What the person hears of on the page and by mail.  Scope: `READ`.
        """
        return cast("Choices", self.asked("GET", "/api/v1/notifications/choices"))

    def choose_notifications(self, body: ChoicesWish, *, key: str | None = None) -> Choices:
        """Choose what is heard of where, from now on.

        Choose what is heard of where, from now on.  Scope: `READ`.
        """
        return cast("Choices", self.asked("POST", "/api/v1/notifications/choices", body=body, key=key))

    def list_webhooks(self) -> Webhooks:
        """The webhooks of the caller's organisation, centre or programme; for its administrators.

        The webhooks of the caller's organisation, centre or programme; for its administrators.  Scope:
        `READ`.
        """
        return cast("Webhooks", self.asked("GET", "/api/v1/webhooks"))

    def add_webhook(self, body: WebhookWish, *, key: str | None = None) -> WebhookShape:
        """Have an address told what happens from now on; its secret is read beside it.

        Have an address told what happens from now on; its secret is read beside it.  Scope: `ADMINISTER`.
        """
        return cast("WebhookShape", self.asked("POST", "/api/v1/webhooks", body=body, key=key))

    def get_webhook_secret(self, webhook_id: str) -> SecretShape:
        """The secret that signs a webhook's messages.

        The secret that signs a webhook's messages.  Scope: `ADMINISTER`.
        """
        return cast("SecretShape", self.asked("GET", f"/api/v1/webhooks/{quoted(webhook_id)}/secret"))

    def list_webhook_deliveries(
        self, webhook_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageOfDeliveryShape:
        """What a webhook was sent, the latest first, and what became of it.

        What a webhook was sent, the latest first, and what became of it.  Scope: `READ`.
        """
        return cast(
            "PageOfDeliveryShape",
            self.asked(
                "GET", f"/api/v1/webhooks/{quoted(webhook_id)}/deliveries", query={"limit": limit, "cursor": cursor}
            ),
        )

    def end_webhook(self, webhook_id: str, *, key: str | None = None) -> WebhookShape:
        """Tell an address nothing any more.

        Tell an address nothing any more.  Scope: `ADMINISTER`.
        """
        return cast("WebhookShape", self.asked("POST", f"/api/v1/webhooks/{quoted(webhook_id)}/end", key=key))
