# shellcheck shell=bash
# Background processes with pid files. A pid file holds the pid and its start time, so that a recycled pid is never signalled.

# The kernel's start time of a process, empty when it is gone or a zombie that nobody has reaped yet.
_start_time() { awk '{ sub(/^.*\) /, ""); if ($1 != "Z") print $20 }' "/proc/$1/stat" 2>/dev/null || true; }

# process_running DIRECTORY NAME
process_running() {
  local pid started
  [[ -r "$1/$2.pid" ]] || return 1
  read -r pid started <"$1/$2.pid" || return 1
  [[ -n "$started" && "$(_start_time "$pid")" == "$started" ]]
}

# start_process DIRECTORY NAME COMMAND...: runs it in its own session (Ctrl-C reaches the script only) with output in NAME.log.
start_process() {
  local directory="$1" name="$2"
  shift 2
  mkdir -p "$directory"
  if process_running "$directory" "$name"; then die "$name runs already; its pid is in $directory/$name.pid."; fi
  setsid "$@" >"$directory/$name.log" 2>&1 </dev/null &
  printf '%s %s\n' "$!" "$(_start_time "$!")" >"$directory/$name.pid"
}

# stop_process DIRECTORY NAME: TERM, ten seconds, KILL. Succeeds when it is gone already.
stop_process() {
  local pid tries
  if process_running "$1" "$2"; then
    read -r pid _ <"$1/$2.pid"
    kill -TERM "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      process_running "$1" "$2" || break
      sleep 0.1
    done
    if process_running "$1" "$2"; then kill -KILL "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$1/$2.pid"
}

# http_ok URL: answers 2xx within two seconds. Node is there anyway; curl may not be.
http_ok() { node -e 'fetch(process.argv[1], { signal: AbortSignal.timeout(2000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1"; }

# wait_ready DIRECTORY NAME URL SECONDS: until URL answers 2xx; fails with the log's end when the process dies or the time is over.
wait_ready() {
  local deadline=$(($(date +%s) + $4))
  until http_ok "$3"; do
    if ! process_running "$1" "$2"; then
      tail -n 30 "$1/$2.log" >&2
      die "$2 ended before $3 answered; its output is in $1/$2.log."
    fi
    if (($(date +%s) >= deadline)); then
      tail -n 30 "$1/$2.log" >&2
      die "$2 did not answer at $3 within $4 s; its output is in $1/$2.log."
    fi
    sleep 0.2
  done
}
