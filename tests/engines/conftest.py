"""One place per test, in each of the ways that the engine can hold a job."""

import os

import pytest

from tests.engines.places import PLACES, Place, user_python


def _open(name, **options):
    needs_root, as_user, _ = PLACES[name]
    if needs_root and os.geteuid() != 0:
        pytest.skip("holding jobs by accounts of their own needs root; run the tests with sudo")
    if as_user and os.geteuid() == 0 and user_python() is None:
        pytest.skip("no Python 3.11 that an ordinary user may run; install it with: apt-get install python3")
    return Place(name, **options)


def _check(place):
    if place.options["isolation"] == "required" and not place.engine.protection().namespaces:
        pytest.skip("this machine allows no namespaces; allow them with: sysctl user.max_user_namespaces=10000")


@pytest.fixture
def open_place():
    opened = []

    def opener(name, **options):
        opened.append(_open(name, **options))
        _check(opened[-1])
        return opened[-1]

    yield opener
    for place in opened:
        place.close()


@pytest.fixture(params=list(PLACES))
def place(request, open_place):
    """Every place."""
    return open_place(request.param)


@pytest.fixture(params=["root", "accounts", "user"])
def held_place(request, open_place):
    """The places that keep a job from the platform's own files."""
    return open_place(request.param)


@pytest.fixture
def best_place(open_place):
    """The best that this test run can have."""
    return open_place("root" if os.geteuid() == 0 else "user")
