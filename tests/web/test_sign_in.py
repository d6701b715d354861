"""Signing in as people do it: by password, codes by mail, an authenticator app; what is refused, and in which words."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jiaozi.journal.models import JournalLine
from jiaozi.kernel import clock
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.models import Person
from jiaozi.party.rules import SYSTEM, Details, Role
from jiaozi.web.pages import addresses
from tests.web.people import PASSWORD, enrol, member, signed_in

pytestmark = pytest.mark.django_db
LIBRARY = ("account_", "mfa_", "socialaccount_", "usersessions_")


@pytest.fixture(autouse=True)
def _nobody_tried_before(settings) -> None:
    cache.clear()
    settings.JIAOZI_STAFF_SECOND_FACTOR = False  # test_second_factor.py


def sign_in(client: Client, name: str, password: str = PASSWORD, **words: str):
    return client.post("/sign-in/login/", {"login": f"{name}@example.cn", "password": password, **words})


def code_in(letter) -> str:
    return re.search(r"：([A-Z0-9-]{6,12})，", letter.body)[1]


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_password_signs_in_and_leads_back(present) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    client = Client()
    answer = sign_in(client, "li", next="/map")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/map")
    assert "经办 · chengdu-2023" in text_of(client.get("/"))
    out = client.post("/sign-in/logout/")
    assert out.headers["Location"] == "/"
    assert "登录" in text_of(client.get("/"))


def test_nobody_is_led_to_another_service(present) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    answer = sign_in(Client(), "li", next="https://evil.example/")
    assert answer.headers["Location"].startswith("/")


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "邮箱或密码不正确。"), ("en", "The address or the password is wrong.")]
)
def test_a_wrong_password_and_an_unknown_address_are_told_alike(present, language, words) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    client = Client()
    client.cookies["django_language"] = language
    for name in ("li", "nobody"):
        page = sign_in(client, name, "wrong password here")
        assert page.status_code == 200
        assert words in page.content.decode()
        assert 'role="alert"' in page.content.decode()


def test_five_wrong_passwords_lock_the_address_and_not_others(present) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    member("wang", Role.AUDITOR, present, password=PASSWORD)
    for _ in range(5):
        sign_in(Client(), "li", "wrong password here")
    locked = sign_in(Client(), "li")
    assert locked.status_code == 200
    assert "连续输错次数过多" in locked.content.decode()
    assert sign_in(Client(), "wang").status_code == 302


def test_a_demonstrations_password_opens_nothing_else(present, settings) -> None:
    details = Details("演示", "officer@demo.invalid")
    services.enrol(details=details, by=SYSTEM, now=present, password=PASSWORD, verified=True)
    given = {"login": "Officer@demo.invalid", "password": PASSWORD}
    assert "邮箱或密码不正确" in Client().post("/sign-in/login/", given).content.decode()
    settings.JIAOZI_DEMO = True
    assert Client().post("/sign-in/login/", given).status_code == 302


def test_attempts_are_counted_where_every_process_sees_them(present) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    sign_in(Client(), "li", "wrong password here")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone()[0] > 0


def open_account(client: Client, **words: str):
    given = {"name": "王芳", "email": "wang@example.cn", "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/sign-in/signup/", given | words)


def test_somebody_opens_an_account_and_proves_the_address() -> None:
    client = Client()
    answer = open_account(client)
    assert answer.status_code == 302
    person = party.by_email("wang@example.cn")
    assert party.name_on_screen(person.id) == "王芳"
    assert JournalLine.objects.get(verb="enrol", subject=person.id).by == f"person:{person.id}"
    assert Person.objects.get(id=person.id).password.startswith("argon2")
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    wrong = client.post(answer.headers["Location"], {"code": "WRONG1"})
    assert "验证码不正确或已过期" in wrong.content.decode()
    right = client.post(answer.headers["Location"], {"code": code_in(mail.outbox[0])})
    assert right.status_code == 302
    assert "您还没有任何身份" in client.get("/account/acting?once").content.decode()
    assert "Your code is" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", " ", "这个字段是必填项"),
        ("email", "no address", "有效的"),
        ("password1", "short", "密码太短"),
        ("password1", "123456789012", "密码只包含数字"),
        ("password2", "another password here", "密码"),
    ],
)
def test_a_wrong_field_is_named_in_chinese_and_opens_nothing(field, value, why) -> None:
    page = open_account(Client(), **{field: value})
    assert page.status_code == 200
    words = page.content.decode()
    assert why in re.search(rf'<p class="why" id="id_{field}_error">(.*?)</p>', words, re.DOTALL)[1]
    assert f'href="#id_{field}"' in words
    assert not Person.objects.exists()


def test_who_has_an_account_is_told_by_letter_and_not_on_the_page(present) -> None:
    enrol("wang", present, password=PASSWORD)
    answer = open_account(Client())
    assert answer.status_code == 302
    assert "您已有账户" in mail.outbox[0].body
    assert Person.objects.count() == 1


def test_sign_up_can_be_closed(settings) -> None:
    settings.JIAOZI_SIGN_UP = False
    assert "未开放注册" in Client().get("/sign-in/signup/").content.decode()
    open_account(Client())
    assert not Person.objects.exists()


def test_a_forgotten_password_is_replaced_by_a_code(present) -> None:
    member("li", Role.OFFICER, present, password=PASSWORD)
    client = Client()
    answer = client.post("/sign-in/password/reset/", {"email": "li@example.cn"})
    answer = client.post(answer.headers["Location"], {"code": code_in(mail.outbox[0])})
    fresh = "entirely new horse battery"
    done = client.post(answer.headers["Location"], {"password1": fresh, "password2": fresh})
    assert done.status_code == 302
    assert sign_in(Client(), "li").status_code == 200
    assert sign_in(Client(), "li", fresh).status_code == 302


def totp_now(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"


def test_an_authenticator_app_is_asked_for_and_its_secret_is_sealed(present) -> None:
    person = member("li", Role.OFFICER, present, password=PASSWORD)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(Person.objects.get(id=person), secret)
    kept = Authenticator.objects.get(user_id=person, type="totp").data["secret"]
    assert secret not in kept
    client = Client()
    answer = sign_in(client, "li")
    assert answer.headers["Location"].startswith("/sign-in/2fa/authenticate/")
    assert client.get("/map").content.decode().count("退出") == 0
    wrong = client.post("/sign-in/2fa/authenticate/", {"code": "000000"})
    assert "验证码不正确或已过期" in wrong.content.decode()
    right = client.post("/sign-in/2fa/authenticate/", {"code": totp_now(secret)})
    assert right.status_code == 302
    assert "退出" in client.get("/map").content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_authenticator_app_is_turned_on_after_proving_again(present) -> None:
    person = member("li", Role.OFFICER, present, password=PASSWORD)
    client = Client()
    sign_in(client, "li")
    first = client.get("/sign-in/2fa/totp/activate/")
    assert first.headers["Location"].startswith("/sign-in/reauthenticate/")
    refused = client.post(first.headers["Location"], {"password": "wrong password here"})
    assert "密码不正确" in refused.content.decode()
    again = client.post(first.headers["Location"], {"password": PASSWORD, "next": "/sign-in/2fa/totp/activate/"})
    page = client.get(again.headers["Location"])
    secret = re.search(r'class="secret">(\w+)<', page.content.decode())[1]
    assert 'src="data:image/svg+xml' in page.content.decode()
    done = client.post("/sign-in/2fa/totp/activate/", {"code": totp_now(secret)})
    assert done.status_code == 302
    codes = client.get("/sign-in/2fa/recovery-codes/")
    assert codes.content.decode().count("<li><code>") == 10
    assert Authenticator.objects.filter(user_id=person).count() == 2
    assert any("验证器已启用" in letter.body for letter in mail.outbox)


def library_pages() -> list[tuple[str, str]]:
    """The sign-in library's addresses that take no argument."""
    found = []
    for name, _ in addresses():
        with suppress(NoReverseMatch):
            found += [(name, reverse(name))] if name.startswith(LIBRARY) else []
    return found


