#!/bin/sh
# System packages that the tests can use. Nothing in `make demo` or `make test` needs them; tests that do are skipped without.
set -eu
packages="chromium fonts-noto-cjk poppler-utils postgresql bubblewrap openssh-server"
packages="$packages slurmctld slurmd slurm-client slurm-wlm-basic-plugins slurmdbd slurmrestd slurm-wlm-mysql-plugin slurm-wlm-jwt-plugin munge mariadb-server"
command -v apt-get >/dev/null 2>&1 || { echo "setup-system: needs apt-get; on another system install: $packages" >&2; exit 1; }
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || { echo "setup-system: all there: $packages"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "setup-system: run as root: apt-get install --no-install-recommends$missing" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
# postgresql is wanted for its binaries: its packaging must not start a service of its own.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
apt-get update -qq
# None of their services is wanted either: tests start what they need themselves.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; trap 'rm -f "$policy"' EXIT; }
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "setup-system: installed$missing"
