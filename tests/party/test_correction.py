"""An applicant may not correct what its own eligibility rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jiaozi.party import services as party
from jiaozi.party.rules import HolderClass, UnableToRegister
from jiaozi.party.services import registration_of
from tests.world import OFFICER, PROGRAMME, build


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("dishonest", False), ("registered_in_city", True), ("holder_class", HolderClass.UNIVERSITY)],
)
def test_only_an_officer_corrects_what_eligibility_rests_on(field, value):
    world = build()
    holder = world.holder("失信企业", dishonest=True, registered_in_city=False)
    better = replace(registration_of(holder), **{field: value})
    at = {"now": world.now, "programme": PROGRAMME}
    with pytest.raises(UnableToRegister) as refused:
        party.correct(organisation=holder.id, registration=better, by=world.applicant(holder), **at)
    assert refused.value.reason.field == field
    assert (
        getattr(
            party.correct(organisation=holder.id, registration=better, by=OFFICER, **at),
            field,
        )
        == value
    )
