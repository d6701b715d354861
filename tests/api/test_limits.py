"""Spending limits by the API: who sets one, who sees it, and that an order keeps it."""

from datetime import timedelta

from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.rules import SCOPES_OF, SYSTEM, Details, Grant, Role, TokenRequest
from tests.api.conftest import Caller

SEE = dict.fromkeys(["holder", "officer", "auditor", "centre"], "")
"""Who sees an order; its centre does not learn which person placed it."""


def test_a_limit_is_set_by_an_administrator_and_each_member_sees_its_own(house):
    now = house.world.now
    person = party.enrol(details=Details("同事", "tongshi@example.cn"), by=SYSTEM, now=now)
    grant = Grant(role=Role.APPLICANT, since_at=now, organisation=house.firm.id)
    colleague = party.grant(person=person.id, grant=grant, by=SYSTEM, now=now)
    by = queries.actor_of(person.id, colleague.id, now=now)
    asked = TokenRequest(label="t", scopes=SCOPES_OF[Role.APPLICANT], expires_at=now + timedelta(days=1))
    plain = Caller("plain", party.issue_token(membership_id=colleague.id, request=asked, by=by, now=now)[1])
    address = f"/memberships/{colleague.id}/spending-limit"
    wish = {"per": "MONTH", "limit_fen": 1_000}
    assert plain.post(address, wish).json()["code"] == "SELF_LIMIT"
    made = house.holder.post(address, wish).json()
    assert (made["limit_fen"], made["spent_fen"], made["left_fen"], made["person"]) == (1_000, 0, 1_000, str(person.id))
    seen = f"/organisations/{house.firm.id}/spending-limits"
    assert [row["id"] for row in plain.get(seen).json()["items"]] == [made["id"]]
    assert house.holder.get(seen).json()["items"] == [made]
    told = {name: house.callers[name].get(seen).status_code for name in ("stranger", "officer", "operator", "centre")}
    assert set(told.values()) == {403}, "an organisation's own affair"
    assert house.auditor.get(seen).json()["items"] == [made]
    world, voucher = house.world, house.world.voucher(house.firm)
    world.credit(house.firm)
    first = world.quote(voucher, units=4, seconds=36_000)
    held = plain.post(f"/orders/{first.id}/hold").json()
    assert (held["state"], held["held_by"]) == ("HELD", f"person:{person.id}")
    seen_by = {name: house.callers[name].get(f"/orders/{first.id}").json()["held_by"] for name in SEE}
    assert seen_by == SEE | dict.fromkeys(("holder", "officer", "auditor"), held["held_by"])
    second = world.quote(voucher, units=4, seconds=36_000)
    told = plain.post(f"/orders/{second.id}/hold").json()
    assert (told["state"], told["reason_code"]) == ("REFUSED", "LIMIT_REACHED")
    assert "4.00 is left" in told["reason"]["en"]
    assert house.holder.post(f"{address}/remove").json() == {"done": True}
    assert plain.get(seen).json()["items"] == []
