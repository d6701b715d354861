"""Running a program at the centre: here, where this machine is the login node; over SSH otherwise."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jiaozi.engines.slurm import faults
from jiaozi.engines.slurm.options import Options
from jiaozi.engines.slurm.ports import AnswerTooLarge

_COMPLAINT_BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Done:
    """What a program printed and how it ended."""

    output: bytes
    complaint: str
    exit_status: int


class Shell(Protocol):
    """Runs a program and waits for its end."""

    def run(self, words: Sequence[str], given: bytes = b"") -> Done:
        """Run it with standard input ``given``.

        Raises
        ------
        UnableToReachEngine
            When it could not be started or took longer than the options allow.
        AnswerTooLarge
            When it printed more than the options allow.
        """


class LocalShell:
    """Runs programs on this machine."""

    def __init__(self, options: Options) -> None:
        self._options = options
        path = os.environ.get("PATH", os.defpath)
        self._environ = {"PATH": path, "LC_ALL": "C"}

    def run(self, words: Sequence[str], given: bytes = b"") -> Done:
        """Run it in a clean environment."""
        try:
            done = subprocess.run(
                words,
                input=given,
                capture_output=True,
                timeout=self._options.timeout_s,
                check=False,
                env=self._environ,
                cwd="/",
            )
        except subprocess.TimeoutExpired as slow:
            raise _slow(self._options.timeout_s, slow.stderr or b"") from None
        except OSError as problem:
            raise faults.unreachable(str(problem)) from None
        if len(done.stdout) > self._options.answer_bytes_max:
            raise AnswerTooLarge
        return Done(done.stdout, read_complaint(done.stderr), done.returncode)


def read_complaint(text: bytes) -> str:
    """Read the end of what went to standard error."""
    return text[-_COMPLAINT_BYTES_MAX:].decode(errors="replace")


def _slow(seconds: int, complaint: bytes) -> Exception:
    """A program that only waits may have said for what: sbatch retries a full queue for minutes."""
    text = read_complaint(complaint)
    return faults.unreachable(text) if text.strip() else faults.timed_out(seconds)
