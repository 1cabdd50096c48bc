#!/usr/bin/env bash
# Signatures on payloads, the quarantine of what starts a program it does not bring, allowances, and the agent's own refusal.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
home=$work/home
updates=$work/updates
mkdir -p "$updates"

says() { grep -qF -- "$1" "$work/output"; }
complains() { grep -qF -- "$1" "$work/errors"; }
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$work/output" "$1"; }
id() { printf '519ed0%02d-0000-4000-8000-000000000000' "$1"; }

# NUMBER PROGRAM ARGUMENTS FILE [no-sha256]: an update that installs a file by the command line handler.
document() {
    python3 - "$updates/$1.xml" "$(id "$1")" "$2" "$3" "$4" "${5:-}" <<'PYTHON'
import base64, hashlib, html, os, sys
path, update, program, arguments, file, how = sys.argv[1:]
data = open(file, "rb").read()
def digest(name):
    return base64.b64encode(hashlib.new(name, data).digest()).decode()
more = "" if how else f'<upd:AdditionalDigest Algorithm="SHA256">{digest("sha256")}</upd:AdditionalDigest>'
ns = "http://schemas.microsoft.com/msus/2002/12/"
open(path, "w").write(
    f'<upd:Update xmlns:upd="{ns}Update" xmlns:cmd="{ns}UpdateHandlers/CommandLineInstallation" xmlns:lar="{ns}LogicalApplicabilityRules">'
    f'<upd:UpdateIdentity UpdateID="{update}" RevisionNumber="1" />'
    f'<upd:Properties DefaultPropertiesLanguage="en" UpdateType="Software" ExplicitlyDeployable="true" Handler="{ns}UpdateHandlers/CommandLineInstallation" />'
    f'<upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>Update {program}</upd:Title>'
    '</upd:LocalizedProperties></upd:LocalizedPropertiesCollection>'
    '<upd:ApplicabilityRules><upd:IsInstalled><lar:False /></upd:IsInstalled><upd:IsInstallable><lar:True /></upd:IsInstallable></upd:ApplicabilityRules>'
    f'<upd:Files><upd:File Digest="{digest("sha1")}" DigestAlgorithm="SHA1" FileName="{os.path.basename(file)}" Size="{len(data)}">{more}</upd:File></upd:Files>'
    f'<upd:HandlerSpecificData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="cmd:CommandLineInstallation">'
    f'<cmd:InstallCommand Program="{html.escape(program)}" Arguments="{html.escape(arguments)}" /></upd:HandlerSpecificData></upd:Update>')
PYTHON
}

check "a home is made" "$MARTLET" init --home "$home" --host localhost
printf 'a program' >"$updates/setup.exe"
printf 'another program' >"$updates/PsExec64.exe"
document 1 setup.exe "/q" "$updates/setup.exe"
document 2 PsExec64.exe "-s cmd.exe /c calc" "$updates/PsExec64.exe"
document 3 '..\..\Windows\System32\calc.exe' "/q" "$updates/setup.exe"
shows "the server gets ready" start_server "$home" --bind 127.0.0.1
check "three updates are imported" "$MARTLET" import --home "$home" "$updates"
shows "two of them are said to be quarantined" test "$(grep -c '^quarantined ' "$work/output")" = 2
check "they are listed" "$MARTLET" updates list --home "$home" --state quarantined --json
shows "with their state" json 'len(d) == 2 and all(u["state"] == "quarantined" for u in d)'
check "one is shown" "$MARTLET" updates show --home "$home" "$(id 2)"
shows "with the reason" says "psexec64, which starts whatever it is told to"
refuses "it cannot be approved" "$MARTLET" updates approve --home "$home" --group "All Computers" "$(id 2)"
shows "and why is said" complains "it is quarantined"
check "the honest one is approved" "$MARTLET" updates approve --home "$home" --group "All Computers" "$(id 1)"

scan() { "$MARTLET" scan --server "$server_url" --ca "$home/ca.pem" --state "$work/device" --download "$work/files" --json "$@"; }
check "a device scans and downloads" scan
shows "it knows the honest one only" json 'd["counts"]["known"] == 1 and d["counts"]["filesDownloaded"] == 1'

refuses "an allowance wants a reason" "$MARTLET" updates allow --home "$home" --reason " " "$(id 2)"
check "it is allowed by name" "$MARTLET" updates allow --home "$home" --reason "our remote tool" "$(id 2)"
check "it is shown" "$MARTLET" updates show --home "$home" "$(id 2)"
shows "with the reason recorded" says "our remote tool"
check "it is approved now" "$MARTLET" updates approve --home "$home" --group "All Computers" "$(id 2)"
in_part "the device is given it and refuses it itself" scan
shows "with the reason" json 'd["counts"]["quarantined"] == 1 and any("quarantined" in e for u in d["updates"] for e in u["errors"])'
check "unless it is told the name too" scan --allow "$(id 2)"
shows "then it is downloaded" json 'd["counts"]["quarantined"] == 0 and d["counts"]["filesFailed"] == 0'
check "the allowance is taken back" "$MARTLET" updates disallow --home "$home" "$(id 2)"
check "the device scans again" scan
shows "the update is out of its scope" json 'd["counts"]["outOfScope"] == 1'

