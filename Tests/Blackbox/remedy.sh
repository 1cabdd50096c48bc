#!/usr/bin/env bash
# The three remedies as folders of group policy material.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home
remedy() { "$MARTLET" remedy "$@"; }
said() { grep -qF -- "$1" "$work/output" "$work/errors"; }

check "a home is made" "$MARTLET" init --home "$home" --host wsus.example.test
check "the remedy tls is written for it" remedy tls --home "$home" --out "$work/tls"
shows "the URL is of the home's first name" said "https://wsus.example.test:8531"
shows "it says what stays behind" said "STAYS BEHIND"
for file in Registry.pol policy.reg policy.ps1 undo.reg ca.cer README.txt; do shows "there is $file" test -s "$work/tls/$file"; done
shows "the certificate is the home's" cmp -s <(openssl x509 -in "$work/tls/ca.cer" -outform DER) <(openssl x509 -in "$home/ca.pem" -outform DER)
lacks "no key is in the folder" grep -rq "PRIVATE KEY" "$work/tls"
if /usr/bin/python3 -c 'import samba.dcerpc.preg' 2>/dev/null; then
    entries() { /usr/bin/python3 -c 'import sys
from samba.dcerpc import preg
from samba.ndr import ndr_unpack
for e in ndr_unpack(preg.file, open(sys.argv[1], "rb").read()).entries: print(e.keyname, e.valuename, e.data)' "$work/tls/Registry.pol"; }
    check "python3-samba reads Registry.pol" entries
    shows "with the server" said 'WUServer https://wsus.example.test:8531'
fi
refuses "files are not written over" remedy tls --home "$home" --out "$work/tls"
shows "it says which" said "already has Registry.pol"
cp -r "$work/tls" "$work/first"
check "unless that is asked for" remedy tls --home "$home" --out "$work/tls" --force
shows "and then it is said" said "written over: Registry.pol"
shows "the same input gives the same files" diff -r "$work/first" "$work/tls"
ln -s "$work/victim" "$work/tls/ca-link"
rm "$work/tls/README.txt"
ln -s "$work/victim" "$work/tls/README.txt"
check "a link in the way is replaced, not followed" remedy tls --home "$home" --out "$work/tls" --force
lacks "nothing was written through it" test -e "$work/victim"

check "the remedy system-proxy is written" \
    remedy system-proxy --url https://wsus.example.test:8531 --proxy proxy.example.test:8080 --bypass '<local>' --bypass-server --out "$work/proxy"
shows "the command names proxy and bypass list" \
    grep -qF 'netsh winhttp set proxy proxy-server="proxy.example.test:8080" bypass-list="<local>;wsus.example.test"' "$work/proxy/set-proxy.cmd"
lacks "it does not warn" said "WARNING"
check "the remedy user-proxy-fallback is written" remedy user-proxy-fallback --url https://wsus.example.test:8531 --out "$work/user"
shows "it warns" said "WARNING"
shows "in the folder too" grep -q WARNING "$work/user/README.txt"

refuses "a name with a quotation mark is refused" remedy tls --url "https://a';calc;':8531" --out "$work/no"
refuses "an HTTP server is refused" remedy tls --url http://wsus.example.test:8530 --out "$work/no"
refuses "a proxy with a quotation mark is refused" remedy system-proxy --url https://a --proxy 'p";calc:1' --out "$work/no"
refuses "a bypass list with a percent sign is refused" remedy system-proxy --url https://a --proxy p:1 --bypass '%PATH%' --out "$work/no"
refuses "two servers are refused" remedy tls --url https://a --home "$home" --out "$work/no"
printf -- '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n' >"$work/key.pem"
refuses "a private key is not handed out" remedy tls --url https://a --ca "$work/key.pem" --out "$work/no"
refuses "a text is no certificate" remedy tls --url https://a --ca "$work/tls/policy.ps1" --out "$work/no"
lacks "none of them left a folder" test -e "$work/no"
