#!/usr/bin/env bash
# The whole way: a home, the sample catalogue, an approval by group, a device's scan, download and report, and what the administrator sees.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

# field NAME: a field of the JSON in $work/output.
field() { python3 -c 'import json, sys; value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$work/output" "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }
at_least() { [ "$(field "$1")" -ge "$2" ]; }
said() { grep -qF -- "$1" "$work/server.out"; }

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "the server gets ready" start_server "$home"
for value in WUServer WUStatusServer UseWUServer UseUpdateClassPolicySource SetPolicyDrivenUpdateSourceForFeatureUpdates \
    SetPolicyDrivenUpdateSourceForQualityUpdates SetPolicyDrivenUpdateSourceForDriverUpdates \
    SetPolicyDrivenUpdateSourceForOtherUpdates SetProxyBehaviorForUpdateDetection "$home/ca.pem" "martlet scan"; do
    shows "the start-up screen tells $value" said "$value"
done

scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --json "$@"; }

check "a device scans before anything is approved" scan --report
shows "it is offered nothing to install" is counts.offered 0
check "a group is made" "$MARTLET" groups create --home "$home" Pilot
check "devices are listed" "$MARTLET" devices list --home "$home" --json
device=$(field 0.id)
check "the device is assigned to the group" "$MARTLET" devices assign --home "$home" "$device" --group Pilot
check "security updates are approved for the group" \
    "$MARTLET" updates approve --home "$home" --classification "Security Updates" --group Pilot --json
approved=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["changed"]))' "$work/output")
shows "some were" test "$approved" -gt 0
check "the next scan downloads and reports" scan --download "$work/files" --report
shows "files were downloaded" test -n "$(ls -A "$work/files")"
check "the device's page says what it needs" "$MARTLET" devices show --home "$home" "$device" --json
shows "some are needed" at_least summary.status.needed 1
shows "nothing is unknown any more" is summary.status.unknown 0
check "an update with that state is shown" "$MARTLET" updates list --home "$home" --state approved --json
update=$(field 0.id)
check "with its devices" "$MARTLET" updates show --home "$home" "$update" --json
shows "the update says that it is approved" is summary.state approved
check "a decline reaches the next scan" "$MARTLET" updates decline --home "$home" "$update"
check "the device scans again" scan --report
check "and no longer holds the update as needed" "$MARTLET" updates show --home "$home" "$update" --json
shows "it counts as needed nowhere" is status.needed 0
printf '{"featureScoreMatchingKey": "AMD64.10.0", "devices": [{"hardwareIDs": ["PCI\\\\VEN_1234&DEV_5678"]}]}' >"$work/hardware.json"
check "a device lists hardware in its driver pass" scan --hardware "$work/hardware.json"
printf '{"devices": [{}]}' >"$work/hardware.json"
refuses "hardware without ids is refused" scan --hardware "$work/hardware.json"
shows "and it says where" grep -q 'devices' "$work/errors"
refuses "a second server on the home is refused" "$MARTLET" serve --home "$home" --port 0
check "the server ends with 0 when told to" stop_server
check "commands work without a server too" "$MARTLET" updates undecline --home "$home" "$update"
finish
