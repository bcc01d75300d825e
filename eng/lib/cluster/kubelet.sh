# shellcheck shell=bash
# The kubelet's configuration. Needs settings.sh.

write_kubelet_configuration() {
  mkdir -p "$CLUSTER/kubelet"
  # podPidsLimit: gVisor uses several tasks for one of a program, about 160 for an idle Node. Image collection is off: what a test pushed stays.
  # The feature, on by default in later versions, bounds a volume in memory by its own limit instead of half the machine's memory.
  cat >"$CLUSTER/kubelet/config.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $CLUSTER_KUBELET_PORT
readOnlyPort: 0
healthzPort: 0
tlsCertFile: $CLUSTER_PKI/kubelet-server.crt
tlsPrivateKeyFile: $CLUSTER_PKI/kubelet-server.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $CLUSTER_PKI/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: $CLUSTER_CGROUP
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
podPidsLimit: 512
maxPods: 110
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
maxOpenFiles: 20000
serializeImagePulls: false
kubeAPIQPS: 100
kubeAPIBurst: 200
eventRecordQPS: 0
registryPullQPS: 0
nodeStatusUpdateFrequency: 1s
nodeStatusReportFrequency: 5m
syncFrequency: 10s
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1Gi}
containerLogMaxSize: 10Mi
containerLogMaxFiles: 3
featureGates: {SizeMemoryBackedVolumes: true}
volumePluginDir: $CLUSTER/kubelet/plugins
YAML
}
