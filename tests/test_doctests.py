"""The examples in the pure rooms' docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import jiaozi


def pure_modules():
    names = [module.name for module in pkgutil.walk_packages(jiaozi.__path__, "jiaozi.")]
    return [name for name in names if name.startswith("jiaozi.kernel.") or "rules" in name.split(".")[2:3]]


@pytest.mark.parametrize("name", pure_modules())
def test_examples(name):
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0
