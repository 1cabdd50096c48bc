#!/usr/bin/env bash
# Runs `swift build` with the arguments given. Away from a terminal it prints every hundredth step, not each of some thousand.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -t 1 ]; then
    exec swift build "$@"
fi
swift build "$@" | awk '
    /^\[[0-9]+\/[0-9]+\]/ && !/error|warning/ {
        split(substr($1, 2), part, /[\/\]]/)
        if (part[1] % 100 != 0 && part[1] != part[2]) next
    }
    { print; fflush() }'
