#!/usr/bin/env bash
# The benchmarks (docs/benchmarks.md), built for release: all of them, or those that are named. --quick runs fewer rounds.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/setup.sh

# nginx is what the device listener is measured against, h2load one of the loads. Tests need neither.
missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v taskset >/dev/null || missing+=(util-linux)
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        printf 'bench: installing %s\n' "${missing[*]}" >&2
        apt-get -q update >&2 </dev/null || true
        DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2 </dev/null
    else
        printf 'bench: missing: %s; what is measured beside nginx will fail. As root: apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
    fi
fi

Scripts/build.sh -c release --package-path Benchmarks --product Benchmarks >&2
cd Benchmarks
# A crash handler that writes a report would take longer than the benchmark.
SWIFT_BACKTRACE=enable=no exec .build/release/Benchmarks "$@"
