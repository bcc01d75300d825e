#!/usr/bin/env bash
# The whole of Actors on one machine: see usage. State lives in .actors/demo, downloads and images in the user's cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source eng/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=lib/prerequisites.sh
source eng/lib/prerequisites.sh
# shellcheck source-path=SCRIPTDIR source=lib/process.sh
source eng/lib/process.sh
# shellcheck source-path=SCRIPTDIR source=lib/registry.sh
source eng/lib/registry.sh
# shellcheck source-path=SCRIPTDIR source=lib/keys.sh
source eng/lib/keys.sh

usage() {
  cat <<'TEXT'
usage: eng/demo.sh [--keep | --stop | --help]

Builds Actors and three example MCP servers, signs their images, starts a registry, the runner and the silo on loopback,
runs a workflow over MCP and shows three images being refused. Everything is stopped at the end.

  --keep   leave it running and print how to add it to an MCP client
  --stop   stop what --keep left running

Needs the .NET SDK 10, Node.js 20 with npm, and git. On Debian and Ubuntu the rest is installed when this runs as root:
podman, runc, buildah, skopeo, docker-registry, openssl, and runsc (gVisor) where the distribution has it.
Ports are 5050 (registry), 7430 (silo) and 7431 (runner), or the next free ones. The exit code is 0 only if the run
succeeded with the right answer and each refusal happened for the expected reason.
TEXT
}

state="${ACTORS_DEMO_STATE:-$ACTORS_ROOT/.actors/demo}"
processes="$state/processes"
keep=no

stop_all() {
  stop_process "$processes" silo
  stop_process "$processes" runner
  stop_registry "$state/registry"
}

at_exit() {
  local code=$?
  if [[ "$keep" == yes && $code -eq 0 ]]; then return; fi
  say "Stopping silo, runner and registry"
  stop_all
  if ((code != 0)); then note "Logs: $processes/silo.log, $processes/runner.log, $state/registry/registry.log"; fi
}

