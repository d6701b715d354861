"""A label is a text in Chinese and English; a screen picks one, a reason keeps both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """One thing said in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the text for a language code such as ``zh-hans`` or ``en``.

        >>> Label("算力券", "voucher").in_language("en-gb")
        'voucher'
        """
        return self.en if language.lower().startswith("en") else self.zh

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"
