#!/usr/bin/env bash
# The server's certificates: changed beside a running server, with the CA's key elsewhere, brought from another CA, killed in between.
# OpenSSL is the judge.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home

if ! command -v openssl >/dev/null; then
    skip "certificates are looked at" "openssl is not installed"
    finish
fi
certs() { local action=$1; shift; "$MARTLET" certs "$action" --home "$home" "$@"; }
field() { certs show --json | python3 -c 'import json, sys; value = json.load(sys.stdin)
for key in sys.argv[1].split("."): value = value[int(key)] if isinstance(value, list) else value.get(key)
print(value)' "$1"; }
said() { grep -qF -- "$1" "$work/output" "$work/errors"; }
session() { openssl s_client -connect "127.0.0.1:$port" -servername localhost -CAfile "$1" -verify_return_error </dev/null; }
presented() { session "${1:-$home/ca.pem}" 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | tr -d : | sed 's/.*=//' | tr 'A-F' 'a-f'; }
is_current() { [ "$(presented "$@")" = "$(field current.sha256)" ]; }

check "a home is made" "$MARTLET" init --home "$home" --host server.example.test
check "its certificates are shown" certs show
shows "two are made ahead" test "$(grep -c '^next' "$work/output")" = 2
lacks "and no key is" said "PRIVATE KEY"
for one in current next.0 next.1; do field "$one.pem" >"$work/$one.pem"; done
openssl verify -CAfile "$home/ca.pem" "$work/current.pem" >"$work/output" 2>&1
shows "OpenSSL accepts the current one" said ": OK"
for one in next.0 next.1; do
    at=$(($(date -d "$(field "$one.notBefore")" +%s) + 60))
    check "OpenSSL accepts $one in its time" openssl verify -attime "$at" -CAfile "$home/ca.pem" "$work/$one.pem"
    refuses_now() { ! openssl verify -CAfile "$home/ca.pem" "$work/$one.pem"; }
    check "and not yet" refuses_now
done
for one in current next.0 next.1; do openssl x509 -in "$work/$one.pem" -noout -ext extendedKeyUsage,keyUsage,basicConstraints; done >"$work/output"
openssl x509 -in "$home/ca.pem" -noout -ext extendedKeyUsage >>"$work/output"
shows "each is for servers" test "$(grep -c 'TLS Web Server Authentication$' "$work/output")" = 4
lacks "none may sign programs" said "Code Signing"

check "the server gets ready" start_server "$home" --bind 127.0.0.1
port=${server_url##*:}
shows "it presents the current certificate" is_current
old=$(presented)
# A connection that stays open across the change: requests go in through a pipe.
mkfifo "$work/in"
openssl s_client -quiet -connect "127.0.0.1:$port" -servername localhost -CAfile "$home/ca.pem" <"$work/in" >"$work/kept" 2>/dev/null &
client=$!
exec 9>"$work/in"
answers() { for _ in $(seq 100); do [ "$(grep -ac '^HTTP/1.1 404' "$work/kept")" -ge "$1" ] && return 0; sleep 0.1; done; return 1; }
printf 'GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n' >&9
shows "a connection is answered" answers 1
check "the certificate is renewed beside it" certs renew --json
shows "another is presented" test "$(presented)" != "$old"
shows "it is the current one" is_current
printf 'GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n' >&9
shows "the connection from before is answered still" answers 2
exec 9>&-
wait "$client" 2>/dev/null
shows "the log says that it was changed" grep -q "the server certificate was changed by command" "$work/server.log"

mv "$home/tls/ca.key" "$work/ca.key"
refuses "without the CA's key none is made" certs renew
shows "and it says what to do" said "--ca-key"
printf 'correct horse battery\n' >"$work/passphrase"
chmod 600 "$work/passphrase"
openssl pkcs8 -topk8 -in "$work/ca.key" -out "$work/ca.enc" -passout file:"$work/passphrase" 2>/dev/null
chmod 644 "$work/ca.enc"
refuses "a CA key that others can read is refused" certs renew --ca-key "$work/ca.enc" --passphrase-file "$work/passphrase"
chmod 600 "$work/ca.enc"
printf 'wrong horse battery\n' >"$work/wrong"
chmod 600 "$work/wrong"
refuses "another passphrase does not open it" certs renew --ca-key "$work/ca.enc" --passphrase-file "$work/wrong"
before=$(field current.sha256)
check "with the CA's key three are made" certs renew --ca-key "$work/ca.enc" --passphrase-file "$work/passphrase"
shows "the current one is new" test "$(field current.sha256)" != "$before"
shows "and is presented" is_current
shows "two are made ahead" test -n "$(field next.1.sha256)"
lacks "the CA's key is not in the home" test -e "$home/tls/ca.key"

# bad NAME OPTION...: a certificate by OpenSSL, for the server's name unless said otherwise.
bad() {
    local name=$1
    shift
    openssl req -x509 -nodes -subj "/CN=server.example.test" -keyout "$work/$name.key" -out "$work/$name.pem" "$@" 2>/dev/null
    chmod 600 "$work/$name.key"
}
san="subjectAltName=DNS:server.example.test"
leaf="basicConstraints=critical,CA:FALSE"
bad client -newkey rsa:2048 -days 9 -addext "$san" -addext "$leaf" -addext "extendedKeyUsage=clientAuth"
bad name -newkey rsa:2048 -days 9 -addext "subjectAltName=DNS:other.example.test" -addext "$leaf"
bad weak -newkey rsa:1024 -days 9 -addext "$san" -addext "$leaf"
bad sha1 -newkey rsa:2048 -sha1 -days 9 -addext "$san" -addext "$leaf"
bad curve -newkey ec -pkeyopt ec_paramgen_curve:P-521 -days 9 -addext "$san" -addext "$leaf"
bad programs -newkey rsa:2048 -days 9 -addext "$san" -addext "$leaf" -addext "extendedKeyUsage=serverAuth,codeSigning"
bad good -newkey rsa:2048 -days 9 -addext "$san" -addext "$leaf"
for row in "client:for clients only" "name:does not name server.example.test" "weak:1024 bits" "sha1:SHA-1" "curve:P-521" "programs:sign programs"; do
    refuses "${row%%:*}: refused" certs import "$work/${row%%:*}.pem" --key "$work/${row%%:*}.key"
    shows "with the reason" said "${row#*:}"
done
refuses "a key of another certificate is refused" certs import "$work/good.pem" --key "$work/name.key"
refuses "what is no certificate is refused" certs import "$0"
shows "before a passphrase is asked for" said "is neither PEM nor PKCS #12"
openssl pkcs12 -export -legacy -in "$work/good.pem" -inkey "$work/good.key" -out "$work/good.p12" -passout file:"$work/passphrase" 2>/dev/null
refuses "PKCS #12 needs its passphrase" certs import "$work/good.p12" --passphrase-file "$work/wrong"
check "PKCS #12 of the old kind is imported" certs import "$work/good.p12" --passphrase-file "$work/passphrase"
shows "it says which Windows finds no suite with it" said "Windows 7, 8, 8.1"
shows "it is presented" is_current "$work/good.pem"

check "a request is printed" certs request
cp "$work/output" "$work/request.pem"
lacks "the key is not" said "PRIVATE KEY"
check "OpenSSL accepts it" openssl req -in "$work/request.pem" -noout -verify
openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=Other CA" -keyout "$work/other.key" -out "$work/other.pem" -days 9 2>/dev/null
openssl x509 -req -in "$work/request.pem" -CA "$work/other.pem" -CAkey "$work/other.key" -copy_extensions copy -days 8 -out "$work/answer.pem" 2>/dev/null
check "what another CA answered is imported, with the key that waited" certs import "$work/answer.pem"
session "$work/other.pem" >"$work/output" 2>&1
shows "whoever trusts that CA trusts the server" said "Verify return code: 0"
refuses "it is not replaced by the home's own CA unasked" certs renew --ca-key "$work/ca.enc" --passphrase-file "$work/passphrase"
check "by force it is" certs renew --force --ca-key "$work/ca.enc" --passphrase-file "$work/passphrase"
shows "and the log says so" grep -q "was forced" "$work/server.log"
check "the server ends with 0" stop_server

# Killed at any moment a change leaves a pair that fits: the former or the next.
mv "$work/ca.key" "$home/tls/ca.key"
whole=0
for turn in $(seq 20); do
    # The shell's own word on who was killed is of no use.
    { timeout -s KILL "0.$(printf '%03d' $((turn * 7 + 10)))" "$MARTLET" certs renew --home "$home"; } >/dev/null 2>&1
    certs show --json >"$work/output" 2>&1 && ! grep -q '"refused"' "$work/output" && whole=$((whole + 1))
done
shows "twenty changes that were killed left a pair each time" test "$whole" = 20
check "the server starts with it" start_server "$home" --bind 127.0.0.1
port=${server_url##*:}
session "$home/ca.pem" >"$work/output" 2>&1
shows "OpenSSL trusts it" said "Verify return code: 0"
if command -v testssl >/dev/null; then
    testssl -P -S -h --add-ca "$home/ca.pem" --jsonfile "$work/testssl.json" --color 0 --warnings batch --ip 127.0.0.1 "localhost:$port" \
        >"$work/testssl.txt" 2>&1
    check "testssl.sh looks at it" python3 - "$work/testssl.json" <<'PYTHON'
import json, sys
found = [entry for entry in json.load(open(sys.argv[1])) if entry["severity"] in ("MEDIUM", "HIGH", "CRITICAL")]
for entry in found: print(entry["severity"], entry["id"], entry["finding"])
sys.exit(0 if {entry["id"] for entry in found} <= {"cert_revocation"} else 1)
PYTHON
    sed 's/^/# /' "$work/output"
else
    skip "testssl.sh looks at it" "testssl.sh is not installed"
fi
check "the server ends with 0 again" stop_server

cp "$home/tls/keystore.json" "$work/keystore.json"
head -c 900 "$work/keystore.json" >"$home/tls/keystore.json"
starts() { timeout 60 "$MARTLET" serve --home "$home" --port 0 --bind 127.0.0.1; }
refuses "a damaged key store stops the start" starts
shows "with the reason" said "cannot be read as a key store"
shows "and what to do" said "take it from a backup"
lacks "which shows nothing of it" grep -q "BEGIN" "$work/errors"
check "by force new certificates are made" certs renew --force
shows "that are good" test "$(field current.origin)" = own
finish
