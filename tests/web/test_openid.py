"""Signing in by a real OpenID Connect provider: another process, spoken to over HTTP, its signatures checked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from jiaozi.journal.models import JournalLine
from jiaozi.party import queries as party
from jiaozi.party.models import Person
from tests.web.oidc_provider import CLIENT, PASSWORD, SECRET
from tests.web.people import enrol

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
LOGIN, CALLBACK = "/sign-in/oidc/city/login/", "http://testserver/sign-in/oidc/city/login/callback/"


@pytest.fixture(scope="module")
def provider(tmp_path_factory) -> Iterator[str]:
    """The provider's address; its process ends with the module."""
    environ = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.web.oidc_provider", str(tmp_path_factory.mktemp("provider")), CALLBACK]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        yield address
        process.terminate()


@pytest.fixture(autouse=True)
def _city(provider: str, settings) -> None:
    cache.clear()
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "city",
                    "name": "城市统一认证",
                    "client_id": CLIENT,
                    "secret": SECRET,
                    "settings": {"server_url": provider, "oauth_pkce_enabled": True, "email_authentication": True},
                }
            ]
        }
    }


def come_by(provider: str, client: Client, email: str):
    """Go to the provider, sign in there, and come back; gives the answer to coming back."""
    asked = client.post(LOGIN)
    assert asked.status_code == 302
    there = asked.headers["Location"]
    assert there.startswith(provider)
    assert parse_qs(urlsplit(there).query)["code_challenge_method"] == ["S256"]
    with httpx2.Client(base_url=provider, follow_redirects=False) as browser:
        answer = browser.get(there)
        page = browser.get(answer.headers["Location"])
        given = {"login": email, "password": PASSWORD}
        answer = browser.post(str(page.url), data=given)
        assert answer.status_code == 302, re.sub(r"<[^>]+>", " ", answer.text)
        while not answer.headers.get("Location", "").startswith("http://testserver"):
            answer = browser.get(answer.headers["Location"])
            assert answer.status_code == 302, answer.text
    return client.get(answer.headers["Location"].removeprefix("http://testserver"))


def test_somebody_new_comes_by_the_provider_and_is_enrolled(provider: str) -> None:
    client = Client()
    answer = come_by(provider, client, "verified@city.example")
    assert answer.status_code == 302, answer.content.decode()
    person = party.by_email("verified@city.example")
    assert JournalLine.objects.get(verb="enrol", subject=person.id).by == f"person:{person.id}"
    assert not Person.objects.get(id=person.id).has_usable_password()
    assert SocialAccount.objects.get(user=person).provider == "city"
    assert "退出" in client.get("/").content.decode()
    again = Client()
    come_by(provider, again, "verified@city.example")
    assert "退出" in again.get("/").content.decode()
    assert Person.objects.count() == 1


def test_a_verified_address_signs_in_whoever_has_it_here(provider: str, present) -> None:
    details = enrol("li", present)
    from allauth.account.models import EmailAddress

    EmailAddress.objects.filter(user_id=details).update(email="verified@city.example")
    client = Client()
    come_by(provider, client, "verified@city.example")
    assert client.session["_auth_user_id"] == str(details)


def test_an_unverified_address_takes_over_nobodys_account(provider: str, present) -> None:
    person = enrol("li", present)
    from allauth.account.models import EmailAddress

    EmailAddress.objects.filter(user_id=person).update(email="unverified@city.example")
    client = Client()
    come_by(provider, client, "unverified@city.example")
    assert "_auth_user_id" not in client.session


def test_an_answer_that_was_not_asked_for_is_refused(provider: str) -> None:
    client = Client()
    answer = client.get("/sign-in/oidc/city/login/callback/?code=stolen&state=made-up")
    assert answer.status_code in {200, 401, 403}
    assert "提供方没有确认您的身份" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_sign_in_page_offers_the_provider_by_name() -> None:
    assert "城市统一认证" in Client().get("/sign-in/login/").content.decode()
