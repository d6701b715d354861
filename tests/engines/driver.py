"""Runs an engine in a process of its own, so that a test can be another user, or can kill the platform.

Reads pickled calls, one a line in base64, and answers each the same way. The caller is the test beside it.
"""

import base64
import pickle
import sys


def main():
    sys.path.insert(0, sys.argv[1])
    from jiaozi.engines.process import connect as make_engine

    engine = make_engine(pickle.loads(base64.b64decode(sys.argv[2])))
    for line in sys.stdin:
        name, args = pickle.loads(base64.b64decode(line))
        try:
            answer = (True, getattr(engine, name)(*args))
        except Exception as problem:  # noqa: BLE001 - the caller judges it
            answer = (False, (type(problem).__name__, str(problem)))
        sys.stdout.write(base64.b64encode(pickle.dumps(answer)).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
