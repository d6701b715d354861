"""The JSON Schema of a programme document, for editors: made from the types, so that it can't lag behind them."""

from __future__ import annotations

import json
from typing import Any

from jiaozi.policy.rules.schema import Programme

TITLE = "Jiaozi programme document 交子政策文件"


def editor_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12)."""
    made: dict[str, Any] = Programme.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": TITLE}


def editor_schema_text() -> str:
    """Give it as the text of ``docs/reference/programme.schema.json``."""
    return json.dumps(editor_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
