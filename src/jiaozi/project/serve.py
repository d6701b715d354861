"""The web process: gunicorn on a socket that its parent opened, so that a restart never loses the address."""

from __future__ import annotations

import sys

from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

from jiaozi.project.lifeline import end_with_parent

WORKERS, THREADS = 2, 8
_REQUEST_TIMEOUT_S, _GRACE_S = 30, 10


def main() -> None:
    """Be the web process: ``python -m jiaozi.project.serve FD``."""
    end_with_parent()
    sys.argv = [
        *["gunicorn", "jiaozi.project.wsgi:application", f"--bind=fd://{int(sys.argv[1])}"],
        *[f"--workers={WORKERS}", "--worker-class=gthread", f"--threads={THREADS}"],
        *[
            f"--timeout={_REQUEST_TIMEOUT_S}",
            f"--graceful-timeout={_GRACE_S}",
            "--log-level=warning",
            "--no-control-socket",
        ],
    ]
    run()


if __name__ == "__main__":
    main()
