#!/usr/bin/env bash
# Disables each check of image verification in turn and demands that a test turns red. Slow stage; not part of eng/test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh

usage() {
  cat <<'TEXT'
usage: eng/mutate-verification.sh [PATH_PART]

Compiles src/Verification once with every check behind a switch (a copy in memory; the sources are not changed), runs
tests/Verification.Tests once to learn which test comes by which check, then disables each check and runs only those
tests. Checks are found in the sources by their shape: throws of the product's exceptions, calls that only refuse, `return
false`, each operand of a condition that refuses or accepts, and switches of the platform that are set to true or false.
Checks of another shape (caps, patterns, a single comparison that is returned) are not found. A test counts when it is red with the check disabled, green with
the check, and red again with it disabled; not to end (NO END) is red, after 10 s and after 20 times what the test takes
with the check. PATH_PART (such as Sigstore/) limits it to files whose path holds it.

Lines NOT SWITCHED name checks that cannot be disabled, because what follows needs the value that they give.
The last line is "N checks, M survivors"; the exit code is 0 only if nothing survived and nothing was not switched.
TEXT
}

case "${1:-}" in
  --help | -h)
    usage
    exit
    ;;
esac

tools=tests/Verification.Tools
quietly "Building the tests of verification" dotnet build "$tools" --nologo -v quiet
# Only a compilation writes the generated sources, which the mutated copy needs too.
quietly "Generating sources" dotnet build src/Verification --nologo -v quiet --no-incremental -p:EmitCompilerGeneratedFiles=true
say "Mutating"
dotnet "$tools/bin/Debug/net10.0/Actors.Verification.Tools.dll" mutate src/Verification "$@"
