#!/usr/bin/env bash
# All tests: the test targets, then the black-box scenarios. The test runner's own summary is the last line.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/setup.sh
Scripts/build.sh --build-tests

log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "== tests"
unit=0
# That a test has started is not said: some thousand lines.
swift test --disable-xctest --no-parallel --skip-build 2>&1 | tee "$log" | { grep --line-buffered -v ' started\.$' || true; } || unit=$?

echo "== black-box scenarios"
box=0
MARTLET=$(swift build --show-bin-path)/martlet Tests/Blackbox/run || box=$?

# The summary once more, so that it is last whatever came after it.
summary=$(grep -E 'Test run with [0-9]+ test' "$log" | tail -n 1 || true)
if [ "$box" -ne 0 ]; then echo "black-box scenarios failed (above)"; fi
if [ -n "$summary" ]; then
    printf '%s\n' "$summary"
else
    echo "the test runner printed no summary"
    unit=1
fi
[ "$unit" -eq 0 ] && [ "$box" -eq 0 ]
