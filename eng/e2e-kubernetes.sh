#!/usr/bin/env bash
# The whole chart on a real cluster, used by a real MCP client while parts of it are taken away: see usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh
# shellcheck source-path=SCRIPTDIR source=lib/process.sh
source eng/lib/process.sh
# shellcheck source-path=SCRIPTDIR source=lib/keys.sh
source eng/lib/keys.sh
# shellcheck source-path=SCRIPTDIR source=lib/kubernetes-tools.sh
source eng/lib/kubernetes-tools.sh
for part in install rights faults; do
  # shellcheck source=/dev/null
  source "eng/lib/e2e/$part.sh"
done

usage() {
  cat <<'TEXT'
usage: eng/e2e-kubernetes.sh [--keep | --help]

Brings up the cluster of eng/cluster.sh (and takes it down again if it was down), builds and pushes the images, installs helm/actors, runs
workflows over MCP, deletes the silo's and the runner's pod in the middle of a call, restarts kubelet, takes the API server away for 20 s,
upgrades the release in the middle of a call, opens the pods' network for a moment, and tries with the runner's account what it must not do.
--keep leaves the release installed.

The last line is "N passed, N failed"; the exit code is 0 only if nothing failed.
TEXT
}

keep=no
case "${1:-}" in
  "") ;;
  --keep) keep=yes ;;
  --help | -h) usage && exit ;;
  *) usage >&2 && exit 2 ;;
esac
[[ -z "${KUBECONFIG:-}" ]] || die "this restarts parts of the cluster and uses its node's network: unset KUBECONFIG, so that eng/cluster.sh makes one."

release=actors-e2e
namespace=actors-e2e
state="$ACTORS_ROOT/.actors/e2e-kubernetes"
owned=no
passed=0
failed=0

check() {
  local label="$1" started
  shift
  started="$(date +%s)"
  say "$label"
  if "$@"; then
    passed=$((passed + 1))
    note "ok after $(($(date +%s) - started)) s"
  else
    failed=$((failed + 1))
    note "FAILED: $label"
    show_state
  fi
}

show_state() {
  kubectl get pods -n "$release-runs" -o wide >&2 || true
  kubectl get pods -n "$namespace" -o wide >&2 || true
  kubectl logs -n "$namespace" "$release-runner-0" --tail=15 >&2 || true
  kubectl logs -n "$namespace" "$release-silo-0" --tail=15 >&2 || true
}

at_exit() {
  local code=$?
  cluster network loopback >/dev/null 2>&1 || true
  if [[ "$keep" == yes && $code -eq 0 ]]; then return; fi
  say "Cleaning up"
  remove_chart
  if [[ "$owned" == yes ]]; then env -u KUBECONFIG eng/cluster.sh down; fi
}

cluster() { env -u KUBECONFIG eng/cluster.sh "$@"; }

dry_run() {
  helm template "$release" helm/actors --namespace "$namespace" --values "$state/values.yaml" --kube-version "$version" >"$state/rendered.yaml"
  kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
  kubectl create namespace "$release-runs" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
  # Each object goes to the namespace that it names, or the release's.
  kubectl apply --dry-run=server --server-side --force-conflicts -f "$state/rendered.yaml" >"$state/dry-run.txt" || return 1
  note "$(wc -l <"$state/dry-run.txt") objects accepted by the API server"
  kubectl delete namespace "$release-runs" --timeout=60s >/dev/null
}

# The chart is for any namespace; kubectl's context names the one that objects without one go to.
lint() { helm lint --strict helm/actors --values "$state/values.yaml"; }
mcp_client() { tests/clients/sdk-client.sh "$silo_url/mcp"; }
helm_test() { helm test "$release" --namespace "$namespace" --timeout 2m; }
refused_image() {
  local code=0 output
  output="$(./actors run refused-unsigned --url "$silo_url/mcp" 2>&1)" || code=$?
  ((code == 2)) && grep -qw rejected <<<"$output"
}
secret_token() { kubectl get secret "$release-runner-token" -n "$namespace" -o 'jsonpath={.data.token}'; }

