"""The words and shapes of a decision tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static

from jiaozi.policy.rules import Measure, Subject, Truth
from jiaozi.policy.rules.explaining import MEASURES, SUBJECTS, TRUTHS
from jiaozi.web.templatetags.words import said

register = template.Library()
_SHAPES = {
    Truth.TRUE: "check",
    Truth.FALSE: "cross",
    Truth.ERROR: "warn",
    Truth.UNKNOWN: "ring",
    Truth.UNPUBLISHED: "dash",
}


@register.filter
def truth_icon(truth: str) -> str:
    """Give the address of a truth's shape."""
    return f"{static('web/icons.svg')}#{_SHAPES[Truth(truth)]}"


@register.filter
def truth_word(truth: str) -> str:
    """Say a truth."""
    return said(TRUTHS[Truth(truth)])


@register.filter
def measure_word(measure: str) -> str:
    """Say what a cap measures."""
    return said(MEASURES[Measure(measure)])


@register.filter
def subject_word(subject: str) -> str:
    """Say for whom a cap adds up."""
    return said(SUBJECTS[Subject(subject)])


@register.filter
def parameter_word(name: str, parameters: Mapping[str, Any]) -> str:
    """Say a parameter's name; one that the document doesn't know shows as it is."""
    return said(parameters[name].label) if name in parameters else name
