"""May this job run on this machine at all? Asked before anything of it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jiaozi.engines.process import sandbox
from jiaozi.engines.process.options import Options
from jiaozi.order.ports import JobSpec, UnableToSubmit


@dataclass(frozen=True, slots=True)
class Protection:
    """How well this machine can hold a job; see docs/concepts/engines.md."""

    own_account: bool
    namespaces: bool
    memory_by_kernel: bool
    why_not: str


def check(spec: JobSpec, options: Options, protection: Callable[[], Protection]) -> None:
    """Refuse what could never run here.

    Raises
    ------
    UnableToSubmit
        With the field and what would be right.
    """
    _check_class(spec, options)
    _check_size(spec, options)
    if sandbox.TMP in spec.files:
        raise UnableToSubmit(
            "file_name_taken",
            f"文件名{sandbox.TMP}是作业目录的临时文件夹，请换一个",
            f"{sandbox.TMP} is the job's folder for temporary files: give the file another name",
            field="files",
        )
    if options.isolation == "required" and not protection().namespaces:
        why = protection().why_not
        raise UnableToSubmit(
            "isolation_impossible", f"本机无法隔离作业：{why}", f"this machine can't isolate a job: {why}"
        )
    _check_inputs(spec)
    _check_program(spec, options)


def _check_class(spec: JobSpec, options: Options) -> None:
    if not options.enabled:
        raise UnableToSubmit(
            "engine_off",
            "本机运行作业未开启；由运维人员打开process引擎",
            "running jobs on this machine is switched off; the operator switches the process engine on",
        )
    if options.resource_classes and spec.resource_class not in options.resource_classes:
        known = "、".join(options.resource_classes)
        raise UnableToSubmit(
            "resource_class_unknown",
            f"没有资源类别{spec.resource_class}，可选：{known}",
            f"there is no class {spec.resource_class}; choose from {known}",
            field="resource_class",
        )


def _check_size(spec: JobSpec, options: Options) -> None:
    for field, wanted, most in (
        ("cards", spec.cards, 0),
        ("cores", spec.cores, options.cores),
        ("memory_mib", spec.memory_mib, options.memory_mib),
    ):
        if wanted > most:
            raise UnableToSubmit(
                "more_than_there_is",
                f"最多{most}，当前为{wanted}",
                f"this machine offers at most {most}, not {wanted}",
                field=field,
            )


def _check_inputs(spec: JobSpec) -> None:
    for name, path in spec.inputs.items():
        if name in spec.files or name == sandbox.TMP or not Path(path).is_file():
            raise UnableToSubmit(
                "input_missing",
                f"输入文件{name}不在本机，或与随附文件重名",
                f"the input {name} has not landed on this machine, or another file has its name",
                field="inputs",
            )


def _check_program(spec: JobSpec, options: Options) -> None:
    program = spec.command[0]
    if program.startswith("./") and (program[2:] in spec.files or program[2:] in spec.inputs):
        return
    path = sandbox.search_path(options.software)
    if shutil.which(program, path=path) is None or ("/" in program and not program.startswith("/")):
        raise UnableToSubmit(
            "command_not_found",
            f"找不到程序{program}；用系统程序名，或以./开头的随附文件名",
            f"no program {program}; name one of the system's, or ./ and a file of the order",
            field="command",
        )
