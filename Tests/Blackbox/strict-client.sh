#!/usr/bin/env bash
# A client generated from the published WSDLs accepts every answer, over the sample catalogue.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)

if reason=$("$root/Scripts/strict-client.sh" --help 2>&1 >/dev/null); then
    check "a home is made" "$MARTLET" init --home "$work/home" --host localhost
    check "the sample catalogue is imported" "$MARTLET" import --home "$work/home" --source sample "$root/Samples"
    check "the server gets ready" start_server "$work/home"
    check "every answer passes the strict client" \
        "$root/Scripts/strict-client.sh" --url "$server_url" --ca "$work/home/ca.pem" --only client
    sed 's/^/# /' "$work/output"
    check "the server ends with 0 when told to" stop_server
else
    skip "every answer passes the strict client" "$(tail -n 1 <<<"$reason")"
fi
finish
