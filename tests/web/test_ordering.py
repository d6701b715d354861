"""Spending a voucher on pages: quotes beside the job, the hold with one button, refusals in a sentence."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.lease.services import Contact
from jiaozi.order import services as order
from jiaozi.order.models import Order, OrderSession
from jiaozi.order.ports import JobState
from jiaozi.order.services import engines
from jiaozi.party.rules import Role
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.queries import purse
from jiaozi.web.templatetags import figures
from tests import fake_engine
from tests.fake_engine import TOKEN, Sitting
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of

pytestmark = pytest.mark.django_db
JOB = {
    "title": "试算",
    "resource_class": "cpu-core",
    "units": "2",
    "memory_mib": "256",
    "minutes": "60",
    "script": "true",
}


@pytest.fixture
def voucher(sample_year) -> Voucher:
    rows = Voucher.objects.filter(state="ACTIVE").exclude(holder__holder_class="INTERMEDIARY").order_by("issued_at")
    return rows.first()


@pytest.fixture
def holder(voucher, present):
    return signed_in(member("spender", Role.APPLICANT, present, organisation=voucher.holder_id))


def test_quotes_stand_beside_the_job_and_hold_nothing(holder, voucher) -> None:
    before = purse(voucher.id).held_fen
    words = text_of(holder.post(f"/vouchers/{voucher.id}/order", JOB, headers={"HX-Request": "true"}).content)
    assert "最高费用 = 券抵扣 + 自付" in words
    assert "国家超算成都中心" in words
    assert (purse(voucher.id).held_fen, Order.objects.filter(title="试算").count()) == (before, 0)


def fields(content: bytes) -> dict[str, str]:
    """Read the hidden fields of a page or a part of one: the key of the form, the prices shown."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', content.decode()))


def placing(holder, voucher, **typed) -> dict[str, str]:
    """What a browser sends: the form's key from the page, the prices from the quotes beside it."""
    path = f"/vouchers/{voucher.id}/order"
    asked = JOB | {"centre": "nscc-chengdu"} | typed
    shown = fields(holder.post(path, asked, headers={"HX-Request": "true"}).content)
    return asked | {"key": fields(holder.get(path).content)["key"]} | shown


def test_a_double_click_is_one_order(holder, voucher) -> None:
    sent = placing(holder, voucher)
    first, second = (holder.post(f"/vouchers/{voucher.id}/order", sent) for _ in range(2))
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert Order.objects.filter(title="试算").count() == 1


def test_nothing_is_held_at_a_price_that_was_not_shown(holder, voucher) -> None:
    before, sent = purse(voucher.id).held_fen, placing(holder, voucher)
    price = sent["shown:nscc-chengdu"]
    changed = holder.post(f"/vouchers/{voucher.id}/order", sent | {"shown:nscc-chengdu": "1"})
    assert changed.status_code == 422
    assert f"价格已由0.01元变为{int(price) / 100:.2f}元，请确认后再提交" in changed.content.decode()
    assert (purse(voucher.id).held_fen, Order.objects.filter(title="试算").count()) == (before, 0)
    again = sent | fields(changed.content)
    assert again["shown:nscc-chengdu"] == price
    assert holder.post(f"/vouchers/{voucher.id}/order", again).status_code == 302
    unseen = {name: value for name, value in placing(holder, voucher).items() if not name.startswith("shown")}
    assert "请确认后再提交" in holder.post(f"/vouchers/{voucher.id}/order", unseen).content.decode()


