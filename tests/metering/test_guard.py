"""A capture stays as it was written, whoever asks."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("alias", ["default", "owner"])
@pytest.mark.parametrize("verb", ["TRUNCATE metering_capture CASCADE", "DELETE FROM metering_capture"])
def test_captures_are_never_emptied(alias, verb, scene):
    scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    scene.collect()
    with pytest.raises(DatabaseError), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(verb)
