#!/usr/bin/env bash
# A look at servers from outside: our own, well and badly set up, and poor and hostile ones of the tests.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home
poor=$(dirname "$0")/support/poor-server.py
others=()
trap 'kill "${others[@]}" 2>/dev/null; end_scenario' EXIT

audit() { "$MARTLET" audit "$@"; }
says() { grep -qE -- "$1" "$work/output"; }
# graded SUBJECT GRADE: the finding in the JSON of $work/output. A finding's grade stands right before its id.
graded() { tr -d ' \n' <"$work/output" | grep -qF "\"grade\":\"$2\",\"id\":\"$1\""; }

check "a home is made" "$MARTLET" init --home "$home" --host server.example.test
check "the server gets ready and watches HTTP" start_server "$home" --bind 127.0.0.1 --watch-http 127.0.0.1:0
port=${server_url##*:}
watched=$(sed -n 's/.*by plain HTTP on port \([0-9]*\) is refused.*/\1/p' "$work/server.log")

check "our own server is looked at" audit "https://localhost:$port" --http-port "$watched" --ca "$home/ca.pem" --html "$work/report.html"
refuses "the page is not written over unasked" audit "https://localhost:$port" --ca "$home/ca.pem" --html "$work/report.html"
refuses "a page where no folder is, is refused before the look" audit "https://localhost:$port" --ca "$home/ca.pem" --html "$work/nowhere/a.html"
shows "in one line" test "$(cat "$work/errors")" = "martlet: $work/nowhere/a.html cannot be written: there is no folder $work/nowhere"
check "with --force it is written over" audit "https://localhost:$port" --http-port "$watched" --ca "$home/ca.pem" --html "$work/report.html" --force
shows "it is worth no more than a note" says '^Grade: +note$'
lacks "nothing of it is weak, dangerous or unknown" says '^(weak|dangerous|unknown) '
shows "plain HTTP is refused" says 'refuses everything with 403 from here'
shows "a device of January 2021 scans" says '2021-01 +scans +A2-07'
shows "the page forbids scripts" grep -q "default-src 'none'" "$work/report.html"
lacks "and has none" grep -qi '<script' "$work/report.html"
check "the look itself is on the list of who comes by HTTP" "$MARTLET" devices list --home "$home" --insecure
shows "by its name" says 'martlet-audit'

# The resolver takes 127.1 for 127.0.0.1; the certificate does not.
check "it is looked at by a name that it does not have" audit "https://127.1:$port" --http-port 1 --ca "$home/ca.pem" --json
shows "the wrong name is dangerous" graded certificate-name dangerous
shows "and devices fail for it" says '"0x80072F8F"'
in_part "without its authority nothing is known of who issued the certificate" audit "https://localhost:$port" --http-port 1 --json
shows "and it says so" graded certificate-trust unknown
refuses "a file without certificates is refused" audit "https://localhost:$port" --ca /dev/null
refuses "an address without a scheme and with a port is refused" audit "localhost:$port"
refuses "a name that does not exist is refused" audit https://no-such-host.invalid
check "the server ends with 0 when told to" stop_server

if ! command -v python3 >/dev/null || ! command -v openssl >/dev/null; then
    skip "poor servers are looked at" "python3 or openssl is not installed"
    finish
fi
# poor KIND ARGUMENT...: sets `there` to the port of such a server. Its requests are in $work/requests.
poor() {
    "$poor" "$@" >"$work/port" 2>"$work/requests" &
    others+=($!)
    there=
    local _
    for _ in $(seq 100); do
        there=$(cat "$work/port")
        [ -z "$there" ] || return 0
        sleep 0.1
    done
}
certificate() { # NAME ARGUMENT...
    local name=$1
    shift
    openssl req -x509 -nodes -subj /CN=wsus.example.test -keyout "$work/$name.key" -out "$work/$name.pem" "$@" 2>/dev/null
}
mine() { cat "$work/requests"; }

check "a weak certificate is made" certificate weak -newkey rsa:1024 -sha1 -days 10 -addext extendedKeyUsage=clientAuth
poor http
plain=$there
in_part "HTTP as WSUS has it without TLS is looked at" audit "http://127.0.0.1:$plain" --json
for subject in http-metadata http-sync http-administration; do shows "$subject is dangerous" graded "$subject" dangerous; done
shows "http-reporting is weak" graded http-reporting weak
shows "http-content is worth a note" graded http-content note
shows "devices go on and can be intercepted" says '"A2-01"'
check "what was sent is read" mine
lacks "nothing but GET, HEAD and two calls" grep -vE '^(GET|HEAD) |^POST /(ClientWebService/Client|ServerSyncWebService/ServerSyncWebService)\.asmx$' "$work/output"
shows "no file was fetched" grep -q '^HEAD /SelfUpdate/wuident.cab$' "$work/output"

poor https "$work/weak.pem" "$work/weak.key" versions=1.0-1.2 'ciphers=ALL:COMPLEMENTOFALL:@SECLEVEL=0' client=ask
check "old TLS with every fault is looked at" audit "https://127.0.0.1:$there" --http-port "$plain" --ca "$home/ca.pem" --json --html "$work/poor.html"
for subject in tls-suites client-certificates certificate-name certificate-usage; do shows "$subject is dangerous" graded "$subject" dangerous; done
for subject in tls-versions certificate-trust certificate-key certificate-signature certificate-dates administration downstream; do
    shows "$subject is weak" graded "$subject" weak
done
shows "a suite without encryption is named" says '"TLS_RSA_WITH_NULL_SHA256"'
shows "all of it is dangerous" says '^  "grade" : "dangerous"'

check "a certificate with one fault is made" certificate plain -newkey rsa:2048 -days 90 -addext subjectAltName=IP:127.0.0.1
poor https "$work/plain.pem" "$work/plain.key" versions=1.0-1.1 'ciphers=ECDHE-RSA-AES128-SHA:@SECLEVEL=0'
in_part "a server without TLS 1.2 is looked at" audit "https://127.0.0.1:$there" --json
shows "its versions are dangerous" graded tls-versions dangerous
shows "its one suite is weak" graded tls-suites weak
poor https "$work/plain.pem" "$work/plain.key" versions=1.3-1.3 client=demand
in_part "a server that demands client certificates in TLS 1.3 is looked at" audit "https://127.0.0.1:$there" --json
shows "that is seen" graded client-certificates dangerous
poor https "$work/plain.pem" "$work/plain.key" versions=1.3-1.3
in_part "one that speaks TLS 1.3 only is looked at" audit "https://127.0.0.1:$there" --ca "$work/plain.pem" --json
shows "what cannot be seen is unknown" graded client-certificates unknown
shows "its certificate is seen all the same" graded certificate-name good

for kind in nonsense headers flood tarpit silent redirect; do
    poor "$kind"
    in_part "a port that is $kind gets a clear line over HTTP" audit "http://127.0.0.1:$there" --timeout 1
    in_part "and over TLS" audit "https://127.0.0.1:$there" --timeout 1
done
finish
