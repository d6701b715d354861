"""What the sign-in library asks of the house: to enrol a person, to keep a secret, to say things in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils.functional import lazy

from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.models import Person
from jiaozi.party.rules import DEMO_DOMAIN, Details, actor_for
from jiaozi.web.sign_in import sealing, second_factor
from jiaozi.web.sign_in.words import ERRORS, MAILS, MESSAGES, PROVIDER_MAIL
from jiaozi.web.templatetags.words import said

_spoken = lazy(said, str)


class _Said:
    """Error messages that speak the page's language when they are shown."""

    def __init__(self, library: Mapping[str, Any]) -> None:
        self._library = library

    def __getitem__(self, code: str) -> Any:
        return _spoken(ERRORS[code]) if code in ERRORS else self._library[code]


def shown(person: Person) -> str:
    """Give a person's name for the library's own lines."""
    return party.name_on_screen(person.pk)


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Local accounts: enrolled by the register's verb, so that a sign-up is journalled like any other."""

    error_messages = _Said(DefaultAccountAdapter.error_messages)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say whether anybody may open an account here."""
        del request
        return bool(settings.JIAOZI_SIGN_UP)

    def new_user(self, request: HttpRequest) -> Person:
        """Give somebody who isn't enrolled yet."""
        del request
        return Person(id=new_id(), created_at=clock.now())

    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        """Enrol whoever filled in the form."""
        del request, commit
        given = form.cleaned_data
        details = Details(given["name"], given["email"])
        return enrol(user, details, password=given.get("password1"))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep a demonstration's well-known passwords to demonstrations, and count attempts."""
        address = str(credentials.get("email", "")).lower()
        if address.endswith(f"@{DEMO_DOMAIN}") and not settings.JIAOZI_DEMO:
            raise self.validation_error("email_password_mismatch")
        super().pre_authenticate(request, **credentials)

    def add_message(  # noqa: PLR0917 - the library's own signature
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say what was done, in our words; what needs no saying is not said."""
        del message_context
        if message_template in second_factor.ADDED:
            second_factor.note_added(request)
        if message_template == second_factor.CODES_MADE:
            second_factor.note_codes(request)
        label = MESSAGES.get(message_template or "")
        if label or message:
            messages.add_message(request, level, said(label) if label else message or "", extra_tags=extra_tags)

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        """Write a letter in both languages: who reads it may not be who asked for it."""
        known = MAILS.get(template_prefix, PROVIDER_MAIL)
        to = [email] if isinstance(email, str) else email
        return EmailMessage(str(known.subject), known.body(context), self.get_from_email(), to, headers=headers)


def enrol(person: Person, details: Details, *, password: str | None = None, verified: bool = False) -> Person:
    """Enrol somebody in the register under the id that was given out."""
    by = actor_for(person.id, None)
    return services.enrol(details=details, by=by, now=clock.now(), password=password, verified=verified, id=person.id)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps and passkeys; the app's secret is sealed before it is kept."""

    error_messages = _Said(DefaultMFAAdapter.error_messages)

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return sealing.open_sealed(encrypted_text)

    def get_totp_label(self, user: Person) -> str:
        """Name the account in an authenticator app by its address."""
        return party.email_of(user.pk)

    def get_public_key_credential_user_entity(self, user: Person) -> dict[str, Any]:
        """Name the account in a passkey by its address."""
        address = party.email_of(user.pk)
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": address}


class Providers(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by an OpenID Connect provider that the operator named."""

    def new_user(self, request: HttpRequest, sociallogin: Any) -> Person:
        """Give somebody who isn't enrolled yet."""
        del request, sociallogin
        return Person(id=new_id(), created_at=clock.now())

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Person:
        """Keep nothing of the provider's on the person's own row."""
        del request, data
        person: Person = sociallogin.user
        return person

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Person:
        """Enrol whoever came by a provider: the address is proven where the provider says so, else it is asked for."""
        del request
        given = form.cleaned_data if form else {}
        address = next((each for each in sociallogin.email_addresses if each.email), None)
        email = given.get("email") or (address.email if address else "")
        name = given.get("name") or sociallogin.account.extra_data.get("userinfo", {}).get("name") or email
        proven = bool(address and address.verified and address.email.lower() == email.lower())
        person = enrol(sociallogin.user, Details(name, email), verified=proven)
        sociallogin.user = person
        sociallogin.account.user = person
        sociallogin.account.save()
        return person

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Ask for what is missing, and let nobody take over an address that is somebody's."""
        if not super().is_auto_signup_allowed(request, sociallogin):
            return False
        return all(party.by_email(each.email) is None for each in sociallogin.email_addresses)
