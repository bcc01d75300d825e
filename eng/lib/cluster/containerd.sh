# shellcheck shell=bash
# containerd with the runtimes `runc` and `gvisor`, on a socket of our own. Needs settings.sh.

write_containerd_configuration() {
  mkdir -p "$CLUSTER/containerd" "$CLUSTER/certs.d/127.0.0.1:$CLUSTER_REGISTRY_PORT"
  printf 'server = "http://127.0.0.1:%s"\n' "$CLUSTER_REGISTRY_PORT" >"$CLUSTER/certs.d/127.0.0.1:$CLUSTER_REGISTRY_PORT/hosts.toml"
  # OOM scores below our own and huge pages need rights that a container of a build machine does not have.
  cat >"$CLUSTER/containerd/config.toml" <<TOML
version = 2
root = "$CLUSTER/containerd/root"
state = "$CLUSTER/containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.native",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$CLUSTER_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "127.0.0.1:$CLUSTER_REGISTRY_PORT/actors-cluster/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$CLUSTER/cni/active"
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "$(command -v runc)"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.gvisor]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.gvisor.options]
        BinaryName = "$ACTORS_ROOT/eng/lib/cluster/gvisor-runtime"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$CLUSTER/certs.d"
TOML
}

# The container that holds a pod's namespaces: it only has to stay.
_push_pause() {
  local root="$CLUSTER/pause" builder=(buildah --root "$ACTORS_CACHE/buildah/root" --runroot "$ACTORS_CACHE/buildah/run") container
  mkdir -p "$root/bin"
  install -m 755 "$(command -v busybox)" "$root/bin/busybox"
  container="$("${builder[@]}" from scratch)"
  "${builder[@]}" copy --quiet "$container" "$root" /
  "${builder[@]}" config --entrypoint '["/bin/busybox","sleep","2147483647"]' --user 65535 "$container"
  "${builder[@]}" commit --quiet --rm "$container" actors-cluster-pause
  "${builder[@]}" push --quiet --tls-verify=false actors-cluster-pause "docker://127.0.0.1:$CLUSTER_REGISTRY_PORT/actors-cluster/pause:1"
}

push_pause() { _push_pause >"$CLUSTER/pause.log" 2>&1 || die "the pause image could not be made; see $CLUSTER/pause.log."; }
