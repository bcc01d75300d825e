#!/usr/bin/env bash
# Benchmarks: eng/bench.sh NAME; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh

need_dotnet
case "${1:-}" in
  verification) need docker-registry ;;
  sandbox) need podman runc buildah docker-registry busybox ;;
  *) need_postgres ;;
esac
quietly "Building the benchmarks (Release)" dotnet build tests/Benchmarks -c Release --nologo -v quiet
exec dotnet run --no-build -c Release --project tests/Benchmarks -- "${@:---help}"
