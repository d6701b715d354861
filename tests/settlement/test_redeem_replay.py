"""What a redemption was decided on is kept, and made again with the decisions on its dossier."""

import json
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from jiaozi.cli.policy import app
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Redemption
from tests.world import OFFICER

from .cities import City, text_of
from .test_redeem import JUNE, variant

pytestmark = pytest.mark.django_db


def redeemed(city, amount="3万"):
    city.prefund("100万")
    voucher = city.voucher(city.holder(), "general", city.sample("firm"))
    row = city.submitted(voucher, amount)
    city.accepted(row, amount)
    return voucher, row


@pytest.mark.parametrize("text", [text_of("langfang"), variant("subsidy_after_use")], ids=["redeem", "subsidy"])
def test_a_redemptions_decision_is_made_again_beside_its_dossiers(text):
    city = City(text, JUNE)
    voucher, row = redeemed(city)
    city.paid(row)
    found = [*queries.replayed(application=voucher.application_id)]
    assert [(one.step, one.wrong) for one in found] == [("review", ()), ("approve", ()), ("redeem", ())]
    assert (found[-1].id, found[-1].version) == (row, city.version.digest)
    assert [one.id for one in queries.replayed(programme="another")] == []


def test_a_claim_that_was_given_back_stays_decided():
    city = City(text_of("langfang"), JUNE)
    voucher, row = redeemed(city)
    settlement.cancel_redemption(redemption_id=row, reason="票据有误", by=OFFICER, now=city.now)
    assert [one.step for one in queries.replayed(application=voucher.application_id)][-1] == "redeem"


@pytest.mark.parametrize(
    ("column", "forge", "wrong"),
    [
        ("decision", lambda row: {**row.decision, "outcome": "REFUSED"}, "digest"),
        ("bounds", lambda row: [{**bound, "fen": bound["fen"] + 1} for bound in row.bounds], "digest"),
    ],
)
def test_what_was_changed_since_is_named(column, forge, wrong):
    city = City(text_of("langfang"), JUNE)
    _, id_ = redeemed(city)
    Redemption.objects.filter(id=id_).update(**{column: forge(Redemption.objects.get(id=id_))})
    assert [one.wrong for one in queries.replayed() if one.wrong] == [(wrong,)]


def test_the_command_counts_them(monkeypatch):
    monkeypatch.setattr("jiaozi.cli.replay.opened", nullcontext)
    redeemed(City(text_of("langfang"), JUNE))
    done = CliRunner().invoke(app, ["replay", "--programme", "langfang", "--json"], catch_exceptions=False)
    assert (done.exit_code, json.loads(done.output)["decisions"]) == (0, 3)
