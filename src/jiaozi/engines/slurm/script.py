"""The batch script of an order: its files and data, its command, its limits; nothing of the platform's environment."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from jiaozi.order.ports import JobSpec, UnableToSubmit

_MS_PER_MIN = 60_000
_HEAD = """#!/bin/bash
# {name}: handed over by Jiaozi. Slurm holds the time limit; this script holds it as well, to the second.
umask 077
mkdir -p {folder} && cd {folder} || exit 126
export PATH=/usr/local/bin:/usr/bin:/bin HOME="$PWD" TMPDIR="$PWD" LANG=C.UTF-8
"""
# The filter keeps the first bytes and counts the rest. It may outlive the command by a moment only: what the command
# left behind can hold the pipe open, and the job must not run on for that.
_TAIL = """keep() {{
  head -c {output_max}; more=$(wc -c)
  [ "$more" -eq 0 ] || printf '\\n[jiaozi] %s bytes more were dropped\\n' "$more"
}}
exec {{out}}> >(keep)
filter=$!
timeout --kill-after=2 {limit_s} {command} >&$out 2>&1 </dev/null
status=$?
exec {{out}}>&-
{results}for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$filter" 2>/dev/null || break; sleep 0.1; done
exit $status
"""


# A session is the batch job's first process, which Slurm asks to end before its limit; the limit may grow meanwhile, so
# Slurm alone holds it, and the session ends itself soon after it was asked.
_SESSION_TAIL = """keep() {{
  head -c {output_max}; more=$(wc -c)
  [ "$more" -eq 0 ] || printf '\\n[jiaozi] %s bytes more were dropped\\n' "$more"
}}
exec {{out}}> >(keep)
exec {command} >&$out 2>&1 </dev/null
"""


# An input is copied from where it landed, so that the job can't change what was verified. A job that lacks one never
# begins: it would compute nonsense for the holder's money.
_INPUT = """cp -- {path} {name} && chmod {mode} {name} || {{ echo '[jiaozi] input not there: '{name}; exit 125; }}
"""
# A result is a plain file that the job made, with no other name; it gets its own name at the landing when it is whole.
_RESULTS = """take() {{
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h -- "$1")" -eq 1 ] || return
  mkdir -p -- "${{2%/*}}" && cp -- "$1" "$2.new" && sync -- "$2.new" && mv -f -- "$2.new" "$2"
}}
{each}"""


def limit_min(spec: JobSpec) -> int:
    """Give the time limit in Slurm's unit, rounded up."""
    return -(-spec.time_limit_ms // _MS_PER_MIN)


def script_of(spec: JobSpec, *, name: str, folder: str, setup: Sequence[str], bytes_max: int) -> bytes:
    """Write the script.

    Raises
    ------
    UnableToSubmit
        When files and command are more than a script may be.
    """
    home = PurePosixPath(folder, name)
    lines = [_HEAD.format(name=name, folder=shlex.quote(str(home)))]
    for file, content in spec.files.items():
        body = base64.encodebytes(content).decode()
        lines.append(
            f"base64 -d > {shlex.quote(file)} <<'JIAOZI-FILE'\n{body}JIAOZI-FILE\nchmod 700 {shlex.quote(file)}\n"
        )
    lines += [f"{line}\n" for line in setup]
    for file, path in spec.inputs.items():
        mode = 700 if spec.command[0] == f"./{file}" else 600
        lines.append(_INPUT.format(path=shlex.quote(path), name=shlex.quote(file), mode=mode))
    lines.append(_run(spec))
    script = "".join(lines).encode(errors="surrogateescape")
    if len(script) > bytes_max:
        raise UnableToSubmit(
            "FILES_TOO_LARGE",
            f"输入文件随作业脚本提交，最多{bytes_max}字节（编码后），当前为{len(script)}",
            f"files travel inside the batch script: at most {bytes_max} bytes when encoded, not {len(script)}",
            field="files",
        )
    return script


def _run(spec: JobSpec) -> str:
    command = " ".join(shlex.quote(word) for word in spec.command)
    if spec.session:
        return _SESSION_TAIL.format(output_max=spec.output_bytes_max, command=command)
    each = "".join(f"take {shlex.quote(file)} {shlex.quote(path)}\n" for file, path in spec.outputs.items())
    results = _RESULTS.format(each=each) if each else ""
    return _TAIL.format(
        output_max=spec.output_bytes_max, limit_s=limit_min(spec) * 60, command=command, results=results
    )
