#!/usr/bin/env python3
"""Writes the sample catalogue: updates/*.xml and payloads/*, the same bytes each time.

    python3 Samples/generate.py [FOLDER]      FOLDER is this script's own by default

Every name, number and text is invented, but for the GUIDs of well-known classifications. README.md says what is in it and why.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True  # this folder holds the catalogue, nothing else

import catalogue  # noqa: E402
from document import NAMESPACES  # noqa: E402

UPD = "{" + NAMESPACES["upd"] + "}"


def check(documents):
    """The catalogue is what README.md says; a mistake ends the script before anything is written."""
    identities = [(document.identity, document.revision) for document in documents]
    assert len(set(identities)) == len(identities), "an identity is used twice"
    updates = {identity for identity, _ in identities}
    assert len(updates) >= 60, f"only {len(updates)} updates"
    payloads = {}
    for document in documents:
        root = ElementTree.fromstring(catalogue.encoded(document))
        for referred in root.iter(f"{UPD}UpdateIdentity"):
            update, revision = referred.get("UpdateID").lower(), referred.get("RevisionNumber")
            known = update in updates if revision is None else (update, int(revision)) in identities
            assert known or update == catalogue.ABSENT, f"{document.name} names {update}, which is not here"
        for file in [file for file, _ in document.files] + catalogue.eula_files(document):
            assert payloads.setdefault(file.name, file) == file, f"two files are named {file.name}"
    total = sum(len(file.content) for file in payloads.values())
    assert total < 6 << 20, f"{total} bytes of payload"
    return len(updates), payloads


def write(folder, files):
    """Makes `folder` hold exactly `files` (name to bytes)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    documents = catalogue.documents()
    updates, payloads = check(documents)
    write(folder / "updates", {f"{document.name}-r{document.revision}.xml": catalogue.encoded(document) for document in documents})
    write(folder / "payloads", {name: file.content for name, file in payloads.items()})
    total = sum(len(file.content) for file in payloads.values())
    print(f"{len(documents)} documents of {updates} updates, {len(payloads)} payloads of {total:,} bytes in {folder}")


if __name__ == "__main__":
    main()
