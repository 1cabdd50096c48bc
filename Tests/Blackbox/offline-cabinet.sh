#!/usr/bin/env bash
# wsusscn2.cab and its like: metadata by a cabinet, shown as unverified, seen by a device over TLS.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
make_cabinet=$(cd "$(dirname "$0")" && pwd)/support/offline-cabinet.py
home=$work/home

says() { grep -qF -- "$1" "$work/output"; }
complains() { grep -qF -- "$1" "$work/errors"; }
lists() { "$MARTLET" updates list --home "$home" --json "$@"; }
all_are() { # EXPRESSION over an update `u`, COUNT
    python3 -c 'import json, sys; all_ = json.load(open(sys.argv[1])); sys.exit(not (len(all_) == int(sys.argv[3]) and all(eval(sys.argv[2]) for u in all_)))' \
        "$work/output" "$1" "$2"
}

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "a cabinet of 300 updates is made" python3 "$make_cabinet" "$work/wsusscn2.cab" 300 120
cp "$work/wsusscn2.cab" "$work/renamed.txt"
shows "the server gets ready" start_server "$home" --bind 127.0.0.1

check "a cabinet is known by its content, whatever its name" "$MARTLET" import --home "$home" "$work/renamed.txt"
shows "it says how many it has" says "names 300 revisions: imported 300, already held 0, refused 0, without Core fragment 0"
shows "and that nobody vouches for them" says "not verified"
check "a second import" "$MARTLET" import --home "$home" "$work/wsusscn2.cab"
shows "says that all is held" says "imported 0, already held 300"
check "they are listed by their source" lists --source cabinet
shows "as unverified" all_are 'not u["isVerified"] and u["source"] == "cabinet"' 299
check "they are listed by their product" lists --product "Offline Product"
shows "as the cabinet files them" all_are 'u["products"] == ["Example Offline Product"]' 299
check "one is shown" "$MARTLET" updates show --home "$home" KB7000042
shows "as held in fragments" says "held as fragments"
shows "and as not verified" says "(not verified)"
check "its fragment is shown" "$MARTLET" updates show --home "$home" --fragment core KB7000042
shows "to the byte" says '<UpdateIdentity UpdateID="0ff11ce0-0000-4000-8000-00000000002a" RevisionNumber="100" />'
refuses "its document is not" "$MARTLET" updates show --home "$home" --fragment document KB7000042
shows "and why is said" complains "there is no document"

check "a device scans" "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --json
scanned() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not (r["counts"]["known"] == 300 and r["counts"]["new"] == 300))' "$work/output"; }
shows "and has all of them" scanned

head -c 5000 "$work/wsusscn2.cab" >"$work/cut.cab"
refuses "half a cabinet is refused" "$MARTLET" import --home "$home" "$work/cut.cab"
printf 'MSCF' >"$work/four.cab"
refuses "so are four bytes of one" "$MARTLET" import --home "$home" "$work/four.cab"
lacks "nothing decompressed is left behind" ls "$home"/run/decompressed-*
check "the server ends" stop_server

# The command does it itself where no server runs, and is killed on the way.
check "a larger cabinet is made" python3 "$make_cabinet" "$work/large.cab" 12000 5000
"$MARTLET" import --home "$home" "$work/large.cab" >/dev/null 2>&1 &
import_pid=$!
for _ in $(seq 600); do
    [ "$(stat -c %s "$home/martlet.db-wal" 2>/dev/null || echo 0)" -lt 2000000 ] || break
    kill -0 "$import_pid" 2>/dev/null || break
    sleep 0.05
done
kill -KILL "$import_pid" 2>/dev/null
wait "$import_pid" 2>/dev/null
lacks "an import that is killed leaves nothing decompressed behind" ls "$home"/run/decompressed-*
check "and is done by the next" "$MARTLET" import --home "$home" "$work/large.cab" --json
whole() { python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["cabinets"][0]; sys.exit(not (c["imported"] + c["alreadyHeld"] == 12000 and c["refused"] == 0))' "$work/output"; }
shows "with nothing lost and nothing twice" whole
check "all are there" lists --source cabinet
shows "once each" all_are 'True' 11999
finish