# Signatures
if ! command -v osslsigncode >/dev/null; then
    skip "signatures of payloads" "osslsigncode is not installed"
    stop_server
    finish
fi
pki=$work/pki
mkdir -p "$pki" "$work/signed"
make_pki() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$pki/root.key" -out "$pki/root.pem" -days 30 -subj "/CN=Test Root" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
        && openssl req -new -newkey rsa:2048 -nodes -keyout "$pki/own.key" -out "$pki/own.csr" -subj "/O=Test/CN=Own Publisher" \
        && printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=codeSigning\n' >"$pki/ext" \
        && openssl x509 -req -in "$pki/own.csr" -CA "$pki/root.pem" -CAkey "$pki/root.key" -CAcreateserial -out "$pki/own.pem" -days 20 -extfile "$pki/ext"
}
check "a publisher makes itself certificates" make_pki
check "a cabinet is made" python3 "$(dirname "$0")/support/offline-cabinet.py" "$work/plain.cab" 3 1
updates=$work/signed
check "it is signed" osslsigncode sign -in "$work/plain.cab" -out "$updates/setup.exe" -h sha256 -certs "$pki/own.pem" -key "$pki/own.key"
document 4 setup.exe "/q" "$updates/setup.exe" no-sha256
check "an update without SHA-256 is imported" "$MARTLET" import --home "$home" "$updates/4.xml"
check "and its payload" "$MARTLET" files add --home "$home" "$updates/setup.exe"
check "payloads are listed" "$MARTLET" files list --home "$home" --sha1-only --json
shows "this one has nothing but its SHA-1" json 'len(d) == 1 and d[0]["proof"] == "sha1-only" and d[0]["signature"]["standing"] == "refused"'
refuses "its root is none of Microsoft's" "$MARTLET" roots import --home "$home" "$pki/root.pem"
check "it is added as a publisher" "$MARTLET" publishers add --home "$home" "$pki/root.pem"
check "payloads are judged anew" "$MARTLET" files verify --home "$home" --deep
check "payloads are listed again" "$MARTLET" files list --home "$home" --json
shows "the signature vouches for it now" json 'any(p["proof"] == "signature" and p["signature"]["signer"] == "Own Publisher" for p in d)'
check "it is approved" "$MARTLET" updates approve --home "$home" --group "All Computers" "$(id 4)"
in_part "a device that does not know the publisher keeps no such file" scan
shows "and says why" json 'any("SHA-256" in (f.get("error") or "") for u in d["updates"] for f in u["files"])'
check "one that does, does" scan --publishers "$pki/root.pem"
shows "and has every file" json 'd["counts"]["filesFailed"] == 0'

check "a signed cabinet of metadata is imported" osslsigncode sign -in "$work/plain.cab" -out "$work/wsusscn2.cab" -h sha256 -certs "$pki/own.pem" -key "$pki/own.key"
check "by the publisher" "$MARTLET" import --home "$home" "$work/wsusscn2.cab"
shows "it stays unverified: the publisher is not Microsoft" says "who is not Microsoft"
check "the update with a launcher is allowed once more" "$MARTLET" updates allow --home "$home" --reason "kept" "$(id 2)"
check "a backup is written" "$MARTLET" backup --home "$home" "$work/backup"
check "it is restored elsewhere" "$MARTLET" restore --home "$work/restored" "$work/backup"
check "its publishers are listed" "$MARTLET" publishers list --home "$work/restored" --json
shows "with the one there was" json 'len(d) == 1 and d[0]["role"] == "publisher"'
check "its update is shown" "$MARTLET" updates show --home "$work/restored" "$(id 2)"
shows "with its allowance" says "kept"
certs_of() { "$MARTLET" certs show --home "$home" --pem >"$work/server.pem"; }
check "the server's own certificate is printed" certs_of
refuses "a TLS server's certificate makes no publisher" "$MARTLET" publishers add --home "$home" "$work/server.pem"
shows "and why is said" complains "it is a TLS server's"
check "its root is trusted for timestamps too" "$MARTLET" publishers add --home "$home" --timestamps "$pki/root.pem"
check "the publisher is removed" "$MARTLET" publishers remove --home "$home" "$(openssl x509 -in "$pki/root.pem" -outform DER | sha256sum | cut -c1-64)"
check "none is left" "$MARTLET" publishers list --home "$home" --json
shows "in the list" json 'd == []'
stop_server
finish
