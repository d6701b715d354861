"""What is said when something is refused: a problem (RFC 9457) with a stable code, a field, and a line in one language.

Nothing that a caller sends is answered by 500: every refusal of the house has a status here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import get_language
from ninja.errors import HttpError, ValidationError

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.services.poster import UnableToPost
from jiaozi.order.ports import UnableToReachEngine
from jiaozi.party.rules import UnableToKeepPace, UnableToUseToken

KIND = "application/problem+json"
REASONS_MAX = 100
_TYPE = "tag:jiaozi,2026:problem:"

_FORBIDDEN = frozenset(
    {"MEMBERSHIP_OVER", "NOT_ADMINISTRATOR", "NOT_YOUR_CENTRE", "NOT_YOUR_PROGRAMME", "NOT_YOURS", "NOT_YOURS_TO_SEE"}
    | {"NOT_ADMITTED", "SEALED"}
    | {"OFFICER_CORRECTS", "SAME_PERSON", "SCOPE_MISSING", "SELF_GRANT", "SELF_LIMIT", "WRONG_ROLE"}
)
_CONFLICT = frozenset(
    {"ALERT_CONFIRMED", "ALERT_OPEN", "ALREADY_GRANTED", "BUDGET_SHORT", "CAN_BE_CHARGED", "CAP_REACHED"}
    | {"EMAIL_TAKEN", "ENDED_ALREADY", "END_USER_TWICE", "EVIDENCE_CHANGED", "EVIDENCE_LOST", "EVIDENCE_MISSING"}
    | {"GRANTED_ALREADY", "HAND_DECISION_MISSING", "IMPORTED_AND_CHARGED", "INVOICE_USED", "MAKER_TWICE"}
    | {"NOTHING_CAPTURED", "NOTHING_DUE", "NOTHING_LEFT", "NOTICE_DIFFERS", "NOTICE_OPEN", "NOT_ENDED", "NOT_HELD_BACK"}
    | {"NOT_LATE", "NOT_PAID", "NOT_REDEEMED", "NOT_REVIEWED", "PARTLY_USED", "PERIOD_NOT_OVER", "PERSON_CLOSED"}
    | {"POLICY_REFUSES", "PROGRAMME_NOT_IN_FORCE", "REFERENCE_USED", "RELATION_TWICE", "RESERVE_SHORT", "RESOLVED"}
    | {"ROLES_APART", "STAGE_BEFORE", "STILL_VALID", "USCC_TWICE", "USE_TAKEN", "VOUCHER_EXPIRED", "VOUCHER_FROZEN"}
    | {"BOOK_CHANGED", "CAPACITY_SHORT", "DEPOSIT_SHORT", "SESSION_OVER", "TOO_EARLY"}
    | {"VOUCHER_NOT_ACTIVE", "WRONG_STATE", "YEAR_CLOSED", "YEAR_NOT_OVER", "YEAR_OVER"}
)
_BAD = frozenset({"BODY_UNREADABLE", "CURSOR_WRONG", "KEY_MISSING", "TEXT_UNREADABLE"})
_BY_CODE = {
    **dict.fromkeys(_FORBIDDEN, HTTPStatus.FORBIDDEN),
    **dict.fromkeys(_CONFLICT, HTTPStatus.CONFLICT),
    **dict.fromkeys(_BAD, HTTPStatus.BAD_REQUEST),
    "ETAG_DIFFERS": HTTPStatus.PRECONDITION_FAILED,
    "NO_SUCH_EVIDENCE": HTTPStatus.NOT_FOUND,
    "NO_SUCH_ORDER": HTTPStatus.NOT_FOUND,
}
_CONFLICTING = frozenset({"UnableToMatch", "UnableToTransfer"})
"""Refusals that say where two things differ, or what the ledger answered; their codes are many."""


class UnableToRead(Refused):
    """A request that can't be read as what it should be."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer that says no."""

    status: HTTPStatus
    reasons: tuple[Reason, ...]

    def body(self, language: str) -> dict[str, Any]:
        """Give the object that is sent: of the first reason, and all of them where there are several."""
        first = self.reasons[0]
        said = {"type": f"{_TYPE}{first.code}", "title": self.status.phrase, "status": int(self.status)}
        said |= _told(first, language)
        if len(self.reasons) > 1:
            said["errors"] = [_told(reason, language) for reason in self.reasons[:REASONS_MAX]]
        return said


