# shellcheck shell=bash
# What the cluster does to the machine, and the way back: cgroups, sysctls, folders, network, mounts. Needs settings.sh.

# Kubernetes 1.20 and Debian's runc here are run on cgroup v1, where every controller is a hierarchy of its own.
check_host() {
  local hierarchy
  ((EUID == 0)) || die "a cluster needs root: start this as root, or set KUBECONFIG to a cluster of yours."
  is_debian && grep -qx VERSION_CODENAME=bookworm /etc/os-release || die "the cluster is built from Debian 12's packages: use Debian 12, or set KUBECONFIG to a cluster of yours."
  for hierarchy in "${CLUSTER_HIERARCHIES[@]}"; do
    [[ -w "/sys/fs/cgroup/$hierarchy/cgroup.procs" ]] ||
      die "there is no cgroup v1 hierarchy /sys/fs/cgroup/$hierarchy: boot with systemd.unified_cgroup_hierarchy=0, or set KUBECONFIG to a cluster of yours."
  done
}

remember_host() {
  local name
  if [[ ! -e "$CLUSTER/sysctls" ]]; then
    for name in "${CLUSTER_SYSCTLS[@]}"; do echo "$name=$(sysctl -n "$name")"; done >"$CLUSTER/sysctls"
  fi
  if [[ ! -e "$CLUSTER/folders" ]]; then
    for name in "${CLUSTER_FOLDERS[@]}"; do if [[ ! -e "$name" ]]; then echo "$name"; fi; done >"$CLUSTER/folders"
  fi
}

restore_sysctls() {
  local line
  [[ -r "$CLUSTER/sysctls" ]] || return 0
  while read -r line; do sysctl -q -w "$line" || note "$line could not be put back."; done <"$CLUSTER/sysctls"
}

make_cgroups() {
  local hierarchy directory
  for hierarchy in "${CLUSTER_HIERARCHIES[@]}"; do
    directory="/sys/fs/cgroup/$hierarchy$CLUSTER_CGROUP"
    mkdir -p "$directory"
    if [[ "$hierarchy" == cpuset ]]; then
      # A new cpuset has no processors and no memory, and nothing can run in it.
      cat /sys/fs/cgroup/cpuset/cpuset.cpus >"$directory/cpuset.cpus"
      cat /sys/fs/cgroup/cpuset/cpuset.mems >"$directory/cpuset.mems"
      echo 1 >"$directory/cgroup.clone_children"
    fi
    mkdir -p "$directory/system"
  done
}

enter_cgroup() {
  local hierarchy
  for hierarchy in "${CLUSTER_HIERARCHIES[@]}"; do echo "$BASHPID" >"/sys/fs/cgroup/$hierarchy$CLUSTER_CGROUP/system/cgroup.procs"; done
}

# cgroup_pids SUBTREE: processes below our cgroup. Names are never matched: others may run the same programs.
cgroup_pids() {
  find "/sys/fs/cgroup/memory$CLUSTER_CGROUP$1" "/sys/fs/cgroup/pids$CLUSTER_CGROUP$1" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un || true
}

# end_cgroup SUBTREE: kills what is in it, again until nothing is left.
end_cgroup() {
  local tries pids
  for ((tries = 0; tries < 50; tries++)); do
    pids="$(cgroup_pids "$1")"
    [[ -n "$pids" ]] || return 0
    # shellcheck disable=SC2086 # One word each.
    kill -KILL $pids 2>/dev/null || true
    sleep 0.1
  done
  note "processes that cannot be ended: $pids"
  return 1
}

# network_up: `bridge` gives pods addresses that reach each other and this machine and nothing else; `loopback` gives them `lo` alone.
network_up() {
  local active="$CLUSTER/cni/active" ipam
  mkdir -p "$active" "$CLUSTER/cni/data"
  ipam='{"type":"host-local","dataDir":"'$CLUSTER/cni/data'","ranges":[[{"subnet":"'$CLUSTER_SUBNET.0/24'","rangeStart":"'$CLUSTER_SUBNET.10'","rangeEnd":"'$CLUSTER_SUBNET.250'"}]]}'
  if [[ "$CLUSTER_NETWORK" == bridge ]]; then
    ip link show "$CLUSTER_BRIDGE" >/dev/null 2>&1 || ip link add "$CLUSTER_BRIDGE" type bridge
    ip addr replace "$CLUSTER_SUBNET.1/24" dev "$CLUSTER_BRIDGE"
    ip link set "$CLUSTER_BRIDGE" up
    echo '{"cniVersion":"0.4.0","name":"actors","plugins":[{"type":"bridge","bridge":"'"$CLUSTER_BRIDGE"'","isGateway":false,"ipMasq":false,"ipam":'"$ipam"'}]}' >"$active/10-actors.conflist"
  else
    # An address plugin in the place of a network plugin: the pod has an address that is on no interface. What is sent there stays here.
    ip link show "$CLUSTER_BRIDGE" >/dev/null 2>&1 || ip route replace blackhole "$CLUSTER_SUBNET.0/24"
    echo '{"cniVersion":"0.4.0","name":"actors","plugins":[{"type":"host-local","ipam":'"$ipam"'}]}' >"$active/10-actors.conflist"
  fi
}

network_down() {
  ip route del blackhole "$CLUSTER_SUBNET.0/24" 2>/dev/null || true
  if ip link show "$CLUSTER_BRIDGE" >/dev/null 2>&1; then ip link del "$CLUSTER_BRIDGE"; fi
}

# Pods' mounts and network namespaces are all below our folder, deepest first; sandboxes' sockets are below /run/containerd.
unmount_all() {
  local tries point points shims
  shims="$(grep -xs /run/containerd "$CLUSTER/folders" || true)"
  for ((tries = 0; tries < 3; tries++)); do
    points="$(awk -v own="$CLUSTER/" -v shims="$shims" 'index($2, own) == 1 || shims != "" && index($2, shims) == 1 { print $2 }' /proc/self/mounts | sort -r)"
    [[ -n "$points" ]] || return 0
    while read -r point; do umount "$point" 2>/dev/null || umount -l "$point" || true; done <<<"$points"
  done
}

remove_cgroups() {
  local hierarchy directory
  for hierarchy in "${CLUSTER_HIERARCHIES[@]}"; do
    directory="/sys/fs/cgroup/$hierarchy$CLUSTER_CGROUP"
    if [[ -d "$directory" ]]; then find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || note "$directory is still in use."; fi
  done
}

# Only folders that were not there before the first `up`.
remove_folders() {
  local folder
  [[ -r "$CLUSTER/folders" ]] || return 0
  while read -r folder; do
    case "$folder" in
      /var/log/pods | /var/log/containers | /var/lib/kubelet | /var/lib/cni | /run/containerd) rm -rf "$folder" ;;
    esac
  done <"$CLUSTER/folders"
}
