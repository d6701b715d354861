"""Entry of the supervisor, run as ``python -I -S start.py SPOOL ORDER``: small, because every job waits for it.

The first process ends at once, so that the platform has no child to look after; the second, in a session of its own,
supervises. Without ``-S`` and ``-I`` it would load what the platform has installed and obey its environment.
"""

from __future__ import annotations

import os
import sys


def _load_path() -> None:
    here = os.path.realpath(__file__)  # pathlib is not loaded for one name
    sys.path.insert(0, here[: -len("/jiaozi/engines/process/start.py")])


def _supervise() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()
    _load_path()
    from jiaozi.engines.process.supervisor import main  # noqa: PLC0415 - after the fork and the path

    main(sys.argv[1], sys.argv[2])


def _probe() -> None:
    _load_path()
    from jiaozi.engines.process.probe import main  # noqa: PLC0415

    main(sys.argv[2])


def _sweep() -> None:
    _load_path()
    from jiaozi.engines.process.accounts import end_if_free  # noqa: PLC0415

    end_if_free(int(sys.argv[2]))


if __name__ == "__main__":
    if sys.argv[1] == "--probe":
        _probe()
    elif sys.argv[1] == "--sweep":
        _sweep()
    else:
        _supervise()
