# shellcheck shell=bash
# Starts, stops and awaits the cluster's programs. Needs process.sh, registry.sh, settings.sh, host.sh, build.sh.

CLUSTER_STOP_ORDER=(kubelet scheduler controllers apiserver containerd etcd)

_start() {
  local name="$1"
  shift
  # In a subshell: the program is born in our cgroup, this script stays where it is.
  (
    enter_cgroup
    ulimit -n "$(ulimit -Hn)"
    cd "$CLUSTER"
    start_process "$CLUSTER_PROCESSES" "$name" "$@"
  )
}

start_etcd() {
  local own="http://127.0.0.1:$CLUSTER_ETCD_PORT" peer="http://127.0.0.1:$CLUSTER_ETCD_PEER_PORT"
  _start etcd etcd --name actors --data-dir "$CLUSTER_ETCD_DATA" --listen-client-urls "$own" --advertise-client-urls "$own" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "actors=$peer" --log-level warn --logger zap
}

start_apiserver() {
  local pki="$CLUSTER_PKI"
  _start apiserver "$CLUSTER_BINARIES/kube-apiserver" --etcd-servers="http://127.0.0.1:$CLUSTER_ETCD_PORT" --bind-address=127.0.0.1 \
    --secure-port="$CLUSTER_API_PORT" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/accounts.pub" --service-account-signing-key-file="$pki/accounts.key" \
    --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
    --service-cluster-ip-range="$CLUSTER_SERVICES" --endpoint-reconciler-type=none --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=Hostname --profiling=false --allow-privileged=true --cert-dir="$CLUSTER/run"
}

start_controllers() {
  local pki="$CLUSTER_PKI"
  _start controllers "$CLUSTER_BINARIES/kube-controller-manager" --kubeconfig="$pki/controllers.conf" --authentication-kubeconfig="$pki/controllers.conf" \
    --authorization-kubeconfig="$pki/controllers.conf" --bind-address=127.0.0.1 --port=0 --secure-port=0 --leader-elect=false \
    --service-account-private-key-file="$pki/accounts.key" --root-ca-file="$pki/ca.crt" --use-service-account-credentials=true \
    --cert-dir="$CLUSTER/run" --kube-api-qps=100 --kube-api-burst=200
}

start_scheduler() {
  _start scheduler "$CLUSTER_BINARIES/kube-scheduler" --kubeconfig="$CLUSTER_PKI/scheduler.conf" --authentication-kubeconfig="$CLUSTER_PKI/scheduler.conf" \
    --authorization-kubeconfig="$CLUSTER_PKI/scheduler.conf" --bind-address=127.0.0.1 --port=0 --secure-port=0 --leader-elect=false --cert-dir="$CLUSTER/run"
}

start_containerd() { _start containerd containerd --config "$CLUSTER/containerd/config.toml"; }

start_kubelet() {
  _start kubelet "$CLUSTER_BINARIES/kubelet" --config="$CLUSTER/kubelet/config.yaml" --kubeconfig="$CLUSTER_PKI/kubelet.conf" --root-dir="$CLUSTER/kubelet" \
    --cert-dir="$CLUSTER/kubelet/pki" --hostname-override="$CLUSTER_NODE" --container-runtime=remote --container-runtime-endpoint="unix://$CLUSTER_SOCKET" \
    --runtime-request-timeout=2m --seccomp-profile-root="$CLUSTER/kubelet/seccomp"
}

own_kubectl() { kubectl --kubeconfig "$CLUSTER_KUBECONFIG" --request-timeout=3s "$@"; }

# await LABEL SECONDS COMMAND...: until COMMAND succeeds; ends at once when one of the programs that were started is gone.
await() {
  local label="$1" deadline=$(($(date +%s) + $2)) name
  shift 2
  until "$@" >/dev/null 2>&1; do
    for name in "${CLUSTER_STOP_ORDER[@]}"; do
      [[ -e "$CLUSTER_PROCESSES/$name.pid" ]] || continue
      process_running "$CLUSTER_PROCESSES" "$name" || await_failed "$name" "$name ended"
    done
    if (($(date +%s) >= deadline)); then await_failed apiserver "$label: not within the time"; fi
    sleep 0.1
  done
  say "$label"
}

await_failed() {
  tail -n 20 "$CLUSTER_PROCESSES/$1.log" >&2
  die "$2; logs are in $CLUSTER_PROCESSES."
}

api_answers() { own_kubectl get --raw /api/v1/nodes; }
# Its start-up hooks make the roles that the controllers need.
api_healthy() { own_kubectl get --raw /healthz; }
# Through the API server, so that it is the one that the node's address leads to.
kubelet_answers() { own_kubectl get --raw "/api/v1/nodes/$CLUSTER_NODE/proxy/healthz"; }
containerd_answers() { ctr --address "$CLUSTER_SOCKET" version; }
node_ready() { own_kubectl get node "$CLUSTER_NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -qx True; }
node_schedulable() { [[ -z "$(own_kubectl get node "$CLUSTER_NODE" -o 'jsonpath={.spec.taints}')" ]]; }
account_ready() { [[ -n "$(own_kubectl get serviceaccount default -n default -o 'jsonpath={.secrets[0].name}')" ]]; }
