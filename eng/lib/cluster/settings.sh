# shellcheck shell=bash
# shellcheck disable=SC2034 # Used by those who source this.
# Names and places of the cluster of eng/cluster.sh. Needs common.sh.

CLUSTER="$ACTORS_CACHE/cluster"
CLUSTER_KUBECONFIG="$CLUSTER/kubeconfig"
CLUSTER_PKI="$CLUSTER/pki"
CLUSTER_PROCESSES="$CLUSTER/processes"
CLUSTER_SOCKET="$CLUSTER/containerd/containerd.sock"

CLUSTER_NODE=localhost # So that the API server reaches the kubelet at 127.0.0.1.
CLUSTER_SUBNET=10.77.0
CLUSTER_SERVICES=10.96.0.0/24
CLUSTER_API_SERVICE=10.96.0.1
CLUSTER_BRIDGE=actors0

# A cgroup of our own in every hierarchy: /system holds the programs, /kubepods the pods.
CLUSTER_CGROUP=/actors-cluster
CLUSTER_HIERARCHIES=(cpu cpuacct cpuset memory devices freezer blkio pids systemd)

# What kubelet changes on the machine, and folders that it, containerd and the shims make outside ours.
CLUSTER_SYSCTLS=(vm.overcommit_memory kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes net.ipv4.ip_forward)
CLUSTER_FOLDERS=(/var/log/pods /var/log/containers /var/lib/kubelet /var/lib/cni /run/containerd)

# The choices of the last `up`: network and ports.
CLUSTER_CHOICES="$CLUSTER/choices"
if [[ -r "$CLUSTER_CHOICES" ]]; then
  # shellcheck source=/dev/null
  source "$CLUSTER_CHOICES"
fi

write_choices() {
  CLUSTER_NETWORK="$1"
  CLUSTER_API_PORT="$(free_port 6443)"
  CLUSTER_ETCD_PORT="$(free_port 23790)"
  CLUSTER_ETCD_PEER_PORT="$(free_port "$((CLUSTER_ETCD_PORT + 1))")"
  CLUSTER_KUBELET_PORT="$(free_port 10250)"
  CLUSTER_REGISTRY_PORT="$(free_port 5100)"
  CLUSTER_ETCD_DATA="$CLUSTER/etcd"
  # etcd waits for the disk at each write; a cluster for tests need not outlive its machine.
  if (($(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || echo 0) > 524288)); then CLUSTER_ETCD_DATA="/dev/shm/actors-cluster-etcd"; fi
  declare -p CLUSTER_NETWORK CLUSTER_API_PORT CLUSTER_ETCD_PORT CLUSTER_ETCD_PEER_PORT CLUSTER_KUBELET_PORT CLUSTER_REGISTRY_PORT CLUSTER_ETCD_DATA |
    sed 's/^declare -- //' >"$CLUSTER_CHOICES"
}
