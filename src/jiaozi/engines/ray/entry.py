"""What is handed to Ray for an order: the wrapper with the order's limits as entry point, its files as a package."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jiaozi.engines.ray.options import GPU, ClassOptions
from jiaozi.engines.ray.shapes import NAME_PREFIX, TELLER_PREFIX, Job
from jiaozi.engines.sessions.dressing import CONFIG
from jiaozi.order.ports import JobSpec, UnableToSubmit

ENTRY_BYTES_MAX = 120_000
"""The kernel takes no single word of a command above 128 KiB, and a shell gets the whole entry point as one."""

_MIB = 1 << 20
_SEAT = ".jiaozi-seat"
"""Folder of a session's package for its guard: no file of a holder's has a name that begins with a dot."""

_A_TRACE = 0.001
"""Of a node's own resource, which pins a job to it: the least that Ray counts."""

_STOP_MORE_S = 5
"""How much longer Ray lets a session end than the guard does, before it kills the guard as well."""
_MADE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """What a session's job has beside what every job has.

    Attributes
    ----------
    key
        The key of its limit's mark, in hexadecimal.
    folder
        Where on the node its saved files are kept; empty: beside Ray's logs.
    end_s
        How long it may take to end and to save.
    keep_s
        How long saved files stay beside Ray's logs.
    """

    opens: str
    key: str
    folder: str
    end_s: int
    keep_s: int

    def files(self, spec: JobSpec) -> dict[str, bytes]:
        """Give the files of the session's guard."""
        told: dict[str, Any] = {"name": name_of(spec), "config": CONFIG, "key": self.key, "folder": self.folder}
        told |= {"end_s": self.end_s, "keep_s": self.keep_s}
        return {f"{_SEAT}/seat.py": _source("seat.py"), f"{_SEAT}/seat.json": json.dumps(told).encode()}


def name_of(spec: JobSpec) -> str:
    """Give the job's name for ever."""
    return f"{NAME_PREFIX}{spec.order_id}"


def submission(spec: JobSpec, takes: ClassOptions, *, python: str, seated: Seated | None = None) -> dict[str, Any]:
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
        "seat": _SEAT if seated else "",
    }
    words = base64.b64encode(json.dumps(limits).encode()).decode()
    entry = f"{_program(python, 'wrapper.py')} {words} {name_of(spec)}"
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
    if seated is not None:
        body["metadata"]["jiaozi_opens"] = seated.opens
        body["runtime_env"]["env_vars"] = {"RAY_JOB_STOP_WAIT_TIME_S": str(seated.end_s + _STOP_MORE_S)}
    return body


def teller_name(job: str, limit_ms: int) -> str:
    """Name the small job that tells a session a limit; no job of an order has such a name."""
    return f"{TELLER_PREFIX}{limit_ms}-{job}"


def told_by(teller: str) -> str:
    """Give the name of the job that a small one told its limit.

    >>> told_by(teller_name("jiaozi-x-y", 60_000))
    'jiaozi-x-y'
    """
    return teller.removeprefix(TELLER_PREFIX).partition("-")[2]


def telling(name: str, job: Job, limit_ms: int, mark: str, *, python: str) -> dict[str, Any]:
    """Write the body of the small job that tells a session a limit: on its node, and in need of nothing there."""
    return {
        "submission_id": name,
        "entrypoint": f"{_program(python, 'teller.py')} {job.name} {limit_ms} {mark}",
        "entrypoint_num_cpus": 0,
        "entrypoint_resources": {f"node:{job.address}": _A_TRACE},
    }


def package_of(spec: JobSpec) -> str:
    """Name the package of an order's files; each order has its own, so that no two jobs share a folder."""
    return f"_ray_pkg_{name_of(spec).replace('-', '_')}.zip"


def package(spec: JobSpec, seated: Seated | None = None) -> bytes:
    """Pack an order's files, and what a session's guard needs; the same files always give the same bytes."""
    files = {**spec.files, **(seated.files(spec) if seated else {})}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _MADE), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


@cache
def _program(python: str, name: str) -> str:
    """Give a program of ours as the beginning of an entry point, which its words follow."""
    packed = base64.b64encode(zlib.compress(_source(name), 9)).decode()
    return f"exec {python} -c \"import base64,zlib;exec(zlib.decompress(base64.b64decode('{packed}')))\""


def _source(name: str) -> bytes:
    return resources.files("jiaozi.engines.ray").joinpath(name).read_bytes()
