"""What a password must be, said in the page's language."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from jiaozi.kernel.label import Label
from jiaozi.web.templatetags.words import said

LENGTH_MIN = 12
_RULE = Label(f"至少{LENGTH_MIN}个字符。", f"At least {LENGTH_MIN} characters.")


class LongEnough:
    """Length is what makes guessing dear; nothing is asked about capitals or signs."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse a short one."""
        del user
        if len(password) < LENGTH_MIN:
            wrong = Label(f"密码太短，{_RULE.zh}", f"The password is too short: {_RULE.en.lower()}")
            raise ValidationError(said(wrong), code="password_too_short")

    def get_help_text(self) -> str:
        """Say the rule."""
        return said(_RULE)
