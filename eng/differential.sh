#!/usr/bin/env bash
# Lets npm's @sigstore/verify judge the test signer's fixtures, good and bad, and compares its verdicts with ours.
# Known differences, each with its reason, are in tests/clients/sigstore/exceptions.json; any other fails, and so does a stale one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh

clients="$ACTORS_ROOT/tests/clients/sigstore"
target="$("$clients/install.sh")"

quietly "Building the test signer" dotnet build tests/Verification.Tools --nologo -v quiet
fixtures="$(mktemp -d)"
trap 'rm -rf "$fixtures"' EXIT
quietly "Signing fixtures" dotnet tests/Verification.Tools/bin/Debug/net10.0/Actors.Verification.Tools.dll export "$fixtures"
(cd "$target" && node "$clients/verify-fixtures.mjs" "$fixtures" "$clients/exceptions.json")
