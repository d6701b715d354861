"""Fields of a form: their names in both languages, and the control without its placeholder."""

from __future__ import annotations

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple

from jiaozi.web.sign_in.words import FIELDS
from jiaozi.web.templatetags.words import said

register = template.Library()


@register.filter
def name_of_field(field: BoundField) -> str:
    """Say a field's name; one that has no words here shows its own."""
    label = getattr(field.form, "words", FIELDS).get(field.name) or FIELDS.get(field.name)
    return said(label) if label else str(field.label)


@register.filter
def control(field: BoundField) -> BoundField:
    """Give the control without a placeholder: the label says what it is, and stays."""
    field.field.widget.attrs.pop("placeholder", None)
    return field


@register.filter
def is_many(field: BoundField) -> bool:
    """Say whether several may be chosen, each with a tick of its own."""
    return isinstance(field.field.widget, CheckboxSelectMultiple)


@register.filter
def is_tick(field: BoundField) -> bool:
    """Say whether the control stands before its name."""
    return isinstance(field.field.widget, CheckboxInput)
