"""Webhooks: who hears what, signed as the standard says, tried and given up, and never behind anybody's walls."""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID, uuid4

import pytest
from django.db import connection

from jiaozi.journal.models import JournalLine
from jiaozi.notice import queries, rules
from jiaozi.notice import services as notice
from jiaozi.notice.models import Delivery, JournalCursor, Webhook
from jiaozi.notice.rules import BACK_OFF, LEASE, DeliveryState, Place, Thing, UnableToListen
from jiaozi.notice.services.sending import _address
from jiaozi.party.rules import Actor, HolderClass, Role
from jiaozi.voucher import services as voucher
from tests.world import CENTRE, OFFICER, PROGRAMME, build

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)


def settled():
    """Wait until no transaction of another test on this server is older than the journal's last line."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(tx) < pg_snapshot_xmin(pg_current_snapshot()), true) FROM journal_line")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.05)
    pytest.fail("a transaction of another test is open for two minutes")


def heard(*, now):
    """Read the journal as soon as every line of it may be told."""
    settled()
    return notice.read_journal(now=now)


def test_a_message_is_signed_as_the_specification_s_own_example():
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = rules.signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_a_webhook_s_own_and_long_enough():
    one, other = (rules.secret_of(b"house", uuid4(), 1) for _ in range(2))
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fc00::1",
        "224.0.0.1",
        "100.64.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_an_address_behind_walls_is_not_called(address):
    assert not rules.address_allowed(address, allow_private=False)
    assert rules.address_allowed(address, allow_private=True)


def test_a_public_address_is_called():
    assert rules.address_allowed("8.8.8.8", allow_private=False)
    assert rules.address_allowed("2001:4860:4860::8888", allow_private=False)


def test_a_name_that_leads_behind_walls_is_not_called(settings):
    settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    assert _address("localhost", 443) is None
    settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    assert _address("localhost", 443) in {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "url",
    [
        "http://a.cn/",
        "ftp://a.cn/",
        "https://",
        "https://u:p@a.cn/",
        "https://a.cn/#x",
        "https://a.cn:99999/",
        "a.cn",
        "https://[::1",
        "https://a.cn/" + "x" * 500,
        "https://例.cn/",
        "https://a.cn/\n",
    ],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(UnableToListen) as refused:
        rules.check_url(url, allow_private=False)
    assert refused.value.reason.field == "url"


@pytest.mark.parametrize("event", ["voucher", "voucher.", "party.enrol", "voucher.Issue", "order.*x", "journal.*"])
def test_an_event_that_is_none_is_refused(event):
    with pytest.raises(UnableToListen):
        rules.check_events([event])


def test_a_place_hears_its_own_affairs():
    own, other = uuid4(), uuid4()
    thing = Thing(PROGRAMME, own, CENTRE)
    assert Place(organisation=own).hears(thing)
    assert not Place(organisation=other).hears(thing)
    assert Place(centre=CENTRE).hears(thing)
    assert not Place(centre="elsewhere").hears(thing)
    assert Place(programme=PROGRAMME).hears(thing)
    assert not Place(programme="other").hears(thing)
    assert Place().hears(thing)


def test_who_has_no_place_or_does_not_administer_it_sets_none_up():
    for actor in (
        Actor("a", Role.OFFICER),
        Actor("a", Role.APPLICANT, administrator=True),
        Actor("a", Role.CENTRE, centre=CENTRE),
    ):
        with pytest.raises(UnableToListen):
            rules.place_of(actor)


class Ear:
    """A server on loopback that keeps what it hears, and answers as it is told."""

    def __init__(self):
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((dict(self.headers), body))
                self.send_response(ear.status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.heard, self.status = [], 204
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def ear():
    made = Ear()
    yield made
    made.close()


@pytest.fixture
def world(fresh_database, settings):
    settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    return build()


def chief(world, holder):
    return replace(world.applicant(holder), administrator=True)


def test_a_holder_is_told_of_its_own_vouchers_once_and_can_verify_it(world, ear):
    holder, other = world.holder("蓉城一号"), world.holder("蓉城二号", HolderClass.TECH_SME, serial=2)
    by = chief(world, holder)
    hook = notice.add_webhook(url=ear.url, events=["voucher.*"], by=by, now=world.now)
    mine, _ = world.voucher(holder), world.voucher(other)
    voucher.freeze(voucher_id=mine.id, reason="test", by=OFFICER, now=world.now)
    assert heard(now=world.now) == 2
    assert heard(now=world.now) == 0
    assert notice.send_due(now=world.now) == 2
    assert notice.send_due(now=world.now) == 0
    told = [json.loads(body) for _, body in ear.heard]
    assert {each["type"] for each in told} == {"voucher.issue", "voucher.freeze"}
    assert {each["data"]["id"] for each in told} == {str(mine.id)}
    secret = notice.secret(hook.id, by=by)
    for headers, body in ear.heard:
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{made}"
    log = queries.deliveries(hook.id)
    assert [each.state for each in log] == [DeliveryState.DELIVERED] * 2
    assert "蓉城" not in json.dumps(told, ensure_ascii=False)


def test_a_programme_hears_all_and_a_centre_what_is_done_there(world, ear):
    holder = world.holder("蓉城一号")
    staff = Actor("person:li", Role.OFFICER, programme=PROGRAMME, administrator=True)
    clerk = Actor("person:wu", Role.CENTRE, centre=CENTRE, administrator=True)
    hooks = [notice.add_webhook(url=ear.url, events=[], by=by, now=world.now) for by in (staff, clerk)]
    row = world.voucher(holder)
    world.quote(row)
    heard(now=world.now)
    events = [{each.event for each in queries.deliveries(hook.id)} for hook in hooks]
    assert {"voucher.issue", "order.quote"} <= events[0]
    assert events[1] == {"order.quote"}


def test_a_failure_is_tried_again_with_pauses_and_given_up(world, ear):
    holder = world.holder("蓉城一号")
    by = chief(world, holder)
    hook = notice.add_webhook(url=ear.url, events=["voucher.issue"], by=by, now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    ear.status, now = 500, world.now
    pauses = []
    while (row := Delivery.objects.get()).state == DeliveryState.WAITING and row.attempts <= len(BACK_OFF):
        assert notice.send_due(now=row.next_at) == 0
        pauses.append(Delivery.objects.get().next_at - row.next_at)
        now = row.next_at
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.status) == (DeliveryState.GIVEN_UP, len(BACK_OFF) + 1, 500)
    assert pauses[:-1] == list(BACK_OFF)
    assert len(ear.heard) == len(BACK_OFF) + 1
    assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1, "a receiver can tell that it is one message"
    assert Webhook.objects.get(id=hook.id).ended_at is None, "three days of failing are not five"
    assert now < world.now + timedelta(days=5)


def test_a_webhook_that_takes_nothing_for_five_days_is_ended_and_the_journal_says_so(world, ear):
    holder = world.holder("蓉城一号")
    hook = notice.add_webhook(url=ear.url, events=["voucher.issue"], by=chief(world, holder), now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    ear.status = 500
    notice.send_due(now=world.now)
    assert Webhook.objects.get().failing_since == world.now
    notice.send_due(now=world.now + timedelta(days=5))
    row = Webhook.objects.get()
    assert (row.ended_by, row.ended_at) == ("system:notice", world.now + timedelta(days=5))
    assert JournalLine.objects.filter(subject=hook.id, verb="end_webhook").count() == 1
    sent = len(ear.heard)
    notice.send_due(now=world.now + timedelta(days=9))
    assert len(ear.heard) == sent


def test_a_success_ends_the_failing(world, ear):
    holder = world.holder("蓉城一号")
    notice.add_webhook(url=ear.url, events=["voucher.issue"], by=chief(world, holder), now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    ear.status = 500
    notice.send_due(now=world.now)
    ear.status = 200
    assert notice.send_due(now=world.now + timedelta(minutes=1)) == 1
    assert Webhook.objects.get().failing_since is None


def test_a_redirect_is_a_failure_and_is_not_followed(world, ear):
    holder = world.holder("蓉城一号")
    notice.add_webhook(url=ear.url, events=["voucher.issue"], by=chief(world, holder), now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    ear.status = 302
    notice.send_due(now=world.now)
    row = Delivery.objects.get()
    assert (row.status, row.failure, row.state) == (302, "answered 302", DeliveryState.WAITING)


def test_a_private_address_is_never_called_unless_the_setting_says_so(world, ear, settings):
    holder = world.holder("蓉城一号")
    notice.add_webhook(url=ear.url, events=["voucher.issue"], by=chief(world, holder), now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    notice.send_due(now=world.now)
    assert ear.heard == []
    assert "may not be called" in Delivery.objects.get().failure


def test_a_sender_that_died_frees_its_message_by_the_lease(world, ear):
    holder = world.holder("蓉城一号")
    notice.add_webhook(url=ear.url, events=["voucher.issue"], by=chief(world, holder), now=world.now)
    world.voucher(holder)
    heard(now=world.now)
    Delivery.objects.update(next_at=world.now + LEASE)  # claimed, and then killed
    assert notice.send_due(now=world.now) == 0
    assert notice.send_due(now=world.now + LEASE) == 1


def test_what_was_written_before_a_webhook_is_not_told(world, ear):
    holder = world.holder("蓉城一号")
    world.voucher(holder)
    settled()
    notice.add_webhook(url=ear.url, events=[], by=chief(world, holder), now=world.now + timedelta(seconds=1))
    heard(now=world.now + timedelta(seconds=1))
    assert not Delivery.objects.exists()
    assert JournalCursor.objects.get().line != UUID(int=0)


def test_a_place_has_few_webhooks_and_another_s_is_not_there(world, ear):
    holder, other = world.holder("蓉城一号"), world.holder("蓉城二号", HolderClass.TECH_SME, serial=2)
    by = chief(world, holder)
    hooks = [notice.add_webhook(url=ear.url, events=[], by=by, now=world.now) for _ in range(rules.WEBHOOKS_MAX)]
    with pytest.raises(UnableToListen) as refused:
        notice.add_webhook(url=ear.url, events=[], by=by, now=world.now)
    assert refused.value.reason.code == "TOO_MANY_WEBHOOKS"
    with pytest.raises(queries.UnableToFindWebhook):
        notice.end_webhook(webhook_id=hooks[0].id, by=chief(world, other), now=world.now)
    notice.end_webhook(webhook_id=hooks[0].id, by=by, now=world.now)
    notice.end_webhook(webhook_id=hooks[0].id, by=by, now=world.now)
    assert JournalLine.objects.filter(subject=hooks[0].id, verb="end_webhook").count() == 1
    assert notice.add_webhook(url=ear.url, events=[], by=by, now=world.now)
