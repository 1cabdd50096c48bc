#!/usr/bin/env bash
# Every command of docs/http-to-https.md, in its order: the guide is true as long as this is.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
guide=$root/docs/http-to-https.md
if ! command -v python3 >/dev/null; then
    skip "the guide is followed" "python3 is not installed"
    finish
fi
free_port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
plain=$(free_port)
"$root/Tests/Blackbox/support/poor-server.py" http >"$work/old" 2>/dev/null &
old_pid=$!
trap 'kill "$old_pid" 2>/dev/null; end_scenario' EXIT
for _ in $(seq 100); do [ -s "$work/old" ] || sleep 0.1; done
old=$(cat "$work/old")

cd "$work" || exit 1
ln -s "$root/Samples" Samples
# The lines between fences that are commands, with this machine's ports.
sed -n '/^ *```$/,/^ *```$/s/^ *martlet /martlet /p' "$guide" |
    sed -e "s|http://wsus.example.com:8530|http://127.0.0.1:$old|; s|localhost:8531|localhost:$port|; s|--port 8531|--port $port|; s|--watch-http 8530|--watch-http 127.0.0.1:$plain|; s|\(martlet audit https.*\)|\1 --http-port $plain|" >commands
shows "the guide has commands" [ "$(wc -l <commands)" -ge 15 ]

run() { "$MARTLET" "${arguments[@]}"; }
done_or_in_part() { run || [ $? -eq 2 ]; }
while read -r -a arguments; do
    arguments=("${arguments[@]:1}")
    line="martlet ${arguments[*]}"
    case $line in
    "martlet serve "*)
        "$MARTLET" "${arguments[@]}" --bind 127.0.0.1 >server.out 2>server.log &
        server_pid=$!
        for _ in $(seq 300); do grep -q '^ready ' server.out || sleep 0.1; done
        check "$line" grep '^ready ' server.out
        ;;
    # What is a list of somebody else's faults may be incomplete.
    "martlet audit http:"*) check "$line" done_or_in_part ;;
    *) check "$line" run ;;
    esac
done <commands

for file in before.html after.html forecast.html proxy/README.txt tls/ca.cer tls/policy.ps1 pins/Registry.pol pins/certutil.txt first.backup; do
    shows "$file is there" [ -s "$file" ]
done
shows "the server that devices had is dangerous" grep -q 'class="chip dangerous"' before.html
lacks "the new one is not" grep -q 'class="chip \(dangerous\|weak\|unknown\)"' after.html
refuses "the next certificate is not shown before its time" "$MARTLET" certs renew --home var --dry-run
check "the server ends with 0 when told to" stop_server
finish
