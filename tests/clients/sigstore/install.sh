#!/usr/bin/env bash
# Installs npm's Sigstore libraries of package-lock.json into the user's cache, once per lock file, and prints the directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR source=../../../eng/lib/common.sh
source ../../../eng/lib/common.sh

need_by_hand npm "Install Node.js 20 or newer, which brings npm."
target="$ACTORS_CACHE/sigstore-$(cat package.json package-lock.json | sha256sum | cut -c 1-16)"
if [[ ! -d "$target" ]]; then
  part="$(mktemp -d "$target.XXXXXX")"
  trap 'rm -rf "$part"' EXIT
  cp package.json package-lock.json .npmrc "$part/"
  quietly "Installing npm's Sigstore libraries" npm ci --prefix "$part" --omit=dev --ignore-scripts --no-fund --no-audit
  mv -T "$part" "$target" 2>/dev/null || [[ -d "$target" ]] # Another run may have been faster.
fi
echo "$target"
