#!/usr/bin/env bash
# Runs the strict client, a client generated from the published WSDLs, which stands beside the clone on some machines:
#     Scripts/strict-client.sh --url https://localhost:8531 --ca var/ca.pem --only client
# Exit 77 and one line on standard error where it or its Python packages are not to be had.
set -euo pipefail
cd "$(dirname "$0")/.."

client=${STRICT_CLIENT:-../shared/tools/strict_client.py}
environment=.venv

skip() {
    echo "strict client: skipped: $*" >&2
    exit 77
}

[ -f "$client" ] || skip "$client is not there (STRICT_CLIENT names another)"
command -v python3 >/dev/null || skip "no python3"

if ! "$environment/bin/python" -c 'import lxml, requests, zeep' 2>/dev/null; then
    rm -rf "$environment"
    if ! python3 -m venv "$environment" >/dev/null 2>&1; then
        # Debian keeps what a virtual environment needs in a package of its own.
        elevate=()
        [ "$(id -u)" -eq 0 ] || elevate=(sudo -n)
        echo "strict client: installing python3-venv" >&2
        "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends python3-venv >/dev/null 2>&1 </dev/null \
            || skip "python3-venv is missing and could not be installed"
        rm -rf "$environment"
        python3 -m venv "$environment" >/dev/null 2>&1 || skip "python3 -m venv fails"
    fi
    "$environment/bin/pip" install --quiet --disable-pip-version-check --retries 2 --timeout 20 lxml requests zeep >&2 \
        || skip "pip could not install zeep"
fi

exec "$environment/bin/python" "$client" "$@"
