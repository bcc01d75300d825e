# shellcheck shell=bash
# A throw-away OCI registry on loopback: Debian's docker-registry. Needs common.sh and process.sh.

# start_registry DIRECTORY PORT: blobs under DIRECTORY/data, pid and log beside; returns when it answers.
start_registry() {
  local directory="$1" port="$2"
  mkdir -p "$directory/data"
  cat >"$directory/config.yml" <<YAML
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: $directory/data
  delete:
    enabled: true
http:
  addr: 127.0.0.1:$port
YAML
  port_is_free "$port" || die "port $port is taken; another registry?"
  start_process "$directory" registry docker-registry serve "$directory/config.yml"
  wait_ready "$directory" registry "http://127.0.0.1:$port/v2/" 20
}

stop_registry() { stop_process "$1" registry; }

# registry_digest HOST/REPOSITORY:TAG: the digest that the tag points to; nothing when there is none.
registry_digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1" 2>/dev/null || true; }
