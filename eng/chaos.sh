#!/usr/bin/env bash
# Breaks silos, runner and PostgreSQL under load and proves that nothing was lost or done twice; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh

usage() {
  cat <<'TEXT'
usage: eng/chaos.sh [--minutes M] [--seed S] [--silos N] [--only KIND...] [--mutation fence|split|clock|poll|all] [--keep] [--help]

Starts N silos (3) and a runner as processes of their own, and a throw-away PostgreSQL; MCP clients submit, wait and cancel while
faults are injected for M minutes (1). Then everything is healed, and the database's history and the runner's own ledger are
checked: every acknowledged run ended, nothing was done twice, no sandbox was left. Prints the seed; the same seed injects the
same faults. Exit code 1 on a violation, or when too little happened to prove anything.

The silos are the product's, each with a wall clock of its own that can jump by minutes (its monotonic clock goes on) and with ways to
database and runner that can break or fall silent. The runner is a stand-in that speaks the same HTTP contract: its sandboxes are null
ones, calls are lines in a ledger that survives its kill -9. The product's runner under crashes is a part of the end-to-end tests.
Faults that need time (a poison run, a silo lost while nothing else is broken) come in runs of 4 or 6 minutes, or when named by --only.
--mutation breaks the product on purpose, for half a minute: success is that the checker sees just that. all: one after the other.

Needs the .NET SDK 10 and PostgreSQL 15; root for a disk that runs full.
TEXT
}

arguments=()
mutation=
while (($#)); do
  case "$1" in
    --help | -h)
      usage
      exit
      ;;
    --mutation)
      mutation="${2:?--mutation needs a name}"
      shift
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

need_dotnet
need_postgres
quietly "Building chaos (Release)" dotnet build tests/Chaos -c Release --nologo -v quiet
chaos=(dotnet tests/Chaos/bin/Release/net10.0/Actors.Chaos.dll)
if [[ "$mutation" != all ]]; then
  say "Chaos"
  exec "${chaos[@]}" "${arguments[@]}" ${mutation:+--mutation "$mutation"}
fi

failed=0
for mutation in fence split clock poll; do
  say "Chaos with a mutation: $mutation"
  "${chaos[@]}" "${arguments[@]}" --mutation "$mutation" || failed=1
done
exit "$failed"
