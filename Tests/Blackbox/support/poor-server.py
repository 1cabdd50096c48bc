#!/usr/bin/env python3
"""A deliberately poor update server for tests: as careless as its arguments say.

    poor-server.py http                  plain HTTP that answers as WSUS without TLS does
    poor-server.py https CERT KEY        the same over TLS
    poor-server.py nonsense|headers|tarpit|silent|redirect|flood   ports that are no such server, or hostile

Options after those: versions=1.0-1.3  ciphers=OPENSSL-STRING  client=ask|demand
Prints its port on 127.0.0.1 and serves until it is killed. Every request is a line on standard error: method and path.
"""

import socket
import ssl
import sys
import threading

PATHS = {
    "/simpleauthwebservice/simpleauth.asmx": 200, "/clientwebservice/client.asmx": 200, "/reportingwebservice/reportingwebservice.asmx": 200,
    "/dssauthwebservice/dssauthwebservice.asmx": 200, "/serversyncwebservice/serversyncwebservice.asmx": 200, "/apiremoting30/webservice.asmx": 401,
    "/content/": 403, "/selfupdate/wuident.cab": 200,
}
CALLS = {b"<GetConfig ": b"<GetConfigResponse/>", b"<GetAuthConfig ": b"<GetAuthConfigResponse/>"}
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data and len(data) < 65536:
        more = connection.recv(4096)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = connection.recv(4096)
        if not more:
            return None
        body += more
    method, path = head.split(b" ", 2)[:2]
    return method.decode(), path.decode(), body


def answer(connection):
    request = read_request(connection)
    if request is None:
        return
    method, path, body = request
    print(method, path, file=sys.stderr, flush=True)
    status = PATHS.get(path.lower(), 404)
    text = b"<html>a service</html>"
    if method == "POST" and status == 200:
        text = next((value for key, value in CALLS.items() if key in body), b"<Fault/>")
    head = f"HTTP/1.1 {status} Poor\r\nServer: Poor/0.1\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + (b"" if method == "HEAD" else text))


def nonsense(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.recv(4096)


def headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more and more and more and more and more\r\n" * 64)


def flood(connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def tarpit(connection):
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"s" * 100000:
        connection.sendall(bytes([byte]))
        threading.Event().wait(0.5)


def silent(connection):
    while connection.recv(4096):
        pass


def redirect(connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example.test/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def context(certificate, key, options):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(options.get("ciphers", "DEFAULT:@SECLEVEL=0"))
    made.load_cert_chain(certificate, key)
    low, _, high = options.get("versions", "1.2-1.3").partition("-")
    made.minimum_version, made.maximum_version = VERSIONS[low], VERSIONS[high or low]
    if "client" in options:
        made.verify_mode = ssl.CERT_REQUIRED if options["client"] == "demand" else ssl.CERT_OPTIONAL
        made.load_verify_locations(certificate)
    return made


def serve(connection, tls, behave):
    try:
        connection.settimeout(60)
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        behave(connection)
    except (OSError, ValueError):
        pass
    finally:
        connection.close()


def main():
    kind, *rest = sys.argv[1:]
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    files = [word for word in rest if "=" not in word]
    tls = context(*files, options) if kind == "https" else None
    behave = {"http": answer, "https": answer, "nonsense": nonsense, "headers": headers, "flood": flood, "tarpit": tarpit, "silent": silent,
              "redirect": redirect}[kind]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, tls, behave), daemon=True).start()


if __name__ == "__main__":
    main()
