# Proxies of others, started for a scenario and ended with it.
# shellcheck shell=bash
support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proxy_pids=()
mitm_url=
mitm_ca=

end_proxies() {
    local pid
    for pid in "${proxy_pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    end_scenario
}
trap end_proxies EXIT

free_port() { python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'; }

# answers URL CURL-ARGUMENT...: waits until someone answers there, whatever the answer is.
answers() {
    local _
    for _ in $(seq 300); do
        if curl --noproxy '' -sk -o "$work/answer" --max-time 2 "$@"; then return 0; fi
        sleep 0.1
    done
    echo "nobody answered: $*"
    return 1
}

# start_mitm CA: mitmproxy as an HTTP proxy that opens TLS and alters metadata (rewrite-metadata.py); it trusts CA as the server's. Sets mitm_url, mitm_ca.
start_mitm() {
    local port
    port=$(free_port)
    mitm_url=http://127.0.0.1:$port
    mitm_ca=$work/mitm/mitmproxy-ca-cert.pem
    mkdir -p "$work/mitm"
    mitmdump -q --set confdir="$work/mitm" --listen-host 127.0.0.1 -p "$port" --set ssl_verify_upstream_trusted_ca="$1" \
        -s "$support/rewrite-metadata.py" >"$work/mitm.log" 2>&1 &
    proxy_pids+=("$!")
    disown "$!"
    answers -x "$mitm_url" "$server_url/"
}

# start_rogue URL UPSTREAM CA: a server of its own at URL, with a certificate from mitm_ca, that gives what UPSTREAM has, altered.
start_rogue() {
    ATTACK_ROGUE=$1 mitmdump -q --set confdir="$work/mitm" --mode "reverse:$2" --set keep_host_header=false --listen-host 127.0.0.1 -p "${1##*:}" \
        --set ssl_verify_upstream_trusted_ca="$3" -s "$support/rewrite-metadata.py" >"$work/rogue.log" 2>&1 &
    proxy_pids+=("$!")
    disown "$!"
    answers "$1/"
}

# start_tinyproxy [LINE...]: tinyproxy with these lines of configuration; sets tiny_url.
start_tinyproxy() {
    local port
    port=$(free_port)
    tiny_url=http://127.0.0.1:$port
    {
        printf '%s\n' "Port $port" "Listen 127.0.0.1" "Timeout 60" "LogFile \"$work/tinyproxy.$port.log\"" "LogLevel Connect" "MaxClients 20"
        printf '%s\n' "$@"
    } >"$work/tinyproxy.$port.conf"
    tinyproxy -d -c "$work/tinyproxy.$port.conf" >"$work/tinyproxy.out" 2>&1 &
    proxy_pids+=("$!")
    disown "$!"
    answers -x "$tiny_url" "http://127.0.0.1:$port/"
}

# presented URL FILE: the certificate a server shows, as PEM.
presented() {
    openssl s_client -connect "${1#https://}" -servername localhost </dev/null 2>/dev/null | openssl x509 >"$2"
}

# strip_state FOLDER: makes an agent's state that of someone who knows its id only.
strip_state() {
    python3 - "$1" <<'PY'
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("*.json"):
    state = json.loads(path.read_text())
    for key in ("cookie", "registeredFacts", "configuration"):
        state.pop(key, None)
    state["updates"] = []
    path.write_text(json.dumps(state))
PY
}
