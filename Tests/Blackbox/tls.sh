#!/usr/bin/env bash
# TLS only: versions, suites, certificates and what is not there, seen with OpenSSL.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home

if ! command -v openssl >/dev/null; then
    skip "TLS is looked at" "openssl is not installed"
    finish
fi
text() { openssl x509 -in "$1" -noout -text; }
check "a home is made" "$MARTLET" init --home "$home" --host server.example.test --host 192.0.2.7
check "the server gets ready" start_server "$home" --bind 127.0.0.1
port=${server_url##*:}
# session ARGUMENT...: a handshake under the name localhost; what OpenSSL says is in $work/output.
session() { openssl s_client -connect "127.0.0.1:$port" -CAfile "$home/ca.pem" -verify_return_error "$@" </dev/null; }
says() { grep -qE -- "$1" "$work/output"; }

for version in tls1_2 tls1_3; do
    check "$version is spoken" session -servername localhost -verify_hostname localhost "-$version"
    shows "$version: the certificate is good" says 'Verify return code: 0|Verification: OK'
    shows "$version: no client certificate is asked for" says 'No client certificate CA names sent'
    shows "$version: the suite is AEAD" says 'GCM|CHACHA20'
    sed -n 's/^ *\(New, .*\|Protocol *: .*\|Peer signature type: .*\|Server Temp Key: .*\)$/# \1/p' "$work/output"
done
check "an address is a name too" session -verify_ip 127.0.0.1
refuses "another name is not the server's" session -verify_hostname elsewhere.example.test
for version in tls1 tls1_1; do
    refuses "$version is not spoken" session "-$version" -cipher 'ALL:@SECLEVEL=0'
done
refuses "a suite without AEAD is not spoken" session -tls1_2 -cipher 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA'

check "the CA's certificate is read" text "$home/ca.pem"
shows "its name constraints are critical" says 'Name Constraints: critical'
shows "it permits the given name" says 'DNS:server.example.test'
shows "and the given address alone" says 'IP:192.0.2.7/255.255.255.255'
shows "it signs no other CA" says 'CA:TRUE, pathlen:0'
shows "it is for servers only" says 'TLS Web Server Authentication'
lacks "and for nothing else" says 'Client Authentication|Code Signing'
session -servername localhost 2>/dev/null | openssl x509 >"$work/server.pem"
check "the server's certificate is read" text "$work/server.pem"
shows "its subject is empty" grep -qE 'Subject: *$' "$work/output"
text "$work/server.pem" >"$work/output"
shows "its names are critical" says 'Subject Alternative Name: critical'
shows "its key is on P-256" says 'prime256v1|P-256'
check "OpenSSL accepts the chain" openssl verify -x509_strict -CAfile "$home/ca.pem" "$work/server.pem"

plain() { [ -z "$(printf 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' | timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; cat <&3" | grep -a HTTP)" ]; }
check "plain HTTP gets no HTTP answer" plain
if command -v sslscan >/dev/null; then
    check "sslscan looks at it" sslscan --no-colour "127.0.0.1:$port"
    sed -n 's/^\(SSLv.*\|TLSv.*\|Preferred.*\|Accepted.*\)$/# \1/p' "$work/output"
    lacks "and finds no old version" says '(SSLv2|SSLv3|TLSv1\.0|TLSv1\.1) +enabled'
    lacks "and no suite without AEAD" says 'Accepted.*(CBC|-SHA$|-SHA256$)'
else
    skip "sslscan looks at it" "sslscan is not installed"
fi
check "the server ends with 0 when told to" stop_server
finish
