# shellcheck shell=bash
# What the runner's ServiceAccount may do and what the cluster refuses it, asked with its own token. Needs the names of eng/e2e-kubernetes.sh.

# The old API gives each account a token in a secret, the present one on request.
runner_token() {
  local secret
  secret="$(kubectl get serviceaccount "$release-runner" -n "$namespace" -o 'jsonpath={.secrets[0].name}')"
  if [[ -n "$secret" ]]; then
    kubectl get secret "$secret" -n "$namespace" -o 'jsonpath={.data.token}' | base64 -d
  else
    kubectl create token "$release-runner" -n "$namespace"
  fi
}

# A kubeconfig with the runner's token: never on a command line.
write_runner_kubeconfig() {
  (
    umask 077
    kubectl config view --raw --minify -o json | node -e '
      const config = JSON.parse(require("fs").readFileSync(0, "utf8"));
      config.users = [{ name: config.users[0].name, user: { token: process.env.TOKEN } }];
      console.log(JSON.stringify(config));' >"$state/runner.kubeconfig"
  )
}

as_runner() { kubectl --kubeconfig "$state/runner.kubeconfig" --request-timeout=10s "$@"; }

rights_faults=0

# right may|refused WHAT KUBECTL…: tries it and prints a row of the table.
right() {
  local expected="$1" what="$2" output seen
  shift 2
  if output="$(as_runner "$@" 2>&1)"; then seen=may; elif grep -qE 'Forbidden|forbidden' <<<"$output"; then seen=refused; else seen="error: $(head -n 1 <<<"$output" | cut -c 1-90)"; fi
  printf '  %-9s %-62s %s\n' "$seen" "$what" "$([[ "$seen" == "$expected" ]] || echo "EXPECTED: $expected")"
  [[ "$seen" == "$expected" ]] || rights_faults=$((rights_faults + 1))
}

pod_manifest() {
  printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"%s"},"spec":{"restartPolicy":"Never","automountServiceAccountToken":false,"securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"c","image":"%s","resources":{"limits":%s},"securityContext":{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}%s}}]}}' \
    "$1" "$2" "$registry/actors/probe@$(image_digest probe)" "$3" "${4:-}" >"$state/pod.json"
}

try_pod() { # EXPECTED WHAT NAMESPACE LIMITS [MORE]
  pod_manifest rights-probe "$3" "$4" "${5:-}"
  right "$1" "$2" create -f "$state/pod.json" --dry-run=server
}

check_rights() {
  local verb runs="$release-runs" small='{"cpu":"100m","memory":"32Mi","ephemeral-storage":"32Mi"}'
  TOKEN="$(runner_token)" write_runner_kubeconfig
  rights_faults=0
  echo "What the runner's account may do:"
  right may "list and watch pods of runs" get pods -n "$runs"
  right may "read events of runs" get events -n "$runs"
  right may "list network policies of runs" get networkpolicies -n "$runs"
  try_pod may "create a hardened pod among the runs" "$runs" "$small"
  echo "What it is refused:"
  right refused "read secrets of runs" get secrets -n "$runs"
  right refused "read secrets of its own namespace" get secrets -n "$namespace"
  right refused "read secrets of kube-system" get secrets -n kube-system
  right refused "read its own namespace's pods" get pods -n "$namespace"
  right refused "list pods of the cluster" get pods --all-namespaces
  right refused "see nodes" get nodes
  right refused "list namespaces" get namespaces
  right refused "change network policies of runs" delete networkpolicy default-deny -n "$runs" --dry-run=server
  right refused "change the quota of runs" delete resourcequota runs -n "$runs" --dry-run=server
  right refused "change its own role" delete role "$release-runner" -n "$runs" --dry-run=server
  right refused "read config maps of runs" get configmaps -n "$runs"
  for verb in exec portforward ephemeralcontainers; do
    right refused "reach into a pod (pods/$verb)" create --raw "/api/v1/namespaces/$runs/pods/none/$verb" -f /dev/null
  done
  try_pod refused "create a pod in its own namespace" "$namespace" "$small"
  try_pod refused "create a pod in kube-system" kube-system "$small"
  try_pod refused "create a pod larger than the namespace's largest" "$runs" '{"cpu":"64","memory":"64Gi","ephemeral-storage":"32Mi"}'
  if [[ "$pod_security" == yes ]]; then
    try_pod refused "create a privileged pod" "$runs" "$small" ',"privileged":true'
  else
    echo "  -         create a privileged pod: this version has no Pod Security admission, so only the runner itself refuses"
  fi
  ((rights_faults == 0))
}
