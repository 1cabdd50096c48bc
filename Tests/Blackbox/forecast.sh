#!/usr/bin/env bash
# A forecast of the sample policy files, and of files that nobody should write.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
samples=$(cd "$(dirname "$0")/../../Samples/policies" && pwd)
forecast() { "$MARTLET" forecast "$@" --as-of 2020-08-20; }
said() { grep -qF -- "$1" "$work/output"; }
value() { # PYTHON-EXPRESSION over the JSON in $work/output, named `it`
    python3 -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$work/output" "$1"
}
is() { [ "$(value "$1")" = "$2" ]; }
device() { echo "{d['name']: d for d in it['devices']}['$1']"; }

check "folders of policy files are forecast" forecast "$samples" --network proxy-required
shows "the table says who fails" grep -qE '^frontdesk-07 +before-2020-09 +interceptable +fails +fails +2020-10-13 +A2-03 +0x8024402C' "$work/output"
shows "and that this is a prediction" said "predictions"
check "as JSON" forecast "$samples" --network proxy-required --json
shows "detection of September 2020 fails by its row" \
    is "$(device frontdesk-07)['levels']['2020-09']['detection']['outcome'] + $(device frontdesk-07)['levels']['2020-09']['detection']['row']" failsA2-03
shows "the first update Tuesday missed is told, and the days left" \
    is "($(device frontdesk-07)['firstMissedUpdateTuesday'], $(device frontdesk-07)['daysLeft'])" "('2020-10-13', 54)"
shows "who allows the user's proxy is interceptable" is "$(device accounts-11)['levels']['2021-01']['detection']['outcome']" interceptable
shows "who has TLS and a system proxy scans" is "$(device warehouse-02)['levels']['2021-01']['detection']['outcome']" scans
shows "who has no server does not ask" is "$(device kiosk-01)['levels']['2021-01']['detection']['outcome']" does-not-ask
shows "the counts are those of the devices" is "it['summary']['levels']['2020-09']['detection']['fails']" 1
check "the network not stated" forecast "$samples" --json
shows "leaves open what depends on it, by name" \
    is "[m['fact'] for m in $(device frontdesk-07)['levels']['2020-09']['detection']['missing']]" "['network']"
for remedy in tls system-proxy user-proxy-fallback; do
    check "supposing $remedy" forecast "$samples" --network proxy-required --assume "$remedy" --json
    shows "nobody fails in September 2020" is "it['summary']['levels']['2020-09']['detection']['fails']" 0
    shows "and what was stands beside it" is "it['summary']['withoutAssumed']['2020-09']['fails']" 1
done
check "a move to TLS" forecast "$samples" --network proxy-required --target https://wsus.example.net:8531 --json
shows "names who stops, and why" is "[r['cause'] for r in $(device frontdesk-07)['target']['reasons']]" "['proxy', 'status-url-http']"
check "one folder is one device" forecast "$samples/kiosk-01" --json
shows "named after it" is "[d['name'] for d in it['devices']]" "['kiosk-01']"
check "one file is one device" forecast "$samples/kiosk-01/policy.reg" --json
shows "named after it" is "[d['name'] for d in it['devices']]" "['policy']"

cat >"$work/fleet.ndjson" <<'LINES'
{"name": "=HYPERLINK(\"http://x\")", "policy": {"WUServer": "http://wsus:8530", "UseWUServer": 1}}
{"name": "<img src=x onerror=alert(1)>", "policy": {"WUServer": "https://wsus:8531", "UseWUServer": 1}}
LINES
check "a file of lines, as CSV and as a page" forecast "$work/fleet.ndjson" --csv --html "$work/report.html"
shows "no cell begins a formula" grep -qF "\"'=HYPERLINK(" "$work/output"
lacks "none at all" grep -qE '(^|,)"?[=+@-]' "$work/output"
shows "the page forbids everything but its style" grep -qF "default-src 'none'; style-src 'unsafe-inline'" "$work/report.html"
lacks "it has no script and no element of a device's" grep -qE '<script|<img' "$work/report.html"
shows "the name is text" grep -qF '&lt;img src=x onerror=alert(1)&gt;' "$work/report.html"