def test_wishes_are_weighed_beside_the_job_and_kept(holder, voucher) -> None:
    wished = {"latency_to": "qingyang-site", "latency_ms": "1"}
    words = text_of(holder.post(f"/vouchers/{voucher.id}/order", JOB | wished, headers={"HX-Request": "true"}).content)
    assert "没有可用的中心" in words
    assert "只改一处即可" in words
    sent = placing(holder, voucher, latency_to="chengdu-aicc", latency_ms="5", tier="CITY", deadline="2099-01-01T00:00")
    holder.post(f"/vouchers/{voucher.id}/order", sent)
    row = Order.objects.get(title="试算")
    assert (row.wishes["latency_max_us"], row.wishes["tier"]) == (5_000, "CITY")
    assert row.wishes["deadline"].startswith("2099-01-01T00:00:00+08:00")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"deadline": "soon"}, "时间须如"),
        ({"latency_ms": "-1"}, "时延上限须为正整数毫秒"),
        ({"budget": "many"}, "金额须如"),
        ({"tier": "MOON"}, "请选择一个层级"),
        ({"inputs": "s3://b/a"}, "第1行须为"),
        ({"inputs": "s3://b/a 5 MB", "data_at": "deyang"}, "本平台尚未开通网址数据传输"),
        ({"inputs": "s3://b/a 5 MB"}, "请写明数据所在地"),
    ],
)
def test_a_wish_that_is_none_is_named(holder, voucher, typed, told) -> None:
    answer = holder.post(f"/vouchers/{voucher.id}/order", JOB | {"centre": "nscc-chengdu", "key": "k" * 32} | typed)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_one_button_holds_and_leads_to_the_order(holder, voucher) -> None:
    before = purse(voucher.id).held_fen
    answer = holder.post(f"/vouchers/{voucher.id}/order", placing(holder, voucher), follow=True)
    row = Order.objects.get(title="试算")
    assert (row.state, row.centre_id, row.files["job.sh"]) == ("HELD", "nscc-chengdu", "true")
    assert purse(voucher.id).held_fen == before + row.voucher_hold_fen
    words = text_of(answer.content)
    assert "取消订单" in words
    holder.post(f"/orders/{row.id}/cancel")
    row.refresh_from_db()
    assert (row.state, purse(voucher.id).held_fen) == ("CANCELLED", before)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"units": "很多"}, "数量（核或卡）须为大于零的整数"),
        ({"minutes": "0"}, "时限（分钟）须为大于零的整数"),
        ({"units": "999999999"}, "须在1到"),
        ({"title": " "}, "title"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_held(holder, voucher, typed, told) -> None:
    before = purse(voucher.id).held_fen
    answer = holder.post(f"/vouchers/{voucher.id}/order", JOB | {"centre": "nscc-chengdu", "key": "k" * 32} | typed)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert purse(voucher.id).held_fen == before


def test_the_wallet_adds_up(holder, voucher) -> None:
    words = text_of(holder.get("/wallet").content)
    assert voucher.number in words
    assert "用券提交作业" in words
    days = (voucher.valid_until - local_date(clock.now())).days
    assert f"还剩{days}天" in words
    last = voucher.valid_until
    told = [figures.until(last, last - timedelta(days=left)) for left in (30, 0, -1)]
    assert told == ["还剩30天", "今天是最后一天", "已到期"]


def test_a_session_needs_an_engine_that_opens_it_and_is_refused_in_words(holder, voucher) -> None:
    answer = holder.post(f"/vouchers/{voucher.id}/order", JOB | {"kind": "JUPYTERLAB"}, headers={"HX-Request": "true"})
    assert "不能打开笔记本" in text_of(answer.content)
    sent = JOB | {"kind": "SSH", "centre": "nscc-chengdu", "key": "k" * 32}
    placed = holder.post(f"/vouchers/{voucher.id}/order", sent)
    assert placed.status_code == 422
    assert "不能打开终端" in text_of(placed.content)
    assert not Order.objects.filter(title="试算").exists()


def test_a_batch_job_needs_a_script(holder, voucher) -> None:
    answer = holder.post(
        f"/vouchers/{voucher.id}/order", JOB | {"centre": "nscc-chengdu", "script": " ", "key": "k" * 32}
    )
    assert (answer.status_code, "请填写要运行的脚本" in text_of(answer.content)) == (422, True)


@pytest.fixture
def sitting(holder, voucher, monkeypatch, settings):
    """A running notebook on an engine in memory."""
    engine = Sitting()
    monkeypatch.setattr(fake_engine, "ENGINE", engine)
    settings.JIAOZI_ENGINES = {"process": "tests.fake_engine"}
    engines._engine.cache_clear()
    holder.post(f"/vouchers/{voucher.id}/order", placing(holder, voucher, kind="JUPYTERLAB"))
    row = Order.objects.get(title="试算")
    started = clock.now() - timedelta(minutes=20)
    order.submit(order_id=row.id, now=started)
    engine.put(row.id, JobState.RUNNING, started)
    order.watch_all(now=clock.now())
    yield row
    engines._engine.cache_clear()


def test_a_sessions_page_shows_what_is_left_and_extends_with_the_price_before_it(holder, sitting) -> None:
    url = f"/orders/{sitting.id}"
    words = text_of(holder.get(url).content)
    assert "剩余时间" in words
    assert "40分" in words
    assert "冻结余额" in words
    price = holder.get(f"{url}/extend", {"minutes": "60"}, headers={"HX-Request": "true"})
    assert "追加冻结" in text_of(price.content)
    assert "大于零" in text_of(holder.get(f"{url}/extend", {"minutes": "x"}).content)
    before = sitting.voucher_hold_fen
    for _ in range(2):
        answer = holder.post(f"{url}/extend", {"minutes": "60", "id": str(price.context["slice_id"])}, follow=True)
    sitting.refresh_from_db()
    assert (sitting.time_limit_ms, sitting.slices.count()) == (2 * 3_600_000, 1)
    assert sitting.voucher_hold_fen > before
    assert "延长至 2小时" in text_of(answer.content)


@pytest.mark.parametrize(("minutes", "said"), [(5, "5分钟前"), (0, "")])
def test_a_session_whose_centre_is_silent_says_how_old_its_figures_are(holder, sitting, monkeypatch, minutes, said):
    heard = Contact(by_agent=True, heard_at=clock.now() - timedelta(minutes=minutes))
    monkeypatch.setattr("jiaozi.lease.services.contact", lambda centre: heard)
    words = text_of(holder.get(f"/orders/{sitting.id}").content)
    assert ("中心代理最近来信" in words) is bool(said)
    assert said in words


def test_an_extension_that_nobody_answered_says_for_whom_it_waits(holder, sitting) -> None:
    fake_engine.ENGINE.unreachable = True
    answer = holder.post(f"/orders/{sitting.id}/extend", {"minutes": "60", "id": str(new_id())}, follow=True)
    words = text_of(answer.content)
    assert "等待中心答复" in words
    assert "答复到达后显示在本页" in words


def test_the_way_in_is_on_a_page_of_its_own_that_nobody_keeps(holder, sitting, present) -> None:
    answer = holder.get(f"/orders/{sitting.id}/open")
    assert TOKEN in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert TOKEN not in holder.get(f"/orders/{sitting.id}").content.decode()
    operator = signed_in(member("runner", Role.OPERATOR, present))
    assert operator.get(f"/orders/{sitting.id}/open").status_code == 403
    assert operator.get(f"/orders/{sitting.id}").status_code == 200


def test_saved_files_are_downloaded(holder, sitting) -> None:
    url = f"/orders/{sitting.id}/files"
    assert holder.get(url).status_code == 302
    OrderSession.objects.filter(order=sitting).update(saved_name="saved.tar.gz", saved_size=5, saved_at=clock.now())
    answer = holder.get(url)
    assert (b"".join(answer.streaming_content), answer["Content-Length"]) == (b"bytes", "5")
    assert "saved.tar.gz" in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("size", "sha256", "said"),
    [(5, "ab" * 32, "ab" * 32), (0, "", "会话未报告其大小与SHA-256")],
    ids=["told", "not told"],
)
def test_files_that_stay_at_their_centre_are_named_by_their_path_there(holder, sitting, size, sha256, said) -> None:
    place = f"/shared/jiaozi-{sitting.id}.saved.tar.gz"
    kept = {"saved_name": place, "saved_size": size, "saved_sha256": sha256, "saved_at": clock.now()}
    OrderSession.objects.filter(order=sitting).update(**kept)
    Order.objects.filter(id=sitting.id).update(state="ENDED", ended_at=clock.now(), outcome="SUCCEEDED")
    answer = holder.get(f"/orders/{sitting.id}")
    text = text_of(answer.content)
    assert (place in text, said in text) == (True, True)
    assert f"/orders/{sitting.id}/files" not in answer.content.decode()
    assert holder.get(f"/orders/{sitting.id}/files").status_code == 302
