#!/bin/sh
# Install one hashed lock into .venv with uv, then Jiaozi itself in place. A mirror set for pip serves uv too.
set -eu
lock="$1"
venv=$(pwd)/.venv
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
  index=$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)
  index="${PIP_INDEX_URL:-$index}"
  [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
[ -n "${SSL_CERT_FILE:-}" ] || [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="$PIP_CERT"
export VIRTUAL_ENV="$venv" UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}"
"$venv/bin/uv" pip install --quiet --require-hashes -r "$lock"
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation -e .
