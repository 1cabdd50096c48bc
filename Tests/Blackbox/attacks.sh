#!/usr/bin/env bash
# The attacks on update devices that can be staged on one machine, each with the protection off and on (docs/attacks.md). An attack succeeds
# where the device takes the attacker's payload for an update. It prints the report at its end.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
# shellcheck source-path=SCRIPTDIR source=support/proxies.bash
source "$(dirname "$0")/support/proxies.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

if ! command -v mitmdump >/dev/null; then
    skip "attacks are staged" "mitmdump (Debian: mitmproxy) is not installed"
    finish
fi

mkdir "$work/empty"
rows=()
# tell ATTACK OFF ON RULE: a line of the report, from what was seen.
tell() { rows+=("| $1 | $2 | $3 | $4 |"); }

# with SERVER ARGUMENT...: a device of its own scans, and downloads where its server has TLS. Its result stands in $work/output.
with() {
    rm -rf "$work/device" "$work/files"
    local disk=(--state "$work/device" --download "$work/files")
    case $1 in http:*) disk=() ;; esac
    # Nothing of the environment counts, hostile as it is.
    env SSL_CERT_FILE="$mitm_ca" SSL_CERT_DIR="$work/mitm" https_proxy="$mitm_url" HTTPS_PROXY="$mitm_url" http_proxy="$mitm_url" \
        ALL_PROXY="$mitm_url" HOME="$work/mitm" "$MARTLET" scan "${disk[@]}" --json --server "$@"
}
tls() { with "$server_url" "$@"; }
# In an empty folder, in which nothing may be afterwards.
plain() (cd "$work/empty" && TMPDIR=$work/empty with "http://localhost:$plain_port" --ca "$home/ca.pem" "$@")
owned() { grep -q '"title" : "Owned"' "$work/output"; }
# The payload lies on the device's disk, verified against digests that the attacker chose.
planted() { grep -rq 'what the attacker wants to run' "$work/files"; }
says() { grep -q -- "$1" "$work/errors"; }
way() { grep -q "\"way\" : \"$1" "$work/output"; }
succeeded() { if owned; then echo succeeded; else echo '**not seen**'; fi; }
refused() { if owned; then echo '**succeeded**'; else echo refused; fi; }

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "updates are approved" "$MARTLET" updates approve --home "$home" --classification "Security Updates" --group "All Computers"
plain_port=$(free_port)
check "the server gets ready, and watches HTTP" start_server "$home" --bind 127.0.0.1 --watch-http "127.0.0.1:$plain_port"
pin=$work/pin.pem
shows "its certificate is taken as the pin" presented "$server_url" "$pin"
export ATTACK_UPSTREAM=${server_url#https://}
check "an intercepting proxy gets ready" start_mitm "$home/ca.pem"
cat "$home/ca.pem" "$mitm_ca" >"$work/both.pem"
check "a device scans when nobody is on the way" tls --ca "$home/ca.pem"
lacks "it is given nothing of the attacker's" owned
shows "whatever the environment says, it goes directly" way direct

# 1. WSUSpect (2015), PyWSUS (2020), wsuks: metadata over HTTP is whatever someone on the way says.
check "off: over HTTP, a proxy on the way gives the device another payload" plain --allow-http --system-proxy "$mitm_url"
shows "off: it is taken for an update" owned
off=$(succeeded)
shows "off: the device says loudly that it has no TLS" says 'WARNING: http'
lacks "off: and it writes nothing to disk" grep -q . <(find "$work/empty" "$work/device" "$work/files" "$work/mitm" -newer "$work/both.pem" 2>/dev/null)
refuses "on: an http address is refused" plain --system-proxy "$mitm_url" --state "$work/device"
refuses "on: the same proxy in the way of TLS is not the server" tls --ca "$home/ca.pem" --system-proxy "$mitm_url"
shows "on: since its certificate comes from no CA that is trusted" says 'not trusted'
tell "WSUSpect, PyWSUS, wsuks: another payload in metadata over HTTP" "$off" "$(refused)" "TLS only"

# 2. CVE-2020-1013, WSUSpicious: a local user sets a proxy of their own.
check "off: before September 2020 a user's proxy comes first" \
    plain --allow-http --level before-2020-09 --user-proxy "$mitm_url"
shows "off: what it says is taken" owned
shows "off: by that way" way "user proxy"
off=$(succeeded)
refuses "on: from September 2020 it is not used for HTTP, and the server says no" plain --allow-http --level 2020-09 --user-proxy "$mitm_url"
tell "CVE-2020-1013, WSUSpicious: a user's own proxy, HTTP" "$off" "$(refused)" "2020-09: no user proxy (A2-03)"

# 3. The same over HTTPS, with a CA that only the user trusts.
check "off: before January 2021 a user's proxy and a user's CA count" \
    tls --ca "$home/ca.pem" --level 2020-09 --user-proxy "$mitm_url" --user-ca "$mitm_ca"
shows "off: the payload is on the disk, verified" planted
off=$(succeeded)
check "on: from January 2021 the device goes another way" tls --ca "$home/ca.pem" --user-proxy "$mitm_url" --user-ca "$mitm_ca"
lacks "on: and is given nothing of the attacker's" owned
shows "on: directly" way direct
on=$(refused)
refuses "on: with the policy the user's CA still does not count" \
    tls --ca "$home/ca.pem" --system-proxy "http://127.0.0.1:$(free_port)" --user-proxy "$mitm_url" --user-ca "$mitm_ca" --proxy-behavior 1
shows "on: so the proxy is not the server" says 'not trusted'
tell "GoSecure part 2 over HTTPS: a user's own proxy and CA" "$off" "$on" "2021-01: no user proxy (A2-07), machine's CAs only"

# 4. The fallback: with the policy, whoever closes the first way brings the user's proxy in.
closed=http://127.0.0.1:$(free_port)
fallback() { tls --ca "$work/both.pem" --system-proxy "$closed" --user-proxy "$mitm_url" "$@"; }
check "off: with the policy a closed system proxy leads to the user's" fallback --proxy-behavior 1
shows "off: and to the attacker's payload" planted
off=$(succeeded)
refuses "on: without the policy it does not" fallback
on=$(refused)
refuses "on: with it a pin refuses what is found there" fallback --proxy-behavior 1 --pin-store "$pin"
shows "on: since it is not the certificate that is pinned" says 'pinned'
tell "The user proxy as fallback, the first way made to fail" "$off" "$on" "policy 0 (A2-11); with policy 1 a pin (A2-17)"

# 5. A proxy that opens TLS, with a CA that the machine trusts.
inspected() { tls --ca "$work/both.pem" --system-proxy "$mitm_url" "$@"; }
check "off: a CA that the machine trusts is enough for a system proxy" inspected
shows "off: to plant a payload" planted
off=$(succeeded)
mkdir -p "$work/no-pins"
check "off: an empty pin store has no effect" inspected --pin-store "$work/no-pins"
check "off: nor has one that is not enforced" inspected --pin-store "$pin" --no-pin-enforcement
check "off: nor one on a device without the update of January 2021" inspected --pin-store "$pin" --level 2020-09
refuses "on: with a pin it is refused" inspected --pin-store "$pin"
shows "on: since it is not the certificate that is pinned" says 'pinned'
on=$(refused)
check "on: the true server passes behind a proxy that opens nothing" tls --ca "$work/both.pem" --pin-store "$pin"
tell "A TLS-inspecting system proxy whose CA the machine trusts" "$off" "$on" "pin (A2-17)"

# 6. A rogue server with a certificate from another trusted CA, under a name that now leads to it (ESC17 and a dangling DNS name).
export ATTACK_UPSTREAM=
rogue_url=https://localhost:$(free_port)
check "a rogue server of the same name gets ready" start_rogue "$rogue_url" "$server_url" "$home/ca.pem"
check "off: any trusted CA's certificate for the name is enough" with "$rogue_url" --ca "$work/both.pem"
shows "off: to plant a payload" planted
off=$(succeeded)
refuses "on: with a pin it is refused" with "$rogue_url" --ca "$work/both.pem" --pin-store "$pin"
shows "on: since it is not the certificate that is pinned" says 'pinned'
tell "ESC17: a rogue server with another trusted CA's certificate" "$off" "$(refused)" "pin (A2-17)"

# 7. Status reports under a stolen id.
status() { "$MARTLET" devices list --home "$home" --json; }
field() { python3 -c 'import json, sys; value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$work/output" "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }
victim=(--server "$server_url" --ca "$home/ca.pem" --state "$work/victim" --report)
thief=(--server "$server_url" --ca "$home/ca.pem" --state "$work/thief" --report --installed all)
for id in $(status | python3 -c 'import json, sys; print(*[device["id"] for device in json.load(sys.stdin)])'); do
    "$MARTLET" devices forget --home "$home" "$id" >/dev/null
done
check "a device reports what it needs" "$MARTLET" scan "${victim[@]}"
check "its needs are known" status
shows "they are some" test "$(field 0.status.needed)" -gt 0
cp -r "$work/victim" "$work/thief"
check "a thief has its id, and no cookie of it" strip_state "$work/thief"
check "off: while the device is silent, the thief says that all is installed" "$MARTLET" scan "${thief[@]}"
check "off: its status is read" status
if is 0.status.needed 0; then off=succeeded; else off='**not seen**'; fi
shows "off: nothing is needed any more, as the thief says" is 0.status.needed 0
# From one address two lines of sessions are told apart by their taking turns.
for _ in 1 2 3; do
    "$MARTLET" scan "${victim[@]}" >/dev/null
    "$MARTLET" scan "${thief[@]}" >/dev/null
done
check "on: once the device is heard again its status is read" status
shows "on: it is disputed" is 0.isDisputed True
shows "on: and counts as installed nowhere" is 0.status.installed 0
if is 0.isDisputed True && is 0.status.installed 0; then on='disputed: counts nowhere'; else on='**succeeded**'; fi
tell "Status spoofing with a stolen id" "$off" "$on" "two lines of sessions (ADR 0013)"

check "who came by HTTP is told" "$MARTLET" devices list --home "$home" --insecure
shows "the device that asked without TLS is" grep -q 'Martlet-Agent' "$work/output"
check "the server ends with 0 when told to" stop_server

echo "# Attack report"
echo "#"
echo "# | attack | protection off | on | refused by |"
echo "# |---|---|---|---|"
printf '# %s\n' "${rows[@]}"
shows "every attack succeeded with the protection off and failed with it on" test "${#rows[@]}" -eq 7
lacks "none did otherwise" grep -qF '**' <(printf '%s\n' "${rows[@]}")
finish
