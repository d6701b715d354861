"""Forms of the console: what a verb refuses is said at the field that it names."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import lazy

from jiaozi.kernel.fen import parse_yuan, yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order.rules.spending import Per
from jiaozi.party.rules import SCOPES_OF, HolderClass, Role, Scope
from jiaozi.party.rules.membership import MADE_OF
from jiaozi.web.templatetags.words import said

spoken = lazy(said, str)
_CHOOSE = Label("请选择", "choose")
_YES_OR_NO = [("", spoken(_CHOOSE)), ("yes", spoken(Label("是", "yes"))), ("no", spoken(Label("否", "no")))]
TOKEN_DAYS = (30, 90, 180, 365)
GRANTED_BY_OPERATOR = (Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.CENTRE, Role.OPERATOR)


def choices(found: Any) -> list[tuple[str, Any]]:
    """Give the choices of an enum whose members have a label."""
    return [(each.value, spoken(each.label)) for each in found]


class Form(forms.Form):
    """A form whose fields have their names in ``words`` and whose refusals stand at their fields."""

    words: ClassVar[dict[str, Label]] = {}
    use_required_attribute = False

    def refuse(self, refusal: Refused) -> None:
        """Say a refusal at the field that it names, or above the form."""
        field = refusal.reason.field
        self.add_error(field if field in self.fields else None, said(refusal.reason.label))


class TokenForm(Form):
    """A token: what it is for, what it may do, how long."""

    words: ClassVar[dict[str, Label]] = {
        "label": Label("名称", "Name"),
        "scopes": Label("权限", "Scopes"),
        "days": Label("有效期", "Valid for"),
    }
    label = forms.CharField(max_length=60)
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)
    days = forms.TypedChoiceField(coerce=int, choices=())

    def __init__(self, *args: Any, role: Role, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["scopes"].choices = choices(scope for scope in Scope if scope in SCOPES_OF[role])  # type: ignore[attr-defined]
        days = [(count, spoken(Label(f"{count}天", f"{count} days"))) for count in TOKEN_DAYS]
        self.fields["days"].choices = days  # type: ignore[attr-defined]


class MemberForm(Form):
    """Somebody to let in: by name and address, for a time, perhaps as an administrator."""

    words: ClassVar[dict[str, Label]] = {
        "until": Label("截止日期", "Until"),
        "administrator": Label("可管理成员", "May manage members"),
        "role": Label("身份", "Role"),
        "programme": Label("项目", "Programme"),
        "centre": Label("算力中心", "Centre"),
    }
    name = forms.CharField(max_length=100)
    email = forms.CharField(max_length=254, widget=forms.EmailInput)
    role = forms.ChoiceField(choices=())
    programme = forms.CharField(max_length=60, required=False)
    centre = forms.CharField(max_length=60, required=False)
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    administrator = forms.BooleanField(required=False)

    def __init__(self, *args: Any, role: Role, **words: Any) -> None:
        super().__init__(*args, **words)
        if role is Role.OPERATOR:
            self.fields["role"].choices = choices(GRANTED_BY_OPERATOR)  # type: ignore[attr-defined]
            return
        for field in ("role", "programme", "centre"):
            del self.fields[field]

    def place(self, own: Role) -> dict[str, Any]:
        """Give the role that is granted, and where as far as the form says."""
        given = self.cleaned_data
        role = Role(given["role"]) if "role" in self.fields else own
        kept: dict[str, Any] = {
            name: given[name] for name in ("programme", "centre") if name in self.fields and name in MADE_OF[role]
        }
        return {"role": role, **kept}


class LimitForm(Form):
    """What a member may spend, and over which time; the amount is typed in yuan and read as fen."""

    words: ClassVar[dict[str, Label]] = {
        "per": Label("期间", "Period"),
        "limit_fen": Label("限额（元）", "Limit (CNY)"),
    }
    per = forms.ChoiceField(choices=choices(Per))
    limit_fen = forms.CharField(max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal"}))

    def __init__(self, *args: Any, begun: dict[str, Any] | None, **words: Any) -> None:
        super().__init__(*args, **words)
        self.initial = {**begun, "limit_fen": yuan(begun["limit_fen"])} if begun else {}

    def clean_limit_fen(self) -> int:
        """Read the amount."""
        try:
            return parse_yuan(self.cleaned_data["limit_fen"])
        except ValueError:
            told = Label("金额须如5000或12.50，不得小于0", "an amount must be like 5000 or 12.50, and not below 0")
            raise forms.ValidationError(said(told)) from None


class OrganisationForm(Form):
    """A new organisation, as it registers itself."""

    words: ClassVar[dict[str, Label]] = {
        "name": Label("单位或创客名称", "Name of the organisation or maker"),
        "holder_class": Label("类别", "Class"),
        "uscc": Label("统一社会信用代码", "Unified social credit code"),
        "registered_in_city": Label("在本市注册", "Registered in this city"),
        "incubator": Label("所在孵化器", "Incubator"),
    }
    name = forms.CharField(max_length=200)
    holder_class = forms.ChoiceField(choices=[("", spoken(_CHOOSE)), *choices(HolderClass)])
    uscc = forms.CharField(max_length=18, required=False)
    # No box that is overlooked: eligibility hangs on the answer, and an officer alone corrects it afterwards.
    registered_in_city = forms.TypedChoiceField(coerce="yes".__eq__, choices=_YES_OR_NO)
    incubator = forms.CharField(max_length=200, required=False)


class CorrectionForm(OrganisationForm):
    """What an officer puts right: all that an organisation said of itself, and whether it stands on a list."""

    words: ClassVar[dict[str, Label]] = OrganisationForm.words | {
        "dishonest": Label("列入失信名单", "On the list of dishonest persons"),
    }
    dishonest = forms.TypedChoiceField(coerce="yes".__eq__, choices=_YES_OR_NO)
