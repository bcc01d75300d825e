#!/usr/bin/env bash
# A real Kubernetes cluster of one node on this machine: see usage. State lives in ~/.cache/actors/cluster.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/process.sh
source eng/lib/process.sh
# shellcheck source-path=SCRIPTDIR source=lib/registry.sh
source eng/lib/registry.sh
# shellcheck source-path=SCRIPTDIR source=lib/kubernetes-tools.sh
source eng/lib/kubernetes-tools.sh
for part in settings build pki host containerd kubelet programs; do
  # shellcheck source=/dev/null
  source "eng/lib/cluster/$part.sh"
done

usage() {
  cat <<'TEXT'
usage: eng/cluster.sh up [--network loopback|bridge]
       eng/cluster.sh status | down | build
       eng/cluster.sh restart apiserver|kubelet|controllers|scheduler [SECONDS]
       eng/cluster.sh network loopback|bridge
       eng/cluster.sh containers NAMESPACE

up       starts Kubernetes 1.20 (etcd, API server, controllers, scheduler, kubelet, containerd) and a registry on loopback, with the
         RuntimeClasses `runc` and `gvisor`; prints the kubeconfig's path as its last line. Already up: changes nothing.
         --network loopback  pods have the interface `lo` and nothing else (the default)
         --network bridge    pods reach each other and this machine, nothing beyond; NetworkPolicies are accepted and NOT enforced
status   says whether it is up; the exit code is 0 when the node is ready
down     stops everything and takes back what was done to the machine; what was built stays in the cache
build    only builds (minutes on two cores, once; `up` does it when needed)
restart  stops one program, waits SECONDS (default 0), and starts it again
network  gives pods that start from now on the other network
containers  prints the containers of a namespace's pods that have a process, as containerd knows them

With KUBECONFIG set, your cluster is used: `up` and `status` check that it answers, the other commands change nothing and say so.
Otherwise this needs root on Debian 12 with cgroup v1 hierarchies; it installs Debian's packages that are missing and builds
Kubernetes from Debian's source package. There is no kube-proxy and no DNS: services have no address that works.
TEXT
}

users_cluster() { [[ -n "${KUBECONFIG:-}" && "$KUBECONFIG" != "$CLUSTER_KUBECONFIG" ]]; }

use_users_cluster() {
  need_kubernetes_tools
  kubectl --request-timeout=10s get --raw /readyz >/dev/null || die "the cluster of KUBECONFIG=$KUBECONFIG does not answer."
  say "The cluster of KUBECONFIG=$KUBECONFIG answers: $(kubectl --request-timeout=10s get nodes --no-headers | wc -l) node(s). Nothing was changed."
}

install_programs() {
  # etcd-server's and containerd's packages would start services of their own where there is an init system.
  need openssl runc runsc busybox buildah docker-registry etcd ctr ip sysctl
  if [[ ! -x /usr/lib/cni/host-local ]]; then quietly "Installing containernetworking-plugins" _apt_install containernetworking-plugins; fi
}

runtime_class() { printf 'apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: %s}\nhandler: %s\n' "$1" "$1" | own_kubectl apply -f - >/dev/null; }

up() {
  check_host
  need_kubernetes_tools
  if [[ -e "$CLUSTER_CHOICES" ]] && node_ready 2>/dev/null; then
    [[ "$CLUSTER_NETWORK" == "$1" ]] || die "the cluster is up with --network $CLUSTER_NETWORK; take it down first."
    say "Already up"
    echo "$CLUSTER_KUBECONFIG"
    return
  fi
  install_programs
  build_kubernetes
  down_quietly
  mkdir -p "$CLUSTER/run"
  write_choices "$1"
  remember_host
  trap 'code=$?; if ((code != 0)); then down_quietly; fi' EXIT
  say "Starting Kubernetes"
  make_cgroups
  mkdir -p -m 700 "$CLUSTER_ETCD_DATA"
  start_etcd
  start_registry "$CLUSTER/registry" "$CLUSTER_REGISTRY_PORT"
  make_credentials
  start_apiserver
  write_containerd_configuration
  network_up
  start_containerd
  push_pause
  await "containerd answers" 30 containerd_answers
  write_kubelet_configuration
  await "the API server answers" 90 api_answers
  # Without this its provider of cloud credentials asks the metadata address at start.
  AWS_EC2_METADATA_DISABLED=true start_kubelet
  await "the API server is healthy" 60 api_healthy
  start_controllers
  start_scheduler
  await "the node is ready" 90 node_ready
  await "the kubelet answers" 30 kubelet_answers
  restore_sysctls
  await "accounts have tokens" 60 account_ready
  await "pods can be scheduled" 60 node_schedulable
  runtime_class runc
  runtime_class gvisor
  say "Up: network $CLUSTER_NETWORK, registry 127.0.0.1:$CLUSTER_REGISTRY_PORT"
  echo "$CLUSTER_KUBECONFIG"
}

