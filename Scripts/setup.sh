#!/usr/bin/env bash
# Checks for Swift, and installs the system libraries that Martlet is built with. Does nothing where all is there.
# Everything it says goes to standard error. Debian 12 and 13, Ubuntu 24.04.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "setup: $*"
    exit 1
}

readonly needed_major=6 needed_minor=2

# 1. System libraries and tools, by Debian package. g++ brings the C and C++ headers that Swift compiles against.
wanted=(ca-certificates g++ git libexpat1-dev libmspack-dev libsqlite3-dev libssl-dev make openssl pkg-config python3 zlib1g-dev)
# What some tests want, and are skipped without: proxies. Only where nobody is asked.
[ -z "${CI:-}" ] || wanted+=(curl mitmproxy python3-samba tinyproxy)

# 2. What the Swift programs themselves load, where the toolchain is from an archive and not from a package.
runtime_package() {
    case $1 in
        libcurl.so.4) echo libcurl4 ;;
        libedit.so.2) echo libedit2 ;;
        libncurses.so.6) echo libncurses6 ;;
        libpython3.*.so.*) echo "${1%%.so.*}" ;;
        libsqlite3.so.0) echo libsqlite3-0 ;;
        libstdc++.so.6) echo libstdc++6 ;;
        libtinfo.so.6) echo libtinfo6 ;;
        libxml2.so.2) echo libxml2 ;;
        libz.so.1) echo zlib1g ;;
        libz3.so.4) echo libz3-4 ;;
        *) fail "Swift needs the library $1, and this script does not know which package has it" ;;
    esac
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

command -v swift >/dev/null || fail "no swift on the PATH: Martlet needs Swift $needed_major.$needed_minor or newer.
Get it from https://www.swift.org/install/linux/ (swiftly, or the archive for your system), then run this again."

missing=()
if command -v dpkg-query >/dev/null; then
    for package in "${wanted[@]}"; do is_installed "$package" || missing+=("$package"); done
    programs=$(dirname "$(readlink -f "$(command -v swift)")")
    for program in swift-frontend swift-build clang; do
        [ -x "$programs/$program" ] || continue
        for library in $(ldd "$programs/$program" 2>/dev/null | awk '/not found/ { print $1 }'); do
            missing+=("$(runtime_package "$library")")
        done
    done
else
    say "setup: this is no Debian or Ubuntu; make sure that these are installed: ${wanted[*]}"
fi

if [ "${#missing[@]}" -gt 0 ]; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    elevate=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these packages are missing: ${missing[*]}
Install them as root: apt-get install ${missing[*]}"
        elevate=(sudo)
        # Without a terminal nobody can type a password.
        [ -t 0 ] || elevate+=(-n)
        say "setup: sudo is used to install what Martlet is built with: ${missing[*]}"
    else
        say "setup: installing what Martlet is built with: ${missing[*]}"
    fi
    "${elevate[@]}" apt-get -q update >&2 </dev/null || say "setup: apt-get update failed; trying with the package lists there are"
    "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2 </dev/null \
        || fail "apt-get could not install: ${missing[*]}"
fi

said=$(swift --version 2>&1) || fail "swift does not start:
$said"
version=$(printf '%s\n' "$said" | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
[ -n "$version" ] || fail "swift does not say its version: $said"
if [ "${version%%.*}" -lt "$needed_major" ] || { [ "${version%%.*}" -eq "$needed_major" ] && [ "${version#*.}" -lt "$needed_minor" ]; }; then
    fail "swift is $version and Martlet needs $needed_major.$needed_minor or newer: https://www.swift.org/install/linux/"
fi
