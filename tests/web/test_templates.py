"""Templates on pages: kept from a filled form and from an order, a new form filled in by one, renamed, deleted."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.order.models import Order, OrderTemplate
from jiaozi.party.rules import Role
from tests.web.people import member, signed_in
from tests.web.test_ordering import JOB, holder, placing, voucher
from tests.web.test_pages import text_of

__all__ = ["holder", "voucher"]
pytestmark = pytest.mark.django_db
KEEP = {"keep": "1", "template_name": "夜间训练", "tier": "CITY"}
STATEMENTS_MAX = 15


def kept(holder, voucher, **typed):
    return holder.post(f"/vouchers/{voucher.id}/order", JOB | KEEP | {"script": "echo 1\r\necho 2"} | typed)


def test_a_filled_form_is_kept_and_fills_the_next_one_in(holder, voucher) -> None:
    before = Order.objects.count()
    answer = kept(holder, voucher)
    row = OrderTemplate.objects.get()
    assert answer["Location"] == f"/vouchers/{voucher.id}/order?template={row.id}"
    with CaptureQueriesContext(connection) as caught:
        page = holder.get("/templates")
    assert len(caught) <= STATEMENTS_MAX
    assert "夜间训练 spender" in text_of(page.content)
    form = holder.get(f"/templates/{row.id}/order", follow=True)
    text = form.content.decode()
    assert 'name="title" value="试算"' in text
    assert "echo 1\necho 2</textarea>" in text
    assert '<option value="CITY" selected>' in text
    assert "最高费用 = 券抵扣 + 自付" in text_of(form.content)  # quoted at once, as every filled form
    assert Order.objects.count() == before  # nothing was ordered
    placed = holder.post(f"/vouchers/{voucher.id}/order", placing(holder, voucher, tier="CITY"), follow=True)
    assert placed.status_code == 200
    assert Order.objects.filter(title="试算").count() == 1


def test_enter_in_a_templates_name_holds_no_money(holder, voucher) -> None:
    sent = placing(holder, voucher) | {"template_name": "夜间"}
    answer = holder.post(f"/vouchers/{voucher.id}/order", sent)
    assert answer.status_code == 422
    assert "请点“保存模板”" in answer.content.decode()
    assert 'value="夜间"' in answer.content.decode()
    assert not Order.objects.filter(title="试算").exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [({"template_name": " "}, "请填写"), ({"units": "x"}, "须为大于零的整数"), ({"script": ""}, "请填写要运行的脚本")],
)
def test_what_cannot_be_kept_is_said_beside_what_was_typed(holder, voucher, typed, told) -> None:
    answer = kept(holder, voucher, **typed)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not OrderTemplate.objects.exists()


def test_an_order_is_kept_renamed_and_deleted_by_a_colleague(holder, voucher, present) -> None:
    row = Order.objects.filter(voucher=voucher).first()
    assert holder.post(f"/orders/{row.id}/template", {"name": "旧单"})["Location"] == "/templates"
    again = holder.post(f"/orders/{row.id}/template", {"name": "旧单"}, follow=True)
    assert "已有名为“旧单”的模板" in text_of(again.content)
    colleague = signed_in(member("wu", Role.APPLICANT, present, organisation=voucher.holder_id), "en")
    mine = OrderTemplate.objects.get()
    assert "旧单" in text_of(colleague.get("/templates").content)
    colleague.post(f"/templates/{mine.id}/rename", {"name": "新名"})
    empty = colleague.post(f"/templates/{mine.id}/rename", {"name": ""}, follow=True)
    assert "write something, at most 60 characters" in text_of(empty.content)
    mine.refresh_from_db()
    assert mine.name == "新名"
    stranger = signed_in(member("stranger", Role.APPLICANT, present, organisation=other_firm(voucher)))
    for path in (f"/templates/{mine.id}/order", f"/vouchers/{voucher.id}/order?template={mine.id}"):
        assert stranger.get(path).status_code in {403, 404}
    assert stranger.post(f"/templates/{mine.id}/delete").status_code == 403
    assert colleague.post(f"/templates/{mine.id}/delete").status_code == 302
    assert "There is no template yet." in text_of(colleague.get("/templates").content)


def other_firm(voucher):
    from jiaozi.party.models import Organisation

    return Organisation.objects.exclude(id=voucher.holder_id).exclude(holder_class="INTERMEDIARY").first().id
