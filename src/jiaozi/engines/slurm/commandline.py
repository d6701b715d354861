"""A cluster reached by Slurm's own programs: sbatch, squeue, sacct, scancel, sinfo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from jiaozi.engines.slurm import faults, lines
from jiaozi.engines.slurm.options import Options
from jiaozi.engines.slurm.ports import Batch, Job, Pool
from jiaozi.engines.slurm.shell import Done, Shell
from jiaozi.order.ports import UnableToReachEngine

ENDED_STATES = "CD,F,CA,TO,OOM,NF,DL,BF,PR,RV"
_NAMES_AT_ONCE = 1_000
_START = re.compile(r"to start at (\d+)")
_DISTANT = "now+365days"
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"


class CommandLine:
    """Keeps ``jiaozi.engines.slurm.ports.Cluster``."""

    def __init__(self, options: Options, shell: Shell) -> None:
        self._options, self._shell = options, shell
        # Instants come as epoch seconds and go as UTC, whatever zone the centre lives in.
        environ = ["env", "TZ=UTC", "SLURM_TIME_FORMAT=%s", "LC_ALL=C"]
        if options.conf:
            environ.append(f"SLURM_CONF={options.conf}")
        if options.programs:
            environ.append(f"PATH={options.programs}:/usr/local/bin:/usr/bin:/bin")
        self._before = (*options.become, *environ)
        self._operator = (*(options.become if options.operator is None else options.operator), *environ)

    def submit(self, batch: Batch) -> int:
        """Submit by sbatch, the script on standard input."""
        done = self._run("sbatch", "--parsable", *_wishes(batch), given=batch.script)
        number = done.output.decode(errors="replace").strip().partition(";")[0]
        if done.exit_status:
            raise faults.refusal(done.complaint)
        if not number.isdecimal():
            raise faults.garbled(f"sbatch: {number[:80]}")
        return int(number)

    def known(self) -> list[Job]:
        """Ask squeue, for all states."""
        words = ("squeue", "--noheader", f"--user={self._options.user}", "--states=all", "-O", lines.SQUEUE)
        return [lines.squeue_job(line) for line in self._lines(*words)]

    def recorded(self, names: Sequence[str]) -> list[Job]:
        """Ask sacct by name, from the beginning of time."""
        found: list[Job] = []
        for first in range(0, len(names), _NAMES_AT_ONCE):
            some = ",".join(names[first : first + _NAMES_AT_ONCE])
            found += self._accounting("-S", "1970-01-02", "-E", _DISTANT, f"--name={some}")
        return found

    def ended(self, since_s: int, until_s: int | None) -> list[Job]:
        """Ask sacct for what ended; a finished state makes it look at end times."""
        until = _DISTANT if until_s is None else _instant(until_s)
        return self._accounting("-S", _instant(since_s), "-E", until, f"--state={ENDED_STATES}")

    def cancel(self, job_id: int) -> None:
        """Ask scancel."""
        done = self._run("scancel", str(job_id))
        if done.exit_status and "already completing or completed" not in done.complaint:
            raise faults.unreachable(done.complaint)

    def extend(self, job_id: int, limit_min: int) -> None:
        """Ask scontrol, which lets Slurm's operators alone raise a limit."""
        words = [f"JobId={job_id}", f"TimeLimit={limit_min}"]
        done = self._shell.run((*self._operator, "scontrol", "update", *words))
        if done.exit_status:
            raise faults.no_extension(done.complaint)

    def note(self, job_id: int, comment: str) -> None:
        """Ask scontrol."""
        done = self._run("scontrol", "update", f"JobId={job_id}", f"Comment={comment}")
        if done.exit_status:
            raise faults.unreachable(done.complaint)

    def forecast(self, batch: Batch, now: datetime) -> datetime | None:
        """Ask sbatch, without submitting."""
        done = self._run("sbatch", "--test-only", *_wishes(batch), given=batch.script)
        found = _START.search(done.complaint + done.output.decode(errors="replace"))
        if done.exit_status or found is None:
            raise faults.refusal(done.complaint)
        return max(now, datetime.fromtimestamp(int(found[1]), UTC))

    def pools(self) -> list[Pool]:
        """Ask sinfo, for cores and for cards."""
        cores = "\n".join(self._lines("sinfo", "--noheader", "-o", lines.SINFO))
        nodes = "\n".join(self._lines("sinfo", "--noheader", "--Node", "-O", lines.SINFO_GRES))
        return lines.pools(cores, nodes)

    def tail(self, path: str, size: int) -> bytes:
        """Read the end of a file."""
        done = self._run("tail", "-c", str(size), "--", path)
        if done.exit_status and "No such file" not in done.complaint:
            raise faults.unreachable(done.complaint)
        return done.output if not done.exit_status else b""

    def _accounting(self, *words: str) -> list[Job]:
        asked = ("sacct", "-X", "-n", "-P", "-D", f"--user={self._options.user}", f"--format={lines.SACCT}", *words)
        return [lines.sacct_job(line) for line in self._lines(*asked)]

    def _lines(self, *words: str) -> list[str]:
        done = self._run(*words)
        if done.exit_status or not _whole(done):
            raise faults.unreachable(done.complaint) if done.complaint.strip() else faults.garbled(words[0])
        return done.output.decode(errors="replace").splitlines()

    def _run(self, *words: str, given: bytes = b"") -> Done:
        try:
            return self._shell.run((*self._before, *words), given)
        except BrokenPipeError:  # it ended before it read its input; what it said is lost
            raise UnableToReachEngine(
                "CENTRE_UNREACHABLE", "连接中断", "the connection broke while the job was handed over"
            ) from None


def _whole(done: Done) -> bool:
    """Say whether an answer came to its end: a program that was cut off leaves a line without its end."""
    return not done.output or done.output.endswith(b"\n")


def _instant(epoch_s: int) -> str:
    return datetime.fromtimestamp(max(epoch_s, 86_400), UTC).strftime(_TIME_FORMAT)


def _wishes(batch: Batch) -> list[str]:
    wishes = {
        "job-name": batch.name,
        "comment": batch.comment,
        "partition": batch.partition,
        "account": batch.account,
        "qos": batch.qos,
        "constraint": batch.constraint,
        "gres": batch.gres,
        "chdir": batch.folder,
        "output": batch.output,
    }
    return [
        *(f"--{name}={value}" for name, value in wishes.items() if value),
        "--export=NIL",
        "--input=none",
        "--no-requeue",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={batch.cores}",
        f"--mem={batch.memory_mib}M",
        f"--time={batch.limit_min}",
        *([f"--signal=B:TERM@{batch.end_signal_s}"] if batch.end_signal_s else []),
    ]