def _told(reason: Reason, language: str) -> dict[str, Any]:
    told = {"code": reason.code, "detail": reason.label.in_language(language), "field": reason.field}
    return told | ({"clause": reason.clause} if reason.clause else {})


def status_of(refused: Refused) -> HTTPStatus:
    """Give the status of a refusal: by its kind where that tells, else by its code, else 422."""
    kind = type(refused)
    if isinstance(refused, UnableToUseToken):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(refused, UnableToKeepPace):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(refused, UnableToReachEngine | UnableToPost):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if kind.__name__.startswith("UnableToFind"):
        return HTTPStatus.NOT_FOUND
    if kind.__name__ in _CONFLICTING:
        return HTTPStatus.CONFLICT
    return _BY_CODE.get(refused.reason.code, HTTPStatus.UNPROCESSABLE_ENTITY)


def problem_of(error: Exception) -> Problem:
    """Give the problem that an exception is; Ninja wraps what its parser refused."""
    if isinstance(error, HttpError) and isinstance(error.__cause__, Refused):
        error = error.__cause__
    if isinstance(error, Refused):
        return Problem(status_of(error), tuple(getattr(error, "reasons", ())) or (error.reason,))
    if isinstance(error, ValidationError):
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, tuple(_field(each) for each in error.errors[:REASONS_MAX]))
    if isinstance(error, Http404):
        return _plain(HTTPStatus.NOT_FOUND, "NO_SUCH_ADDRESS", "没有此地址", "there is no such address")
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", "请求过大", "the request is too large")
    if isinstance(error, HttpError) and error.status_code == HTTPStatus.UNAUTHORIZED:
        return _plain(HTTPStatus.UNAUTHORIZED, "TOKEN_MISSING", "请附上令牌", "send a token: Authorization: Bearer …")
    return _plain(HTTPStatus.BAD_REQUEST, "BODY_UNREADABLE", "请求内容无法读取", "the request can't be read")


def _plain(status: HTTPStatus, code: str, zh: str, en: str) -> Problem:
    return Problem(status, (Reason(code, Label(zh, en)),))


_WORDS = {
    "missing": Label("必须填写", "must be given"),
    "extra_forbidden": Label("没有此项，请删去", "there is no such field; leave it out"),
    "uuid": Label("应为编号（UUID）", "must be an id (UUID)"),
    "int": Label("应为整数", "must be a whole number"),
    "greater": Label("数值过小", "is too small"),
    "less": Label("数值过大", "is too large"),
    "too_long": Label("过长", "is too long"),
    "too_short": Label("过短", "is too short"),
    "datetime": Label("应为带时区的时刻，如 2026-03-02T10:00:00+08:00", "must be an instant with its zone"),
    "timezone": Label("时刻须带时区", "an instant needs its zone"),
    "date": Label("应为日期，如 2026-03-02", "must be a date such as 2026-03-02"),
    "enum": Label("不是可选的值", "is none of the values allowed"),
    "string": Label("应为文字", "must be text"),
    "bool": Label("应为 true 或 false", "must be true or false"),
}


def _field(error: dict[str, Any]) -> Reason:
    kind = str(error.get("type", ""))
    said = next((label for start, label in _WORDS.items() if kind.startswith(start) or kind.endswith(start)), None)
    en = str(error.get("msg", "")).removeprefix("Value error, ")
    place = [str(step) for step in error.get("loc", ())[1:]]
    place = place[1:] if place[:1] == ["given"] else place
    return Reason(f"FIELD_{kind.upper()}", said or Label("内容不正确", en), field=".".join(place))


READABLE = (Refused, ValidationError, Http404, HttpError, SuspiciousOperation, MultiPartParserError)
"""Exceptions that say what a caller did wrong; anything else is a fault of ours."""


def answer(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Say a problem in the request's language."""
    problem = problem_of(error)
    response = HttpResponse(
        json.dumps(problem.body(get_language() or ""), ensure_ascii=False), status=problem.status, content_type=KIND
    )
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="jiaozi"'
    return response