down_quietly() {
  local name
  [[ -d "$CLUSTER" ]] || return 0
  for name in kubelet scheduler controllers apiserver; do stop_process "$CLUSTER_PROCESSES" "$name"; done
  end_cgroup /kubepods || true
  stop_process "$CLUSTER_PROCESSES" containerd
  end_cgroup "" || true
  stop_process "$CLUSTER_PROCESSES" etcd
  stop_registry "$CLUSTER/registry"
  unmount_all
  network_down
  restore_sysctls
  remove_cgroups
  remove_folders
  if [[ -n "${CLUSTER_ETCD_DATA:-}" ]]; then rm -rf "$CLUSTER_ETCD_DATA"; fi
  if awk -v own="$CLUSTER/" 'index($2, own) == 1 { found = 1 } END { exit !found }' /proc/self/mounts; then die "something is still mounted below $CLUSTER; it is left as it is."; fi
  # The logs stay for whoever wants to know why.
  find "$CLUSTER" -mindepth 1 -maxdepth 1 ! -name processes -exec rm -rf {} +
}

status() {
  if [[ ! -e "$CLUSTER_CHOICES" ]]; then
    echo "down"
    return 1
  fi
  need_kubernetes_tools
  local name
  for name in "${CLUSTER_STOP_ORDER[@]}"; do
    printf '%-12s %s\n' "$name" "$(process_running "$CLUSTER_PROCESSES" "$name" && echo runs || echo "does not run")"
  done
  printf '%-12s %s\n' network "$CLUSTER_NETWORK" registry "127.0.0.1:$CLUSTER_REGISTRY_PORT" kubeconfig "$CLUSTER_KUBECONFIG"
  node_ready || return 1
  echo "the node is ready"
}

restart() {
  case "$1" in apiserver | kubelet | controllers | scheduler) ;; *) die "restart what? See --help." ;; esac
  [[ -e "$CLUSTER_CHOICES" ]] || die "the cluster is down."
  need_kubernetes_tools
  say "Stopping $1"
  stop_process "$CLUSTER_PROCESSES" "$1"
  sleep "${2:-0}"
  "start_$1"
  await "the API server is healthy" 90 api_healthy
  await "the kubelet answers" 90 kubelet_answers
  await "the node is ready" 90 node_ready
}

switch_network() {
  [[ "$1" == loopback || "$1" == bridge ]] || die "the network is loopback or bridge."
  [[ -e "$CLUSTER_CHOICES" ]] || die "the cluster is down."
  sed -i "s/^CLUSTER_NETWORK=.*/CLUSTER_NETWORK=\"$1\"/" "$CLUSTER_CHOICES"
  CLUSTER_NETWORK="$1"
  if [[ "$1" == bridge ]]; then ip route del blackhole "$CLUSTER_SUBNET.0/24" 2>/dev/null || true; fi
  # containerd reads the folder when it changes; the bridge stays for the pods that are on it.
  network_up
  say "Pods that start from now on have the network $1"
}

containers() {
  local task tasks
  tasks="$(ctr --address "$CLUSTER_SOCKET" --namespace k8s.io tasks ls | awk '$3 == "RUNNING" { print $1 }')" || die "containerd does not answer."
  for task in $tasks; do
    # One that ends meanwhile is none.
    if ctr --address "$CLUSTER_SOCKET" --namespace k8s.io containers info "$task" 2>/dev/null | grep -qF "\"io.kubernetes.pod.namespace\": \"$1\""; then echo "$task"; fi
  done
}

case "${1:-}" in
  up)
    network=loopback
    case "${2:-}" in
      "") ;;
      --network) network="${3:-}" ;;
      *) usage >&2 && exit 2 ;;
    esac
    [[ "$network" == loopback || "$network" == bridge ]] || die "--network is loopback or bridge."
    if users_cluster; then use_users_cluster; else up "$network"; fi
    ;;
  status) if users_cluster; then use_users_cluster; else status; fi ;;
  down)
    if users_cluster; then die "KUBECONFIG names a cluster of yours: nothing was changed."; fi
    check_host
    down_quietly
    say "Down"
    ;;
  build)
    check_host
    build_kubernetes
    ;;
  restart)
    if users_cluster; then die "KUBECONFIG names a cluster of yours: nothing was changed."; fi
    check_host
    restart "${2:-}" "${3:-0}"
    ;;
  containers)
    if users_cluster; then die "KUBECONFIG names a cluster of yours: its containers are not known here."; fi
    containers "${2:?a namespace}"
    ;;
  network)
    if users_cluster; then die "KUBECONFIG names a cluster of yours: nothing was changed."; fi
    check_host
    switch_network "${2:-}"
    ;;
  --help | -h) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
