#!/usr/bin/env bash
# The tests that need a real cluster: the drivers' conformance suite on pods, the runner over them, the proof of isolation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh

usage() {
  cat <<'TEXT'
usage: eng/cluster-tests.sh [--network loopback|bridge]

Runs tests/Kubernetes.Tests against the cluster of $KUBECONFIG. loopback (the
default): pods have no network, all other tests. bridge: pods reach each other,
the tests that launches are refused there and that a pod uses the egress proxy.
eng/cluster.sh up --network NAME makes either.
TEXT
}

network=loopback
case "${1:-}" in
  "") ;;
  --network) network=${2:-} ;;
  --help | -h) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
case $network in
  loopback) filter='Network!=bridge' ;;
  bridge) filter='Network=bridge' ;;
  *) usage >&2; exit 2 ;;
esac
[ -n "${KUBECONFIG:-}" ] || die "KUBECONFIG is not set: run eng/cluster.sh up, and export KUBECONFIG as it says."
need_dotnet
need buildah docker-registry busybox
quietly "Building the cluster tests" dotnet build tests/Kubernetes.Tests --nologo -v quiet
dotnet test tests/Kubernetes.Tests --no-build --nologo --filter "$filter"
