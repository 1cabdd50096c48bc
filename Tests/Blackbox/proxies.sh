#!/usr/bin/env bash
# The ways a device can take to its server, with a real proxy: which comes first, what leads to the next, and what a pin says of it.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
# shellcheck source-path=SCRIPTDIR source=support/proxies.bash
source "$(dirname "$0")/support/proxies.bash"
home=$work/home

scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --json "$@"; }
way() { grep -qF "\"way\" : \"$1\"" "$work/output"; }
says() { grep -q -- "$1" "$work/errors"; }

check "a home is made" "$MARTLET" init --home "$home" --host localhost
check "the server gets ready" start_server "$home" --bind 127.0.0.1

refuses "a proxy of another scheme is refused" scan --system-proxy socks5://127.0.0.1:1080
refuses "a policy value that is none is refused" scan --proxy-behavior 2
refuses "a level that is none is refused" scan --level 2019-01
refuses "without a CA of ours the server is not trusted, whatever the environment says" \
    env SSL_CERT_FILE="$home/ca.pem" SSL_CERT_DIR="$home" HOME="$home" "$MARTLET" scan --server "$server_url" --state "$work/device"
shows "since its CA is none of the system's" says 'not trusted\|no file of trusted CAs'
refuses "an http address is refused" "$MARTLET" scan --server "http://localhost:1" --ca "$home/ca.pem" --state "$work/plain"
refuses "over http no state is kept" "$MARTLET" scan --allow-http --server "http://localhost:1" --ca "$home/ca.pem" --state "$work/plain"
refuses "nor anything downloaded" "$MARTLET" scan --allow-http --server "http://localhost:1" --ca "$home/ca.pem" --download "$work/plain"
lacks "so nothing is there" test -e "$work/plain"
check "without a proxy it goes directly, whatever the environment says" \
    env https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 "$MARTLET" scan --server "$server_url" \
    --ca "$home/ca.pem" --state "$work/device" --json
shows "directly" way direct

pins=$work/pins
mkdir "$pins"
check "an empty folder of pins has no effect" scan --pin-store "$pins"
shows "and says so" says 'nothing is pinned'
shows "the server's certificate is pinned" presented "$server_url" "$pins/server.pem"
check "it may come directly" scan --pin-store "$pins"
openssl x509 -in "$pins/server.pem" -outform DER -out "$work/server.cer"
check "as DER too" scan --pin-store "$work/server.cer"
refuses "its CA alone is not the certificate" scan --pin-store "$home/ca.pem"
shows "which is said" says 'pinned'
check "a pin that is not enforced has no effect" scan --pin-store "$home/ca.pem" --no-pin-enforcement
echo 'no certificate' >"$pins/other.pem"
refuses "a file that is no certificate is not taken for no pin" scan --pin-store "$pins"
refuses "a path that leads nowhere neither" scan --pin-store "$work/nowhere"
mkfifo "$work/fifo"
refuses "a FIFO is not waited for" timeout 10 "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --pin-store "$work/fifo"

if ! command -v tinyproxy >/dev/null; then
    skip "ways through a proxy" "tinyproxy is not installed"
    finish
fi
check "a proxy gets ready" start_tinyproxy
open=$tiny_url
check "one that wants a password gets ready" start_tinyproxy "BasicAuth user secret"
locked=$tiny_url
check "one that connects to no such port gets ready" start_tinyproxy "ConnectPort 443"
narrow=$tiny_url
closed=http://127.0.0.1:$(free_port)

check "the system's proxy is taken" scan --system-proxy "$open"
shows "as said" way "system proxy ${open#http://}"
check "a pin is met through it" scan --system-proxy "$open" --pin-store "$work/server.cer"
check "a bypassed name needs none" scan --system-proxy "$closed" --proxy-bypass 'other;local*'
shows "directly" way direct
check "nor has a name without a dot where <local> is bypassed" scan --system-proxy "$closed" --proxy-bypass '<local>'
check "the user's proxy is not looked at without the policy" scan --user-proxy "$closed"
shows "directly" way direct
check "nor with it, as long as the first way is open" scan --system-proxy "$open" --user-proxy "$closed" --proxy-behavior 1
shows "the system's" way "system proxy ${open#http://}"
refuses "a closed system proxy ends the scan without the policy" timeout 60 "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" \
    --state "$work/device" --system-proxy "$closed" --user-proxy "$open"
for proxy in "$closed" "$locked" "$narrow"; do
    check "with the policy it leads to the user's ($proxy)" scan --system-proxy "$proxy" --user-proxy "$open" --proxy-behavior 1
    shows "the user's" way "user proxy ${open#http://}"
done
refuses "a proxy that wants a password is said to" scan --system-proxy "$locked"
shows "with its status" says 'status 407'
refuses "one that does not connect is said to" scan --system-proxy "$narrow"
shows "with its status" says 'answered with status 403'
# The server itself as a proxy: it speaks TLS and no HTTP in the clear.
refuses "what is no proxy is said to be none" scan --system-proxy "${server_url/https/http}"
shows "which is said" says 'ended or kept silent\|does not speak HTTP'
check "at older levels the user's comes first" scan --level 2020-09 --system-proxy "$closed" --user-proxy "$open"
shows "the user's" way "user proxy ${open#http://}"
refuses "a server that is not trusted leads to no other way" "$MARTLET" scan --server "$server_url" --state "$work/device" \
    --user-proxy "$open" --proxy-behavior 1
check "the server ends with 0 when told to" stop_server
finish
