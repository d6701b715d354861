#!/bin/sh
# A real Kubernetes for the tests of its engine: Debian's own source package, built once, about 8 minutes on two cores.
# Control plane, kubelet and containerd run as plain processes below a temporary folder; nothing is installed as a service.
set -eu
home="${XDG_CACHE_HOME:-$HOME/.cache}/jiaozi/kubernetes"
bin="$home/bin"
programs="kube-apiserver kube-controller-manager kube-scheduler kubelet"
packages="etcd-server containerd runc busybox-static"
build="golang-go golang-github-modern-go-reflect2-dev rsync make gcc"
command -v apt-get >/dev/null 2>&1 || { echo "setup-kubernetes: needs Debian's apt-get" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "setup-kubernetes: run as root; it installs $packages" >&2; exit 1; }
there() { for each in $programs; do [ -x "$bin/$each" ] || return 1; done; }
install() {
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; trap 'rm -f "$policy"' EXIT; }
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1 >/dev/null
}
for each in $packages; do
  dpkg-query -W -f='${Status}' "$each" 2>/dev/null | grep -q 'ok installed' || { apt-get update -qq; install "$packages"; break; }
done
if there; then echo "setup-kubernetes: all there: $bin"; exit 0; fi
apt-get update -qq
install "$build"
mkdir -p "$home/source/lists/partial" "$home/source/parts" "$bin"
cd "$home/source"
# The machine's own package sources, asked for source packages as well.
for list in /etc/apt/sources.list.d/*.sources; do
  [ -e "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" > "parts/$(basename "$list")"
done
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' > parts/all.list
apt="apt-get -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$PWD/parts -o Dir::State::lists=$PWD/lists -o APT::Sandbox::User=root"
$apt update -qq
rm -rf kubernetes-*/
$apt source --download-only -qq kubernetes
tar xf kubernetes_*.orig.tar.*
cd kubernetes-*/
# Go since 1.18 walks maps in a way that the bundled reflect2 does not know: the API server would crash. Debian's is newer.
reflect=vendor/github.com/modern-go/reflect2
rm -f "$reflect"/*.go "$reflect"/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s "$reflect/"
rm -f "$reflect"/*_test.go
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
wanted=""
for each in $programs; do wanted="$wanted cmd/$each"; done
env GOPATH="$PWD/.go" CGO_ENABLED=0 GOFLAGS=-mod=vendor GOPROXY=off HOME="$home/source" make WHAT="$wanted" >"$home/build.log" 2>&1 \
  || { tail -20 "$home/build.log" >&2; exit 1; }
for each in $programs; do
  cp "$(find _output/local -type f -name "$each" | head -1)" "$bin/$each"
  strip "$bin/$each" 2>/dev/null || true
done
cd "$home"
rm -rf source
echo "setup-kubernetes: built $("$bin/kube-apiserver" --version) in $bin"
