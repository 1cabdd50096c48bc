#!/usr/bin/env bash
# Pins: what is exported, and that no certificate is changed to one that devices do not have.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home

if ! command -v openssl >/dev/null; then
    skip "pins are looked at" "openssl is not installed"
    finish
fi
certs() { local action=$1; shift; "$MARTLET" certs "$action" --home "$home" "$@"; }
export_pins() { mkdir -p "$2"; "$MARTLET" pins export --home "$home" --format "$1" --output "$2"; }
field() { certs show --json | python3 -c 'import json, sys; value = json.load(sys.stdin)
for key in sys.argv[1].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$1"; }
said() { grep -qF -- "$1" "$work/output" "$work/errors"; }
presented() { openssl s_client -connect "${server_url#https://}" -servername localhost </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' | tr 'A-F' 'a-f'; }
scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --json "$@"; }

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the server gets ready" start_server "$home" --bind 127.0.0.1
check "a device registers" scan
check "pins are exported as certificates" export_pins certificate "$work/cer"
shows "there are three" test "$(find "$work/cer" -name '*.cer' | wc -l)" = 3
thumbprint() { openssl x509 -inform DER -in "$1" -noout -fingerprint -sha1 | tr -d : | sed 's/.*=//'; }
named() { for file in "$work"/cer/*.cer; do [ "$(basename "$file" .cer)" = "$(thumbprint "$file")" ] || return 1; done; }
shows "each is named by its thumbprint, as OpenSSL computes it" named
shows "the current one is among them" test -e "$work/cer/$(field current.thumbprint).cer"
shows "and the next" test -e "$work/cer/$(field next.0.thumbprint).cer"
refuses "nothing is overwritten" export_pins certificate "$work/cer"
check "pins are exported as registry file" export_pins reg "$work/reg"
check "and as script" export_pins powershell "$work/ps"
check "and as group policy" export_pins gpo "$work/gpo"
# A blob of the registry holds the certificate whole: it is cut out and compared with what the server presents.
check "the registry file is read" python3 - "$work/reg/pins.reg" "$work/from-reg.der" "$(field current.thumbprint)" <<'PYTHON'
import sys
text = open(sys.argv[1], encoding="utf-16").read()
section = text.split("Certificates\\" + sys.argv[3] + "]")[1]
blob = bytes.fromhex(section.split('"Blob"=hex:')[1].split("\r\n")[0].split("\n")[0].replace(",", ""))
place, found = 0, {}
while place < len(blob):
    number, reserved, length = (int.from_bytes(blob[place + 4 * i:place + 4 * i + 4], "little") for i in range(3))
    assert reserved == 1
    found[number] = blob[place + 12:place + 12 + length]
    place += 12 + length
assert list(found) == [3, 32] and found[3].hex().upper() == sys.argv[3]
open(sys.argv[2], "wb").write(found[32])
PYTHON
same() { [ "$(openssl x509 -inform DER -in "$work/from-reg.der" -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' | tr 'A-F' 'a-f')" = "$(presented)" ]; }
shows "it pins what the server presents" same
if /usr/bin/python3 -c 'from samba.dcerpc import preg' 2>/dev/null; then
    check "Samba reads the policy file" /usr/bin/python3 - "$work/gpo/Registry.pol" <<'PYTHON'
import sys
from samba.dcerpc import preg
from samba.ndr import ndr_unpack
entries = ndr_unpack(preg.file, open(sys.argv[1], "rb").read()).entries
assert len(entries) == 3
for entry in entries:
    assert entry.valuename == "Blob" and entry.type == 3 and "\\WindowsServerUpdateServices\\Certificates\\" in entry.keyname
    print(entry.keyname, len(entry.data))
PYTHON
else
    skip "Samba reads the policy file" "python3-samba is not installed"
fi

old=$(presented)
refuses "a renewal before the next one's time is refused" certs renew
shows "with the reason" said "valid from"
refuses "a dry run is refused alike" certs renew --dry-run
shows "and says who was not seen all the same" said "1 devices were not seen since pins were last published"
check "what preparing comes to is shown" certs renew --prepare --dry-run
shows "without the name of what is not made" test "$(grep -c 'to be made' "$work/output")" = 1
lacks "and without a word on what the server shows" said "see its log"
check "another is prepared" certs renew --prepare
refuses "it is not changed to before its pin is exported" certs renew
shows "with the reason" said "pins were exported, and not for it"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
    -addext "basicConstraints=critical,CA:FALSE" -days 9 -keyout "$work/key.pem" -out "$work/other.pem" 2>/dev/null
chmod 600 "$work/key.pem"
refuses "an import is no way around" certs import "$work/other.pem" --key "$work/key.pem"
shows "nothing was changed" test "$(presented)" = "$old"
prepared=$(field next.0.sha256)
check "its pin is exported" export_pins certificate "$work/again"
refuses "before the change devices not seen since are listed" certs renew
shows "by count" said "1 devices were not seen since the pin was published"
shows "nothing was changed yet" test "$(presented)" = "$old"
check "a dry run says the same and does nothing" certs renew --dry-run
shows "and lists the device" said "would be $prepared"
check "the device is seen" scan
cp "$home/tls/keystore.json" "$work/keystore.json"
check "now it is changed" certs renew
shows "the prepared one is presented" test "$(presented)" = "$prepared"
check "the device scans on" scan
refuses "force and preparing contradict each other" certs renew --prepare --force
check "force passes the gate" certs renew --force
lacks "what was forced was published never" grep -q "$(presented)" "$work/keystore.json"
shows "and it is in the log" grep -q "forced: devices with pins for another refuse this one" "$work/server.log"

later=$(date -u -d '+1 day' +%Y-%m-%dT00:00:00Z)
check "another is prepared" certs renew --prepare
rollout=$(field next.0.sha256)
check "its pin is published for tomorrow" "$MARTLET" pins export --home "$home" --format reg --output "$work/tomorrow" --published "$later"
check "its files are written once more" export_pins certificate "$work/once-more"
shows "and it says that the time stays" said "keep it"
shows "it does" test "$(field next.0.publishedAt)" = "${later%Z}.000Z"
refuses "so it is not changed to today" certs renew --accept-unseen
shows "with the reason" said "its pin is published for"
shows "the prepared one waits" test "$(field next.0.sha256)" = "$rollout"

check "a backup is written" "$MARTLET" backup --home "$home" "$work/backup"
check "and restored" "$MARTLET" restore --home "$work/restored" "$work/backup"
state() { "$MARTLET" certs show --home "$1" --json | python3 -c 'import json, sys; status = json.load(sys.stdin)
print(status["pinsSince"], [(c["sha256"], c.get("publishedAt")) for c in [status["current"]] + status["next"]])'; }
shows "certificates and publication are as they were" test "$(state "$home")" = "$(state "$work/restored")"
refuses "pins are not withdrawn unasked" "$MARTLET" pins withdraw --home "$home"
check "they are when they are gone" "$MARTLET" pins withdraw --home "$home" --pins-are-gone
check "then a renewal is free" certs renew
check "the server ends with 0" stop_server
finish