def test_every_page_of_the_library_is_ours_in_both_languages(present) -> None:
    person = member("li", Role.OFFICER, present, password=PASSWORD)
    seen = {}
    for language in ("zh-hans", "en"):
        inside, outside = signed_in(person, language), Client()
        outside.cookies["django_language"] = language
        sign_in(inside, "li")
        for name, path in library_pages():
            for client in (inside, outside):
                answer = client.get(path)
                if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                    page = answer.content.decode()
                    seen.setdefault(name, set()).add(language)
                    assert 'class="skip"' in page, name
                    assert page.count("<h1") == 1, name
                    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page), name
                    left = re.sub(r'<(\w+)[^>]*lang="zh-CN"[^>]*>.*?</\1>|交子 Jiaozi', "", page, flags=re.DOTALL)
                    if language == "en":
                        assert not re.findall(r"[一-鿿]+", text_of_page(left)), name
                else:
                    assert answer.status_code in {200, 302, 401, 404, 405}, (name, answer.status_code)
    assert {"account_login", "account_signup", "account_reset_password", "mfa_index", "account_reauthenticate"} <= set(
        seen
    )
    assert len(seen) >= 14


def text_of_page(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", " ", page, flags=re.DOTALL))


def test_what_was_ended_ends_the_session_at_its_next_page(present) -> None:
    person = member("li", Role.OFFICER, present)
    client = signed_in(person)
    client.post("/account/acting", {"membership": party.memberships_of(person, now=present)[0].id})
    row = party.memberships_of(person, now=present)[0]
    services.end_membership(membership_id=row.id, by=SYSTEM, now=present)
    page = client.get("/map").content.decode()
    assert "原来的身份已终止" in page
    assert "尚无身份" in page
    services.close_person(person=person, by=SYSTEM, now=present)
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("chosen", ["", "no uuid", "0190a0a0-0000-7000-8000-000000000000"])
def test_nobody_acts_as_what_isnt_theirs(present, chosen) -> None:
    client = signed_in(member("li", Role.OFFICER, present))
    answer = client.post("/account/acting", {"membership": chosen})
    assert answer.status_code == 403
    assert "不属于您" in answer.content.decode()


def test_a_session_ends_when_it_is_left_alone_and_after_a_working_day(present, monkeypatch, settings) -> None:
    client = signed_in(member("li", Role.AUDITOR, present))
    at = present

    def later(**words: int) -> int:
        nonlocal at
        at += timedelta(**words)
        monkeypatch.setattr(clock, "now", lambda: at)
        return client.get("/account/").status_code

    assert later() == 200
    assert later(seconds=settings.SESSION_COOKIE_AGE - 1) == 200
    kept = client.post("/account/stay").json()["ends"]
    assert kept == int(at.timestamp()) + settings.SESSION_COOKIE_AGE
    at += timedelta(seconds=settings.SESSION_COOKIE_AGE - 1)
    monkeypatch.setattr(clock, "now", lambda: at)
    client.get("/orders/live", headers={"HX-Request": "true"})
    assert later(seconds=2) == 302


def test_however_much_it_is_used_a_session_ends_after_twelve_hours(present, monkeypatch, settings) -> None:
    client = signed_in(member("li", Role.AUDITOR, present))
    for minutes in range(0, 12 * 60, 20):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: present + timedelta(minutes=minutes))
        assert client.get("/account/").status_code == 200
    monkeypatch.setattr(clock, "now", lambda: present + timedelta(hours=12))
    assert client.get("/account/").status_code == 302


def test_a_part_that_asks_for_itself_leads_the_whole_page_to_sign_in(present) -> None:
    answer = Client().get("/account/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in/login/")