# The examples name port 5050; these copies name the port in use.
write_configuration() {
  local file
  rm -rf "$state"/{workflows,silo,runner}
  mkdir -p "$state"/{workflows,silo,runner,secrets}
  for file in examples/workflows/*.yaml; do
    sed "s/127\.0\.0\.1:5050/127.0.0.1:$registry_port/" "$file" >"$state/workflows/$(basename "$file")"
  done
  sed "s/127\.0\.0\.1:5050/127.0.0.1:$registry_port/" examples/policy.yaml >"$state/policy.yaml"
  (umask 077 && openssl rand -hex 32 >"$state/token")
}

# The example servers are signed with the demo key, `other-key` with one that the policy does not know, `unsigned` not at all.
publish_images() {
  local name reference key
  examples/build-images.sh "127.0.0.1:$registry_port" >"$state/images.txt"
  make_key "$state/keys" demo
  make_key "$state/keys" other
  say "Signing the images"
  while read -r name reference; do
    case "$name" in
      unsigned) continue ;;
      other-key) key=other ;;
      *) key=demo ;;
    esac
    eng/sign-image.mjs "$reference" --key "$state/keys/$key.pem" --insecure >/dev/null
  done <"$state/images.txt"
}

start_runner() {
  say "Starting the runner at $runner_url"
  start_process "$processes" runner env \
    ACTORS__RUNNER__URL="$runner_url" \
    ACTORS__RUNNER__TOKENFILE="$state/token" \
    ACTORS__RUNNER__POLICYFILE="$state/policy.yaml" \
    ACTORS__RUNNER__STATEDIRECTORY="$state/runner" \
    ACTORS__RUNNER__SECRETSDIRECTORY="$state/secrets" \
    dotnet src/RunnerApi/bin/Release/net10.0/Actors.RunnerApi.dll
  wait_ready "$processes" runner "$runner_url/readyz" 60
}

start_silo() {
  say "Starting the silo at $silo_url"
  start_process "$processes" silo env \
    ACTORS__SILO__URL="$silo_url" \
    ACTORS__SILO__RUNNERURL="$runner_url" \
    ACTORS__SILO__RUNNERTOKENFILE="$state/token" \
    ACTORS__SILO__WORKFLOWS="$state/workflows" \
    ACTORS__SILO__DATABASE="$state/silo/actors.db" \
    dotnet src/Silo/bin/Release/net10.0/Actors.Silo.dll
  wait_ready "$processes" silo "$silo_url/readyz" 60
}

# The program's output is captured to be checked; on a terminal it keeps its colors.
if [[ -t 1 ]]; then export CLICOLOR_FORCE=1; fi

# actors_run WORKFLOW PARAMS [OPTION…]: prints what the program prints, and leaves it without colors in $output, its exit code in $code.
actors_run() {
  local workflow="$1" params="$2"
  shift 2
  code=0
  output="$(./actors run "$workflow" --params "$params" --url "$silo_url/mcp" "$@")" || code=$?
  printf '%s\n' "$output"
  output="$(sed 's/\x1b\[[0-9;]*m//g' <<<"$output")"
}

faults=0
fault() {
  faults=$((faults + 1))
  note "NOT AS EXPECTED: $*"
}

# The answer is compared with a count made here, without any of the servers.
demo_run() {
  local words
  words="$(node -e 'import("./examples/servers/text-tools/text.mjs").then((m) => console.log(m.countWords(require("fs").readFileSync(0, "utf8")).words))' <examples/servers/filesystem/data/welcome.txt)"
  say "Running count-words: one untrusted server reads a file, another counts its words"
  actors_run count-words '{"path":"/data/welcome.txt"}' --trace
  ((code == 0)) || fault "./actors run count-words ended with exit code $code."
  grep -qwi succeeded <<<"$output" || fault "the run did not succeed."
  grep -qE "\"?words\"?: *$words\b" <<<"$output" || fault "the run's output does not say that the file has $words words."
}

# demo_refusal WORKFLOW CODE: the run must end as rejected, with this code of the policy gate.
demo_refusal() {
  say "Running $1: expecting $2"
  actors_run "$1" '{}'
  ((code != 0)) || fault "./actors run $1 ended with exit code 0."
  # The workflow's own name must not pass for the reason.
  output="${output//$1/}"
  grep -qwi rejected <<<"$output" || fault "$1 was not rejected."
  grep -qw "$2" <<<"$output" || fault "$1 was not rejected as $2."
}

print_keep() {
  cat <<TEXT

Actors is running. Add it to an MCP client:
  claude mcp add --transport http actors $silo_url/mcp
or, in a client's configuration file:
  {"mcpServers":{"actors":{"type":"http","url":"$silo_url/mcp"}}}
Run a workflow:  ./actors run echo --params '{"message":"hello"}' --url $silo_url/mcp
Stop it:         eng/demo.sh --stop
TEXT
}

case "${1:-}" in
  "") ;;
  --keep) keep=yes ;;
  --stop)
    stop_all
    say "Stopped"
    exit
    ;;
  --help | -h)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

say "Checking what this machine has"
need_everything
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
stop_all
quietly "Building Actors (Release)" dotnet build Actors.sln -c Release --nologo -v quiet

registry_port="$(free_port 5050)"
silo_port="$(free_port 7430)"
silo_url="http://127.0.0.1:$silo_port"
say "Starting a registry at 127.0.0.1:$registry_port"
start_registry "$state/registry" "$registry_port"
publish_images
write_configuration
runner_url="http://127.0.0.1:$(free_port "$((silo_port + 1))")"
start_runner
start_silo

demo_run
demo_refusal refused-unsigned unsigned
demo_refusal refused-key signature_invalid
demo_refusal refused-registry registry_not_allowed

if ((faults > 0)); then die "$faults things were not as expected; see above."; fi
say "One run succeeded, three images were refused for the expected reasons"
if [[ "$keep" == yes ]]; then print_keep; fi
