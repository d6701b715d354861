#!/bin/sh
# Ray for the tests of its engine, into a virtual environment of its own: the product does not need it. About 330 MB.
set -eu
lock=$(pwd)/requirements/ray.txt
home="${XDG_CACHE_HOME:-$HOME/.cache}/jiaozi/ray"
if [ -x "$home/bin/ray" ] && cmp -s "$lock" "$home/lock"; then echo "setup-ray: all there: $home"; exit 0; fi
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
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
mkdir -p "$(dirname "$home")"
# One at a time: two checkouts share the folder.
exec 9> "$home.lock"
command -v flock >/dev/null 2>&1 && flock 9
rm -rf "$home"
"$venv/bin/uv" venv --quiet --python "$venv/bin/python" "$home"
"$venv/bin/uv" pip install --quiet --require-hashes --python "$home/bin/python" -r "$lock"
cp "$lock" "$home/lock"
echo "setup-ray: installed $("$home/bin/ray" --version)"
