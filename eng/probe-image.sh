#!/usr/bin/env bash
# Makes the image from which the runner probes isolation: a static busybox, nothing else. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh

usage() {
  cat <<'TEXT'
usage: eng/probe-image.sh HOST[:PORT]/REPOSITORY [--plain-http]

Builds the probe image, pushes it, and prints its reference by digest for
ACTORS__RUNNER__ISOLATION__PROBEIMAGE. --plain-http: the registry has no TLS.
TEXT
}

tls=true repository=
for argument; do
  case $argument in
    --plain-http) tls=false ;;
    --help | -h) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) repository=$argument ;;
  esac
done
[ -n "$repository" ] || { usage >&2; exit 2; }
need buildah busybox

work=$(mktemp -d)
storage=(--root "$work/root" --runroot "$work/run" --storage-driver vfs)
trap 'buildah "${storage[@]}" rm --all >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
container=$(buildah "${storage[@]}" from scratch)
# The time is fixed, so that the same busybox gives the same digest.
buildah "${storage[@]}" copy --quiet "$container" "$(command -v busybox)" /bin/busybox >/dev/null
buildah "${storage[@]}" config --cmd '["/bin/busybox", "true"]' --user 65532:65532 "$container"
buildah "${storage[@]}" commit --quiet --timestamp 0 "$container" "$repository" >/dev/null
buildah "${storage[@]}" push --quiet --tls-verify="$tls" --digestfile "$work/digest" "$repository"
echo "$repository@$(cat "$work/digest")"
