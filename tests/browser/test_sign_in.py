"""Signing in in a real browser: pages in both languages and widths, errors, a passkey, the end of a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from jiaozi.party import services as party
from jiaozi.party.queries import memberships_of
from jiaozi.party.rules import SYSTEM, Grant, HolderClass, Registration, Role
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_first_page import small_targets, sticks_out
from tests.browser.visitor import Look, Visitor, violations
from tests.web.people import PASSWORD, enrol, member, signed_in
from tests.web.test_sign_in import totp_now
from tests.world import uscc

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OUTSIDE = ("/sign-in/login/", "/sign-in/signup/", "/sign-in/password/reset/", "/map")
INSIDE = (
    *("/account/acting", "/account/", "/account/tokens", "/account/organisation", "/members"),
    *("/sign-in/2fa/", "/sign-in/email/", "/sign-in/sessions/", "/nowhere"),
)


@pytest.fixture
def door(browser: Browser, fresh_database, present, live_server, settings) -> Iterator[Visitor]:
    """Open pages of a service in which nothing happened yet; at the end no page may have complained."""
    cache.clear()
    settings.JIAOZI_STAFF_SECOND_FACTOR = False  # what is asked of staff beside a password has a test of its own
    visitor = Visitor(browser, live_server.url, Path(SCREENSHOTS) if SCREENSHOTS else None)
    yield visitor
    visitor.close()
    assert visitor.complaints == []


@pytest.fixture
def li(door: Visitor, present) -> str:
    """The session of somebody with two memberships."""
    person = member("li", Role.CENTRE, present, password=PASSWORD, administrator=True)
    said = Registration(
        name="成都锦城智能科技有限公司", holder_class=HolderClass.TECH_SME, uscc=uscc(1), registered_in_city=True
    )
    firm = party.register(registration=said, by=SYSTEM, now=present)
    grant = Grant(role=Role.APPLICANT, since_at=present, organisation=firm.id)
    party.grant(person=person, grant=grant, by=SYSTEM, now=present)
    client = signed_in(person)
    client.post("/account/acting", {"membership": memberships_of(person, now=present)[0].id})
    return str(client.session.session_key)


def fill_in(page: Page, password: str = PASSWORD, address: str = "li@example.cn") -> None:
    page.locator("#id_login").fill(address)
    page.locator("#id_password").fill(password)
    page.locator("main button.primary").first.click()


def test_pages_of_signing_in_fit_and_break_no_wcag(door: Visitor, li: str) -> None:
    paths = [(path, "") for path in OUTSIDE] + [(path, li) for path in INSIDE]
    pairs = [(Look(), Look("en-US", 360, "dark")), (Look("en-US"), Look(width=360, scheme="dark"))]
    for number, (path, session) in enumerate(paths):
        # both languages, both widths, light and dark, in two windows a page
        for page, look in door.walk(path, pairs[number % len(pairs)], session=session):
            where = f"{path} {look}"
            assert page.locator("h1").count() == 1, where
            assert not sticks_out(page), where
            assert small_targets(page) == [], where
            assert violations(page) == [], where
    door.expect_not_found()


def test_who_may_not_open_a_page_is_told_why(door: Visitor, present) -> None:
    nobody = str(signed_in(enrol("nobody", present)).session.session_key)
    for look in (Look(), Look("en-US", 360)):
        page = door.open("/members", look, session=nobody)
        assert page.locator(".eyebrow").inner_text() == "403"
        assert not sticks_out(page)
        assert violations(page) == []
    door.complaints[:] = [line for line in door.complaints if "403 (Forbidden)" not in line]


def test_the_navigation_opens_on_a_phone_and_by_keyboard(door: Visitor, li: str) -> None:
    wide = door.open("/members", session=li)
    expect(wide.get_by_role("navigation", name="主导航").get_by_role("link", name="成员")).to_be_visible()
    expect(wide.get_by_role("button", name="菜单")).to_be_hidden()
    page = door.open("/members", Look(width=360), session=li)
    menu = page.get_by_role("navigation", name="主导航")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    assert violations(page) == []
    assert not sticks_out(page)
    if SCREENSHOTS:
        page.screenshot(path=f"{SCREENSHOTS}/menu.png")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    menu.get_by_role("link", name="年度总览").click()
    page.wait_for_url(f"{door.base}/")


@pytest.mark.parametrize(
    ("language", "heading", "wrong"),
    [
        ("zh-CN", "请更正以下内容", "邮箱或密码不正确。"),
        ("en-US", "Please put this right", "The address or the password is wrong."),
    ],
)
def test_somebody_signs_in_chooses_whom_to_act_as_and_leaves(door: Visitor, li: str, language, heading, wrong) -> None:
    page = door.open("/sign-in/login/?next=/map", Look(language, 360))
    fill_in(page, "wrong password here")
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator(".errors h2")).to_have_text(heading)
    expect(page.locator(".errors")).to_contain_text(wrong)
    assert violations(page) == []
    fill_in(page)
    page.wait_for_url("**/map")
    page.locator(".who .as").click()
    page.get_by_role("button", name="成都锦城智能科技有限公司").click()
    page.wait_for_url("**/map")
    expect(page.locator(".who")).to_contain_text("成都锦城智能科技有限公司")
    page.locator(".who form button").click()
    expect(page.locator(".who .button")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_without_a_password(door: Visitor, li: str) -> None:
    page = door.open("/sign-in/login/?next=/sign-in/2fa/webauthn/add/")
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tool.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    fill_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("确认是您本人")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("添加通行密钥")
    assert violations(page) == []
    page.locator("#id_passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    expect(page.get_by_text("密钥已添加。")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    expect(page.locator(".who .button")).to_be_visible()
    page.goto(f"{door.base}/sign-in/login/?next=/map")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/map")
    expect(page.locator(".who")).to_contain_text("li")


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look(), ("请先设置两步验证", "验证器应用", "成员")),
        (Look("en-US", 360), ("Set two-step verification up first", "Authenticator app", "Members")),
    ],
)
def test_staff_set_a_second_factor_up_before_they_go_on(door: Visitor, present, settings, look, words) -> None:
    heading, app, going_on = words
    settings.JIAOZI_STAFF_SECOND_FACTOR = True
    member("wu", Role.CENTRE, present, password=PASSWORD)
    page = door.open("/sign-in/login/?next=/members", look)
    fill_in(page, address="wu@example.cn")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert violations(page) == []
    assert not sticks_out(page)
    assert small_targets(page) == []
    page.get_by_role("link", name=app, exact=True).click()
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main button.primary").click()
    secret = page.locator(".secret").inner_text()
    page.locator("#id_code").fill(totp_now(secret))
    page.locator("main button.primary").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(f"{door.base}/members")
    expect(page.get_by_role("heading", level=1)).to_have_text(going_on)


def test_a_session_that_is_about_to_end_says_so_and_can_be_kept(door: Visitor, li: str, settings) -> None:
    settings.SESSION_COOKIE_AGE = 110
    page = door.open("/account/", session=li)
    warning = page.locator("#session")
    expect(warning).to_be_visible()
    assert violations(page) == []
    settings.SESSION_COOKIE_AGE = 1800
    warning.get_by_role("button", name="继续登录").click()
    expect(warning).to_be_hidden()
    assert page.url.endswith("/account/")
