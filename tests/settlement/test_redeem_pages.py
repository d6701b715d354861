"""The reference pages list every state by both names, every verb, every code that is raised."""

import re

import pytest

from jiaozi.settlement.rules import award, redeem, redeem_proof
from jiaozi.settlement.rules.award import AwardState, StageState
from jiaozi.settlement.rules.redeem import RedeemState
from tests.world import ROOT

PAGES = ROOT / "docs" / "reference"


def page(name):
    return (PAGES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "states"), [("pay-models.md", RedeemState), ("awards.md", AwardState), ("awards.md", StageState)]
)
def test_states(name, states):
    for state in states:
        assert f"{state} {state.label.zh}" in page(name)


@pytest.mark.parametrize(
    ("name", "module"), [("pay-models.md", redeem), ("pay-models.md", redeem_proof), ("awards.md", award)]
)
def test_refusals(name, module):
    source = (ROOT / "src" / "jiaozi" / "settlement" / "rules" / f"{module.__name__.rpartition('.')[2]}.py").read_text()
    codes = set(re.findall(r'UnableTo\w+\(\s*"([A-Z_]+)"', source)) - {"NOT_YOURS"}
    assert codes
    assert {code for code in codes if f"`{code}`" not in page(name)} == set()


def test_every_pay_model_is_told():
    from jiaozi.policy.rules.words import PayModel

    assert all(f"`{model}`" in page("pay-models.md") for model in PayModel)
