"""Money: reading and showing it, rounding it once, spelling it the way a cheque does."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.fen import Rounding, in_words, parse_rate, parse_ratio, parse_yuan, share, wan, whole, yuan

fractions = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**9)


@given(fractions, st.sampled_from(Rounding))
def test_rounding_stays_within_one_and_keeps_the_sign(exact, rounding):
    rounded = whole(exact, rounding)
    assert abs(Fraction(rounded) - exact) < 1
    assert rounded * exact >= 0


@given(fractions)
def test_down_is_nearer_zero_and_up_is_further(exact):
    down, half, up = (abs(whole(exact, rule)) for rule in (Rounding.DOWN, Rounding.HALF_UP, Rounding.UP))
    assert down <= abs(exact) <= up
    assert down <= half <= up
    assert abs(half - abs(exact)) <= Fraction(1, 2)


@given(st.integers(min_value=-(10**18), max_value=10**18), st.sampled_from(Rounding))
def test_a_whole_amount_is_never_changed(amount, rounding):
    assert whole(amount, rounding) == amount


@pytest.mark.parametrize(
    ("exact", "down", "half_up", "up"),
    [
        (Fraction(1, 2), 0, 1, 1),
        (Fraction(-1, 2), 0, -1, -1),
        (Fraction(49, 100), 0, 0, 1),
        (Fraction(3, 2), 1, 2, 2),
        (Fraction(10**30 + 1, 2), 5 * 10**29, 5 * 10**29 + 1, 5 * 10**29 + 1),
    ],
)
def test_each_rule_at_its_border(exact, down, half_up, up):
    assert [whole(exact, rule) for rule in Rounding] == [down, half_up, up]


@given(st.integers(min_value=0, max_value=10**15), st.integers(min_value=0, max_value=100))
def test_the_two_shares_of_an_amount_are_the_amount(amount, percent):
    ours = share(amount, Fraction(percent, 100))
    assert 0 <= ours <= amount
    assert ours + share(amount, Fraction(100 - percent, 100), Rounding.UP) == amount


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.01", 1),
        ("300万", 300_000_000),
        ("300 万元", 300_000_000),
        ("1.5亿", 15_000_000_000),
        ("1,234.56", 123_456),
        ("-1,234,567", -123_456_700),
        ("1,200万", 1_200_000_000),
        ("-0.05", -5),
        ("0.000001万", 1),
    ],
)
def test_amounts_as_people_write_them(text, fen):
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "万",
        "1e3",
        "0.001",
        "1.2.3",
        "一百",
        "nan",
        "inf",
        "1" * 16,
        "5 千",
        "1,2,3万x",
        "--1",
        "1,,000",
        "12,34",
        "1234,567",
        "1,0000",
        "1,234,56",
        ",123",
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):
        parse_yuan(text)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_what_is_shown_reads_back(fen):
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize(("text", "ufen"), [("0.15", 15_000_000), ("8", 800_000_000), ("0.00000001", 1), ("0", 0)])
def test_rates_are_micro_fen(text, ufen):
    assert parse_rate(text) == ufen


@pytest.mark.parametrize("text", ["-0.15", "0.000000001", "x", ""])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("30%", Fraction(3, 10)), ("12.5 %", Fraction(1, 8)), ("0%", Fraction(0)), ("100%", Fraction(1))],
)
def test_ratios(text, ratio):
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize("text", ["0.3", "-5%", "%", "3 0%", "1000%"])
def test_what_is_no_ratio_is_refused(text):
    with pytest.raises(ValueError):
        parse_ratio(text)


def test_headlines_in_wan_round_the_last_place():
    assert wan(10**9) == "1,000.00"
    assert wan(4_999) == "0.00"
    assert wan(5_000) == "0.01"
    assert wan(-5_000) == "-0.01"


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        # 支付结算办法 annex 1, its own examples; after a 0 of yuan it lets 零 stand or fall, and ours falls
        (140_950, "人民币壹仟肆佰零玖元伍角整"),
        (600_714, "人民币陆仟零柒元壹角肆分"),
        (168_032, "人民币壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "人民币壹拾万柒仟元伍角叁分"),
        (1_640_902, "人民币壹万陆仟肆佰零玖元零贰分"),
        (32_504, "人民币叁佰贰拾伍元零肆分"),
        # zeros between, before and after groups
        (0, "人民币零元整"),
        (1, "人民币壹分"),
        (10, "人民币壹角整"),
        (11, "人民币壹角壹分"),
        (100, "人民币壹元整"),
        (101, "人民币壹元零壹分"),
        (1_000, "人民币壹拾元整"),
        (1_001_00, "人民币壹仟零壹元整"),
        (1_010_00, "人民币壹仟零壹拾元整"),
        (10_000_00, "人民币壹万元整"),
        (10_001_00, "人民币壹万零壹元整"),
        (11_000_00, "人民币壹万壹仟元整"),
        (100_100_00, "人民币壹拾万零壹佰元整"),
        (3_000_000_00, "人民币叁佰万元整"),
        (10_000_000_00, "人民币壹仟万元整"),
        (10_000_001_00, "人民币壹仟万零壹元整"),
        (10_010_001_00, "人民币壹仟零壹万零壹元整"),
        (100_000_000_00, "人民币壹亿元整"),
        (100_000_001_00, "人民币壹亿零壹元整"),
        (100_010_000_00, "人民币壹亿零壹万元整"),
        (110_000_000_00, "人民币壹亿壹仟万元整"),
        (1_000_000_000_000_00, "人民币壹万亿元整"),
        (1_234_500_000_000_00, "人民币壹万贰仟叁佰肆拾伍亿元整"),
        (1_000_100_000_000_00, "人民币壹万零壹亿元整"),
        (1_000_000_010_000_00, "人民币壹万亿零壹万元整"),
        (1_000_010_000_000_00, "人民币壹万亿零壹仟万元整"),
        (-168_032, "人民币负壹仟陆佰捌拾元叁角贰分"),
    ],
)
def test_amounts_in_words(fen, words):
    assert in_words(fen) == words


def _read(words):
    """Read 大写 back, the other way round than it was written: an oracle of its own."""
    sign = -1 if words.startswith("人民币负") else 1
    text = words.removeprefix("人民币").removeprefix("负").removesuffix("整")
    digits = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
    before, mark, after = text.rpartition("元")
    total, section, digit = 0, 0, 0
    for character in before if mark else "":
        if character in digits:
            digit = digits[character]
        elif character in "拾佰仟":
            section, digit = section + digit * {"拾": 10, "佰": 100, "仟": 1000}[character], 0
        elif character == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        elif character == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * 100
    for character in after:
        if character in digits:
            digit = digits[character]
        else:
            fen += digit * {"角": 10, "分": 1}[character]
    return sign * fen


@given(
    st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1)
    | st.builds(
        lambda digits: int("".join(digits)), st.lists(st.sampled_from("0001"), min_size=1, max_size=17)
    )  # many zeros, where the spelling is hard
)
def test_words_say_the_amount_they_spell(fen):
    words = in_words(fen)
    assert _read(words) == fen
    assert "零零" not in words
    for wrong in ("零万", "零亿", "亿万", "零元", "万万"):
        assert wrong not in words.replace("人民币零元整", "")
    assert words.endswith(("分", "整"))


@pytest.mark.parametrize("fen", [10**18, -(10**18)])
def test_an_amount_past_all_words_is_refused(fen):
    with pytest.raises(ValueError, match="must stay under"):
        in_words(fen)
