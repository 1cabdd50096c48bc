#!/usr/bin/env bash
# Backup and restore: beside a running server, sealed, killed in the middle; what a device ends with.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

field() { python3 -c 'import json, sys; value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$work/output" "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }
at_least() { [ "$(field "$1")" -ge "$2" ]; }
said() { grep -qF -- "$1" "$work/output" "$work/errors"; }
scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --json "$@"; }
backup() { "$MARTLET" backup --home "$home" "$@"; }
restore() { "$MARTLET" restore --home "$@"; }

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "a backup is written without a server" backup "$work/cold"
shows "it says that it holds keys" said "private keys"
shows "it is 0600" test "$(stat -c %a "$work/cold")" = 600
refuses "it is not overwritten" backup "$work/cold"
mkdir "$work/unpacked"
check "tar reads it" tar xf "$work/cold" -C "$work/unpacked"
sums() { (cd "$work/unpacked" && sha256sum --check --strict SHA256SUMS); }
shows "sha256sum agrees with it" sums
lacks "the authority's key is not in it" test -e "$work/unpacked/home/tls/ca.key"
lacks "nor are payloads" test -e "$work/unpacked/home/content"
shows "their list is" test "$(wc -l <"$work/unpacked/payloads.txt")" -gt 10

check "the server gets ready" start_server "$home" --bind 127.0.0.1
check "a device scans" scan --report
printf 'correct horse battery\n' >"$work/passphrase"
chmod 644 "$work/passphrase"
refuses "a passphrase that others can read is refused" backup "$work/sealed" --passphrase-file "$work/passphrase"
chmod 600 "$work/passphrase"
check "a sealed backup is written beside the server" \
    backup "$work/sealed" --passphrase-file "$work/passphrase" --with-content --with-ca-key --json
shows "it says so" is isSealed True
lacks "no key can be read in it" grep -q "PRIVATE KEY" "$work/sealed"
lacks "no passphrase is in the server's log" grep -q "correct horse" "$work/server.log" "$work/server.out"
shows "no copy stays in the home" test -z "$(find "$home/run" -name 'snapshot-*')"
check "after it an update is approved" "$MARTLET" updates approve --home "$home" --classification "Security Updates" --group "All Computers" --json
approved=$(field changed.0.id)
check "the device scans again" scan
check "the server ends" stop_server

refuses "a sealed backup needs its passphrase" restore "$work/new" "$work/sealed"
printf 'wrong horse battery\n' >"$work/wrong"
chmod 600 "$work/wrong"
refuses "another does not open it" restore "$work/new" "$work/sealed" --passphrase-file "$work/wrong"
shows "and it says so" said "passphrase is wrong"
head -c 200000 "$work/sealed" >"$work/cut"
refuses "a part of it is refused" restore "$work/new" "$work/cut" --passphrase-file "$work/passphrase"
lacks "nothing was put in place" test -e "$work/new"
refuses "a home is not restored over" restore "$home" "$work/sealed" --passphrase-file "$work/passphrase"
refuses "a text is no backup" restore "$work/new" "$root/README.md"
check "it is restored" restore "$work/new" "$work/sealed" --passphrase-file "$work/passphrase" --json
shows "nothing is missing" is missingPayloads 0
shows "the authority's key is there" test -s "$work/new/tls/ca.key"
modes() { [ "$(stat -c %a "$work/new")" = 700 ] && [ -z "$(find "$work/new" -type f ! -perm 600)" ] && [ -z "$(find "$work/new" -type d ! -perm 700)" ]; }
shows "the new home is 0700 and its files 0600" modes
shows "its authority is the old one" cmp "$home/ca.pem" "$work/new/ca.pem"
check "payloads verify" "$MARTLET" files verify --home "$work/new" --deep

# The device knows the old server by its address.
port=${server_url##*:}
"$MARTLET" serve --home "$work/new" --bind 127.0.0.1 --port "$port" >"$work/server.out" 2>"$work/server.log" &
server_pid=$!
for _ in $(seq 600); do grep -q '^ready ' "$work/server.out" && break; sleep 0.1; done
check "the device scans the restored server" scan --report --download "$work/files"
cp "$work/output" "$work/device.json"
shows "it keeps what it holds, under the ids of the restored server" at_least counts.refreshed 1
shows "so that its scan is no full one" is isFullScan False
check "as does one that never saw the old one" "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/fresh" --json
same() { python3 - "$work/device.json" "$work/output" "$approved" <<'PYTHON'; }
import json, sys
device, fresh = (json.load(open(path)) for path in sys.argv[1:3])
key = lambda scan: sorted((json.dumps(u["identity"], sort_keys=True), u["isOffered"]) for u in scan["updates"])
assert key(device) == key(fresh) and len(key(device)) > 0
assert not any(u["identity"]["updateID"] == sys.argv[3] and u["isOffered"] for u in device["updates"])
PYTHON
shows "both end with the same, and the lost approval is gone" same
check "the restored server ends" stop_server

check "the first backup is restored too" restore "$work/poor" "$work/cold" --json
shows "it says how many payloads are missing" at_least missingPayloads 10
check "they are added again" "$MARTLET" files add --home "$work/poor" "$root/Samples/payloads"

# Killed at any moment: the whole file or none, a home or none, and the same command again does it.
kills=${MARTLET_BACKUP_KILLS:-12}
broken=0
for _ in $(seq "$kills"); do
    "$MARTLET" backup --home "$home" "$work/killed" --with-content >/dev/null 2>&1 &
    victim=$!
    sleep "0.$(printf '%03d' $((RANDOM % 150)))"
    kill -KILL "$victim" 2>/dev/null
    wait "$victim" 2>/dev/null
    if [ -e "$work/killed" ]; then "$MARTLET" restore --home "$work/from-killed" "$work/killed" >/dev/null 2>&1 || broken=$((broken + 1)); fi
    rm -rf "$work/killed" "$work/from-killed"
done
shows "a killed backup leaves the whole file or none ($kills times)" test "$broken" -eq 0
shows "and nothing else" test -z "$(find "$work" -maxdepth 1 -name '*.partial')"
broken=0
for _ in $(seq "$kills"); do
    "$MARTLET" restore --home "$work/again" "$work/cold" >/dev/null 2>&1 &
    victim=$!
    sleep "0.$(printf '%03d' $((RANDOM % 200)))"
    kill -KILL "$victim" 2>/dev/null
    wait "$victim" 2>/dev/null
    if [ ! -e "$work/again/martlet.json" ]; then "$MARTLET" restore --home "$work/again" "$work/cold" >/dev/null 2>&1 || broken=$((broken + 1)); fi
    "$MARTLET" updates list --home "$work/again" >/dev/null 2>&1 || broken=$((broken + 1))
    rm -rf "$work/again"
done
shows "a killed restore leaves a whole home, or one that the next makes ($kills times)" test "$broken" -eq 0
finish
