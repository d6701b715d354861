#!/bin/sh
# Install one hashed lock into .venv with uv, then Jiaozi itself in place. What is set up for pip (a mirror, a certificate)
# serves uv too, and uv trusts what the system trusts.
set -eu
lock="$1"
venv=$(pwd)/.venv
pip_setting() { "$venv/bin/python" -m pip config get "global.$1" 2>/dev/null || true; }
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
  index="${PIP_INDEX_URL:-$(pip_setting index-url)}"
  [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if [ -z "${SSL_CERT_FILE:-}" ]; then
  certificate="${PIP_CERT:-$(pip_setting cert)}"
  [ -z "$certificate" ] || export SSL_CERT_FILE="$certificate"
fi
export VIRTUAL_ENV="$venv" UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
"$venv/bin/uv" pip install --quiet --require-hashes -r "$lock"
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation -e .
