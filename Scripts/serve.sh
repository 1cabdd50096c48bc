#!/usr/bin/env bash
# Builds Martlet, makes a home with the sample catalogue where there is none, and serves it.
# Standard output is the server's: its start-up screen and the line `ready https://HOST:PORT`.
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${CONFIG:-release}
home=${HOME_FOLDER:-var}
port=${PORT:-8531}

Scripts/setup.sh
Scripts/build.sh -c "$configuration" --product martlet >&2
martlet=$(swift build -c "$configuration" --show-bin-path)/martlet

if [ ! -e "$home" ]; then
    name=${HOST:-$(hostname -f 2>/dev/null || hostname)}
    # A machine's name may have what a certificate's may not; localhost is always among the names.
    case $name in
        *[!A-Za-z0-9.-]* | "") echo "the name $name cannot be in a certificate: serving as localhost only" >&2; name=localhost ;;
    esac
    # An interrupted start leaves no half-made home behind.
    trap 'rm -rf -- "$home"' EXIT
    "$martlet" init --home "$home" --host "$name" >&2
    status=0
    "$martlet" import --home "$home" --source sample Samples >&2 || status=$?
    # 2: done in part, and the command has said which part.
    [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || exit "$status"
    trap - EXIT
fi

exec "$martlet" serve --home "$home" --port "$port"
