#!/usr/bin/env bash
# A short storm of some tens of devices against a real server: counts, not times.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "the server gets ready" start_server "$home"
check "something is approved, so that there are files" \
    "$MARTLET" updates approve --home "$home" --classification "Security Updates" --group "All Computers"

storm() { "$MARTLET" storm "$server_url" --ca "$home/ca.pem" --json "$@"; }
# says EXPRESSION: a truth about the report, `r` being the JSON in $work/output, phase(NAME) and task(PHASE, NAME) parts of it.
says() { python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
def phase(name): return next(p for p in r["phases"] if p["name"] == name)
def task(name, kind): return next(t for t in phase(name)["tasks"] if t["task"] == kind)
def operation(name, kind): return next((o for o in phase(name)["operations"] if o["operation"] == kind), {"latency": {"count": 0}})["latency"]["count"]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$work/output" "$1"; }

check "40 devices register and check in 120 times" \
    storm --devices 40 --count 120 --concurrency 20 --duration 60 --verify 100 --fleet "$work/fleet" --record "$work/kinds.json"
shows "all 40 are registered" says 'task("registration", "registration")["done"] == 40 and r["devices"] == 40'
shows "all 120 check-ins are done" says 'task("storm", "check-in")["done"] == 120 and task("storm", "check-in")["failed"] == 0'
shows "each on a connection of its own" says 'operation("storm", "connection") == 120'
shows "none has to ask for a cookie" says 'operation("storm", "GetCookie") == 0'
shows "no answer brings anything new" says 'phase("storm")["answersWithUpdates"] == 0'
shows "every answer decodes whole" says 'phase("storm")["verified"] == 120'
shows "nothing failed" says 'not phase("storm")["failures"] and not phase("registration")["failures"]'
shows "the kind has a cache" says 'r["kinds"][0]["cached"] > 0 and r["kinds"][0]["installed"] > 0 and r["kinds"][0]["files"] > 0'
check "the server knows the devices, and the one that was recorded" "$MARTLET" devices list --home "$home" --json
shows "that is 41" python3 -c 'import json, sys; sys.exit(len(json.load(open(sys.argv[1]))) != 41)' "$work/output"
shows "the fleet's file is for its owner only" test "$(stat -c %a "$work/fleet")" = 600

check "the fleet comes again, with new cookies" \
    storm --devices 40 --count 50 --concurrency 10 --duration 60 --renew-cookies --fleet "$work/fleet" --profile "$work/kinds.json"
shows "no device registers anew" says 'len(r["phases"]) == 1'
shows "each gets a cookie, and a delta" says 'operation("storm", "GetCookie") == 50 and phase("storm")["answersWithUpdates"] == 0'

check "25 new devices scan at once" storm --mix first-scan --devices 25 --duration 60 --verify 100 --profile "$work/kinds.json"
shows "all of them do" says 'task("storm", "first-scan")["done"] == 25'
shows "from the first call to the last" says 'operation("storm", "RegisterComputer") == 25 and operation("storm", "GetExtendedUpdateInfo") >= 25'

check "a mix of tasks is done" storm --mix check-in=5,report=3,download=2 --devices 40 --count 50 --concurrency 8 --duration 60 \
    --fleet "$work/fleet" --profile "$work/kinds.json"
shows "by their shares" says 'task("storm", "check-in")["done"] == 25 and task("storm", "report")["done"] == 15 and task("storm", "download")["done"] == 10'

check "50 check-ins a second are asked for" storm --devices 40 --rate 50 --count 60 --duration 30 --fleet "$work/fleet" --profile "$work/kinds.json"
shows "and done" says 'task("storm", "check-in")["done"] == 60'

check "check-ins go on beside forged cookies" storm --devices 40 --rate 20 --duration 1 --abuse forged-cookies --abuse-connections 4 \
    --fleet "$work/fleet" --profile "$work/kinds.json"
shows "which are refused as what they are" says '[a["kind"] for a in r["abuse"]["counts"]["answers"]] == ["fault InvalidCookie"]'
shows "and no device is" says 'not phase("quiet")["failures"] and not phase("forged-cookies")["failures"]'

refuses "profiles of another server are refused" "$MARTLET" storm https://localhost:1 --ca "$home/ca.pem" --profile "$work/kinds.json"
refuses "a server elsewhere is refused" "$MARTLET" storm https://192.0.2.1 --ca "$home/ca.pem" --duration 1
shows "and it says why" grep -q 'i-own-this-server' "$work/errors"
refuses "a task that there is not is refused" storm --mix nothing
refuses "a storm without end is refused" storm --duration 100000
check "the server ends with 0 when told to" stop_server
finish
