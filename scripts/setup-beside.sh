#!/bin/sh
# A program for tests alone, into a virtual environment of its own beside the product: setup-beside.sh NAME PROGRAM
# installs requirements/NAME.txt.
set -eu
name=$1 program=$2
lock=$(pwd)/requirements/$name.txt
home="${XDG_CACHE_HOME:-$HOME/.cache}/jiaozi/$name"
if [ -x "$home/bin/$program" ] && cmp -s "$lock" "$home/lock"; then echo "setup-$name: all there: $home"; exit 0; fi
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
echo "setup-$name: installed $home/bin/$program"
