#!/usr/bin/env bash
# Installs the clients of package-lock.json into the user's cache, once per lock file, and prints the directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR source=../../eng/lib/common.sh
source ../../eng/lib/common.sh

need_by_hand npm "Install Node.js 20 or newer, which brings npm."
key="$(cat package.json package-lock.json .npmrc | sha256sum | cut -c 1-16)"
target="$ACTORS_CACHE/clients-$key"
if [[ ! -d "$target" ]]; then
  part="$(mktemp -d "$target.XXXXXX")"
  trap 'rm -rf "$part"' EXIT
  cp package.json package-lock.json .npmrc "$part/"
  # Two of these want a newer Node than the machine's: they run on the one that is installed with them.
  quietly "Installing MCP clients (about 300 MB)" npm ci --prefix "$part" --omit=dev --ignore-scripts --no-fund --no-audit
  mv -T "$part" "$target" 2>/dev/null || [[ -d "$target" ]] # Another test run may have been faster.
fi
echo "$target"
