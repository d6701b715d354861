"""Write the typed client's two generated modules from the API's OpenAPI document: ``make client``.

The document is this project's own and uses a small part of OpenAPI, so that everything it doesn't use is refused here
instead of being guessed: a new construct needs a line in ``hint``.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "src" / "jiaozi" / "client"
HEAD = "# Made by scripts/make_client.py from the OpenAPI document; `make client` makes it again."
HEADERS = frozenset({"Accept-Language", "If-None-Match", "Idempotency-Key", "If-Match"})
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def name_of(ref: str) -> str:
    """Give a shape's name in Python: ``Page_VoucherShape_`` becomes ``PageOfVoucherShape``."""
    name = ref.rpartition("/")[2]
    return re.sub(r"^Page_(\w+)_$", r"PageOf\1", name)


def hint(schema: dict[str, Any]) -> str:
    """Give the type of a schema."""
    if "$ref" in schema:
        return name_of(schema["$ref"])
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(each, ensure_ascii=False) for each in schema['enum'])}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(hint(each) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind in {"array", "object"}:
        return container(schema)
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is None and not set(schema) & {"allOf", "oneOf", "not"}:
        return "Any"
    raise ValueError(f"no type for {schema}")


def container(schema: dict[str, Any]) -> str:
    """Give the type of a list, or of an object whose keys are open."""
    if schema["type"] == "array":
        return f"list[{hint(schema['items'])}]"
    values = schema.get("additionalProperties", True)
    return f"dict[str, {'Any' if values is True else hint(values)}]"


def said(text: str, indent: str) -> str:
    """Give a docstring."""
    first, _, rest = text.strip().partition("\n\n")
    lines = [first, *(("", *textwrap.wrap(rest, 100)) if rest else ())]
    body = f"\n{indent}".join(line for line in lines)
    return f'{indent}"""{body}"""' if len(lines) == 1 else f'{indent}"""{body}\n{indent}"""'


def shape(name: str, schema: dict[str, Any]) -> str:
    """Give one shape as a TypedDict."""
    required = set(schema.get("required", ()))
    fields = [
        f"    {field}: {hint(inner) if field in required else f'NotRequired[{hint(inner)}]'}"
        for field, inner in schema.get("properties", {}).items()
    ]
    about = said(schema.get("description") or name, "    ")
    return "\n".join([f"class {name_of(name)}(TypedDict):", about, "", *fields])


def order_of(schemas: dict[str, Any]) -> list[str]:
    """Give the shapes' names; postponed annotations make any order right, so that of the alphabet."""
    return sorted(schemas, key=name_of)


def argument(parameter: dict[str, Any]) -> str:
    """Give one argument of a method."""
    name = parameter["name"] + ("_" if keyword.iskeyword(parameter["name"]) else "")
    of = hint(parameter["schema"])
    if parameter["required"]:
        return f"{name}: {of}"
    return f"{name}: {of} | None = None" if "None" not in of else f"{name}: {of} = None"


def method(path: str, verb: str, operation: dict[str, Any]) -> str:
    """Give one operation as a method."""
    own = [each for each in operation["parameters"] if each["name"] not in HEADERS]
    heads = {each["name"] for each in operation["parameters"]} & HEADERS
    inside = [each for each in own if each["in"] == "path"]
    query = [each for each in own if each["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {})
    answer, kind = answered(operation)
    words = [argument(each) for each in inside]
    words += [f"body: {hint(content['application/json']['schema'])}"] if "application/json" in content else []
    form = content.get("multipart/form-data", {}).get("schema", {})
    fields = sorted(form.get("properties", {}).items(), key=lambda each: each[0] not in form.get("required", ()))
    named = [argument({"name": n, "schema": file_or(s), "required": n in form["required"]}) for n, s in fields]
    named += [argument(each) for each in sorted(query, key=lambda each: not each["required"])]
    named += ["key: str | None = None"] if "Idempotency-Key" in heads else []
    named += ["if_match: str | None = None"] if "If-Match" in heads else []
    star = ["*", *named] if named else []
    call = [f'"{verb.upper()}"', f'f"{path}"' if inside else f'"{path}"']
    for each in inside:
        call[1] = call[1].replace("{" + each["name"] + "}", "{quoted(" + each["name"] + ")}")
    call += [f"query={pairs(each['name'] for each in query)}"] if query else []
    call += ["body=body"] if "application/json" in content else []
    call += [f"form={pairs(n for n, _ in fields)}"] if fields else []
    call += ["key=key"] if "Idempotency-Key" in heads else []
    call += ["if_match=if_match"] if "If-Match" in heads else []
    about = said(f"{operation['summary']}\n\n{operation.get('description', '')}".strip(), "        ")
    return "\n".join(
        [
            f"    def {operation['operationId']}(self, {', '.join([*words, *star])}) -> {answer}:".replace(", )", ")"),
            about,
            f"        return {returned(answer, kind, ', '.join(call))}",
        ]
    )


def returned(answer: str, kind: str, call: str) -> str:
    """Give what a method returns; text and bytes need no cast."""
    return f"cast({json.dumps(answer)}, self.{kind}({call}))" if kind == "asked" else f"self.{kind}({call})"


def pairs(names: Iterable[str]) -> str:
    """Give a dictionary of arguments by their names."""
    return "{" + ", ".join(f"{json.dumps(name)}: {name}" for name in names) + "}"


def file_or(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a form's file be a name with its bytes."""
    return {"$ref": "#/components/schemas/File"} if schema.get("format") == "binary" else schema


def answered(operation: dict[str, Any]) -> tuple[str, str]:
    """Give what an operation answers, and the transport's way to it."""
    content = operation["responses"]["200"]["content"]
    kind, told = next(iter(content.items()))
    if kind == "application/json":
        return hint(told["schema"]), "asked"
    return ("bytes", "loaded") if kind == "application/octet-stream" else ("str", "text")


def made(document: dict[str, Any]) -> dict[str, str]:
    """Give both modules by their names, formatted."""
    schemas = document["components"]["schemas"]
    shapes = "\n\n\n".join(shape(name, schemas[name]) for name in order_of(schemas))
    methods = [
        method(path, verb, operation) for path, verbs in document["paths"].items() for verb, operation in verbs.items()
    ]
    used = sorted({name_of(name) for name in schemas if re.search(rf"\b{name_of(name)}\b", "\n".join(methods))})
    return {
        "shapes.py": formatted(
            f'{HEAD}\n"""What the API shows and takes."""\n\nfrom __future__ import annotations\n\n'
            f"from typing import Any, Literal, NotRequired, TypedDict\n\n\n{shapes}\n"
        ),
        "operations.py": formatted(
            f'{HEAD}\n"""Every operation of the API, a method each."""\n\nfrom __future__ import annotations\n\n'
            "from typing import Any, Literal, cast\n\n"
            f"from jiaozi.client.shapes import {', '.join(used)}\n"
            "from jiaozi.client.transport import File, Transport, quoted\n\n\n"
            'class Operations(Transport):\n    """Every operation of the API."""\n\n' + "\n\n".join(methods) + "\n"
        ),
    }


def formatted(source: str) -> str:
    """Give a module as the project's formatter writes it."""
    ruff = [str(Path(sys.executable).parent / "ruff"), "format", "--stdin-filename", "client.py", "-"]
    return subprocess.run(ruff, input=source, capture_output=True, text=True, check=True).stdout


def document() -> dict[str, Any]:
    """Give the API's document, as ``jiaozi api schema`` prints it."""
    command = [str(Path(sys.executable).parent / "jiaozi"), "api", "schema"]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


if __name__ == "__main__":
    for name, source in made(document()).items():
        (FOLDER / name).write_text(source, encoding="utf-8")
