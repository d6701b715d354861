"""Reading a trace: every line is a job, a comment, or named with what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.metering.rules import swf
from jiaozi.metering.rules.importing import PriceList
from jiaozi.order.ports import JobOutcome

RIGHT = "7 1357000000 60 3600 4 -1 -1 8 7200 -1 1 62 1 1 1 1 -1 -1"


def test_reads_a_plain_job_and_one_with_an_archives_extra_columns():
    found = swf.read([RIGHT, RIGHT + " {1241,1241} q_1d 1:ppn=64:x86_64#excl"])
    plain, extra = found.entries
    assert found.bad == []
    assert plain == extra, "what an archive adds is no part of a job's figures"
    assert (plain.name, plain.started_ms, plain.elapsed_ms) == ("swf:7", 1357000060_000, 3600_000)
    assert (plain.units, plain.account, plain.outcome, plain.wrong) == (4, "62", JobOutcome.SUCCEEDED, None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("1", JobOutcome.SUCCEEDED), ("0", JobOutcome.FAILED), ("5", JobOutcome.CANCELLED), ("-1", JobOutcome.LOST)],
)
def test_reads_status(status, outcome):
    (job,) = swf.read([RIGHT.replace(" 1 62 ", f" {status} 62 ")]).entries
    assert job.outcome is outcome


def test_takes_what_was_asked_where_what_was_given_is_unknown():
    (job,) = swf.read([RIGHT.replace(" 3600 4 ", " 3600 -1 ")]).entries
    assert job.units == 8


def test_digest_changes_with_any_of_the_18_numbers():
    words = RIGHT.split()
    texts = [" ".join([*words[:place], "3", *words[place + 1 :]]) for place in range(18)]
    jobs = swf.read([RIGHT, *texts]).entries
    assert len({job.digest for job in jobs}) == 19


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 2 3", "needs 18 fields, has 3"),
        (RIGHT.replace(" 60 ", " soon "), "field 3 (wait) must be a whole number, not 'soon'"),
        (RIGHT.replace(" 3600 ", " 36.5 "), "field 4 (run) must be a whole number, not '36.5'"),
        (RIGHT.replace("7 1357000000", "7 -5"), "fields 2, 3"),
        (RIGHT.replace("1357000000", "999999999999999"), "fields 2, 3"),
        (RIGHT.replace(" 3600 ", " 99999999999 "), "fields 4, 5"),
        (RIGHT.replace(" 3600 4 ", " 3600 9999999999 "), "fields 4, 5"),
        (RIGHT.replace("7 ", "99999999999999999999 "), "field 1 (job)"),
        ("٧" + RIGHT[1:], "field 1 (job)"),
    ],
)
def test_says_what_is_wrong_with_a_line(text, told):
    found = swf.read(["; header", "", text])
    (bad,) = found.bad
    assert found.entries == []
    assert bad.line == 3
    assert told in bad.label.en


@given(st.lists(st.text(alphabet="0123456789- .;x\t{}", max_size=60), max_size=8))
def test_every_line_is_read_skipped_or_told(lines):
    found = swf.read(lines)
    skipped = [line for line in lines if not line.strip() or line.strip().startswith(";")]
    assert len(found.entries) + len(found.bad) + len(skipped) == len(lines)


def test_price_list_turns_to_the_second():
    from datetime import UTC, datetime, timedelta
    from uuid import UUID

    from jiaozi.catalogue.rules import Tariff, Unit
    from jiaozi.kernel.refusal import Reason

    begin = datetime(2023, 1, 1, tzinfo=UTC)
    turns = [begin, begin + timedelta(days=1), begin + timedelta(days=2)]

    def tariff(number, customer="", until=None):
        words = {"centre": "c", "resource_class": "r", "unit": Unit.CORE_HOUR, "rate_ufen": number, "version": number}
        return Tariff(
            id=UUID(int=number), valid_from=turns[number - 1], valid_until=until, customer_class=customer, **words
        )

    prices = PriceList([tariff(1, until=turns[2]), tariff(2, "MAKER")], centre="c")
    second = int(turns[1].timestamp()) * 1000
    assert isinstance(prices.at("r", int(begin.timestamp()) * 1000 - 1, "MAKER"), Reason)
    assert prices.at("r", second - 1, "MAKER").version == 1
    assert prices.at("r", second, "MAKER").version == 2
    assert prices.at("r", second, "OTHER").version == 1
    assert prices.at("r", int(turns[2].timestamp()) * 1000 - 1, "OTHER").version == 1
    assert prices.at("r", int(turns[2].timestamp()) * 1000, "OTHER").code == "TARIFF_NOT_VALID"
    assert prices.at("other", second, "MAKER").code == "RESOURCE_UNKNOWN"
