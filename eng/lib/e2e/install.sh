# shellcheck shell=bash
# Builds what the chart needs and installs it. Needs common.sh, keys.sh, and the names of eng/e2e-kubernetes.sh.

# No volumes are made on demand here: two folders of this node are offered, each for one claim.
make_volumes() {
  local claim
  for claim in data-$release-silo-0 state-$release-runner-0; do
    mkdir -p "$state/volumes/$claim"
    chown -R 65532:65532 "$state/volumes/$claim"
    kubectl apply -f - <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace-$claim}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  claimRef: {namespace: $namespace, name: $claim}
  hostPath: {path: $state/volumes/$claim, type: Directory}
YAML
  done
}

remove_volumes() {
  kubectl delete persistentvolume --ignore-not-found --wait=false "$namespace-data-$release-silo-0" "$namespace-state-$release-runner-0" >/dev/null || true
  rm -rf "$state/volumes"
}

build_images() {
  eng/images.sh "$registry" >"$state/images.txt"
  examples/build-images.sh "$registry" >"$state/examples.txt"
  local name reference
  make_key "$state/keys" demo
  while read -r name reference; do
    case "$name" in unsigned | other-key) continue ;; esac
    eng/sign-image.mjs "$reference" --key "$state/keys/demo.pem" --insecure
  done <"$state/examples.txt"
}

image_digest() { sed -n "s/^$1 .*@//p" "$state/images.txt"; }

# The examples' policy and workflows, with this registry's address.
write_values() {
  local file
  mkdir -p "$state/workflows"
  sed "s/127\.0\.0\.1:5050/$registry/" examples/policy.yaml >"$state/policy.yaml"
  for file in examples/workflows/*.yaml; do sed "s/127\.0\.0\.1:5050/$registry/" "$file" >"$state/workflows/$(basename "$file")"; done
  cat >"$state/values.yaml" <<YAML
image:
  repository: $registry/actors
  siloDigest: $(image_digest silo)
  runnerDigest: $(image_digest runner)
hostNetwork: true
silo:
  port: $silo_port
  resources: {requests: {cpu: 50m, memory: 128Mi}, limits: {cpu: "2", memory: 1Gi}}
runner:
  port: $runner_port
  resources: {requests: {cpu: 50m, memory: 128Mi}, limits: {cpu: "2", memory: 1Gi}}
  env:
    # No kube-proxy here: the API server's service has no address that works.
    - {name: KUBERNETES_SERVICE_HOST, value: 127.0.0.1}
    - {name: KUBERNETES_SERVICE_PORT, value: "$api_port"}
runtimeClass: {name: gvisor}
isolation: {probeDigest: $(image_digest probe)}
policyFiles:
  keys/demo.pub: |
$(sed 's/^/    /' "$state/keys/demo.pub")
workflows:
$(for file in "$state"/workflows/*.yaml; do printf '  %s: |\n' "$(basename "$file")"; sed 's/^/    /' "$file"; done)
policy: |
$(sed 's/^/  /' "$state/policy.yaml")
YAML
}

install_chart() {
  kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
  make_volumes >/dev/null
  helm upgrade --install "$release" helm/actors --namespace "$namespace" --values "$state/values.yaml" --wait --timeout 3m "$@"
}

remove_chart() {
  helm uninstall "$release" --namespace "$namespace" --ignore-not-found --wait --timeout 2m >/dev/null 2>&1 || true
  kubectl delete namespace "$namespace" "$release-runs" --ignore-not-found --timeout=90s >/dev/null 2>&1 || true
  remove_volumes
}
