"""What a session tells in its own job's comment, where the cluster is reached by slurmrestd and gives no files.

The comment keeps all that it began with, and ends in one word: ``told=`` and what is told, as JSON in base64. First
that is how the session is reached, then what it saved. Slurm lets no job that it was told to end change its comment,
so a session is asked by the comment as well: ``asked=`` and the second since the epoch at which it was. Everybody on
the cluster may read it, so no secret is in it: a notebook's token was chosen by the platform before the job was handed
over, out of a key that only the platform has.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from pathlib import Path, PurePosixPath
from uuid import UUID

from jiaozi.engines.slurm.jobs import comment_word
from jiaozi.engines.slurm.options import Options
from jiaozi.engines.slurm.ports import Job
from jiaozi.order.ports import UnableToReachEngine

KEY_BYTES_MIN = 32
_WORD, _ASKED = "told", "asked"
_TELL = (
    'old=$({squeue} --noheader --jobs="$SLURM_JOB_ID" --format=%k) && '
    'exec {scontrol} update JobId="$SLURM_JOB_ID" Comment="${{old%% {word}=*}} {word}=$1"'
)

_ENDS = (
    'said=$(SLURM_TIME_FORMAT=%s {squeue} --noheader --jobs="$SLURM_JOB_ID" --format="%e %k") && '
    'case "$said" in *" {word}="*) echo 0 ;; *) echo "${{said%% *}}" ;; esac'
)


def programs(options: Options) -> dict[str, list[str]]:
    """Give what a session runs on its node: to tell one word of itself, and to ask when its job ends.

    Slurmrestd of 22.05 takes no signal for a batch job's first process, so nobody else asks a session to end in time.
    """
    squeue, scontrol = (str(PurePosixPath(options.programs, name)) for name in ("squeue", "scontrol"))
    tell = _TELL.format(squeue=squeue, scontrol=scontrol, word=_WORD)
    return {
        "tell": ["/bin/sh", "-c", tell, "tell"],
        "ends": ["/bin/sh", "-c", _ENDS.format(squeue=squeue, word=_ASKED), "ends"],
    }


def told(job: Job) -> bytes:
    """Give what a job's comment tells; nothing where it tells nothing, or nothing that can be read."""
    word = comment_word(job.comment, _WORD)
    try:
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (ValueError, binascii.Error):
        return b""


def asked_at_s(job: Job) -> int | None:
    """Give the second at which a session was asked to end; None where it was not."""
    word = comment_word(job.comment, _ASKED)
    return int(word) if word.isdecimal() else None


def asking(job: Job, now_s: int) -> str:
    """Write the comment that asks a session to end; empty where it does not listen yet, and so would not hear."""
    began, told_, rest = job.comment.partition(f" {_WORD}=")
    return f"{began} {_ASKED}={now_s}{told_}{rest}" if told_ else ""


def token(options: Options, order_id: UUID) -> str:
    """Give a notebook's token: it follows from the platform's key and the order, and is kept nowhere.

    Raises
    ------
    UnableToReachEngine
        When the key can't be read or is too short; nothing is opened without it.
    """
    try:
        key = Path(options.session_key_file).read_bytes().strip()
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"{options.session_key_file} has {len(key)} bytes, fewer than {KEY_BYTES_MIN}")  # noqa: TRY301 - one refusal for both
    except (OSError, ValueError) as problem:
        raise UnableToReachEngine(
            "SESSION_KEY_UNREADABLE", f"读不到会话密钥：{problem}", f"the key of sessions can't be read: {problem}"
        ) from None
    made = hmac.digest(key, b"jiaozi-session-token:" + order_id.bytes, "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
