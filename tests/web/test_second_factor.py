"""A second factor for staff: whoever decides, pays, meters or audits is led to one; applicants are offered it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jiaozi.kernel import clock
from jiaozi.party import queries, services
from jiaozi.party.models import Person
from jiaozi.party.rules import SCOPES_OF, STAFF, Role, TokenRequest, UnableToIssueToken, UnableToUseToken
from jiaozi.project.environment import Environment
from jiaozi.web.frame import OPEN_WITHOUT_PROOF
from jiaozi.web.pages import pages
from jiaozi.web.sign_in.second_factor import KEY, note_added
from tests.web.people import PASSWORD, SECRET, enrol, member, signed_in, with_factor
from tests.web.test_members import firm
from tests.web.test_pages import text_of
from tests.web.test_sign_in import sign_in, totp_now
from tests.world import PROGRAMME

__all__ = ["firm"]
pytestmark = pytest.mark.django_db
ROLES = sorted(STAFF)
DESKS = {Role.OFFICER: "/search", Role.FINANCE: "/payment-run", Role.AUDITOR: "/search"}
HERE = "/account/second-factor"


@pytest.fixture(autouse=True)
def _nobody_tried_before() -> None:
    cache.clear()


def by_password(person) -> Client:
    """A browser that has shown a password alone."""
    client = Client()
    client.force_login(Person.objects.get(id=person))
    return client


@pytest.mark.parametrize("role", ROLES)
def test_staff_without_one_are_led_to_set_it_up(present, role) -> None:
    client = by_password(member("li", role, present))
    desk = DESKS.get(role, "/statements")
    answer = client.get(desk)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{HERE}?next={desk.replace('/', '%2F')}")
    page = text_of(client.get(answer.headers["Location"]).content)
    assert "请先设置两步验证" in page
    assert "验证器应用" in page
    sent = client.post("/statements/0190a0a0-0000-7000-8000-000000000000/steps/pay", {"words": "B1"})
    assert sent.status_code == 403
    assert "须先设置两步验证" in text_of(sent.content)
    part = client.get(desk, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (403, HERE)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_staff_opens_without_one(present, role) -> None:
    client = by_password(member("li", role, present))
    opened = []
    for name in pages():
        if name.removeprefix("web:") in OPEN_WITHOUT_PROOF:
            continue
        try:
            path = reverse(name)
        except NoReverseMatch:  # an address with arguments: the middleware asks before anything reads them
            continue
        answer = client.get(path)
        if answer.status_code != 302 or not answer.headers["Location"].startswith(HERE):
            opened.append((name, answer.status_code))
    assert opened == []


def test_in_english(present) -> None:
    client = by_password(member("li", Role.FINANCE, present))
    client.cookies["django_language"] = "en"
    page = text_of(client.get(HERE).content)
    assert "Set two-step verification up first" in page
    assert "a password alone is not enough" in page


@pytest.mark.django_db(transaction=True)
def test_adding_an_app_opens_the_desk_in_the_same_session(present, monkeypatch) -> None:
    monkeypatch.undo()
    person = member("li", Role.OFFICER, clock.now(), password=PASSWORD)
    client = Client()
    sign_in(client, "li")
    assert client.get("/search").headers["Location"].startswith(HERE)
    activate = "/sign-in/2fa/totp/activate/"
    again = client.post(client.get(activate).headers["Location"], {"password": PASSWORD, "next": activate})
    page = client.get(again.headers["Location"]).content.decode()
    secret = re.search(r'class="secret">(\w+)<', page)[1]
    assert client.post(activate, {"code": totp_now(secret)}).status_code == 302
    assert client.get("/search").status_code == 200
    assert client.get(f"{HERE}?next=/search").headers["Location"] == "/search"
    assert client.get(f"{HERE}?next=https://evil.example/").headers["Location"] == "/"
    other = by_password(person)
    assert "本次登录还没有用过" in text_of(other.get(HERE).content)
    assert other.get("/search").status_code == 302
    Authenticator.objects.filter(user_id=person).delete()
    assert client.get("/search").headers["Location"].startswith(HERE)


def test_signing_in_with_it_is_proof(present) -> None:
    person = member("li", Role.FINANCE, present, password=PASSWORD)
    TOTP.activate(Person.objects.get(id=person), SECRET)
    client = Client()
    assert sign_in(client, "li").headers["Location"].startswith("/sign-in/2fa/authenticate/")
    client.post("/sign-in/2fa/authenticate/", {"code": totp_now(SECRET)})
    assert client.get("/payment-run").status_code == 200


def test_applicants_are_only_offered_one(present, firm) -> None:
    client = by_password(member("wang", Role.APPLICANT, present, organisation=firm.id))
    assert client.get("/account/tokens").status_code == 200
    assert "两步验证与通行密钥" in text_of(client.get("/account/").content)
    assert client.get(HERE).headers["Location"] == "/"


def test_who_is_both_needs_it_for_the_desk_alone(present, firm) -> None:
    from jiaozi.party.rules import SYSTEM, Grant

    person = member("wang", Role.APPLICANT, present, organisation=firm.id)
    services.grant(person=person, grant=Grant(role=Role.OPERATOR, since_at=present), by=SYSTEM, now=present)
    rows = {row.role: row for row in queries.memberships_of(person, now=present)}
    client = by_password(person)
    client.post("/account/acting", {"membership": rows["APPLICANT"].id})
    assert client.get("/account/tokens").status_code == 200
    client.post("/account/acting", {"membership": rows["OPERATOR"].id})
    assert client.get("/statements").headers["Location"].startswith(HERE)


def test_where_the_service_asks_for_none_nobody_is_led(present, settings) -> None:
    settings.JIAOZI_STAFF_SECOND_FACTOR = False
    assert by_password(member("li", Role.OFFICER, present)).get("/search").status_code == 200


def test_it_is_asked_for_unless_it_is_a_demonstration_or_said_otherwise(monkeypatch) -> None:
    monkeypatch.delenv("JIAOZI_STAFF_SECOND_FACTOR", raising=False)
    assert Environment().staff_second_factor is None
    monkeypatch.setenv("JIAOZI_STAFF_SECOND_FACTOR", "false")
    assert Environment().staff_second_factor is False


def token_of(person, role, now):
    row = queries.memberships_of(person, now=now)[0]
    asked = TokenRequest(label="x", scopes=SCOPES_OF[role], expires_at=now + timedelta(days=1))
    by = queries.actor_of(person, row.id, now=now)
    return services.issue_token(membership_id=row.id, request=asked, by=by, now=now)[1]


@pytest.mark.parametrize("role", ROLES)
def test_no_token_of_staff_is_made_or_used_without_one(present, role) -> None:
    person = member("li", role, present)
    with pytest.raises(UnableToIssueToken) as refused:
        token_of(person, role, present)
    assert refused.value.reason.code == "SECOND_FACTOR_MISSING"
    with_factor(person)
    text = token_of(person, role, present)
    assert services.use_token(text=text, now=present).role is role
    Authenticator.objects.filter(user_id=person).delete()
    with pytest.raises(UnableToUseToken) as refused:
        services.use_token(text=text, now=present)
    assert refused.value.reason.code == "SECOND_FACTOR_MISSING"


def test_an_applicants_token_needs_none(present, firm, django_assert_num_queries) -> None:
    person = member("wang", Role.APPLICANT, present, organisation=firm.id)
    text = token_of(person, Role.APPLICANT, present)
    services.use_token(text=text, now=present)
    with django_assert_num_queries(1):
        services.use_token(text=text, now=present)


def test_a_session_that_showed_it_goes_on(present) -> None:
    client = signed_in(member("li", Role.AUDITOR, present))
    assert client.get("/search").status_code == 200
    assert PROGRAMME in text_of(client.get("/").content)


FACTOR_PAGES = [
    "/sign-in/2fa/",
    "/sign-in/2fa/totp/activate/",
    "/sign-in/2fa/totp/deactivate/",
    "/sign-in/2fa/webauthn/",
    "/sign-in/2fa/webauthn/add/",
    "/sign-in/2fa/webauthn/keys/1/remove/",
    "/sign-in/2fa/webauthn/keys/1/edit/",
    "/sign-in/2fa/recovery-codes/",
    "/sign-in/2fa/recovery-codes/generate/",
    "/sign-in/2fa/recovery-codes/download/",
]


def older_than_the_factor(role: Role, at, **place) -> Client:
    """A browser that signed in by the password before the account had a factor, which was then added elsewhere."""
    client = Client()
    person = member("li", role, at, password=PASSWORD, **place)
    sign_in(client, "li")
    with_factor(person)
    RecoveryCodes.activate(Person.objects.get(id=person))
    return client


@pytest.mark.parametrize("acting", [Role.FINANCE, Role.APPLICANT])
def test_a_password_alone_touches_no_factor_of_an_account_that_has_one(present, firm, acting) -> None:
    place = {"organisation": firm.id} if acting is Role.APPLICANT else {}
    client = older_than_the_factor(acting, present, **place)
    assert client.post("/sign-in/reauthenticate/", {"password": PASSWORD}).status_code == 403
    before = set(Authenticator.objects.values_list("id", flat=True))
    for path in FACTOR_PAGES:
        led = client.get(path)
        assert (led.status_code, led.headers["Location"]) == (302, f"{HERE}?next={path.replace('/', '%2F')}")
        assert client.post(path, {"code": "123456"}).status_code == 403
    assert "本次登录还没有用过" in text_of(client.get(led.headers["Location"]).content)
    assert set(Authenticator.objects.values_list("id", flat=True)) == before


def test_who_belongs_nowhere_keeps_the_factor_too(present) -> None:
    client = Client()
    person = enrol("li", present, password=PASSWORD)
    sign_in(client, "li")
    with_factor(person)
    assert client.post("/sign-in/2fa/totp/deactivate/").status_code == 403
    assert Authenticator.objects.filter(user_id=person).exists()


def test_what_was_sent_before_the_factor_is_not_done_after_it_by_the_password(present) -> None:
    person, client = member("li", Role.FINANCE, present, password=PASSWORD), Client()
    client.force_login(Person.objects.get(id=person))
    key = Authenticator.objects.create(user_id=person, type=Authenticator.Type.WEBAUTHN, data={}).pk + 1
    Authenticator.objects.all().delete()
    remove = f"/sign-in/2fa/webauthn/keys/{key}/remove/"
    assert client.post(remove).headers["Location"].startswith("/sign-in/reauthenticate/")
    Authenticator.objects.create(id=key, user_id=person, type=Authenticator.Type.WEBAUTHN, data={})
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD, "next": remove})
    assert Authenticator.objects.filter(id=key).exists()
    assert client.get("/payment-run").headers["Location"].startswith(HERE)


def test_showing_the_factor_opens_the_factors(present) -> None:
    client = older_than_the_factor(Role.FINANCE, present)
    page = "/sign-in/2fa/recovery-codes/"
    led = client.get(page).headers["Location"]
    prove = re.search(r'href="(/sign-in/2fa/reauthenticate/[^"]*)"', client.get(led).content.decode())[1]
    assert client.get(prove).status_code == 200
    shown = client.post(prove.replace("&amp;", "&"), {"code": totp_now(SECRET), "next": led})
    assert client.get(shown.headers["Location"]).headers["Location"] == page
    assert client.get(page).status_code == 200
    assert client.get("/payment-run").status_code == 200


def test_a_factor_added_beside_one_that_was_not_shown_proves_nothing(present, rf) -> None:
    person = member("li", Role.FINANCE, present)
    client = by_password(person)
    request = rf.get("/")
    request.session, request.user = client.session, Person.objects.get(id=person)
    with_factor(person)
    second = Authenticator.objects.create(user_id=person, type=Authenticator.Type.WEBAUTHN, data={}).pk
    note_added(request)
    assert KEY not in request.session
    request.session[KEY] = [with_factor(person)]
    note_added(request)
    assert second in request.session[KEY]


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_by_a_recovery_code_and_makes_new_ones_may_read_them(present, monkeypatch) -> None:
    monkeypatch.undo()
    person, client = member("li", Role.OFFICER, clock.now(), password=PASSWORD), Client()
    with_factor(person)
    codes = RecoveryCodes.activate(Person.objects.get(id=person)).get_unused_codes()
    sign_in(client, "li")
    client.post("/sign-in/2fa/authenticate/", {"code": codes[0]})
    generate = "/sign-in/2fa/recovery-codes/generate/"
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD, "next": generate})
    made = client.post(generate)
    assert client.get(made.headers["Location"]).status_code == 200
    assert client.get("/search").status_code == 200
