#!/usr/bin/env bash
# All tests but the slow stages: unit tests, driver conformance on real containers (runc and gVisor), end-to-end tests with real
# processes, and the official MCP clients. Sets up what is missing; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh
# shellcheck source-path=SCRIPTDIR source=lib/kubernetes-tools.sh
source eng/lib/kubernetes-tools.sh

usage() {
  cat <<'TEXT'
usage: eng/test.sh [--no-clients] [--help]

Builds the solution and runs every test project, then lets the TypeScript SDK client and the MCP Inspector (npm) list the
tools and run a workflow against a demo of its own. --no-clients leaves the latter out.

Needs the .NET SDK 10, Node.js 20 with npm, and git. On Debian and Ubuntu the rest is installed when this runs as root.
The last line is "N passed, N failed"; the exit code is 0 only if nothing failed.
TEXT
}

clients=yes
case "${1:-}" in
  "") ;;
  --no-clients) clients=no ;;
  --help | -h)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

passed=0
failed=0
# What failed, told again at the end: the log is long.
failures="$(mktemp)"
trap 'rm -f "$failures"' EXIT

# The simulation of the engine writes its figures here.
export ACTORS_SIMULATION_REPORT="$ACTORS_CACHE/logs/simulation.$$.txt"

# test_project NAME: adds its counts; a run that prints none counts as one failure.
test_project() {
  local log="$ACTORS_CACHE/logs/test-$1.$$.log" code=0 counts
  say "Testing $1"
  dotnet test "tests/$1" --no-build --nologo 2>&1 | tee "$log" | grep -E --line-buffered '^\s+Failed |Error Message|^   [A-Z]|^(Passed|Failed)!' >&2 || true
  code=${PIPESTATUS[0]}
  if [[ -f "$ACTORS_SIMULATION_REPORT" ]]; then
    cat "$ACTORS_SIMULATION_REPORT" >&2
    rm -f "$ACTORS_SIMULATION_REPORT"
  fi
  grep -E -A 3 '^\s+Failed ' "$log" >>"$failures" || true
  counts="$(sed -n 's/^\(Passed\|Failed\)! *- Failed: *\([0-9]*\), Passed: *\([0-9]*\).*/\2 \3/p' "$log" | tail -n 1)"
  if [[ -z "$counts" ]]; then
    tail -n 30 "$log" >&2
    echo "  Failed $1: no result" >>"$failures"
    failed=$((failed + 1))
    return
  fi
  failed=$((failed + ${counts% *}))
  passed=$((passed + ${counts#* }))
  if ((code != 0 && ${counts% *} == 0)); then failed=$((failed + 1)); fi
}

# check LABEL COMMAND...: one check that passes or fails by its exit code.
check() {
  local label="$1"
  shift
  say "$label"
  if "$@"; then
    passed=$((passed + 1))
  else
    note "FAILED: $label"
    echo "  Failed $label" >>"$failures"
    failed=$((failed + 1))
  fi
}

# The clients need a silo with the example workflows: the demo keeps one running.
test_clients() {
  local url era
  # A state of its own: a demo that somebody keeps running is not touched.
  export ACTORS_DEMO_STATE="$ACTORS_ROOT/.actors/test"
  eng/demo.sh --keep >"$ACTORS_CACHE/logs/clients-demo.log" 2>&1 || {
    tail -n 30 "$ACTORS_CACHE/logs/clients-demo.log" >&2
    echo "  Failed the demo that the clients need" >>"$failures"
    failed=$((failed + 1))
    return
  }
  trap 'eng/demo.sh --stop; rm -f "$failures"' EXIT
  url="$(sed -n 's/^  claude mcp add .* \(http[^ ]*\)$/\1/p' "$ACTORS_CACHE/logs/clients-demo.log")"
  check "TypeScript SDK client at $url" tests/clients/sdk-client.sh "$url"
  for era in legacy auto modern; do check "MCP Inspector, $era era" tests/clients/inspector.sh "$url" "$era"; done
}

need_everything
need_postgres
need_kubernetes_tools
quietly "Building Actors (Debug)" dotnet build Actors.sln --nologo -v quiet
for project in Grains.Tests Verification.Tests RunnerApi.Tests Silo.Tests Integration.Tests Helm.Tests; do test_project "$project"; done
if [[ "$clients" == yes ]]; then
  test_clients
  check "Verdicts beside those of npm's Sigstore verifier" eng/differential.sh
fi
cat "$failures" >&2
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