# Both pods are replaced, and the generated token stays the same.
upgrade() {
  local token
  token="$(secret_token)"
  install_chart --set silo.podAnnotations.upgraded=yes --set runner.podAnnotations.upgraded=yes || return 1
  await_pod "$release-silo-0" && await_pod "$release-runner-0" && [[ -n "$token" && "$(secret_token)" == "$token" ]]
}
uninstalled() {
  helm uninstall "$release" --namespace "$namespace" --wait --timeout 2m || return 1
  kubectl wait --for=delete "namespace/$release-runs" --timeout=90s >/dev/null 2>&1 || ! kubectl get namespace "$release-runs" 2>/dev/null
}

# The drivers' conformance suite on pods, under runc and gVisor.
driver_tests() { eng/cluster-tests.sh "$@"; }

doctor() { kubectl exec -n "$namespace" "$release-silo-0" -- dotnet /app/cli/actors.dll doctor "$@"; }

# On the network `bridge` a policy that denies everything is accepted and does nothing: the new runner finds out and launches nothing.
unenforced_refused() {
  local code=0 output
  cluster network bridge
  delete_pod runner || return 1
  output="$(./actors run echo --params '{"message":"x"}' --url "$silo_url/mcp" 2>&1)" || code=$?
  note "$(grep -o 'not proven to isolate.*' <<<"$output" | cut -c 1-160)"
  ((code == 2)) && grep -qw isolation_unproven <<<"$output" || return 1
  code=0
  doctor >"$state/doctor-bridge.txt" 2>&1 || code=$?
  # Doctor saw a hole, and not only that it could see nothing.
  ((code == 2)) && grep -qE '✘ egress_sandbox +reached: [0-9.]+ 8765 open' "$state/doctor-bridge.txt" && grep -q 'NOT PROVEN' "$state/doctor-bridge.txt" || return 1
  ! grep -q 'could not run' "$state/doctor-bridge.txt" || return 1
  driver_tests --network bridge
}

enforced_again() {
  cluster network loopback
  delete_pod runner && mcp_client
}

need_everything
need_kubernetes_tools
mkdir -p "$state"
cluster status >/dev/null 2>&1 || owned=yes
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
KUBECONFIG="$(cluster up | tail -n 1)"
export KUBECONFIG
registry="$(cluster status | sed -n 's/^registry *//p')"
api_port="$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}' | sed 's/.*://')"
version="$(kubectl version -o json | node -e 'console.log(JSON.parse(require("fs").readFileSync(0, "utf8")).serverVersion.gitVersion)')"
pod_security=no
if (($(cut -d. -f2 <<<"$version") >= 25)); then pod_security=yes; fi
silo_port="$(free_port 7440)"
runner_port="$(free_port "$((silo_port + 1))")"
silo_url="http://127.0.0.1:$silo_port"
clients="$(tests/clients/install.sh)"
export ACTORS_CLIENTS="$clients"
remove_chart
quietly "Building images of silo, runner and the example servers" build_images
quietly "Building the command line" dotnet build src/Cli -c Release --nologo -v quiet
write_values

check "The driver's conformance suite, under runc and gVisor" driver_tests
check "helm lint" lint
check "The API server takes every object (server-side dry run)" dry_run
check "helm install" install_chart
check "helm test" helm_test
check "A workflow by the TypeScript SDK" mcp_client
check "./actors doctor proves the sandboxes' isolation" doctor
check "An unsigned image is refused" refused_image
check "The runner's rights" check_rights
check "A run survives the silo's pod" survives 20 1 delete_pod silo
check "A run survives the runner's pod" survives 20 1 delete_pod runner
check "A run survives a restart of kubelet" survives 12 1 cluster restart kubelet
# The API server needs a while to start: when that is longer than the runner's patience, the call is unknown and made once more.
check "A run survives 20 s without the API server" survives 30 2 cluster restart apiserver 20
check "A run survives an upgrade" survives 45 1 upgrade
check "Nothing is launched on a network that does not enforce its policies" unenforced_refused
check "Runs go on when the network is closed again" enforced_again
check "No sandbox is left" no_sandbox_left
if [[ "$keep" == no ]]; then check "helm uninstall" uninstalled; fi

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
