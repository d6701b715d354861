"""What import-linter can't see: a foreign key or a task named in a string points down the house too."""

import ast
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from procrastinate.contrib.django import app as house_app

ROOT = Path(__file__).parent.parent
STAGES = ROOT / "src" / "jiaozi"


def ranks():
    """Stage → how high it stands; read from the contract that import-linter holds."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    layers = [[name.strip(" ()") for name in line.split("|")] for line in reversed(contract["layers"])]
    return {name: rank for rank, names in enumerate(layers) for name in names}


RANKS = ranks()


def stage_of(dotted):
    parts = dotted.split(".")
    return parts[1] if parts[0] == "jiaozi" and len(parts) > 1 and parts[1] in RANKS else None


def test_contract_names_every_folder():
    folders = {path.name for path in STAGES.iterdir() if (path / "__init__.py").exists()}
    assert folders <= set(RANKS)


def test_foreign_keys_point_down():
    upward = [
        f"{model.__module__}.{model.__name__}.{field.name} → {field.related_model.__module__}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and (here := stage_of(model.__module__))
        if (there := stage_of(field.related_model.__module__)) and RANKS[there] > RANKS[here]
    ]
    assert upward == []


def test_tasks_are_named_after_their_stage():
    own = [name for name in house_app.tasks if not name.startswith(("builtin:", "procrastinate."))]
    strays = [name for name in own if stage_of(name) is None and not name.startswith("tests.")]
    assert strays == [], "a task's name must tell its stage: jiaozi.<stage>.tasks.<verb>"


def modules_of_stages():
    faces = min(RANKS[name] for name in ("web", "cli", "engines"))
    return [path for name, rank in RANKS.items() if rank < faces for path in sorted((STAGES / name).rglob("*.py"))]


@pytest.mark.parametrize("path", modules_of_stages(), ids=lambda path: str(path.relative_to(STAGES)))
def test_names_in_strings_point_down(path):
    here = path.relative_to(STAGES).parts[0]
    words = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
    ]
    upward = [word for word in words if (there := stage_of(word)) and RANKS[there] > RANKS[here]]
    assert upward == []


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_migration_is_missing(capsys):
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit:
        pytest.fail(f"run `django-admin makemigrations`:\n{capsys.readouterr().out}")
