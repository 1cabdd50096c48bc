#!/usr/bin/env bash
# Runs every fuzz target of Fuzz/ for FUZZ_SECONDS (60), with seeds from Fuzz/Seeds/TARGET and what earlier runs found.
#     Scripts/fuzz.sh [TARGET ...]
# A crash ends the script; its input stands in Fuzz/.build/found/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}

if [ ! -f Fuzz/Package.swift ]; then
    echo "fuzz: there is no Fuzz/Package.swift yet"
    exit 0
fi
Scripts/setup.sh

# gold, Swift's default linker, fails on these programs; the backtracer has been seen to hang on their crashes.
export SWIFT_BACKTRACE=enable=no
scratch=Fuzz/.build
flags=(--package-path Fuzz --scratch-path "$scratch" -c release -Xswiftc "-sanitize=fuzzer,address" -Xswiftc -use-ld=lld)
Scripts/build.sh "${flags[@]}"
programs=$(swift build "${flags[@]}" --show-bin-path)

if [ $# -gt 0 ]; then
    targets=("$@")
else
    mapfile -t targets < <(swift package --package-path Fuzz --scratch-path "$scratch" describe --type json | python3 -c '
import json, sys
for product in json.load(sys.stdin)["products"]:
    if "executable" in product["type"]:
        print(product["name"])')
fi
[ "${#targets[@]}" -gt 0 ] || { echo "fuzz: Fuzz/Package.swift has no executable product"; exit 1; }

for target in "${targets[@]}"; do
    found=$scratch/found/$target
    mkdir -p "$found/corpus"
    seeds=()
    [ ! -d "Fuzz/Seeds/$target" ] || seeds=("Fuzz/Seeds/$target")
    echo "-- $target, $seconds s"
    "$programs/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/" "$found/corpus" "${seeds[@]}" >"$found/log" 2>&1 || {
        tail -n 40 "$found/log"
        echo "fuzz: $target failed; its input stands in $found"
        exit 1
    }
    sed -n 's/^stat::number_of_executed_units: */executions: /p' "$found/log"
done
