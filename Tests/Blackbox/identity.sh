#!/usr/bin/env bash
# Client-side targeting, and a second caller under a device's id: seen, without effect, and settled by the administrator.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

field() { python3 -c 'import json, sys; value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$work/output" "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }
count() { [ "$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' "$work/output")" -eq "$1" ]; }
devices() { "$MARTLET" devices list --home "$home" --json "$@"; }
scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/$1" "${@:2}"; }

refuses "a side that is none is refused" "$MARTLET" init --home "$home" --host localhost --targeting both
check "a home is made that heeds what devices ask for" "$MARTLET" init --home "$home" --host localhost --targeting client
shows "its configuration says so" grep -q '"targeting" : "client"' "$home/martlet.json"
check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "a group is made" "$MARTLET" groups create --home "$home" Lab
check "another is made" "$MARTLET" groups create --home "$home" Office
check "the server gets ready" start_server "$home"

check "a device asks for two groups, one of which there is" scan device --group "lab; Nowhere" --report
check "the unknown one is shown" devices --requested-unknown
shows "as such" is 0.unknownGroups "['Nowhere']"
shows "the device is in the other" is 0.groups "['Lab']"
shows "all of it is the device's own word" is 0.basis self-reported
device=$(field 0.id)
refuses "it cannot be moved by the administrator" "$MARTLET" devices assign --home "$home" "$device" --group Office
check "the missing group is made" "$MARTLET" groups create --home "$home" Nowhere
check "no device asks for an unknown one" devices --requested-unknown
shows "none" count 0

# The same id without the cookie, as a thief or a clone has it.
cp -r "$work/device" "$work/second"
strip() { python3 - "$work/second" <<'PY'
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("*.json"):
    state = json.loads(path.read_text())
    for key in ("cookie", "registeredFacts", "configuration"): state.pop(key, None)
    state["updates"] = []
    path.write_text(json.dumps(state))
PY
}
check "a second caller has its id" strip
check "and asks for another group" scan second --group Office --installed all --report
check "the device is disputed" devices --disputed
shows "and still in its own groups" is 0.groups "['Lab', 'Nowhere']"
shows "it counts as installed nowhere" is 0.status.installed 0
shows "nor as needing" is 0.status.needed 0
check "its page is printed" "$MARTLET" devices show --home "$home" "$device"
for line in 'DISPUTED: .*other groups.* from 127.0.0.1' 'Updates: *unknown: disputed' 'its sessions begin anew' 'Claimed and not taken' 'requestedGroups: "lab;Nowhere" to "Office" from 127.0.0.1' 'self-reported'; do
    shows "it says $line" grep -q -- "$line" "$work/output"
done
refuses "a device that does not exist is not settled" "$MARTLET" devices reject --home "$home" 0f0f0f0f-0000-1111-2222-333333333333
refuses "nothing is disputed from elsewhere" "$MARTLET" devices reject --home "$home" --from 192.0.2.1
refuses "one or the other is settled" "$MARTLET" devices reject --home "$home" --from 127.0.0.1 "$device"
check "what came from that address is rejected" "$MARTLET" devices reject --home "$home" --from 127.0.0.1
refuses "once" "$MARTLET" devices reject --home "$home" "$device"
check "nothing is disputed any more" devices --disputed
shows "nothing" count 0
check "the device reports again" scan device --group "lab; Nowhere" --report
check "and counts again" devices
shows "as needing" test "$(field 0.status.needed)" -gt 0
check "the server ends with 0 when told to" stop_server
check "what was seen is there without it" devices
shows "in its groups" is 0.groups "['Lab', 'Nowhere']"

tomorrow=$(date -u -d tomorrow +%F)
refuses "a day to come is refused" "$MARTLET" devices forget --home "$home" --not-seen-since "$tomorrow" --yes
refuses "what is no day is refused" "$MARTLET" devices forget --home "$home" --not-seen-since lately
now=$(date -u +%FT%T.%3NZ)
check "devices not seen since a moment ago are counted" "$MARTLET" devices forget --home "$home" --not-seen-since "$now"
shows "there is one" grep -q '^1 device last seen before .*nothing is changed' "$work/output"
check "it is still there" devices
shows "it is" count 1
check "it is forgotten" "$MARTLET" devices forget --home "$home" --not-seen-since "$now" --yes
check "and gone" devices
shows "none is there" count 0

echo '{"hosts": ["localhost"], "publicPort": "https"}' >"$home/martlet.json"
refuses "a setting that is wrong is refused" "$MARTLET" devices list --home "$home"
shows "in one line, with its name and what it must be" grep -q 'martlet.json: publicPort must be a whole number from 1 to 65535$' "$work/errors"
shows "and no more" test "$(wc -l <"$work/errors")" -eq 1
finish
