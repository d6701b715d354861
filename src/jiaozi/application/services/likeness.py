"""Reading what a paper says and looks like, once for each content, so that nearly the same one is found again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore

from jiaozi.application.models import PaperLikeness
from jiaozi.application.queries import evidence as reads
from jiaozi.application.rules import evidence as rules
from jiaozi.application.rules import likeness
from jiaozi.application.rules.evidence import FileKind
from jiaozi.application.rules.likeness import Read

_READER = Path(__file__).with_name("paper_reader.py")
WALL_S = 20
UNREAD_MAX = 5
"""Contents that one screening reads first, so that a verb is bounded whatever lies there; the next one reads on."""
AT_ONCE = 2
"""Readers of this process at one moment; each may take the memory that ``paper_reader`` allows."""
_ROOM = BoundedSemaphore(AT_ONCE)


def read(content: bytes, kind: FileKind) -> Read | None:
    """Read a paper's text and picture; what can't be read says why and is kept all the same.

    None where others keep every reader busy for as long as one may take: the next screening reads it then.
    Cost: a process of its own and 0.1 to 0.3 s for PDF and pictures, nothing for what is too small to hold a page.
    """
    if kind is FileKind.CSV:
        return likeness.of_text(rules.decoded(content) or "")
    if len(content) < likeness.SMALLEST_BYTES:
        return likeness.of_text("")
    if not _ROOM.acquire(timeout=WALL_S):
        return None
    try:
        return _by_reader(content, kind)
    finally:
        _ROOM.release()


def _by_reader(content: bytes, kind: FileKind) -> Read:
    command = [sys.executable, "-I", str(_READER), kind.value]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=WALL_S, check=False, env={}, cwd="/")
    except subprocess.TimeoutExpired:
        return likeness.unread("TOO_SLOW")
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return likeness.unread(f"ENDED {done.returncode}")
    return likeness.as_told(told)


def keep(digest: str, found: Read, now: datetime) -> None:
    """Keep what was read of a content; whoever reads it at the same time finds the same."""
    PaperLikeness.objects.bulk_create(
        [
            PaperLikeness(
                file_id=digest,
                text=found.text,
                sketch=list(found.sketch),
                picture=found.picture,
                reason=found.reason,
                read_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def keep_unread(digests: Iterable[tuple[str, FileKind]], now: datetime) -> None:
    """Read the first contents that nobody has read; one that is lost or changed stays unread, and the audit's."""
    for digest, kind in islice(digests, UNREAD_MAX):
        try:
            content = reads.checked_content(digest)
        except rules.UnableToReadEvidence:
            continue
        found = read(content, kind)
        if found is not None:
            keep(digest, found, now)
