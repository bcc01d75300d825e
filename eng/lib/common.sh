# shellcheck shell=bash
# Sourced by the scripts of eng/, examples/ and tests/clients/: progress, prerequisites, cache, ports.
# The caller sets `set -euo pipefail`.

# shellcheck disable=SC2034 # Used by those who source this.
ACTORS_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
ACTORS_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/actors"
ACTORS_STARTED="${ACTORS_STARTED:-$(date +%s)}"
export ACTORS_STARTED # A script called by another continues the caller's clock.
mkdir -p "$ACTORS_CACHE/logs"

elapsed() { echo $(($(date +%s) - ACTORS_STARTED)); }

# say TEXT: one line of progress with the seconds since the outermost script started.
say() { printf '==> [%4ss] %s\n' "$(elapsed)" "$*" >&2; }

note() { printf '            %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# One line every ten seconds with the log's newest one, until killed or the script is gone.
_heartbeat() {
  local seconds=0
  while sleep 1 && kill -0 "$1" 2>/dev/null; do
    seconds=$((seconds + 1))
    if ((seconds % 10 == 0)); then note "… $seconds s: $(tail -n 1 "$2" | tr -d '\r' | cut -c 1-100)"; fi
  done
}

# quietly LABEL COMMAND...: output goes to a log, with a heartbeat on the terminal; a failure prints the log's end and ends the script.
# The command runs in the foreground so that Ctrl-C reaches it.
quietly() {
  local label="$1" log beat code
  shift
  log="$ACTORS_CACHE/logs/$(tr -cs 'a-zA-Z0-9' '-' <<<"$label" | head -c 60).$$.log"
  say "$label"
  : >"$log"
  _heartbeat "$$" "$log" &
  beat=$!
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  code=$?
  set -e
  kill "$beat" 2>/dev/null || true
  wait "$beat" 2>/dev/null || true
  if ((code != 0)); then
    tail -n 40 "$log" >&2
    die "$label: failed with exit code $code; the whole output is in $log."
  fi
  rm -f "$log"
}

is_debian() { [[ -r /etc/os-release ]] && grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release && command -v apt-get >/dev/null; }

# The Debian package that brings a command, where the names differ.
package_of() {
  case "$1" in
    busybox) echo busybox-static ;;
    etcd) echo etcd-server ;;
    ip) echo iproute2 ;;
    sysctl) echo procps ;;
    ctr) echo containerd ;;
    *) echo "$1" ;;
  esac
}

# One at a time: apt refuses a second one at once, and scripts may run side by side.
_apt_install() {
  flock --close "$ACTORS_CACHE/apt.lock" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@"' apt "$@"
}

# need COMMAND...: makes sure that every command exists; installs the missing ones as root on Debian or Ubuntu, else says what to install.
need() {
  local command packages=()
  for command in "$@"; do
    command -v "$command" >/dev/null || packages+=("$(package_of "$command")")
  done
  ((${#packages[@]} == 0)) && return
  if ! is_debian; then
    die "missing: ${packages[*]}. Install them with this system's package manager and start again."
  elif ((EUID != 0)); then
    die "missing: ${packages[*]}. Run: sudo apt-get install --no-install-recommends ${packages[*]}"
  fi
  quietly "Installing ${packages[*]}" _apt_install "${packages[@]}"
  for command in "$@"; do
    command -v "$command" >/dev/null || die "$(package_of "$command") is installed, but there is no $command on the PATH."
  done
}

# need_by_hand COMMAND HINT: a tool that no Debian package brings in the version we want.
need_by_hand() { command -v "$1" >/dev/null || die "missing: $1. $2"; }

# want COMMAND CONSEQUENCE: like need, but its absence is only noted.
want() {
  command -v "$1" >/dev/null && return
  if is_debian && ((EUID == 0)) && apt-cache show "$1" >/dev/null 2>&1; then
    (need "$1") || note "$1 could not be installed: $2"
  else
    note "$1 is not available here: $2"
  fi
}

# port_is_free PORT: nothing on this machine listens there.
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port PREFERRED: the preferred port of loopback, or the next free one.
free_port() {
  local port
  for ((port = $1; port < $1 + 200; port++)); do
    if port_is_free "$port"; then
      echo "$port"
      return
    fi
  done
  die "no free port between $1 and $port."
}
