"""Money is an integer number of fen (分); rates are integer micro-fen. No float comes near it.

A yuan is 100 fen, a fen is 1,000,000 micro-fen. Rounding happens once, where an amount becomes fen, and always names
its rule.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

FEN_PER_YUAN = 100
UFEN_PER_FEN = 1_000_000
FEN_MAX = 2**62  # far past any public budget, and inside bigint with room for a sum

_UNITS_YUAN = {"": 1, "元": 1, "万": 10_000, "万元": 10_000, "亿": 100_000_000, "亿元": 100_000_000}
_THOUSANDS = re.compile(r"^-?\d{1,3}(?:,\d{3})+(?![\d,])")
_AMOUNT = re.compile(r"^(?P<number>-?\d{1,15}(?:\.\d{1,10})?)\s*(?P<unit>万元|亿元|元|万|亿|)$")
_PERCENT = re.compile(r"^(?P<number>\d{1,3}(?:\.\d{1,6})?)\s*%$")


class Rounding(StrEnum):
    """How an exact amount becomes whole fen; a tariff or a clause names one."""

    DOWN = "DOWN"
    HALF_UP = "HALF_UP"
    UP = "UP"


def whole(exact: Fraction | int, rounding: Rounding) -> int:
    """Round an exact amount to an integer by its rule; halves go away from zero.

    Examples
    --------
    >>> half = Fraction(5, 2)
    >>> whole(half, Rounding.HALF_UP), whole(half, Rounding.DOWN), whole(-half, Rounding.HALF_UP)
    (3, 2, -3)
    """
    exact = Fraction(exact)
    sign, size = (-1, -exact) if exact < 0 else (1, exact)
    floor, rest = divmod(size.numerator, size.denominator)
    if (rounding is Rounding.UP and rest) or (rounding is Rounding.HALF_UP and 2 * rest >= size.denominator):
        floor += 1
    return sign * floor


def share(amount_fen: int, ratio: Fraction, rounding: Rounding = Rounding.DOWN) -> int:
    """Give ``ratio`` of an amount in fen, rounded once.

    >>> share(999, Fraction(1, 2))
    499
    """
    return whole(amount_fen * ratio, rounding)


def parse_yuan(text: str) -> int:
    """Read an amount written as people write it, ``"300万"``, ``"1.5亿"``, ``"0.15"`` yuan, as fen.

    Raises
    ------
    ValueError
        When it is no amount, or finer than a fen.

    Examples
    --------
    >>> parse_yuan("300万"), parse_yuan("0.15")
    (300000000, 15)
    """
    stripped = text.strip()
    # A comma that marks no thousands could be a decimal one: 12,34 must not become 1,234.
    match = _AMOUNT.match(stripped.replace(",", "") if _THOUSANDS.match(stripped) else stripped)
    if not match:
        raise ValueError(f"{text!r} is no amount; write yuan like 5000, 5,000, 0.15, 300万 or 1.5亿")
    fen = Fraction(match["number"]) * _UNITS_YUAN[match["unit"]] * FEN_PER_YUAN
    if fen.denominator != 1:
        raise ValueError(f"{text!r} is finer than a fen (0.01 yuan)")
    return int(fen)


def parse_rate(text: str) -> int:
    """Read a price per unit in yuan, ``"0.025"``, as micro-fen.

    >>> parse_rate("0.025")
    2500000
    """
    match = _AMOUNT.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no price; write yuan per unit like 0.15")
    ufen = Fraction(match["number"]) * _UNITS_YUAN[match["unit"]] * FEN_PER_YUAN * UFEN_PER_FEN
    if ufen.denominator != 1 or ufen < 0:
        raise ValueError(f"{text!r} must be 0 or more and no finer than a micro-fen (0.00000001 yuan)")
    return int(ufen)


def parse_ratio(text: str) -> Fraction:
    """Read ``"30%"`` as an exact fraction.

    >>> parse_ratio("12.5%")
    Fraction(1, 8)
    """
    match = _PERCENT.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no share; write it like 30% or 12.5%")
    return Fraction(match["number"]) / 100


def yuan(amount_fen: int) -> str:
    """Show fen as yuan with two decimals and thousands marks.

    >>> yuan(123456789), yuan(-5)
    ('1,234,567.89', '-0.05')
    """
    return f"{Decimal(amount_fen).scaleb(-2):,.2f}"


def wan(amount_fen: int) -> str:
    """Show fen as 万元 with two decimals, for headlines; the exact amount stands beside it.

    >>> wan(123456789), wan(100)
    ('123.46', '0.00')
    """
    return f"{Decimal(whole(Fraction(amount_fen, 10_000), Rounding.HALF_UP)).scaleb(-2):,.2f}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_THOUSAND = 1_000
_GROUPS = ("", "万", "亿", "万亿")


def _group_in_words(group: int) -> str:
    """Spell 1..9999 with inner zeros read once and trailing zeros silent."""
    words, pending_zero = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            words += ("零" if pending_zero and words else "") + _DIGITS[digit] + _PLACES[place]
            pending_zero = False
        else:
            pending_zero = True
    return words


def in_words(amount_fen: int) -> str:
    """Spell an amount in 大写 (支付结算办法 annex 1): 人民币 first, 整 after 元 and 角, none after 分.

    >>> in_words(1640902)
    '人民币壹万陆仟肆佰零玖元零贰分'
    >>> in_words(10_050)
    '人民币壹佰元伍角整'
    """
    if not -(10**18) < amount_fen < 10**18:
        raise ValueError("an amount in words must stay under 10^16 yuan")
    sign, size = ("负" if amount_fen < 0 else ""), abs(amount_fen)
    whole_yuan, jiao, fen = size // 100, size // 10 % 10, size % 10
    words, gap = "", False
    for index in range(3, -1, -1):
        group = whole_yuan // 10_000**index % 10_000
        if not group:
            gap = bool(words)
            continue
        if words and (gap or group < _THOUSAND):
            words += "零"
        words += _group_in_words(group) + _GROUPS[index]
        gap = False
    # 亿 must stay when only the 万亿 group and lower ones are filled
    words = words.replace("万亿", "万亿" if whole_yuan // 10**8 % 10_000 == 0 else "万")
    text = f"人民币{sign}" + (words + "元" if words else "")
    if not jiao and not fen:
        return text + ("整" if words else "零元整")
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif words:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")
