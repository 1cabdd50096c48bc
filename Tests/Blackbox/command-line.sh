#!/usr/bin/env bash
# The contract of the command line: exit codes, permissions, refusals that change nothing.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$work/home

count() { python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' "$work/output"; }
lists() { "$MARTLET" updates list --home "$home" --json "$@"; }

refuses "no home, no command" "$MARTLET" updates list --home "$work/none"
refuses "an unknown command is a wrong call" "$MARTLET" frobnicate
refuses "an empty path is not the working directory" "$MARTLET" import --home "$work" ""
refuses "nor an empty home" "$MARTLET" updates list --home ""
refuses "a missing argument is a wrong call" "$MARTLET" import --home "$home"
refuses "a wrong value is a wrong call" "$MARTLET" updates list --home "$home" --state perhaps
refuses "an option that the command finds wrong is a wrong call" "$MARTLET" remedy tls --url http://x --out "$work/material"
shows "with the usage of that command" grep -q '^Usage: martlet remedy tls ' "$work/errors"
shows "and its help" grep -qF "'martlet remedy tls --help'" "$work/errors"
check "help is no error" "$MARTLET" updates approve --help
refuses "a name that is none is refused" "$MARTLET" init --home "$work/bad" --host 'not a name'
lacks "and leaves nothing behind" test -e "$work/bad"
check "a home is made" "$MARTLET" init --home "$home" --host server.example.test
refuses "it is not overwritten" "$MARTLET" init --home "$home"
modes() { [ "$(stat -c %a "$home")" = 700 ] && [ -z "$(find "$home" -type f ! -perm 600)" ] && [ -z "$(find "$home" -type d ! -perm 700)" ]; }
shows "the home is 0700 and its files 0600" modes

check "the sample catalogue is imported" "$MARTLET" import --home "$home" --source sample "$root/Samples"
shows "files are still 0600" modes
check "importing it again changes nothing" "$MARTLET" import --home "$home" --source sample "$root/Samples"
check "there are at least 60 updates with categories" lists --all
shows "sixty" test "$(count)" -ge 60
all=$(count)
printf '<nonsense' >"$work/broken.xml"
refuses "a broken document is refused" "$MARTLET" import --home "$home" "$work/broken.xml"
shows "with its name and the byte" grep -q 'broken.xml: byte [0-9]' "$work/errors"
in_part "beside a good one it is done in part" "$MARTLET" import --home "$home" "$work/broken.xml" "$root/Samples/updates"
lists --all >"$work/output"
shows "nothing of it was stored" test "$(count)" -eq "$all"

lists --classification "Security Updates" >"$work/output"
update=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[0]["id"])' "$work/output")
refuses "an approval needs a group" "$MARTLET" updates approve --home "$home" "$update"
refuses "a group that is none is refused" "$MARTLET" updates approve --home "$home" "$update" --group Nowhere
refuses "an id that is none is refused" "$MARTLET" updates approve --home "$home" 00000000-1111-2222-3333-444444444444 --group "All Computers"
refuses "a deadline that is none is refused" "$MARTLET" updates approve --home "$home" "$update" --group "All Computers" --deadline tomorrow
in_part "of two ids one is done" "$MARTLET" updates approve --home "$home" "$update" 00000000-1111-2222-3333-444444444444 --group "All Computers"
check "a dry run changes nothing" "$MARTLET" updates decline --home "$home" "$update" --dry-run
lists --state declined >"$work/output"
shows "nothing is declined" test "$(count)" -eq 0
from_input() { echo "$update" | "$MARTLET" updates decline --home "$home" --stdin; }
check "ids are taken from standard input" from_input
lists --state declined >"$work/output"
shows "one is declined" test "$(count)" -eq 1
refuses "a declined update is not approved" "$MARTLET" updates approve --home "$home" "$update" --group "All Computers"
check "a bundle's member is listed" lists --all
for fragment in core extended localized-en document; do
    check "its $fragment is printed" "$MARTLET" updates show --home "$home" "$update" --fragment "$fragment"
