# What scenarios are made of. A scenario sources this, calls `check` and `refuses`, and ends with `finish`.
# shellcheck shell=bash
set -uo pipefail

# An empty folder of the scenario's own, removed at its end.
work=$(mktemp -d "${TMPDIR:-/tmp}/martlet-scenario.XXXXXX")
server_pid=
server_url=
checks=0
failures=0

end_scenario() {
    if [ -n "$server_pid" ]; then kill -KILL "$server_pid" 2>/dev/null; fi
    rm -rf "$work"
}
trap end_scenario EXIT

report() { # VERDICT SENTENCE
    checks=$((checks + 1))
    echo "$1 $checks - $2"
    [ "$1" = ok ] || failures=$((failures + 1))
}

# check SENTENCE COMMAND...: the command ends with 0. What it printed stands in $work/output; it is shown if it failed.
check() { ends_with 0 "$@"; }

# refuses SENTENCE COMMAND...: the command ends with 1, the exit status of what was refused, failed or wrongly called.
refuses() { ends_with 1 "$@"; }

# in_part SENTENCE COMMAND...: the command ends with 2, done in part.
in_part() { ends_with 2 "$@"; }

ends_with() { # STATUS SENTENCE COMMAND...
    local wanted=$1 sentence=$2 status=0
    shift 2
    "$@" >"$work/output" 2>"$work/errors" || status=$?
    if [ "$status" -eq "$wanted" ]; then
        report ok "$sentence"
    else
        report "not ok" "$sentence"
        echo "#   ended with $status, not $wanted: $*"
        sed 's/^/#   /' "$work/output" "$work/errors" | cut -c 1-300 | head -n 40
    fi
}

# shows SENTENCE COMMAND...: the command ends with 0; $work/output and $work/errors stay as the last `check` left them, so it can look at them.
shows() {
    local sentence=$1
    shift
    if "$@" >"$work/why" 2>&1; then
        report ok "$sentence"
    else
        report "not ok" "$sentence"
        echo "#   not so: $*"
        head -n 20 "$work/why" "$work/output" 2>/dev/null | cut -c 1-300 | sed 's/^/#   /'
    fi
}

# lacks SENTENCE COMMAND...: as `shows`, and the command ends with something else than 0.
lacks() {
    local sentence=$1
    shift
    if "$@" >"$work/why" 2>&1; then
        report "not ok" "$sentence"
        echo "#   it is so: $*"
    else
        report ok "$sentence"
    fi
}

# skip SENTENCE REASON
skip() { report ok "$1 # SKIP $2"; }

# start_server HOME [ARGUMENT...]: serves HOME on a free port; sets server_pid and server_url. Its log is $work/server.log.
start_server() {
    local home=$1
    shift
    "$MARTLET" serve --home "$home" --port 0 "$@" >"$work/server.out" 2>"$work/server.log" &
    server_pid=$!
    local _
    for _ in $(seq 600); do
        server_url=$(sed -n 's/^ready //p' "$work/server.out")
        [ -z "$server_url" ] || return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "# the server did not get ready:"
    sed 's/^/#   /' "$work/server.out" "$work/server.log" | tail -n 40
    return 1
}

# stop_server: asks it to end, and ends with its exit status.
stop_server() {
    local status=0
    kill -TERM "$server_pid"
    wait "$server_pid" || status=$?
    server_pid=
    return "$status"
}

finish() {
    if [ "$checks" -eq 0 ]; then echo "not ok - nothing was checked"; fi
    if [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]; then exit 0; fi
    exit 1
}
