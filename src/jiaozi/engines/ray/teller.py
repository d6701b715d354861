"""Tells a running session's guard a new limit: ``python3 - JOB LIMIT_MS MARK``, on the session's node.

This file travels to the centre as text, inside a small job's entry point. It writes where ``seat`` looks, whole or not
at all; whether the limit counts is the guard's to say, by the mark that only the platform can make for this order.
"""

from __future__ import annotations

import os
import pathlib
import sys


def main() -> None:
    """Write the limit beside the session's log, which lies beside this job's own."""
    job, limit_ms, mark = sys.argv[1:4]
    own = pathlib.Path(os.readlink("/proc/self/fd/1"))  # noqa: PTH115 - Python 3.8 has no readlink
    inbox = own.with_name(f"{job}.limit")
    if not inbox.exists():
        sys.exit(f"[jiaozi] no session {job} is on this node")
    draft = own.with_name(f"{own.name}.new")
    draft.write_text(f"{limit_ms} {mark}\n", encoding="ascii")
    draft.replace(inbox)


if __name__ == "__main__":
    main()
