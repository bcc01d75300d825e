#!/usr/bin/env bash
# The container images of silo and runner: see usage. Nothing is pulled: the base is made of Debian packages and this machine's .NET runtime.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh
# shellcheck source-path=SCRIPTDIR source=lib/registry.sh
source eng/lib/registry.sh

usage() {
  cat <<'TEXT'
usage: eng/images.sh REGISTRY [--tag TAG] [--tls]

Builds and pushes to REGISTRY (for example 127.0.0.1:5100), and prints one line per image: NAME REGISTRY/actors/NAME@sha256:…
  actors/silo:TAG     the MCP server                   TAG is the product's version unless given
  actors/runner:TAG   policy gate and sandboxes
  actors/probe        busybox alone, with which the runner proves that sandboxes are closed (eng/probe-image.sh)

The first two have no shell, run as user 65532 and need a writable /tmp only. The command line is in both of them:
  dotnet /app/cli/actors.dll
Timestamps are fixed, for digests that can be compared. --tls: the registry speaks HTTPS (default: plain HTTP).
TEXT
}

# Debian's C library, what .NET loads, and the certificates of public authorities.
debs=(libc6 libgcc-s1 libstdc++6 libssl3 zlib1g ca-certificates)
builder=(buildah --root "$ACTORS_CACHE/buildah/root" --runroot "$ACTORS_CACHE/buildah/run")
work=""

# bake NAME CONTEXT FILE [argument]...: fixed timestamps and no history, which differs between machines.
bake() {
  local name="$1" context="$2" file="$3"
  shift 3
  "${builder[@]}" build --quiet --isolation chroot --format oci --timestamp 0 --omit-history --file "$file" --tag "actors/$name" "$@" "$context"
}

make_base() {
  local root="$work/base/rootfs" deb runtime
  mkdir -p "$root"/{etc/ssl/certs,tmp,usr/share/dotnet} "$work/debs"
  (cd "$work/debs" && apt-get -o APT::Sandbox::User=root download "${debs[@]}" && for deb in *.deb; do dpkg-deb -x "$deb" "$root"; done)
  find "$root/usr/share/ca-certificates" -name '*.crt' | LC_ALL=C sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
  rm -rf "${root:?}"/usr/share/{lintian,gcc,gdb,ca-certificates} "$root"/usr/lib/*/gconv "$root"/etc/{ld.so.conf.d,ca-certificates} "${root:?}"/{usr/sbin,sbin,var}
  runtime="$(dotnet --list-runtimes | sed -n "s:^Microsoft.AspNetCore.App $version \[\(.*\)/shared/.*:\1:p")"
  cp "$runtime/dotnet" "$root/usr/share/dotnet/"
  (cd "$runtime" && cp -r --parents "host/fxr/$version" "shared/Microsoft.NETCore.App/$version" "shared/Microsoft.AspNetCore.App/$version" "$root/usr/share/dotnet/")
  echo 'actors:x:65532:65532::/tmp:/sbin/nologin' >"$root/etc/passwd"
  echo 'actors:x:65532:' >"$root/etc/group"
  chmod -R u=rwX,go=rX "$root"
  chmod 1777 "$root/tmp"
  bake base "$work/base" eng/lib/images/base.Containerfile
}

# publish PROJECT DIRECTORY
publish() { dotnet publish "src/$1" -c Release --nologo -v quiet --no-self-contained -p:DebugType=none -p:PathMap="$PWD=/actors" -o "$2"; }

make_program() {
  local name="$1" project="$2" context="$work/$1"
  mkdir -p "$context"
  publish "$project" "$context/program"
  cp -r "$work/cli" "$context/cli"
  chmod -R u=rwX,go=rX "$context"
  bake "$name" "$context" "eng/lib/images/$name.Containerfile" --build-arg BASE=localhost/actors/base \
    --label "org.opencontainers.image.version=$tag"
}

push() {
  local target="$registry/actors/$1:$tag" digest="$work/$1.digest"
  quietly "Pushing $target" "${builder[@]}" push --quiet --tls-verify="$tls" --digestfile "$digest" "actors/$1" "docker://$target"
  echo "$1 $registry/actors/$1@$(cat "$digest")"
}

registry="" tag="" tls=false
while (($# > 0)); do
  case "$1" in
    --tag) tag="${2:-}" && shift ;;
    --tls) tls=true ;;
    --help | -h) usage && exit ;;
    -*) usage >&2 && exit 2 ;;
    *) registry="$1" ;;
  esac
  shift
done
if [[ -z "$registry" ]]; then usage >&2 && exit 2; fi
[[ "$(uname -m)" == x86_64 ]] || die "the images are built for x86_64, and this machine is $(uname -m)."

need_dotnet
need buildah busybox apt-get dpkg-deb
tag="${tag:-$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)}"
version="$(dotnet --list-runtimes | sed -n 's/^Microsoft.AspNetCore.App \(10\.[^ ]*\).*/\1/p' | sort -V | tail -n 1)"
[[ -n "$version" ]] || die "there is no ASP.NET Core runtime 10 beside this machine's dotnet."
work="$(mktemp -d "$ACTORS_CACHE/images.XXXXXX")"
trap 'rm -rf "$work"' EXIT
quietly "Building the base image" make_base
quietly "Publishing the command line" publish Cli "$work/cli"
quietly "Building the silo's image" make_program silo Silo
quietly "Building the runner's image" make_program runner RunnerApi
push silo
push runner
options=()
if [[ "$tls" == false ]]; then options=(--plain-http); fi
echo "probe $(eng/probe-image.sh "$registry/actors/probe" "${options[@]}")"
