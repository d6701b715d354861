#!/bin/sh
# Make .venv and put uv into it by pip. Works without python3-venv when a pip is at hand.
set -eu
python="$1"
command -v "$python" >/dev/null 2>&1 || { echo "setup: no '$python' found; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: $("$python" --version) is too old; Jiaozi needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  rm -rf .venv
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv .venv
  elif "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --without-pip .venv 2>/dev/null; then
    "$python" -m pip --python .venv/bin/python install --quiet --disable-pip-version-check pip
  else
    rm -rf .venv
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "setup: this Python cannot make a virtual environment; run: apt-get install python$version-venv" >&2
    exit 1
  fi
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
