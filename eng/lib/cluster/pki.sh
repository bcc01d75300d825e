# shellcheck shell=bash
# One authority, the certificates of the control plane, and kubeconfigs. Elliptic curves, because they are made in milliseconds. Needs settings.sh.

# _certificate NAME SUBJECT USAGE [ALTERNATIVE_NAMES]
_certificate() {
  local name="$1"
  openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
  {
    printf 'extendedKeyUsage=%s\nkeyUsage=critical,digitalSignature\n' "$3"
    if [[ -n "${4:-}" ]]; then printf 'subjectAltName=%s\n' "$4"; fi
  } >"$name.ext"
  openssl req -new -key "$name.key" -subj "$2" | openssl x509 -req -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 12)" -days 365 -sha256 \
    -extfile "$name.ext" -out "$name.crt"
}

_make_pki() {
  local pids=() pid
  rm -rf "$CLUSTER_PKI"
  mkdir -p "$CLUSTER_PKI"
  cd "$CLUSTER_PKI"
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 365 -subj /CN=actors-cluster -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
  _certificate apiserver /CN=kube-apiserver serverAuth \
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$CLUSTER_API_SERVICE,IP:$CLUSTER_SUBNET.1" & pids+=($!)
  _certificate kubelet-server "/CN=$CLUSTER_NODE" serverAuth DNS:localhost,IP:127.0.0.1 & pids+=($!)
  _certificate admin /O=system:masters/CN=admin clientAuth & pids+=($!)
  _certificate apiserver-kubelet /O=system:masters/CN=apiserver-kubelet clientAuth & pids+=($!)
  _certificate controllers /CN=system:kube-controller-manager clientAuth & pids+=($!)
  _certificate scheduler /CN=system:kube-scheduler clientAuth & pids+=($!)
  _certificate kubelet "/O=system:nodes/CN=system:node:$CLUSTER_NODE" clientAuth & pids+=($!)
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out accounts.key & pids+=($!)
  for pid in "${pids[@]}"; do wait "$pid"; done
  openssl pkey -in accounts.key -pubout -out accounts.pub
}

# _kubeconfig USER FILE
_kubeconfig() {
  cat >"$2" <<YAML
apiVersion: v1
kind: Config
current-context: actors
clusters:
- name: actors
  cluster: {server: "https://127.0.0.1:$CLUSTER_API_PORT", certificate-authority-data: $(base64 -w0 "$CLUSTER_PKI/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$CLUSTER_PKI/$1.crt"), client-key-data: $(base64 -w0 "$CLUSTER_PKI/$1.key")}
contexts:
- name: actors
  context: {cluster: actors, user: $1}
YAML
}

make_credentials() {
  local user
  umask 077
  (_make_pki) >"$CLUSTER/pki.log" 2>&1 || die "the cluster's certificates could not be made; see $CLUSTER/pki.log."
  for user in controllers scheduler kubelet; do _kubeconfig "$user" "$CLUSTER_PKI/$user.conf"; done
  _kubeconfig admin "$CLUSTER_KUBECONFIG"
  umask 022
}
