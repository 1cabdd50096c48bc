#!/usr/bin/env bash
# Runs every fuzz target of Fuzz/ for FUZZ_SECONDS (60), with seeds from Fuzz/Seeds/TARGET, the samples and the golden cases, and with what
# earlier runs found.
#     Scripts/fuzz.sh [TARGET ...]
# A crash ends the script; its input stands in Fuzz/.build/found/TARGET. FUZZ_SCRATCH is where to build instead of Fuzz/.build.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
scratch=${FUZZ_SCRATCH:-Fuzz/.build}
# The largest input tried, in bytes; larger seeds are left out.
readonly largest=16384

if [ $# -gt 0 ]; then
    targets=("$@")
else
    targets=()
    for program in Fuzz/Sources/*/main.swift; do targets+=("$(basename "$(dirname "$program")")"); done
fi
Scripts/setup.sh

# gold, Swift's default linker, fails on these programs; the backtracer has been seen to hang on their crashes.
export SWIFT_BACKTRACE=enable=no
# Short stacks of allocations, and less memory held back: about twice the speed.
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=4:quarantine_size_mb=32}
flags=(--package-path Fuzz --scratch-path "$scratch" -c release -Xswiftc "-sanitize=fuzzer,address" -Xswiftc -use-ld=lld)
for target in "${targets[@]}"; do Scripts/build.sh "${flags[@]}" --product "$target"; done
programs=$(swift build "${flags[@]}" --show-bin-path)

# Gathers the seeds of a target in a folder.
gather() {
    local target=$1 folder=$2
    rm -rf "$folder"
    mkdir -p "$folder"
    [ ! -d "Fuzz/Seeds/$target" ] || cp "Fuzz/Seeds/$target"/* "$folder"
    case $target in
    document) cp Samples/updates/*.xml "$folder" ;;
    fragment)
        # Elements without the declaration of a document.
        for file in Samples/updates/*.xml; do sed '1s/^<?xml[^>]*?>//' "$file" >"$folder/$(basename "$file")"; done
        ;;
    request | differential)
        # A case has its request before a line of dashes.
        for file in Tests/Golden/*.request; do sed '/^-----*$/,$d' "$file" >"$folder/$(basename "$file")"; done
        ;;
    esac
    find "$folder" -size "+${largest}c" -delete
}

for target in "${targets[@]}"; do
    found=$scratch/found/$target
    mkdir -p "$found/corpus"
    gather "$target" "$scratch/seeds/$target"
    echo "-- $target, $seconds s"
    "$programs/$target" -max_total_time="$seconds" -max_len="$largest" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/" "$found/corpus" "$scratch/seeds/$target" >"$found/log" 2>&1 || {
        tail -n 40 "$found/log"
        echo "fuzz: $target failed; its input stands in $found"
        exit 1
    }
    sed -n 's/^stat::number_of_executed_units: */executions: /p' "$found/log"
done
