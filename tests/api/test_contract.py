"""The document against the service: whatever is sent, no fault of ours and no answer that the document doesn't name."""

from collections import Counter

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jiaozi.project.openapi import document
from jiaozi.project.wsgi import application
from tests.api.furniture import furnish

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 3
"""Of each operation; every one is asked with real ids in its address as well as with made-up ones."""
MEANT = 40
"""Operations that must be answered at least once with more than a refusal, or nothing was tried."""
ASKED_BY = {
    "APPLY": "holder",
    "SPEND": "holder",
    "DECIDE": "officer",
    "SETTLE": "finance",
    "METER": "centre",
    "TRADE": "operator",
    "OFFER": "centre",
    "ADMINISTER": "officer",
    "READ": "auditor",
}


@pytest.fixture
def furnished_house(house):
    house.ids = furnish(house)
    return house


def test_the_document_is_openapi_3_1_and_says_what_every_operation_may_answer():
    made = document()
    assert made["openapi"] == "3.1.0"
    for path, methods in made["paths"].items():
        for operation in methods.values():
            assert {"400", "401", "404", "422", "429"} <= set(operation["responses"]), path
            assert operation["summary"], path


def test_nothing_that_is_sent_breaks_the_service_or_the_document(furnished_house, settings_of_the_test, one_connection):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    wrong, answered = [], Counter()
    for found in schema.get_all_operations():
        _try(found.ok(), furnished_house, wrong, answered)
    assert len(answered) >= MEANT, f"too few operations were ever answered: {answered}"
    assert not wrong, "\n".join(wrong[:40])


@pytest.fixture
def settings_of_the_test(settings):
    settings.JIAOZI_API_PACE = {"token": 10**6, "address": 10**6}
    settings.ALLOWED_HOSTS = ["*"]


def _try(operation, house, wrong, answered):
    scope = operation.definition.raw.get("x-scope", "READ")
    token = house.callers[ASKED_BY[scope]].token

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def ask(case, real):
        if real:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = house.ids.get(name.removesuffix("_id"), case.path_parameters[name])
        case.headers["Authorization"] = f"Bearer {token}"
        with transaction.atomic():
            response = case.call()
            transaction.set_rollback(True)
        answered.update([operation.label] if response.status_code < 300 else [])
        try:
            case.validate_response(response, checks=CHECKS)
        except (Exception, BaseExceptionGroup) as failure:  # noqa: BLE001 - every failure is gathered and told
            wrong.append(f"{operation.label}: {response.status_code} {told(failure)}")

    ask()


def told(failure):
    """Say what is wrong, each failure of a group in a line."""
    inner = getattr(failure, "exceptions", [failure])
    return " | ".join(f"{type(each).__name__}: {' '.join(str(each).split())[:300]}" for each in inner)


def test_no_two_shapes_of_the_document_share_a_name() -> None:
    """The document keeps one component a name: of two classes so called, one would be told in the other's place."""
    from collections import Counter
    from importlib import import_module
    from pkgutil import iter_modules

    from jiaozi.api import rooms
    from jiaozi.api.shape import Shape, Wish

    names = Counter(
        name
        for room in iter_modules(rooms.__path__)
        for name, found in vars(import_module(f"{rooms.__name__}.{room.name}")).items()
        if isinstance(found, type) and issubclass(found, Shape | Wish) and found.__module__.endswith(f".{room.name}")
    )
    assert [name for name, count in names.items() if count > 1] == []