done
same() { cmp -s "$work/output" "$(grep -rl "UpdateID=\"$update\"" "$root/Samples/updates" | while read -r file; do head -c 900 "$file" | grep -q "UpdateIdentity UpdateID=\"$update\"" && echo "$file"; done | head -n 1)"; }
shows "the document is the file that was imported, to the byte" same
check "an older revision is shown by its number" "$MARTLET" updates list --home "$home" --all --json
older=$(python3 -c 'import json, sys; print(next(u["id"] for u in json.load(open(sys.argv[1])) if u["revision"] == 101))' "$work/output")
check "it is held" "$MARTLET" updates show --home "$home" "$older:100" --json
shows "and is the one asked for" grep -q '"revision" : 100' "$work/output"
full() { "$MARTLET" updates list --home "$home" --all >/dev/full; }
refuses "a result that cannot be written is a failure" full
refuses "a fragment that is none is refused" "$MARTLET" updates show --home "$home" "$update" --fragment nothing

check "a group is made" "$MARTLET" groups create --home "$home" Berlin
refuses "not twice" "$MARTLET" groups create --home "$home" berlin
check "one beneath it" "$MARTLET" groups create --home "$home" Lab --parent Berlin
refuses "no cycle" "$MARTLET" groups move --home "$home" Berlin --parent Lab
refuses "a group with groups beneath it stays" "$MARTLET" groups remove --home "$home" Berlin
refuses "All Computers stays" "$MARTLET" groups remove --home "$home" "All Computers"
printf '\xef\xbb\xbfname,group\r\n0f0f0f0f-0000-1111-2222-333333333333,Lab\r\n"pc-1.example.test", "Lab"\r\nother,Nowhere\r\n' >"$work/devices.csv"
in_part "devices not seen yet are assigned by id and by name" "$MARTLET" devices assign --home "$home" --from "$work/devices.csv"
check "both are listed" "$MARTLET" devices list --home "$home" --group Lab
shows "the named one" grep -q pc-1.example.test "$work/output"
check "the named one is forgotten" "$MARTLET" devices forget --home "$home" PC-1.example.test
check "the device is there" "$MARTLET" devices show --home "$home" 0f0f0f0f-0000-1111-2222-333333333333
check "it is forgotten" "$MARTLET" devices forget --home "$home" 0f0f0f0f-0000-1111-2222-333333333333
refuses "and gone" "$MARTLET" devices show --home "$home" 0f0f0f0f-0000-1111-2222-333333333333

check "payloads verify" "$MARTLET" files verify --home "$home" --deep
payload=$(find "$home/content" -type f -size +1k | head -n 1)
printf 'x' | dd of="$payload" bs=1 count=1 conv=notrunc 2>/dev/null
in_part "a corrupt one is found" "$MARTLET" files verify --home "$home" --deep
check "and healed by adding it again" "$MARTLET" files add --home "$home" "$root/Samples/payloads"
check "all verify again" "$MARTLET" files verify --home "$home" --deep
check "files of a folder that no update names are left alone" "$MARTLET" files add --home "$home" "$root/Samples"
refuses "a file that no update names is not taken" "$MARTLET" files add --home "$home" "$work/devices.csv"

chmod 777 "$home"
refuses "a home that others can write is refused" lists
chmod 700 "$home"
if [ "$(id -u)" -eq 0 ]; then
    chown -R nobody "$home"
    # The folder around it is the scenario's own: its owner must get through.
    chmod 711 "$work"
    check "root acts as the home's owner" "$MARTLET" groups create --home "$home" Munich
    shows "nothing of root's is in it" test -z "$(find "$home" ! -user nobody)"
    chown -R root "$home"
else
    skip "root acts as the home's owner" "not root"
fi
finish
