#!/usr/bin/env bash
# usage: tests/clients/sdk-client.sh URL: runs sdk-client.mjs with the TypeScript SDK of the lock file.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ACTORS_CLIENTS="$("$here/install.sh")"
export ACTORS_CLIENTS
exec node "$here/sdk-client.mjs" "$@"