echo '{"name": "broken", "policy": {"WUServer": 7}}' >"$work/broken.ndjson"
echo '{"name": "broken", "policy": {"WUServer": 7}}' >>"$work/fleet.ndjson"
in_part "a line that cannot be read does not hide the others" forecast "$work/fleet.ndjson" --json
shows "file and byte are named" grep -qF "$work/fleet.ndjson: byte " "$work/errors"
shows "the others are forecast" is "(it['summary']['devices'], it['summary']['unreadable'])" "(2, 1)"
in_part "as a table and a page" forecast "$work/fleet.ndjson" --html "$work/part.html"
shows "the table ends with the number of those that were not read" said "1 more could not be read"
shows "the page names each, with the reason" grep -qE "<td>$work/fleet.ndjson:3</td><td>$work/fleet.ndjson: byte " "$work/part.html"
refuses "nothing that can be read" forecast "$work/broken.ndjson" --html "$work/none.html"
lacks "is no table of zeros" grep -q . "$work/output"
lacks "and no page" test -e "$work/none.html"
refuses "a path that is not there" forecast "$work/nowhere"
refuses "a page in a folder that is not there" forecast "$samples" --html "$work/nowhere/page.html"
shows "it is said in a line" [ "$(cat "$work/errors")" = "martlet: $work/nowhere/page.html cannot be written: there is no folder $work/nowhere" ]
lacks "before the work" grep -q . "$work/output"
refuses "a page over one that is there" forecast "$samples" --html "$work/report.html"
check "with --force it is written" forecast "$samples" --html "$work/report.html" --force
shows "the page is the new one" grep -q frontdesk-07 "$work/report.html"
refuses "a folder for a page" forecast "$samples" --html "$work" --force
refuses "a home that is not there" forecast "$samples" --home "$work/nowhere"
shows "and how to make one is said" grep -qF "no such folder; make a home with: martlet init" "$work/errors"
mkdir -m 700 "$work/no-home"
refuses "a folder that is no home" forecast "$samples" --home "$work/no-home"
shows "likewise" grep -qF "is not a home; make one with: martlet init" "$work/errors"
refuses "a day that is none" "$MARTLET" forecast "$samples" --as-of 2020-02-30
refuses "a target on HTTP" forecast "$samples" --target http://wsus:8530
mkdir "$work/empty"
refuses "a folder without files" forecast "$work/empty"

check "a home is made" "$MARTLET" init --home "$work/home" --host wsus.example.net
check "a forecast is joined with it" forecast "$samples" --home "$work/home" --target https://wsus.example.net:8531 --json
shows "its certificate is the target's" \
    is "[m['fact'] for m in $(device warehouse-02)['target']['missing']]" "['machine roots']"
check "a name that its certificate lacks" forecast "$samples" --home "$work/home" --target https://other.example.org:8531 --json
shows "stops everybody" is "it['summary']['target']['stops'], it['summary']['target']['reasons']['name-mismatch']" "(3, 3)"

echo '{"name": "ready", "policy": {"WUServer": "http://old:8530", "UseWUServer": 1}, "tls": {"isTLS12Enabled": false}}' >"$work/move.ndjson"
check "the move as a table" "$MARTLET" forecast "$work/move.ndjson" "$samples" --home "$work/home" --target https://wsus.example.net:8531
shows "names cause and missing fact, code and setting of who stops" \
    grep -qE '^ready .* stops \(tls-1.2-off, status-url-http; not known: machine roots\) .* 0x80072F8F \(i\) +KB3140245 ' "$work/output"
shows "and the fact that is missing for another" grep -qE '^warehouse-02 .* unknown.*\(.*not known: machine roots\) .* not known: machine roots: ' "$work/output"
shows "whose policy has this server's address and was not seen is listed" \
    said "Not seen, though their policy has this server's address (1): warehouse-02"
check "the move as CSV and a page" "$MARTLET" forecast "$work/move.ndjson" "$samples" --home "$work/home" --target https://wsus.example.net:8531 --csv \
    --html "$work/move.html"
shows "the missing fact stands in the line" grep -qE '^warehouse-02,.*not known: machine roots: ' "$work/output"
shows "and on the page" grep -qE 'warehouse-02</td>.*chip unknown">unknown</span>.*not known: machine roots' "$work/move.html"
shows "who stops as well, with the code" grep -qE 'ready</td>.*chip fails">stops</span>.*0x80072F8F' "$work/move.html"

check "a server for devices" "$MARTLET" init --home "$work/seen" --host localhost
check "it serves" start_server "$work/seen"
check "a device comes" "$MARTLET" scan --server "$server_url" --ca "$work/seen/ca.pem" --state "$work/device"
check "it is listed" "$MARTLET" devices list --home "$work/seen" --json
name=$(value "it[0]['name']")
echo "{\"name\": \"${name%%.*}\", \"policy\": {\"WUServer\": \"$server_url\", \"UseWUServer\": 0}}" >"$work/one.ndjson"
check "a forecast is joined with what the running server saw" forecast "$work/one.ndjson" --home "$work/seen" --json
shows "by the short name, with the version of TLS" is "$(device "${name%%.*}")['observed']['tlsVersion']" "TLS 1.3"
shows "with the version of Windows that it told" is "'windows' in $(device "${name%%.*}")['enforcement']" True
shows "and that it came contrary to the forecast" is "$(device "${name%%.*}")['observed']['contradictsForecast']" True
check "the same as a table" forecast "$work/one.ndjson" --home "$work/seen"
shows "says when, over which TLS, and that it is contrary" \
    grep -qE '^[^ ]+ +[^ ]+ +20[0-9-]+, TLS 1.3, contrary to the forecast ' "$work/output"
echo "{\"name\": \"${name%%.*}.elsewhere.example\", \"policy\": {\"WUServer\": \"$server_url\", \"UseWUServer\": 1}}" >"$work/long.ndjson"
echo "{\"name\": \"lost\", \"policy\": {\"WUServer\": \"$server_url\", \"UseWUServer\": 1}}" >>"$work/long.ndjson"
check "a device that did not come" forecast "$work/long.ndjson" --home "$work/seen" --csv
shows "is told as such" grep -qE '^lost,.*,no,yes,,,,,,' "$work/output"
finish
