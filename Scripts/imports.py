#!/usr/bin/env python3
"""Checks what the compiler does not: that targets import only what they declare, and that three things stay in one place.

1. A file imports only modules of the toolchain and what Package.swift declares for its target.
2. A pure target (values and functions) imports nothing that opens sockets or files or reads a clock.
3. A `VerifiedFile` is made only by TrustedTransport (and by tests, through TestSupport).

Prints one line for each offence and ends with 1 if there is any. Run it from anywhere: it finds the package beside it.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Modules of the toolchain that any target may import; `FoundationXML` and `FoundationNetworking` are left out on purpose.
TOOLCHAIN = {"Swift", "Synchronization", "CoreFoundation", "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Testing"}
PURE = {"Updates", "XMLStream", "ScanPolicy", "UpdateProtocols", "UpdateCatalog"}
PURE_MAY = {"Swift", "Synchronization"}
# expat's strings are C strings: strlen and memcmp. Addresses of networks: inet_pton.
PURE_MAY_ALSO = {"XMLStream": {"Glibc"}, "Updates": {"Glibc"}}
VERIFIED_FILE_PLACES = {"Updates", "TrustedTransport", "TestSupport"}

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|(#*)""".*?"""\1|(#*)"(?:\\.|[^"\\\n])*"\2', re.DOTALL)
IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|func|protocol|typealias|let|var|actor)[ \t]+)?(\w+)", re.MULTILINE)
VERIFIED_FILE = re.compile(r"\bVerifiedFile\s*(?:\.\s*init\s*)?\(")


def code(text):
    """The text with comments and strings blanked, lines kept."""
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line(text, position):
    return text.count("\n", 0, position) + 1


def declared(target):
    names = set()
    for dependency in target["dependencies"]:
        for kind in ("byName", "product", "target"):
            if kind in dependency:
                names.add(dependency[kind][0])
    return names


def folder(target):
    return ROOT / (target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + target["name"])


def offences(target):
    allowed = declared(target)
    for path in sorted(folder(target).rglob("*.swift")):
        text = code(path.read_text(encoding="utf-8"))
        where = path.relative_to(ROOT)
        for match in IMPORT.finditer(text):
            module, number = match.group(1), line(text, match.start(1))
            if module in allowed:
                continue
            if module not in TOOLCHAIN:
                yield f"{where}:{number}: import {module}: Package.swift does not declare it for {target['name']}"
            elif target["name"] in PURE and module not in PURE_MAY | PURE_MAY_ALSO.get(target["name"], set()):
                yield f"{where}:{number}: import {module}: {target['name']} is pure (values and functions only)"
        if target["name"] not in VERIFIED_FILE_PLACES:
            for match in VERIFIED_FILE.finditer(text):
                yield f"{where}:{line(text, match.start())}: only TrustedTransport makes a VerifiedFile"


def main():
    package = json.loads(subprocess.check_output(["swift", "package", *sys.argv[1:], "dump-package"], cwd=ROOT))
    targets = [target for target in package["targets"] if target["type"] != "system"]
    found = [offence for target in targets for offence in offences(target)]
    known = {folder(target).name for target in package["targets"]}
    found += [
        f"{path.relative_to(ROOT)}: no target of Package.swift has this folder"
        for parent in ("Sources", "Tests") for path in sorted((ROOT / parent).iterdir())
        if path.is_dir() and path.name not in known and any(path.rglob("*.swift"))]
    print("\n".join(found) if found else f"imports: {len(targets)} targets import only what they declare")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
