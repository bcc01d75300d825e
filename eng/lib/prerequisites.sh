# shellcheck shell=bash
# What the demo and the tests need. Source common.sh first.

need_dotnet() {
  local install="Install the .NET SDK 10 (https://dotnet.microsoft.com/download)."
  need_by_hand dotnet "$install"
  dotnet --version >/dev/null 2>&1 || die "this repository's global.json asks for the .NET SDK 10, and dotnet has $(cd / && dotnet --version 2>/dev/null || echo none). $install"
}

# PostgreSQL's server programs are not on the PATH.
need_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return
  is_debian && ((EUID == 0)) || die "missing: PostgreSQL's server. Install the package postgresql."
  quietly "Installing postgresql" _apt_install postgresql
}

need_everything() {
  need_dotnet
  need_by_hand node "Install Node.js 20 or newer (https://nodejs.org)."
  need_by_hand npm "Install Node.js 20 or newer, which brings npm."
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || die "Node.js 20 or newer is needed; this is $(node --version)."
  need podman runc buildah skopeo docker-registry openssl busybox
  want runsc "servers will run under runc, which shares the host's kernel with them."
}
