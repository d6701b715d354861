"""A job as the spool keeps it; and a session made into one: which programs open it, what they need of the machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from jiaozi.engines.process import sitting
from jiaozi.engines.process.options import Options
from jiaozi.engines.sessions import launcher
from jiaozi.engines.sessions.dressing import Programs, dressed
from jiaozi.kernel import clock
from jiaozi.order.ports import JUPYTERLAB, SSH, JobSpec

_SESSION_PROCESSES = 512  # threads count, and JupyterLab with a few kernels has hundreds
_MIB = 1024 * 1024


def sessions_of(options: Options) -> frozenset[str]:
    """Say which sessions open here: what the options name, where jobs run at all.

    A shell needs a job's own table of accounts, which only isolation gives it.
    """
    opens = _programs(options).opens if options.enabled else frozenset()
    return opens if options.isolation == "required" else opens - {SSH}


def as_job(spec: JobSpec, options: Options) -> JobSpec:
    """Give the job that opens a session, which needs more processes than a command; any other as it is."""
    if spec.session is None:
        return spec
    programs = _programs(options)
    if SSH not in sessions_of(options):
        programs = replace(programs, sshd=())
    job = dressed(spec, programs, listen="", access=f"{launcher.OWN}/access.json")
    return replace(job, processes_max=max(spec.processes_max, _SESSION_PROCESSES))


def spec_bytes(spec: JobSpec, options: Options) -> bytes:
    """Write a job down: a line of JSON, then the content of its files one after the other."""
    header: dict[str, Any] = {
        "order_id": str(spec.order_id),
        "command": list(spec.command),
        "resource_class": spec.resource_class,
        "cores": spec.cores,
        "memory_mib": spec.memory_mib,
        "time_limit_ms": spec.time_limit_ms,
        "processes_max": spec.processes_max,
        "output_bytes_max": spec.output_bytes_max,
        "disk_mib": options.disk_mib + -(-sum(Path(each).stat().st_size for each in spec.inputs.values()) // _MIB),
        "isolation": options.isolation,
        "software": [*options.software, *_venv_of(spec, options.jupyter)],
        "session": spec.session.opens if spec.session else "",
        "end_grace_ms": sitting.END_GRACE_MS,
        "submitted_ms": int(clock.now().timestamp() * 1000),
        "files": [[name, len(content)] for name, content in spec.files.items()],
        "inputs": [[name, path] for name, path in spec.inputs.items()],
        "outputs": [[name, path] for name, path in spec.outputs.items()],
    }
    return b"\n".join([json.dumps(header).encode(), b"".join(spec.files.values())])


def _programs(options: Options) -> Programs:
    return Programs(
        jupyter=(options.jupyter,) if options.jupyter else (),
        sshd=(options.sshd,) if options.sshd else (),
    )


def _venv_of(spec: JobSpec, jupyter: str) -> list[str]:
    """Give the folders that JupyterLab's own environment lies in, and the Python that it was made from."""
    if spec.session is None or spec.session.opens != JUPYTERLAB:
        return []
    venv = Path(jupyter).parents[1]
    python = (venv / "bin" / "python").resolve().parents[1]
    return [str(venv), *([] if python in {Path("/usr"), venv} else [str(python)])]
