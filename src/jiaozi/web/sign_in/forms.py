"""The form by which somebody opens an account: a name, an address, a password."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.socialaccount.forms import SignupForm as ProviderSignupForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.models import Person
from jiaozi.party.rules import Details
from jiaozi.party.rules.person import PERSON_MAX, check_details
from jiaozi.web.templatetags.words import said


class _Named(forms.Form):
    """A form that asks for the person's name, checked by the register's own rule."""

    def clean_name(self) -> str:
        """Give the name in its standard form."""
        try:
            return check_details(Details(self.cleaned_data["name"], "somebody@example.cn")).name
        except Refused as wrong:
            raise ValidationError(said(wrong.reason.label), code=wrong.reason.code) from None


def _name() -> forms.CharField:
    return forms.CharField(max_length=PERSON_MAX, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class SignUp(_Named, SignupForm):  # type: ignore[misc]
    """Opening an account here."""

    field_order = ("name", "email", "password1", "password2")
    words: ClassVar[dict[str, Label]] = {
        "password1": Label("密码", "Password"),
        "password2": Label("再次输入密码", "Password again"),
    }

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["name"] = _name()
        self.order_fields(self.field_order)

    def save(self, request: HttpRequest) -> Person:
        """Enrol whoever filled it in; the register keeps the address as well."""
        adapter = get_adapter()
        return cast("Person", adapter.save_user(request, adapter.new_user(request), self))


class ProviderSignUp(_Named, ProviderSignupForm):  # type: ignore[misc]
    """What a provider didn't say when somebody came by it for the first time."""

    field_order = ("name", "email")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        said_by_provider = self.sociallogin.account.extra_data.get("userinfo", {})
        self.fields["name"] = _name()
        self.initial["name"] = said_by_provider.get("name", "")
        self.order_fields(self.field_order)
