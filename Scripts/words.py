#!/usr/bin/env python3
"""Checks for words that do not belong in the sources, that the licence is there, and that tests named in the threat model are.

A line is let pass where the comment above it (or at its end) gives the reason, if the rule says so.
Prints one line for each offence and ends with 1 if there is any.
"""

import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARIES = [f"Sources/{name}" for name in (
    "Updates", "XMLStream", "ScanPolicy", "UpdateProtocols", "UpdateCatalog", "TrustedTransport", "Storage", "UpdateEngine", "UpdateServer", "UpdateAgent")]
CODE = LIBRARIES + ["Sources/martlet"]
ALL = CODE + ["Sources/TestSupport", "Tests"]
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"

# (pattern, where, why, a comment may justify it)
RULES = [
    (r"\btry!", CODE, "a server does not trap on what can fail", False),
    (r"\bas!", CODE, "a server does not trap on what can fail", False),
    (r"\bfatalError\(", CODE, "throw an error instead", False),
    (r"\b(?:precondition|assert)(?:ion)?Failure\(", CODE, "throw an error instead", True),
    (r"(?<![\w.])print\(", LIBRARIES, "libraries log or return; only the command line prints", False),
    (r"@unchecked\s+Sendable", ALL, "say above it why it is safe", True),
    (r"\bnonisolated\(unsafe\)", ALL, "say above it why it is safe", True),
    (r"\b(?:TODO|FIXME|XXX|HACK)\b", ALL, "finish it, or file it", False),
    (r"\b(?:struct|class|enum|actor|protocol|typealias)\s+\w*(?:Manager|Helper|Utils?|Utilities)\b", ALL, "name it after what it is", False),
    (r"\bimport\s+XCTest\b", ALL, "tests are written with Swift Testing", False),
]


def offences(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    for pattern, places, why, justifiable in RULES:
        if not any(path.is_relative_to(ROOT / place) for place in places):
            continue
        for number, line in enumerate(lines, 1):
            # A word in a comment is only an offence where the rule is about comments.
            code = line if "TODO" in pattern else line.split("//")[0]
            if not re.search(pattern, code):
                continue
            above = lines[number - 2].strip() if number > 1 else ""
            if justifiable and (above.startswith("//") or "//" in line):
                continue
            yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]} - {why}"


def missing_tests():
    """Tests that docs/threat-model.md names, as `Suite: sentence`, and that are not there."""
    document = ROOT / "docs/threat-model.md"
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "Tests").rglob("*.swift")}
    for suite, sentence in re.findall(r"`(\w+Tests)(?:: ([^`]+))?`", document.read_text(encoding="utf-8")):
        if suite not in sources or sentence and f"`{sentence}`" not in sources[suite]:
            yield f"docs/threat-model.md: there is no test {suite}: {sentence}"


def main():
    found = [offence for place in ("Sources", "Tests") for path in sorted((ROOT / place).rglob("*.swift")) for offence in offences(path)]
    found += missing_tests()
    licence = ROOT / "LICENSE"
    if not licence.exists() or hashlib.sha256(licence.read_bytes()).hexdigest() != APACHE_2:
        found.append("LICENSE: not the text of the Apache License 2.0")
    for path in sorted((ROOT / "Sources").rglob("*.swift")) + sorted((ROOT / "Tests").rglob("*.swift")):
        length = path.read_text(encoding="utf-8").count("\n")
        if length > 500:
            found.append(f"{path.relative_to(ROOT)}: {length} lines; a file of more than 500 says more than one thing")
    print("\n".join(found) if found else "words: nothing found")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
