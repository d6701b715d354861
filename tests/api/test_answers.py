"""What every operation has in common: problems, keys, tags, cursors, paces, languages."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from jiaozi.api.caller import address_of
from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order
from jiaozi.party import services as party
from jiaozi.party.models import KeptAnswer, PaceCount
from jiaozi.party.rules import Role, Scope
from jiaozi.voucher.models import Voucher
from tests.api.conftest import enrolled
from tests.world import CENTRE, PROGRAMME

KIND = "application/problem+json"
REASON = {"reason": "资料待核"}


def problem(answer, status, code):
    assert (answer.status_code, answer["Content-Type"]) == (status, KIND), answer.content.decode()
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"tag:jiaozi,2026:problem:{code}")
    return body


def test_a_voucher_is_shown_to_its_holder_with_what_is_left(house):
    row = house.world.voucher(house.firm)
    body = house.holder.get(f"/vouchers/{row.id}").json()
    assert (body["face_fen"], body["spendable_fen"], body["state"]) == (row.face_fen, row.face_fen, "ACTIVE")
    assert body["face_fen"] == sum(body[f"{part}_fen"] for part in ("spendable", "held", "used", "ended"))


def test_a_problem_has_a_code_a_field_and_one_language(house):
    body = problem(house.officer.get(f"/vouchers/{uuid4()}"), 404, "NO_SUCH_VOUCHER")
    assert body["field"] == "voucher"
    assert body["detail"].startswith("no voucher")
    house.officer.language = "zh-CN"
    assert house.officer.get(f"/vouchers/{uuid4()}").json()["detail"].startswith("没有算力券")


def test_a_wrong_field_is_named(house):
    body = problem(house.holder.post("/orders", {"voucher": "nonsense", "units": 0, "colour": 1}), 422, "FIELD_MISSING")
    fields = {each["field"]: each["code"] for each in body["errors"]}
    assert fields["voucher"] == "FIELD_UUID_PARSING"
    assert fields["colour"] == "FIELD_EXTRA_FORBIDDEN"
    assert fields["title"] == "FIELD_MISSING"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"{", "BODY_UNREADABLE"),
        (b'{"reason": NaN}', "BODY_UNREADABLE"),
        (b'{"reason": "a", "reason": "b"}', "BODY_UNREADABLE"),
        (b'{"reason": "\\u0000"}', "TEXT_UNREADABLE"),
        (b'{"reason": "\\ud800"}', "TEXT_UNREADABLE"),
        (b'{"reason": ' + b"[" * 60 + b"]" * 60 + b"}", "BODY_UNREADABLE"),
        (b"\xff\xfe", "BODY_UNREADABLE"),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(house, sent, code):
    row = house.world.voucher(house.firm)
    answer = house.officer.client.post(
        f"/api/v1/vouchers/{row.id}/freeze",
        data=sent,
        content_type="application/json",
        headers={"Authorization": f"Bearer {house.officer.token}", "Idempotency-Key": "k", "Accept-Language": "en"},
    )
    problem(answer, 400, code)
    assert Voucher.objects.get(id=row.id).state == "ACTIVE"


def test_a_token_is_asked_for_and_a_useless_one_refused(house):
    answer = house.nobody.get("/vouchers")
    problem(answer, 401, "TOKEN_MISSING")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    house.nobody.token = "jz_nonsense"
    problem(house.nobody.get("/vouchers"), 401, "TOKEN_UNKNOWN")
    problem(house.nobody.get("/hubs"), 401, "TOKEN_UNKNOWN")


def test_a_scope_narrows_a_role(house):
    row = house.world.voucher(house.firm)
    reader = enrolled(Role.OFFICER, house.world.now, scopes=frozenset({Scope.READ}), programme=PROGRAMME)
    assert reader.get(f"/vouchers/{row.id}").status_code == 200
    assert "DECIDE" in problem(reader.post(f"/vouchers/{row.id}/freeze", REASON), 403, "SCOPE_MISSING")["detail"]
    blind = enrolled(Role.OFFICER, house.world.now, scopes=frozenset({Scope.DECIDE}), programme=PROGRAMME)
    problem(blind.get(f"/vouchers/{row.id}"), 403, "SCOPE_MISSING")
    assert blind.post(f"/vouchers/{row.id}/freeze", REASON).status_code == 200


def test_a_write_needs_a_key(house):
    row = house.world.voucher(house.firm)
    for key in ("", "two words", "长"):
        body = problem(house.officer.post(f"/vouchers/{row.id}/freeze", REASON, key=key), 400, "KEY_MISSING")
        assert body["field"] == "Idempotency-Key"
    assert not KeptAnswer.objects.exists()


def test_a_key_gives_the_first_answer_again_and_stands_for_one_request(house):
    row = house.world.voucher(house.firm)
    first = house.officer.post(f"/vouchers/{row.id}/freeze", REASON, key="k1")
    again = house.officer.post(f"/vouchers/{row.id}/freeze", REASON, key="k1")
    assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)
    assert first["ETag"] == again["ETag"]
    assert JournalLine.objects.filter(subject=row.id, verb="freeze").count() == 1
    problem(house.officer.post(f"/vouchers/{row.id}/freeze", {"reason": "另一理由"}, key="k1"), 422, "KEY_USED")
    problem(house.officer.post(f"/vouchers/{row.id}/revoke", REASON, key="k1"), 422, "KEY_USED")
    assert house.finance.post("/reserve/prefund", prefund(), key="k1").status_code == 200, (
        "another person's key is another"
    )


def prefund():
    return {"programme": PROGRAMME, "amount_fen": 100, "reference": "R1"}


def test_a_body_in_another_order_is_the_same_request(house):
    one = json.dumps({"programme": PROGRAMME, "amount_fen": 100, "reference": "R1"})
    other = json.dumps({"reference": "R1", "amount_fen": 100, "programme": PROGRAMME})
    first, second = (house.finance.post("/reserve/prefund", said, key="k") for said in (one, other))
    assert first.json()["id"] == second.json()["id"]


def test_a_refusal_leaves_its_key_free(house):
    row = house.world.voucher(house.firm)
    problem(house.officer.post(f"/vouchers/{row.id}/unfreeze", REASON, key="k"), 409, "WRONG_STATE")
    house.officer.post(f"/vouchers/{row.id}/freeze", REASON)
    assert house.officer.post(f"/vouchers/{row.id}/unfreeze", REASON, key="k").json()["state"] == "ACTIVE"


def test_a_state_that_the_caller_has_not_seen_stops_its_write(house):
    row = house.world.voucher(house.firm)
    seen = house.officer.get(f"/vouchers/{row.id}")["ETag"]
    frozen = house.officer.post(f"/vouchers/{row.id}/freeze", REASON, **{"If-Match": seen})
    assert frozen.status_code == 200
    problem(house.officer.post(f"/vouchers/{row.id}/revoke", REASON, **{"If-Match": seen}), 412, "ETAG_DIFFERS")
    assert house.officer.get(f"/vouchers/{row.id}")["ETag"] == frozen["ETag"], (
        "a write's answer has the new state's tag"
    )
    revoked = house.officer.post(f"/vouchers/{row.id}/revoke", REASON, **{"If-Match": frozen["ETag"]})
    assert revoked.json()["state"] == "REVOKED"


def test_a_read_that_is_still_the_same_is_not_sent_again(house):
    row = house.world.voucher(house.firm)
    for path in (f"/vouchers/{row.id}", "/vouchers", "/hubs", f"/programmes/{PROGRAMME}"):
        tag = house.holder.get(path)["ETag"]
        again = house.holder.get(path, **{"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert house.holder.get(path, **{"If-None-Match": '"other"'}).status_code == 200


def walked(caller, path, limit, each_page=lambda: None):
    found, cursor = [], ""
    while cursor is not None:
        body = caller.get(path, {"limit": limit, "cursor": cursor}).json()
        found += [item["id"] for item in body["items"]]
        assert len(body["items"]) <= limit
        cursor = body["next"]
        each_page()
    return found


def test_pages_leave_nothing_out_and_show_nothing_twice_while_rows_come_in(house):
    row = house.world.voucher(house.firm)
    house.world.quote(row)
    template = Order.objects.get()

    def add(count, at):
        for _ in range(count):
            template.pk = uuid4()
            template.quoted_at = at
            template.save(force_insert=True)

    add(6, template.quoted_at)  # all of one instant: the id tells them apart
    add(4, template.quoted_at - timedelta(days=1))
    before = {str(id_) for id_ in Order.objects.values_list("id", flat=True)}
    late = template.quoted_at + timedelta(days=9)
    found = walked(house.holder, "/orders", 3, each_page=lambda: add(2, late))
    assert len(found) == len(set(found)) == len(before)
    assert set(found) == before


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwgImIiXQ", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgImIiXQ", "长"])
def test_a_made_up_cursor_is_refused(house, cursor):
    for path in ("/vouchers", "/alerts"):
        problem(house.officer.get(path, {"cursor": cursor}), 400, "CURSOR_WRONG")


def test_a_page_is_bounded(house):
    problem(house.officer.get("/vouchers", {"limit": 101}), 422, "FIELD_LESS_THAN_EQUAL")
    problem(house.officer.get("/vouchers", {"limit": 0}), 422, "FIELD_GREATER_THAN_EQUAL")


def test_filters_narrow_a_list(house):
    first = house.world.voucher(house.firm)
    house.world.voucher(house.other_firm)
    house.officer.post(f"/vouchers/{first.id}/freeze", REASON)

    def ids(**query):
        return [item["id"] for item in house.officer.get("/vouchers", query).json()["items"]]

    assert len(ids()) == 2
    assert ids(state=["FROZEN", "REVOKED"]) == [str(first.id)]
    assert ids(holder=house.firm.id) == [str(first.id)]
    assert ids(holder=house.firm.id, state="ACTIVE") == []
    problem(house.officer.get("/vouchers", {"state": "LOST"}), 422, "FIELD_ENUM")


def test_a_holder_sees_its_own_alone(house):
    row = house.world.voucher(house.firm)
    assert [each["id"] for each in house.holder.get("/vouchers").json()["items"]] == [str(row.id)]
    assert house.stranger.get("/vouchers").json()["items"] == []
    problem(house.stranger.get("/vouchers", {"holder": house.firm.id}), 403, "NOT_YOURS_TO_SEE")
    problem(house.outsider.get("/vouchers", {"programme": PROGRAMME}), 403, "NOT_YOUR_PROGRAMME")


def test_the_pace_is_told_and_kept(house, settings, monkeypatch):
    settings.JIAOZI_API_PACE = {"token": 3, "address": 2}
    monkeypatch.setattr("jiaozi.party.rules.program.WINDOW_S", 10**12)  # one window for the whole test
    told = [house.officer.get("/me") for _ in range(4)]
    assert [each.status_code for each in told] == [200, 200, 200, 429]
    assert [each["RateLimit"].split(";")[1] for each in told] == ["r=2", "r=1", "r=0", "r=0"]
    problem(told[-1], 429, "TOO_MANY_REQUESTS")
    assert int(told[-1]["Retry-After"]) > 0
    assert house.finance.get("/me").status_code == 200, "each token has its own pace"
    assert [house.nobody.get("/hubs").status_code for _ in range(3)] == [200, 200, 429]


def test_an_address_is_what_the_operators_own_proxies_report(rf, settings):
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.7"})
    assert address_of(request) == "127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert address_of(request) == "10.0.0.7"


def test_old_answers_and_counts_are_forgotten(house):
    row = house.world.voucher(house.firm)
    house.officer.post(f"/vouchers/{row.id}/freeze", REASON, key="k")
    assert party.forget_answers(now=house.world.now + timedelta(hours=24)) == 0
    assert party.forget_answers(now=house.world.now + timedelta(hours=49)) == 1
    assert not PaceCount.objects.exists()


def test_a_paper_is_handed_in_once_for_a_key_though_its_form_is_encoded_anew(house):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from jiaozi.application.rules.evidence import OTHER
    from tests.application.papers import pdf

    application = house.world.apply(house.firm)

    def hand_in(key, content):
        return house.holder.client.post(
            f"/api/v1/applications/{application}/evidence",
            data={"step": "apply", "paper": OTHER, "content": SimpleUploadedFile("合同.pdf", content)},
            headers={"Authorization": f"Bearer {house.holder.token}", "Idempotency-Key": key, "Accept-Language": "en"},
        )

    content = pdf("one")
    first, again = hand_in("k", content), hand_in("k", content)
    assert first.status_code == 200, first.content.decode()
    assert first.json() == again.json()
    problem(hand_in("k", pdf("two")), 422, "KEY_USED")
    listed = house.officer.get(f"/applications/{application}/evidence").json()["items"]
    assert [paper["id"] for paper in listed] == [first.json()["id"]]
    got = house.officer.get(f"/evidence/{first.json()['id']}/content")
    assert got.content == content
    problem(house.stranger.get(f"/evidence/{first.json()['id']}/content"), 403, "NOT_YOURS")


def test_an_instant_is_taken_in_any_zone(house):
    """A database knows no zone further than 15:59 from UTC, a calendar no instant past its last."""
    record = {"record_id": "r:1", "resource_class": "cpu-core", "units": 1, "elapsed_ms": 1, "outcome": "SUCCEEDED"}

    def push(started_at, ended_at):
        records = [record | {"started_at": started_at, "ended_at": ended_at}]
        return house.centre.post(f"/centres/{CENTRE}/usage", {"records": records})

    taken = push("1970-01-01T00:00:00Z", "2615-03-12T14:14:58+22:33")
    assert taken.json() == {"new": 1, "held_back": 1, "same": 0, "disputes": 0}
    problem(push("1970-01-01T00:00:00Z", "9999-12-31T23:59:59-20:00"), 422, "FIELD_VALUE_ERROR")


def test_settings_name_a_pace():
    assert settings.JIAOZI_API_PACE["token"] > settings.JIAOZI_API_PACE["address"] > 0


def test_an_amount_is_a_number_and_own_money_is_of_a_programme_there_is(house):
    place = f"/organisations/{house.firm.id}/own-money"
    assert {each["free_fen"] for each in house.holder.get(place).json()["items"]} == {0}
    problem(house.operator.get(f"{place}?programme=nope"), 404, "NO_SUCH_PROGRAMME")
    given = {"holder": str(house.firm.id), "centre": CENTRE, "amount_fen": True, "reference": str(uuid4())}
    body = house.operator.post("/credits", given).json()
    assert (body["status"], body["field"]) == (422, "amount_fen")
    assert house.operator.post("/credits", given | {"amount_fen": 1}).status_code == 200
