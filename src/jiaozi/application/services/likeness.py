"""Reading what a paper says and looks like, once for each content, so that nearly the same one is found again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
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
AT_ONCE = 2
"""Readers of this process at one moment; each may take the memory that ``paper_reader`` allows."""
_ROOM = BoundedSemaphore(AT_ONCE)


def read(content: bytes, kind: FileKind) -> Read:
    """Read a paper's text and picture; what can't be read says why and is kept all the same.

    Cost: a process of its own and 0.1 to 0.3 s for PDF and pictures, nothing for what is too small to hold a page.
    """
    if kind is FileKind.CSV:
        return likeness.of_text(rules.decoded(content) or "")
    if len(content) < likeness.SMALLEST_BYTES:
        return likeness.of_text("")
    with _ROOM:
        return _by_reader(content, kind)


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
    """Read contents that came before papers were read; one that is lost or changed stays unread, and the audit's."""
    for digest, kind in digests:
        try:
            content = reads.checked_content(digest)
        except rules.UnableToReadEvidence:
            continue
        keep(digest, read(content, kind), now)
