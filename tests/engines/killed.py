"""Takes a job in and starts it, and kills itself without warning at the n-th change that it makes to the disk."""

import os
import signal
import sys
from pathlib import Path

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.posix_spawn"}


def main():
    source, spool_root, order, at = sys.argv[1:]
    sys.path.insert(0, source)
    from jiaozi.engines.process import turns
    from jiaozi.engines.process.spool import Spool

    left = int(at)

    def on_event(event, args):
        nonlocal left
        if event in CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    spool = Spool(Path(spool_root))
    spec = Path(spool_root, "spec-to-submit").read_bytes()
    sys.addaudithook(on_event)
    turns.take_in(spool, order, spec, queue_max=5)
    turns.start_waiting(spool)


if __name__ == "__main__":
    main()
