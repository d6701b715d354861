"""What is handed to Ray for an order: the wrapper with the order's limits as entry point, its files as a package."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jiaozi.engines.ray.options import GPU, ClassOptions
from jiaozi.engines.ray.shapes import NAME_PREFIX
from jiaozi.order.ports import JobSpec, UnableToSubmit

ENTRY_BYTES_MAX = 120_000
"""The kernel takes no single word of a command above 128 KiB, and a shell gets the whole entry point as one."""

_MIB = 1 << 20
_MADE = (1980, 1, 1, 0, 0, 0)


def name_of(spec: JobSpec) -> str:
    """Give the job's name for ever."""
    return f"{NAME_PREFIX}{spec.order_id}"


def submission(spec: JobSpec, takes: ClassOptions, *, python: str) -> dict[str, Any]:
    """Write the body of a submission.

    Raises
    ------
    UnableToSubmit
        When the command is too long to travel.
    """
    limits = {
        "command": list(spec.command),
        "files": sorted(spec.files),
        "limit_s": spec.time_limit_ms / 1000,
        "memory_mib": spec.memory_mib,
        "output": spec.output_bytes_max,
    }
    words = base64.b64encode(json.dumps(limits).encode()).decode()
    program = f"import base64,zlib;exec(zlib.decompress(base64.b64decode('{_wrapper()}')))"
    entry = f'exec {python} -c "{program}" {words} {name_of(spec)}'
    if len(entry) > ENTRY_BYTES_MAX:
        raise UnableToSubmit(
            "COMMAND_TOO_LONG",
            f"命令过长：Ray入口最多{ENTRY_BYTES_MAX}字节（编码后），当前为{len(entry)}；请改用输入文件",
            f"the command is too long: an entry point of Ray holds {ENTRY_BYTES_MAX} bytes when encoded, "
            f"not {len(entry)}; put it into a file",
            field="command",
        )
    body: dict[str, Any] = {
        "submission_id": name_of(spec),
        "entrypoint": entry,
        "entrypoint_num_cpus": spec.cores,
        "entrypoint_memory": spec.memory_mib * _MIB,
        "metadata": {
            "jiaozi_order": str(spec.order_id),
            "jiaozi_class": spec.resource_class,
            "jiaozi_units": str(spec.cards or spec.cores),
            "jiaozi_limit_ms": str(spec.time_limit_ms),
        },
    }
    if takes.resource == GPU:
        body["entrypoint_num_gpus"] = spec.cards
    elif takes.resource:
        body["entrypoint_resources"] = {takes.resource: spec.cards}
    if spec.files:
        body["runtime_env"] = {"working_dir": f"gcs://{package_of(spec)}"}
    return body


def package_of(spec: JobSpec) -> str:
    """Name the package of an order's files; each order has its own, so that no two jobs share a folder."""
    return f"_ray_pkg_{name_of(spec).replace('-', '_')}.zip"


def package(spec: JobSpec) -> bytes:
    """Pack an order's files; the same files always give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(spec.files.items()):
            archive.writestr(zipfile.ZipInfo(name, _MADE), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


@lru_cache(maxsize=1)
def _wrapper() -> str:
    source = files("jiaozi.engines.ray").joinpath("wrapper.py").read_bytes()
    return base64.b64encode(zlib.compress(source, 9)).decode()
